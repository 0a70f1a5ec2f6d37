"""A door: the operator's command, `outreach`. One file per noun; each command calls one use case."""
