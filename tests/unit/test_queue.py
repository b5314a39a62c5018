"""What producers and workers share, and the bell."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from celery import current_app

from extractor.queue import (
    CONSUMED_QUEUES,
    EXTERNAL_QUEUE,
    RING_TIMEOUT_S,
    TICKET_QUEUES,
    TICKET_TASK,
    Bell,
    broker_options,
    producer,
)
from extractor.store import broker_url

BOTH = frozenset({"interactive", "bulk"})


def waiting(server, queue):
    return int(server.ask("LLEN", queue).strip().removeprefix(":"))


@pytest.fixture
def bell(redis_server):
    bell = Bell(*broker_url(redis_server.url))
    yield bell
    bell.close()


def test_interactive_tickets_come_before_bulk_and_the_queue_of_other_applications_is_not_consumed():
    assert CONSUMED_QUEUES == ("extractor.interactive", "extractor.bulk", "extractor")


def test_a_message_for_one_queue_is_delivered_to_no_other():
    queues = broker_options("redis://", {})["task_queues"]

    routes = {(queue.exchange.name, queue.routing_key) for queue in queues}

    assert routes == {(name, name) for name in CONSUMED_QUEUES}


def test_nothing_but_json_is_sent_or_taken():
    options = broker_options("redis://", {})

    serializers = {value for name, value in options.items() if name.endswith("_serializer")}

    assert serializers == {"json"}
    assert options["accept_content"] == options["result_accept_content"] == ["json"]


def test_the_broker_of_another_application_in_the_environment_gets_no_ticket(monkeypatch):
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://elsewhere/0")

    app = producer("redis://here/0")

    assert (app.connection_for_write().hostname, app.connection_for_read().hostname) == ("here", "here")


def test_a_producer_leaves_the_callers_own_application_the_current_one():
    before = current_app._get_current_object()

    producer("redis://here/0").finalize()

    assert current_app._get_current_object() is before


def test_one_ticket_is_sent_for_each_class_asked_for(bell, redis_server):
    bell.ring(frozenset({"bulk"}))
    bell.ring(BOTH)
    bell.ring(frozenset())

    assert {queue: waiting(redis_server, queue) for queue in CONSUMED_QUEUES} == {
        TICKET_QUEUES["interactive"]: 1,
        TICKET_QUEUES["bulk"]: 2,
        EXTERNAL_QUEUE: 0,
    }


def test_a_ticket_names_no_extraction(bell, redis_server):
    bell.ring(frozenset({"bulk"}))

    message = redis_server.ask("LINDEX", TICKET_QUEUES["bulk"], "0")

    assert f'"task": "{TICKET_TASK}"' in message
    assert ('"argsrepr": "()"' in message, '"kwargsrepr": "{}"' in message) == (True, True)


def test_many_threads_may_ring_at_once(bell, redis_server):
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: bell.ring(frozenset({"bulk"})), range(64)))

    assert waiting(redis_server, TICKET_QUEUES["bulk"]) == 64


def test_a_bell_rings_again_after_redis_was_restarted(bell, redis_server):
    bell.ring(BOTH)
    redis_server.restart()

    bell.ring(BOTH)

    assert waiting(redis_server, TICKET_QUEUES["bulk"]) == 2


def test_a_ticket_that_cannot_be_sent_is_logged_and_raises_nothing(bell, redis_server, capfd):
    redis_server.kill()
    started = time.monotonic()

    bell.ring(BOTH)

    assert time.monotonic() - started < RING_TIMEOUT_S
    assert "no ticket could be sent" in capfd.readouterr().err


def test_a_frozen_server_holds_a_caller_up_for_no_longer_than_the_limit(bell, redis_server):
    bell.ring(BOTH)
    redis_server.stop()
    started = time.monotonic()

    bell.ring(BOTH)

    redis_server.cont()
    assert time.monotonic() - started < RING_TIMEOUT_S + 1


def test_a_closed_bell_does_nothing(bell, redis_server, capfd):
    bell.close()

    bell.ring(BOTH)

    assert waiting(redis_server, TICKET_QUEUES["bulk"]) == 0
    assert "no ticket could be sent" in capfd.readouterr().err
