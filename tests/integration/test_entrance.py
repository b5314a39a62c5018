"""What becomes of a Celery task while the store is away, full, or takes nothing new."""

from __future__ import annotations

import threading
import time

import pytest
from pydantic import SecretStr

from extractor.errors import StoreUnavailable
from extractor.portal import run
from extractor.records import OFFLINE_MODEL
from extractor.settings import Settings
from extractor.store import Store, connect
from workers.entrance import PATIENCE, Entrance

NAMED = {"document": {"text": "Total: 12", "name": "a.txt"}, "schema": {"type": "object", "properties": {}}}
#: Seconds that a task waits for the store, in these tests.
WAIT_S = 1.5


@pytest.fixture
def woken():
    return []


@pytest.fixture
def entrance(redis_server, woken):
    settings = Settings(
        REDIS_URL=SecretStr(redis_server.url), model=OFFLINE_MODEL, visibility_timeout_s=WAIT_S / PATIENCE
    )
    entrance = Entrance(settings, woken.append)
    yield entrance
    entrance.close()


async def queued(url):
    store = Store(await connect(url))
    try:
        return await store.list_ids(tenant="default", state="queued")
    finally:
        await store.aclose()


def test_what_is_stored_wakes_the_own_worker_and_sends_a_ticket(entrance, redis_server, woken):
    result = entrance.take("t1", (), NAMED)

    assert (result, woken) == (None, ["interactive"])
    assert redis_server.ask("LLEN", "extractor.interactive") == ":1\r\n"


def test_the_same_task_ten_times_at_once_is_one_extraction(entrance, redis_server):
    threads = [threading.Thread(target=entrance.take, args=("t1", (), NAMED)) for _ in range(10)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(run(queued, redis_server.url)) == 1


def test_a_task_waits_for_the_store_and_is_stored_once_when_it_is_back(entrance, redis_server):
    entrance.take("t1", (), NAMED)
    redis_server.kill()
    back = threading.Timer(WAIT_S / 3, redis_server.start)
    back.start()

    result = entrance.take("t2", (), NAMED)

    back.join()
    assert result is None
    assert len(run(queued, redis_server.url)) == 2


def test_a_task_whose_store_stays_away_is_given_back_in_time(entrance, redis_server):
    entrance.take("t1", (), NAMED)
    redis_server.kill()
    started = time.monotonic()

    with pytest.raises(StoreUnavailable):
        entrance.take("t2", (), NAMED)

    assert time.monotonic() - started < WAIT_S / PATIENCE


def test_a_worker_that_ends_does_not_wait_for_the_store(entrance, redis_server):
    redis_server.kill()
    threading.Timer(0.1, entrance.hurry).start()
    started = time.monotonic()

    with pytest.raises(StoreUnavailable):
        entrance.take("t1", (), NAMED)

    assert time.monotonic() - started < 1


def test_a_queue_that_takes_nothing_new_says_so_in_a_result_that_is_worth_another_try(entrance, redis_server):
    async def drain(url):
        store = Store(await connect(url))
        await store.drain()
        await store.aclose()

    run(drain, redis_server.url)

    result = entrance.take("t1", (), NAMED)

    assert (result["id"], result["source"], result["status"]) == (None, "a.txt", "failed")
    assert (result["error"]["code"], result["error"]["retryable"]) == ("queue_draining", True)


def test_a_defect_of_ours_is_told_and_its_message_quotes_nothing(entrance, capfd):
    class Unreadable(dict):
        def items(self):
            raise RuntimeError("sub rosa")

    result = entrance.take("t1", (), NAMED | {"document": Unreadable(text="a")})

    assert result["error"]["code"] == "unexpected_error"
    assert "sub rosa" not in str(result) + capfd.readouterr().err
