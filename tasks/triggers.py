"""Tasks that other systems may call by message: one task for each name, all the same.

Payloads, effects and the reasons for a dead letter: `worker/domain/contract/messages.py`,
`worker/desk/message_handlers.py`.
"""

from typing import Any

from celery import Task

from config.queues import TRIGGERS, TaskName
from tasks.app import app
from tasks.intake import keep, take_in
from tasks.retry import retry_while_unavailable


def receive(task: Task, /, **payload: Any) -> None:  # type: ignore[type-arg]  # noqa: ANN401  judged inside
    """Take in one message; while the store takes nothing it waits, and goes back to the queue in the end."""
    message_id, traceparent = str(task.request.id), task.request.get("traceparent")
    headers = {"traceparent": traceparent} if traceparent else {}
    retry_while_unavailable(
        lambda: take_in(task.name, message_id, payload, traceparent),
        lambda: app.send_task(task.name, kwargs=payload, task_id=message_id, headers=headers),
    )


for name in TRIGGERS:
    app.task(name=name.value, bind=True, typing=False)(receive)


@app.task(name=TaskName.KEEP_DEAD_LETTER.value)
def keep_dead_letter(*, reason: str, whole: str) -> None:
    """Keep what the guard found unfit; while the store takes nothing it waits as a message does."""
    retry_while_unavailable(
        lambda: keep(reason, whole),
        lambda: app.send_task(keep_dead_letter.name, kwargs={"reason": reason, "whole": whole}),
    )
