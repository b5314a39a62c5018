"""Fixtures of tests that let parts work together."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from extractor.records import OFFLINE_MODEL
from extractor.settings import Settings
from workers.loop import start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workers.loop import LoopThread

#: Seconds between two wake-ups. They stand in for the tickets, which nobody takes in here.
WAKE_S = 0.02


@pytest.fixture
def worker(redis_url: str) -> Iterator[LoopThread]:
    """The loop of a worker in a thread of this process. It runs what is submitted to `redis_url` by simple rules."""
    loop = start(Settings(REDIS_URL=SecretStr(redis_url), model=OFFLINE_MODEL), tell=lambda _told: None)
    is_over = threading.Event()

    def keep_awake() -> None:
        while not is_over.wait(WAKE_S):
            loop.wake()

    waker = threading.Thread(target=keep_awake)
    waker.start()
    yield loop
    is_over.set()
    waker.join()
    loop.stop(5)
