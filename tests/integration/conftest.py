"""Fixtures of tests that let parts work together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from extractor.records import OFFLINE_MODEL
from extractor.settings import Settings
from workers.loop import start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workers.loop import LoopThread


@pytest.fixture
def worker(redis_url: str) -> Iterator[LoopThread]:
    """The loop of a worker in a thread of this process. It runs what is submitted to `redis_url` by simple rules."""
    thread = start(Settings(REDIS_URL=SecretStr(redis_url), model=OFFLINE_MODEL), tell=lambda _told: None)
    yield thread
    thread.stop(5)
