"""The public outbound API's nouns and ours: what one says, in the words of the other."""
