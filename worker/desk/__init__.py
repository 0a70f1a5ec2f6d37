"""What an operator reads and edits. Plain values in, frozen values out; a `Mistake` says what to correct."""
