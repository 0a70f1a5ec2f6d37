"""Grouping of tickets that share a request to the provider, and of what is begun at once."""

from collections.abc import Iterator, Mapping, Sequence

from worker.domain.content.tickets import Content, Mail, Ticket


def portions(contents: Mapping[int, Content], at_once: int) -> Iterator[dict[int, Content]]:
    """No more is begun than can be sent at once: mails of one form share a request, others do not."""
    shared = {request: one for request, one in contents.items() if form_of(one) is not None}
    if shared:
        yield shared
    alone = [request for request in contents if request not in shared]
    for start in range(0, len(alone), at_once):
        yield {request: contents[request] for request in alone[start : start + at_once]}


def group_tickets(tickets: Sequence[Ticket], most: int) -> list[list[Ticket]]:
    """Tickets that may share a request together, none in a larger group than it may be in."""
    together: dict[object, list[Ticket]] = {}
    for ticket in tickets:
        form = form_of(ticket.content)
        key = (form, ticket.group_limit, ticket.source) if form is not None else ticket.attempt
        together.setdefault(key, []).append(ticket)
    groups = []
    for members in together.values():
        size = min(most, members[0].group_limit or most)
        groups += [members[start : start + size] for start in range(0, len(members), size)]
    return groups


def form_of(content: Content) -> object:
    """Return what it shares with others that may travel in one request; None: with nobody's."""
    return content.form if isinstance(content, Mail) else None
