"""The HTTP door: `/v1/extractions` in front of the queue.

`create_app` makes the application of what it is given; `open_service` opens what that needs from settings.
"""

from __future__ import annotations

from extractor.api.app import create_app
from extractor.api.security import server_key
from extractor.api.service import Service, open_service

__all__ = ["Service", "create_app", "open_service", "server_key"]
