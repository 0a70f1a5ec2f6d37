"""The operator's use cases. Plain values in, frozen values out; a `Mistake` says what to correct."""
