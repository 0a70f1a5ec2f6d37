"""Runs the migrations on the engine handed in by `worker.store.migrate`."""

from alembic import context
from sqlalchemy import event

from worker.store.schema import metadata

# Two replicas may start at once: the second waits here and then finds nothing to do.
MIGRATION_LOCK = 7_230_001

engine = context.config.attributes["engine"]
# The lock is a transaction's rather than a session's: behind a pooler a session outlives its client,
# and would keep it for ever.
with engine.begin() as turn, engine.connect() as connection:
    turn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
    # Whoever comes behind a migration that waits for a lock waits with it: it gives way, and tries again.
    event.listen(connection, "begin", lambda c: c.exec_driver_sql("SET LOCAL lock_timeout = '1s'"))
    context.configure(
        connection=connection, target_metadata=metadata, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()
