"""What the public API's clients ask for, in its nouns, each within what the caller's key may see."""
