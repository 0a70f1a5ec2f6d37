"""The words for a recipient: templates, what they render to, and the tickets that carry it to a provider."""
