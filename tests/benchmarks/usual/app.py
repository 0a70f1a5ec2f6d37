"""The application and its one task."""

import os
from functools import lru_cache

from celery import Celery
from celery.signals import worker_process_init
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, sessionmaker

from tests.benchmarks.usual.models import Attempt, Request
from tests.benchmarks.usual.senders import send

app = Celery("usual", broker=os.environ["USUAL_BROKER_URL"])
app.conf.update(
    task_ignore_result=True,
    task_default_queue="usual",
    # A crash before the attempt was committed must not lose the request; after it, the guard below
    # lets a repeated message do nothing.
    task_acks_late=True,
    worker_prefetch_multiplier=int(os.environ.get("USUAL_PREFETCH", "16")),
    broker_transport_options={"visibility_timeout": 3600},
    worker_hijack_root_logger=False,
)


@lru_cache(maxsize=1)
def sessions() -> sessionmaker[Session]:
    """One engine per process, with a connection for every task at once."""
    url = os.environ["USUAL_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
    size = int(os.environ.get("USUAL_POOL_SIZE", "2"))
    return sessionmaker(create_engine(url, pool_size=size), expire_on_commit=False)


@worker_process_init.connect
def forget_the_parents_connections(**_: object) -> None:
    """A connection must not be shared over a fork."""
    sessions.cache_clear()


@app.task(name="usual.deliver")
def deliver(request_id: int) -> None:
    """Contact one recipient, at most once."""
    with sessions()() as session:
        request = session.scalars(
            select(Request).where(Request.id == request_id).with_for_update(of=Request)
        ).one()
        if request.request_status != "PENDING" or request.batch.paused:
            return
        attempt = Attempt(request_id=request.id)
        session.add(attempt)
        request.request_status = "INITIATED"
        request.attempt_count += 1
        session.commit()

        sid = send(request, attempt)

        attempt.state = "ACCEPTED"
        attempt.sid = sid
        request.call_manager_sid = sid
        session.commit()
