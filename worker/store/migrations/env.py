"""Runs the migrations on the engine handed in by `worker.store.migrate`."""

from alembic import context

from worker.store.schema import metadata

# Two replicas may start at once: the second waits here and then finds nothing to do.
MIGRATION_LOCK = 7_230_001

with context.config.attributes["engine"].connect() as connection:
    context.configure(
        connection=connection, target_metadata=metadata, transaction_per_migration=True
    )
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({MIGRATION_LOCK})")
    connection.commit()
    connection.exec_driver_sql("SET lock_timeout = '4s'")
    with context.begin_transaction():
        context.run_migrations()
