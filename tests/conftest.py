"""Fixtures that every ring of tests may ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

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
