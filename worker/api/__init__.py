"""A door for our own people and programs: how the whole is doing. Never on a public address."""

from config import lean_imports as lean_imports  # before anything imports them whole
