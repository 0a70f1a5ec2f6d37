"""Limits on requests to a provider: permits shared by all processes, reserved before begin."""

from worker.limits.bucket import Bucket, Buckets
from worker.limits.gate import Closed, Gate, OpenGate, SharedGate, Stopping, WantedPermits

__all__ = [
    "Bucket",
    "Buckets",
    "Closed",
    "Gate",
    "OpenGate",
    "SharedGate",
    "Stopping",
    "WantedPermits",
]
