"""A door for our own people and programs: how the whole is doing. Never on a public address."""
