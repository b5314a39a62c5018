"""Real workers, a real Redis and a model in a process of its own: what the tests of this folder break on purpose."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import AsyncExitStack, ExitStack

import pytest

from extractor.testing.fleet import Fleet, LoopbackModel, worker_environment
from extractor.testing.ledger import Ledger


@pytest.fixture
def model():
    with LoopbackModel() as loopback:
        yield loopback


@pytest.fixture
def start_workers(model, tmp_path_factory):
    """Start workers: `start_workers(url, size=3, lease_s=2, slots=8)`; further settings by their names."""
    with ExitStack() as fleets:

        def start(url, *, size=1, **settings):
            environment = worker_environment(url, model, **settings)
            return fleets.enter_context(Fleet(size, environment=environment, folder=tmp_path_factory.mktemp("fleet")))

        yield start


@pytest.fixture
async def open_ledger():
    """Open ledgers: `await open_ledger(url, lease_s=2)`."""
    async with AsyncExitStack() as ledgers:

        async def opened(url, **arguments):
            return await ledgers.enter_async_context(Ledger(url, **arguments))

        yield opened


@pytest.fixture
def appended_file():
    """The append-only file of a server that has never rewritten it."""
    return lambda server: next(server.folder.glob("appendonlydir/*.incr.aof"))


@pytest.fixture
def commits(appended_file):
    """How often each extraction was brought to an end, by what the server appended to its file."""
    ending = re.compile(
        rb"HSET\r\n\$\d+\r\nextractor:e:(\w+)\r\n\$6\r\nstatus\r\n\$\d+\r\n(?:succeeded|partial|failed|cancelled)\r\n"
    )
    return lambda server: Counter(name.decode() for name in ending.findall(appended_file(server).read_bytes()))
