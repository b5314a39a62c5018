"""Tasks that are no longer wanted end, also those that lose a cancellation."""

from __future__ import annotations

import asyncio

import pytest

from extractor.ending import end_all

pytestmark = pytest.mark.anyio


async def test_a_task_that_loses_a_cancellation_ends_all_the_same():
    lost = []

    async def stubborn():
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost.append(1)
                if len(lost) == 3:
                    raise

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)

    await end_all([task])

    assert task.done()
    assert len(lost) == 3


async def test_what_has_ended_and_what_fails_is_no_trouble():
    async def fail():
        raise ValueError

    tasks = [asyncio.create_task(fail()), asyncio.create_task(asyncio.sleep(0))]

    await end_all(tasks)

    assert all(task.done() for task in tasks)
