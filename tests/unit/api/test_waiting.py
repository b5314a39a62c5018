"""To wait, but not longer than somebody is there to be told."""

from __future__ import annotations

import asyncio

import pytest

from extractor.api.waiting import unless


async def test_what_comes_first_is_the_answer_and_nothing_is_left_running() -> None:
    async def soon(word: str) -> str:
        return word

    before = asyncio.all_tasks()

    assert await unless(asyncio.sleep(60), work=soon("done")) == "done"
    assert await unless(soon("stop"), work=asyncio.sleep(60, "done")) is None
    assert asyncio.all_tasks() == before


async def test_what_the_work_raises_is_raised_as_it_is() -> None:
    async def failing() -> None:
        raise LookupError("not there")

    with pytest.raises(LookupError, match="not there"):
        await unless(asyncio.sleep(60), work=failing())


async def test_work_that_loses_one_cancellation_is_cancelled_again() -> None:
    cancellations = 0

    async def forgetful() -> None:
        nonlocal cancellations
        while cancellations < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancellations += 1

    assert await unless(asyncio.sleep(0), work=forgetful()) is None
    assert cancellations == 2
