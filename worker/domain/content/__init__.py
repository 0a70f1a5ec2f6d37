"""What is said to a recipient: templates, the words they make, and the tickets that carry them to a provider."""
