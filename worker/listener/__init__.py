"""The HTTP server at every address of ours: nobody may be slow, large or many at others' cost."""

from worker.listener.serve import Bounds, serve

__all__ = ["Bounds", "serve"]
