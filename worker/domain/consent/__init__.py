"""Opt-outs and what takes them back: suppression, the words people use, START."""
