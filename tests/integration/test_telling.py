"""Results told to the Celery tasks that wait for them."""

from __future__ import annotations

import time

import pytest
from celery import Celery

from extractor.errors import StoreUnavailable
from extractor.store import broker_url
from workers.telling import Teller

pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated setex")  # by Celery's own backend

RESULT = {"id": "x_1", "status": "failed", "record": None, "error": {"code": "refused"}}
#: Seconds that may pass before the outbox hears that nothing can be told.
SOON_S = 5.0


@pytest.fixture
def app(redis_server):
    url, _ = broker_url(redis_server.url)
    retry = {"retry_policy": {"max_retries": 1, "interval_start": 0, "interval_step": 0}}
    app = Celery(broker=url, backend=url, set_as_current=False)
    app.conf.update(result_backend_transport_options=retry, redis_socket_timeout=1)
    return app


def test_a_task_that_waits_is_told_its_result_as_a_success_of_celery_whatever_became_of_it(app):
    Teller(app).tell([("t1", RESULT)])

    task = app.AsyncResult("t1")
    assert (task.state, task.get(timeout=SOON_S)) == ("SUCCESS", RESULT)


def test_telling_a_result_again_changes_nothing(app):
    teller = Teller(app)

    teller.tell([("t1", RESULT)])
    teller.tell([("t1", RESULT | {"status": "succeeded"})])

    assert app.AsyncResult("t1").get(timeout=SOON_S) == RESULT


def test_a_result_that_can_never_be_told_keeps_back_no_other(app, capfd):
    Teller(app).tell([("t1", {"record": object()}), ("t2", RESULT)])

    assert app.AsyncResult("t2").get(timeout=SOON_S) == RESULT
    assert "cannot be told" in capfd.readouterr().err


@pytest.mark.parametrize("state", ["killed", "full"])
def test_results_that_redis_does_not_take_are_kept_for_later(app, redis_server, state):
    teller = Teller(app)
    teller.tell([("t1", RESULT)])
    if state == "killed":
        redis_server.kill()
    else:
        redis_server.ask("CONFIG", "SET", "maxmemory", "1")
    started = time.monotonic()

    with pytest.raises(StoreUnavailable):
        teller.tell([("t2", RESULT)])

    assert time.monotonic() - started < SOON_S
