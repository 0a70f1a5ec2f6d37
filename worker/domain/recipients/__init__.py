"""Recipients: reading targets, and the identity that duplicates, caps and suppressions go by."""
