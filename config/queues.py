"""The only place a queue or a task is named, and which task travels on which queue."""

from enum import StrEnum


class Queue(StrEnum):
    """A queue of the broker. Each has a process of its own in the Procfile that consumes it."""

    VOICE = "voice"
    SMS = "sms"
    EMAIL = "email"
    TRIGGERS = "triggers"


class TaskName(StrEnum):
    """The explicit name of every task. Names are wire format: they outlive the code behind them."""

    DELIVER_VOICE = "outreach.deliver.voice"
    DELIVER_SMS = "outreach.deliver.sms"
    DELIVER_EMAIL = "outreach.deliver.email"
    DISPATCH_BATCH = "outreach.dispatch_batch"


ROUTES: dict[TaskName, Queue] = {
    TaskName.DELIVER_VOICE: Queue.VOICE,
    TaskName.DELIVER_SMS: Queue.SMS,
    TaskName.DELIVER_EMAIL: Queue.EMAIL,
    TaskName.DISPATCH_BATCH: Queue.TRIGGERS,
}

# Keyed by the campaign's mode, whose wire values are also the names of the delivery queues.
DELIVERY_TASKS: dict[str, TaskName] = {
    Queue.VOICE: TaskName.DELIVER_VOICE,
    Queue.SMS: TaskName.DELIVER_SMS,
    Queue.EMAIL: TaskName.DELIVER_EMAIL,
}
