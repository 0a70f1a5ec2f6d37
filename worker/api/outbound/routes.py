"""The 14 calls of the public API, under its prefix."""

from fastapi import APIRouter

from worker.api.bodies import StrictRoute
from worker.api.outbound import batches, campaigns, requests

router = APIRouter(prefix="/api/v1/outbound", route_class=StrictRoute)
for part in (campaigns, batches, requests):
    router.include_router(part.router)
