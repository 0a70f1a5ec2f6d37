"""What takes too long for every run: `make prove` runs it in full and prints its tables."""
