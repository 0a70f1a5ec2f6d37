"""Somebody says stop, in person: by a click on our own page, or by an answer to a text."""

from datetime import timedelta
from uuid import UUID, uuid4

from worker.domain.consent.authors import read_author
from worker.domain.consent.suppression import Act, Source
from worker.domain.statuses import Channel, SuppressReason
from worker.store import opt_out_tokens, start_messages, suppressions
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.opt_out_tokens import Contacted
from worker.store.start_messages import Start

# A message is kept from us for no longer: after that, START came before STOP in every order.
OVERTAKEN = timedelta(days=1)


def unsubscribe_by_link(engine: Engine, token: UUID) -> Contacted | None:
    """Suppress whom the mail with this token was to; every click is an act of its own.

    Returns:
        who it was; None where no mail has this token: that of a call or text opens no page.
    """
    return _unsubscribe(engine, token, Act(Source.CLICK, str(uuid4())))


def unsubscribe_by_mail(engine: Engine, token: UUID) -> Contacted | None:
    """The same for whoever wrote to the mailbox that the mail's header names."""
    return _unsubscribe(engine, token, Act(Source.MAIL, str(uuid4())))


def _unsubscribe(engine: Engine, token: UUID, act: Act) -> Contacted | None:
    def step(connection: Connection) -> Contacted | None:
        found = opt_out_tokens.find_contacted(connection, token)
        if found is None or found.channel is not Channel.EMAIL:
            return None
        reason = SuppressReason.UNSUBSCRIBED
        suppressions.suppress(connection, found.channel, found.identity, reason, act)
        return found

    return in_transaction(engine, step)


def opt_out_by_key(engine: Engine, token: UUID, call_sid: str) -> bool:
    """Suppress whom the call with this token was to; a call counts once, however often it is told.

    Returns:
        whether there is such a call.
    """
    act = Act(Source.KEY, call_sid or str(uuid4()))

    def step(connection: Connection) -> bool:
        found = opt_out_tokens.find_contacted(connection, token)
        if found is None or found.channel is not Channel.VOICE:
            return False
        reason = SuppressReason.UNSUBSCRIBED
        suppressions.suppress(connection, found.channel, found.identity, reason, act)
        return True

    return in_transaction(engine, step)


def hear_stop(engine: Engine, number: str, message_sid: str) -> bool:
    """Suppress the number that answered STOP; the same message counts once, however late it comes again.

    Returns:
        whether it was heard now; False where it was before.

    Raises:
        UnreadWriter: the sender is no phone number.
    """
    identity = read_author(number)
    act = Act(Source.STOP, message_sid or str(uuid4()))

    def step(connection: Connection) -> bool:
        if message_sid and not opt_out_tokens.is_new_act(connection, message_sid):
            return False
        reason = SuppressReason.UNSUBSCRIBED
        suppressions.suppress(connection, Channel.SMS, identity, reason, act)
        start_messages.judge_again(connection, identity, OVERTAKEN)
        return True

    return in_transaction(engine, step)


def hear_start(engine: Engine, number: str, message_sid: str) -> bool:
    """Note that a number answered START; the scheduler asks when it did, and lifts the STOPs before it.

    Returns:
        whether it was heard now; False where it was before, or has no id to ask by.

    Raises:
        UnreadWriter: the sender is no phone number.
    """
    start = Start(message_sid, read_author(number))

    def step(connection: Connection) -> bool:
        if not opt_out_tokens.is_new_act(connection, message_sid):
            return False
        start_messages.note(connection, start)
        return True

    return bool(message_sid) and in_transaction(engine, step)
