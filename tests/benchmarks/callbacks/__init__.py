"""`make bench-callbacks`: what a verified, durable callback costs, beside the straightforward way."""
