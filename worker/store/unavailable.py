"""The one way to say that the database is away."""


class StoreUnavailable(Exception):
    """The database could not be reached, or went away; nothing of the step was kept."""
