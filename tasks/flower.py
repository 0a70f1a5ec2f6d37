"""The application as Flower loads it: with our logging in place of Flower's own."""

from config import logs
from config.start import process_name
from tasks.app import app, settings

__all__ = ["app"]

logs.set_up(settings.log_level, process_name())
