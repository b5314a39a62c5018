"""Real workers, a real Redis and a model in a process of its own: what the tests of this folder break on purpose."""

from __future__ import annotations

from contextlib import AsyncExitStack, ExitStack

import pytest

from extractor.testing.fleet import Fleet, LoopbackModel
from extractor.testing.ledger import MODEL, Ledger


@pytest.fixture
def model():
    with LoopbackModel() as loopback:
        yield loopback


@pytest.fixture
def start_workers(model, tmp_path_factory):
    """Start workers: `start_workers(url, size=3, lease_s=2, slots=8)`; further settings by their names."""
    with ExitStack() as fleets:

        def start(url, *, size=1, lease_s=60.0, **settings):
            named = {f"EXTRACTOR_{name.upper()}": str(value) for name, value in settings.items()}
            environment = {
                "REDIS_URL": url,
                "OPENROUTER_API_KEY": "",
                "EXTRACTOR_BASE_URL": model.base_url,
                "EXTRACTOR_API_KEY": "loopback",
                "EXTRACTOR_MODEL": MODEL,
                "EXTRACTOR_LEASE_S": str(lease_s),
                **named,
            }
            return fleets.enter_context(Fleet(size, environment=environment, folder=tmp_path_factory.mktemp("fleet")))

        yield start


@pytest.fixture
async def open_ledger():
    """Open ledgers: `await open_ledger(url, lease_s=2)`."""
    async with AsyncExitStack() as ledgers:

        async def opened(url, **arguments):
            return await ledgers.enter_async_context(Ledger(url, **arguments))

        yield opened
