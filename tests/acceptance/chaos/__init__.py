"""`make chaos`: the whole system, killed on a seeded plan, judged by the sandbox's ledger."""
