"""`/api/v1/outreach`: what the command line can do, for programs."""
