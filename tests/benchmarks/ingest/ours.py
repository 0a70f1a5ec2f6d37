"""What `outreach batch upload` calls."""

from pathlib import Path

from worker.desk.uploads import upload_requests
from worker.store.connect import connect


def run(database_url: str, file: Path, batch_id: str) -> int:
    """Store the file's rows; returns how many were judged."""
    engine = connect(database_url, pool_size=1, guarded=False)
    with file.open("rb") as opened:
        done = upload_requests(
            engine, batch_id, file=opened, filename=file.name, by="ana@example.com"
        )
    engine.dispose()
    return done.stored + done.known + done.refused_count
