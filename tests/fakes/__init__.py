"""Stand-ins that are handed in where the real thing would leave the machine."""
