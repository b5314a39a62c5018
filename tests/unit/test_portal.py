"""A loop thread of one's own, from many threads and across a fork."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from extractor.portal import Line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class Opened:
    """What is open in a line, and where."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.thread = threading.get_ident()
        self.is_closed = False


def opening(log: list[Opened]) -> Callable[[], AbstractAsyncContextManager[Opened]]:
    @asynccontextmanager
    async def open_one() -> AsyncIterator[Opened]:
        log.append(Opened())
        yield log[-1]
        log[-1].is_closed = True

    return open_one


async def where(opened: Opened) -> int:
    await asyncio.sleep(0)
    assert opened.thread == threading.get_ident()
    return opened.thread


def test_nothing_is_opened_before_the_first_call_and_once_for_all_threads() -> None:
    log: list[Opened] = []
    line = Line(opening(log))
    assert log == []

    with ThreadPoolExecutor(8) as threads:
        answered_in = set(threads.map(lambda _: line.run(where), range(32)))
    line.close()

    assert len(answered_in) == 1
    assert [opened.is_closed for opened in log] == [True]


def test_a_closed_line_opens_again() -> None:
    log: list[Opened] = []
    line = Line(opening(log))

    line.run(where)
    line.close()
    line.close()
    line.run(where)
    line.close()

    assert len(log) == 2


def test_what_could_not_be_opened_is_tried_anew() -> None:
    tries: list[int] = []

    @asynccontextmanager
    async def open_one() -> AsyncIterator[int]:
        tries.append(1)
        if len(tries) == 1:
            raise ConnectionError("not yet")
        yield len(tries)

    async def number(opened: int) -> int:
        return opened

    line = Line(open_one)

    with pytest.raises(ConnectionError, match="not yet"):
        line.run(number)
    found = line.run(number)
    line.close()

    assert found == 2


FORKING = """
import os
from contextlib import asynccontextmanager
from extractor.portal import Line

@asynccontextmanager
async def open_one():
    yield os.getpid()

async def number(opened):
    return opened

line = Line(open_one)
assert line.run(number) == os.getpid()
child = os.fork()
is_own = line.run(number) == os.getpid()
if child == 0:
    os._exit(0 if is_own else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert is_own
"""


def test_a_forked_child_opens_its_own_and_leaves_its_parents_alone_and_nothing_hangs_at_exit() -> None:
    # Python 3.12 and later warn of every fork beside a thread; that it goes well all the same is what is shown.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKING]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")
