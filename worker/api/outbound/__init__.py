"""`/api/v1/outbound`: what the public SDK drives, in each of its generations."""
