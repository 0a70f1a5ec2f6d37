"""The only place a queue or a task is named, and which task travels on which queue."""

from enum import StrEnum


class Queue(StrEnum):
    """A queue of the broker. Each has a process of its own in the Procfile that consumes it."""

    VOICE = "voice"
    SMS = "sms"
    EMAIL = "email"
    # Not "triggers": under the key prefix that would be the stream's own key, as in `outreach:triggers`.
    TRIGGERS = "messages"


TURNS = ".turns."
"""Between a queue's name and a worker's: the queue by which it proves to itself that it consumes."""


class TaskName(StrEnum):
    """The explicit name of every task. Names are wire format: they outlive the code behind them."""

    DELIVER_VOICE = "outreach.deliver.voice"
    DELIVER_SMS = "outreach.deliver.sms"
    DELIVER_EMAIL = "outreach.deliver.email"
    KEEP_DEAD_LETTER = "outreach.keep_dead_letter"
    CREATE_CAMPAIGN = "outreach.create_campaign"
    UPDATE_CAMPAIGN = "outreach.update_campaign"
    CREATE_BATCH = "outreach.create_batch"
    ADD_REQUESTS = "outreach.add_requests"
    UPDATE_BATCH = "outreach.update_batch"
    DELETE_BATCH = "outreach.delete_batch"
    REMOVE_REQUESTS = "outreach.remove_requests"
    RETRY_REQUESTS = "outreach.retry_requests"
    DISPATCH_BATCH = "outreach.dispatch_batch"
    RECORD_SESSION = "outreach.record_session"
    SUPPRESS = "outreach.suppress"
    UNSUPPRESS = "outreach.unsuppress"


# Keyed by the channel, whose wire values are also the names of the delivery queues.
DELIVERY_TASKS: dict[str, TaskName] = {
    Queue.VOICE: TaskName.DELIVER_VOICE,
    Queue.SMS: TaskName.DELIVER_SMS,
    Queue.EMAIL: TaskName.DELIVER_EMAIL,
}

# What other systems may ask for: by the Celery queue, or by the Redis Stream of the deployment's names.
TRIGGERS: tuple[TaskName, ...] = tuple(
    name
    for name in TaskName
    if name not in DELIVERY_TASKS.values() and name is not TaskName.KEEP_DEAD_LETTER
)

ROUTES: dict[TaskName, Queue] = dict.fromkeys(TaskName, Queue.TRIGGERS) | {
    name: Queue(channel) for channel, name in DELIVERY_TASKS.items()
}
