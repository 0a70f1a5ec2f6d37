"""The straightforward way: one handler, validate, one UPDATE, one commit each.

The same server, framework and driver as ours. `python -m tests.benchmarks.callbacks.plain URL PORT TOKEN`
"""

import sys
from urllib.parse import parse_qsl

import uvicorn
from sqlalchemy import create_engine, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

# As in our own table: what comes later in a call's life is never overwritten.
RANKS = {"initiated": 20, "ringing": 30, "in-progress": 40, "completed": 100}


class Base(DeclarativeBase):
    """Every table."""


class PlacedCall(Base):
    """A call that was placed."""

    __tablename__ = "placed_call"
    sid: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    rank: Mapped[int]


def create(url: str, port: int, auth_token: str) -> Starlette:
    """The application."""
    sessions = sessionmaker(create_engine(url, pool_size=40))
    validator = RequestValidator(auth_token)

    def note(session: Session, sid: str, status: str) -> None:
        rank = RANKS[status]
        session.execute(
            update(PlacedCall)
            .where(PlacedCall.sid == sid, PlacedCall.rank < rank)
            .values(status=status, rank=rank)
        )
        session.commit()

    def note_in_session(sid: str, status: str) -> None:
        with sessions() as session:
            note(session, sid, status)

    async def voice(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        signed = f"http://127.0.0.1:{port}{request.url.path}?{request.url.query}"
        if not validator.validate(signed, form, request.headers.get("x-twilio-signature", "")):
            return Response(status_code=403)
        await run_in_threadpool(note_in_session, form["CallSid"], form["CallStatus"])
        return Response(status_code=204)

    return Starlette(routes=[Route("/callbacks/voice/{token}", voice, methods=["POST"])])


if __name__ == "__main__":
    where, number, secret = sys.argv[1:]
    uvicorn.run(
        create(where, int(number), secret),
        port=int(number),
        log_config=None,
        access_log=False,
        server_header=False,
    )
