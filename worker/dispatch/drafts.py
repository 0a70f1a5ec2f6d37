"""What a chunk's contents say: rendered for each recipient, and until when each may arrive."""

from worker.domain.content.render import ContentError, render
from worker.domain.content.tickets import Content
from worker.store.chunk_contents import ChunkContents


def render_drafts(assignment: ChunkContents) -> tuple[dict[int, Content], list[tuple[int, str]]]:
    """Render what each request is told; what can't be rendered comes with the reason."""
    contents: dict[int, Content] = {}
    faults: list[tuple[int, str]] = []
    for draft in assignment.drafts:
        try:
            contents[draft.request] = render(assignment.template, draft.variables)
        except ContentError as error:
            faults.append((draft.request, str(error)))
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001  a fault of ours in one must not keep the others
            faults.append((draft.request, f"it can't be rendered: {type(error).__name__}"))
    return contents, faults


def valid_until(assignment: ChunkContents, read_at: float) -> dict[int, float]:
    """Until when each request may arrive that has an end in sight, on `boot_clock`."""
    ends = ((draft.request, draft.arrives_within) for draft in assignment.drafts)
    return {request: read_at + within for request, within in ends if within is not None}
