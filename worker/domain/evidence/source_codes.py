"""Codes that speak of what was sent from: of the source itself, or of what carriers think of it.

In a campaign with a pool they rest that source rather than halting the campaign. What each means stands in
`providers/twilio_codes.py` and `providers/sendgrid_errors.py`; https://www.twilio.com/docs/api/errors
"""

SOURCE_CODES = frozenset(
    {
        *("21206", "21208", "21209", "21210", "21212", "21213", "21267", "21601", "21603", "21606"),
        *("21616", "21659", "21660", "21661", "21701", "21702", "21703", "21704", "21705", "21709"),
        *("21711", "63007", "30018", "30024", "30037", "30042", "30125", "30032", "30034", "30035"),
        "sender",
    }
)
"""The source can't send at all."""

REJECTIONS = frozenset({"30004", "30007", "30038", "32017", "30450"})
"""A carrier has turned down what came from it: once is chance, often is what it thinks of the source."""

LOOKED_AT = 100
"""Of so many of a source's last attempts whose outcome is known, rejections are counted."""
