"""What a worker may ask is the operator's choice, whatever the door has let through."""

from __future__ import annotations

import asyncio
import json

import pytest

from extractor.local import MemoryPace
from extractor.records import OFFLINE_MODEL, Options
from extractor.settings import Settings
from extractor.store import SharedPace
from extractor.testing.stores import open_bench
from extractor.testing.submissions import submission
from extractor.wiring import door_from
from workers.running import Runner

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param({"model": "other/model"}, "the option `model` (--model, model=…)", id="the first"),
        pytest.param({"models": ("other/model",)}, "the option `models` (--models, models=…)", id="one behind it"),
        pytest.param({"repair_model": "other/model"}, "(--repair-model, repair_model=…)", id="one that repairs"),
    ],
)
async def test_a_model_that_the_operator_does_not_list_is_not_asked(redis_url, options, says) -> None:
    door = door_from(Settings(model=OFFLINE_MODEL))
    async with open_bench(redis_url) as bench:
        await bench.store.submit_many([submission(options=Options(**{"model": OFFLINE_MODEL, **options}))])
        (lease,) = (await bench.leases.claim(free=1, free_bulk=1)).leases

        pace = SharedPace(MemoryPace(), bench.client)
        await Runner(None, bench.leases, door=door, pace=pace, untold=asyncio.Event()).run(lease, cancel=None)
        result = json.loads((await bench.store.read(lease.id, tenant="default")).result)

    assert (result["status"], result["error"]["code"]) == ("failed", "invalid_request")
    assert "ask only offline/heuristic, not other/model" in result["error"]["message"]
    assert says in result["error"]["message"]
