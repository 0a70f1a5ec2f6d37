"""A door: HTTP in. The providers' callbacks and health; each handler reads, verifies, calls one use case."""
