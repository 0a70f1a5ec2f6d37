"""Use cases of the public API's clients, in its nouns, each within what the caller's key may see."""
