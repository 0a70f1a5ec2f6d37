"""What other systems may ask for by message."""

from config.queues import TaskName
from tasks.app import app
from tasks.publish import scan_and_publish


@app.task(name=TaskName.DISPATCH_BATCH.value)
def dispatch_batch(*, batch_id: str) -> None:
    """Scan this batch now instead of at the next tick."""
    scan_and_publish(only=batch_id)
