"""Its tables."""

from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Identity
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Batch(Base):
    __tablename__ = "batch"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    channel: Mapped[str]
    source: Mapped[str]
    content: Mapped[str]
    paused: Mapped[bool] = mapped_column(default=False)


class Request(Base):
    __tablename__ = "request"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    reference_id: Mapped[str]
    target: Mapped[str]
    request_variables: Mapped[dict[str, str]] = mapped_column(JSONB)
    request_status: Mapped[str] = mapped_column(default="PENDING", index=True)
    attempt_count: Mapped[int] = mapped_column(default=0)
    call_manager_sid: Mapped[str | None]

    batch: Mapped[Batch] = relationship(lazy="joined", innerjoin=True)


class Attempt(Base):
    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("request.id"), index=True)
    token: Mapped[UUID] = mapped_column(default=uuid4, unique=True)
    state: Mapped[str] = mapped_column(default="SENDING")
    sid: Mapped[str | None] = mapped_column(index=True)
