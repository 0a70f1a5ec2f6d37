"""The accounts that a campaign lists, as SQL asks for them."""


def listed(campaign: str) -> str:
    """Its accounts in order; one that lists none has its account alone."""
    return (
        f"(CASE WHEN {campaign}.accounts = '{{}}' THEN ARRAY[{campaign}.account] "
        f"ELSE {campaign}.accounts END)"
    )


def is_halted(campaign: str, account: str) -> str:
    """Return whether this account sends nothing for the campaign, while another of its list may."""
    return f"""EXISTS (
        SELECT FROM halt WHERE (scope, key) IN
            (('channel', {campaign}.mode || '@' || {account}),
             ('campaign', {campaign}.id || '@' || {account})))"""


def all_halted(campaign_id: str) -> str:
    """Return whether every account of the campaign is halted; halts of more than an account aside."""
    return f"""(EXISTS (SELECT FROM halt) AND NOT EXISTS (
        SELECT FROM campaign AS listing CROSS JOIN unnest({listed("listing")}) AS way
        WHERE listing.id = {campaign_id} AND NOT {is_halted("listing", "way")}))"""  # noqa: S608
