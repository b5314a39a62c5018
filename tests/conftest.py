"""Fixtures that every ring of tests may ask for."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from extractor import log
from extractor.testing import RedisServer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

REPOSITORY = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--complete`, the option of `make check-all`."""
    parser.addoption("--complete", action="store_true", help="a test skipped for something absent counts as failed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip whose reason says that something is absent into a failure where everything is meant to be there."""
    report = yield
    if report.skipped and item.config.getoption("--complete") and "absent" in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped, but --complete was asked for: {report.longrepr}"
    return report


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, the loop that the product runs on."""
    return "asyncio"


@pytest.fixture(autouse=True)
def usual_log_level() -> Generator[None]:
    """Give every test the usual log level, whatever the one before it configured in this process."""
    yield
    log.configure()


@pytest.fixture(autouse=True)
def open_lanes() -> Generator[None]:
    """Let no cool-down of one test hold back another that is given the same port."""
    yield
    if "extractor.wiring" in sys.modules:
        sys.modules["extractor.wiring"]._LANES.clear()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of public documents and schemas that lie outside the repository."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the public test data beside the repository (../shared/data) is absent")
    return folder


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of this checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_redis() -> Generator[RedisServer]:
    """The one server of this test worker. Ask for `redis_url` instead, which empties it first."""
    with RedisServer("--loglevel", "warning") as server:
        yield server


@pytest.fixture
def redis_url(shared_redis: RedisServer) -> str:
    """URL of a real and empty server, for tests that neither configure nor stop it."""
    shared_redis.flush()
    return shared_redis.url


@pytest.fixture
def start_redis() -> Generator[Callable[..., RedisServer]]:
    """Start servers of the test's own: `start_redis("--maxmemory", "64mb", on_port=True)`."""
    with ExitStack() as servers:
        yield lambda *arguments, on_port=False: servers.enter_context(RedisServer(*arguments, on_port=on_port))


@pytest.fixture
def redis_server(start_redis: Callable[..., RedisServer]) -> RedisServer:
    """A server of the test's own, to stop, kill and restart."""
    return start_redis()
