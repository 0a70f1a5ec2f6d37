"""Every command there is: where it stands, and what it does in one line."""

from typer.core import TyperGroup

from worker.cli.later import Later

Commands = dict[str, tuple[str, str]]
"""By a command's name: the file of this folder and what stands in it, and the first line of its help."""

NOUNS: dict[str, tuple[str, Commands]] = {
    "campaign": (
        "Who reaches out, when, how often, with what words.",
        {
            "create": (
                "campaign:create",
                "Create a campaign; creating it again with equal fields changes nothing.",
            ),
            "update": (
                "campaign:update",
                "Change fields of a campaign, given by name or id; the others stay.",
            ),
            "list": ("campaign_list:list_", "List every campaign."),
            "show": ("campaign_list:show", "Show a campaign, given by name or id."),
            "diff": (
                "audit:diff",
                "Say who changed which field of a campaign from what to what, by version, oldest first.",
            ),
            "test": (
                "campaign:rehearse",
                "Send one contact to yourself, under the campaign's usual rules.",
            ),
        },
    ),
    "batch": (
        "Create, fill, steer and read batches.",
        {
            "create": (
                "batch:create",
                "Create an empty batch; creating it again with equal fields changes nothing.",
            ),
            "list": ("batch_list:list_", "List batches, newest first."),
            "upload": (
                "upload:upload",
                "Add a CSV file's rows to a batch: all of the file, or nothing of it.",
            ),
            "plan": (
                "plan:plan",
                "Show the attempts a batch will make, hour by hour, without making or storing any.",
            ),
            "archive": (
                "archive:archive",
                "Write finished batches to files and take them out of the database; their counts stay.",
            ),
            "remove": (
                "request_actions:remove",
                "Take requests back that still wait; what is under way lives on.",
            ),
            "retry": (
                "request_actions:retry",
                "Give requests that FAILED one more attempt each; whom one may have reached is passed over.",
            ),
            "update": ("batch:update", "Change when a batch starts or ends, or how fast it goes."),
            "show": ("batch:show", "Show a batch with its status and counts."),
            "watch": ("batch:watch", "Watch a batch until each of its requests is final."),
            "pause": (
                "batch:pause",
                "Hold a batch: none of its attempts begins until it is resumed.",
            ),
            "resume": ("batch:resume", "Let a batch go on."),
            "delete": (
                "batch:delete",
                "Delete a batch: what has not begun never will, what is under way lives on.",
            ),
            "results": ("batch:results", "Print what became of each request."),
        },
    ),
    "request": (
        "One request and its history.",
        {
            "retry": (
                "request_actions:retry_one",
                "Give a request that FAILED one more attempt; not where one may have reached somebody.",
            ),
            "show": (
                "request:show",
                "Show where a request stands, everything that happened to it, and what holds it now.",
            ),
        },
    ),
    "messages": (
        "What other systems may ask for by message.",
        {
            "list": ("messages:list_", "List the names of all messages."),
            "schema": ("messages:schema_command", "Print the JSON Schema of a message's payload."),
        },
    ),
    "dead-letters": (
        "Messages that could not be accepted.",
        {
            "list": ("dead_letters:list_", "List those nobody has settled."),
            "show": ("dead_letters:show", "Show one of them."),
            "replay": (
                "dead_letters:replay",
                "Take it in again under its own id, perhaps repaired.",
            ),
            "discard": ("dead_letters:discard", "Let it go; it stays readable with --all."),
        },
    ),
    "suppress": (
        "Who must not be contacted, whatever a batch says.",
        {
            "add": (
                "suppress:add",
                "Suppress a recipient: once this returns, no attempt to them begins.",
            ),
            "remove": (
                "suppress:remove",
                "Lift one suppression; whatever else keeps the recipient from being contacted stays.",
            ),
            "list": (
                "suppress:list_",
                "List the suppressions in force. Shows addresses: they are what was asked for.",
            ),
            "explain": (
                "suppress:explain",
                "Every act that ever kept a recipient from being contacted, and who lifted which.",
            ),
            "import": (
                "suppress_import:import_",
                "Suppress everybody in a file; lines that name nobody are reported and stop nobody else's.",
            ),
        },
    ),
    "audit": (
        "Who did what, when, through which door and why.",
        {
            "list": (
                "audit:list_",
                "List what was done: by operators, by messages and by the system itself, newest first.",
            ),
            "verify": (
                "audit:verify",
                "Look for entries that were altered or removed; exits with 1 when there are any.",
            ),
        },
    ),
    "key": (
        "What programs and people show at the HTTP API.",
        {
            "create": ("key:create", "Create a key. It is shown once, and kept nowhere."),
            "list": ("key:list_", "List every key there ever was, never the keys themselves."),
            "revoke": ("key:revoke", "Revoke a key: two seconds later, no process takes it."),
        },
    ),
    "console": (
        "The console, in a browser.",
        {
            "open": (
                "console:open_",
                "Make a link that signs in once, within ten minutes, and open it.",
            ),
        },
    ),
    "db": (
        "The database's shape.",
        {
            "upgrade": ("db:upgrade", "Apply every migration that is missing."),
            "status": (
                "db:status",
                "Say which migrations the database has; exits with 1 when some are missing.",
            ),
        },
    ),
}

VERBS: Commands = {
    "find": (
        "find:find_command",
        "Find a person, a batch or a reference over all campaigns, and what was done.",
    ),
    "preview": (
        "preview:preview",
        "Show what the person behind a request will be told; nothing is sent.",
    ),
    "halt": ("halts:halt_command", "Let nothing begin any more in a scope, until it is resumed."),
    "resume": ("halts:resume_command", "Let a halted scope send again."),
    "reconcile": (
        "reconcile:reconcile_command",
        "Ask the providers whom the database does not know it contacted since a backup was taken.",
    ),
    "alive": (
        "alive:alive_command",
        "Say whether this host's processes of a kind go on; for probes: asks no database.",
    ),
    "watchdog": (
        "watchdog:watchdog",
        "Judge the alerts that ship from the database, and tell by webhook, mail or chat what holds.",
    ),
    "doctor": (
        "doctor:doctor",
        "Check settings, database, migrations, broker and workers; exits with 1 if one is not well.",
    ),
    "version": (
        "version:version",
        "Say which version is installed, and on request the licences of all that is in it.",
    ),
    "run": (
        "run:run",
        "Run every process on this machine until Ctrl-C, on embedded services where settings name none.",
    ),
    "demo": (
        "demo:demo",
        "Run real batches end to end on this machine, against a sandbox of the providers.",
    ),
    "bounce": (
        "bounce:bounce",
        "Read a mail that came back from standard input, and note what it says of a request.",
    ),
    "unsubscribe": (
        "unsubscribe:unsubscribe",
        "Read a mail that asks to be left alone from standard input, and suppress who wrote it.",
    ),
    "attempts": ("attempts:app", "Attempts in doubt, and deciding about them."),
}


def commands() -> dict[str, Later | TyperGroup]:
    """All of them, none imported yet."""
    nouns = {
        name: TyperGroup(
            name=name, help=told, no_args_is_help=True, commands=[*_later(verbs).values()]
        )
        for name, (told, verbs) in NOUNS.items()
    }
    return {**nouns, **_later(VERBS)}


def _later(verbs: Commands) -> dict[str, Later]:
    return {name: Later(name, target, told) for name, (target, told) in verbs.items()}
