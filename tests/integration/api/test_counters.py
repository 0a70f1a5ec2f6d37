"""What is counted for ever: once for each move of an attempt, whoever finds out, and never less."""
