"""The routes of this house's own API, under its prefix."""

from fastapi import APIRouter

from worker.api.bodies import StrictRoute
from worker.api.outreach import (
    attempts,
    audit,
    batches,
    campaigns,
    dead_letters,
    halts,
    keys,
    messages,
    requests,
    suppressions,
)

PARTS = (
    campaigns,
    batches,
    requests,
    attempts,
    suppressions,
    halts,
    dead_letters,
    messages,
    audit,
    keys,
)

router = APIRouter(prefix="/api/v1/outreach", route_class=StrictRoute)
for part in PARTS:
    router.include_router(part.router)
