"""Pictures of the console for its README, taken of a running house with made-up people."""
