"""The names and options of our Celery queues, and the bell that wakes the workers.

A message says "something is ready in this class" and names no extraction: the truth is in the store, so a message
that is lost or comes twice costs a moment and nothing else. Producers and workers take their options from here,
because two sides that disagree on them lose messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import Celery
from kombu.entity import Exchange, Queue

from extractor import log

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from extractor.records import Priority

#: The task of other services: document, schema and options in, the result out.
EXTRACT_TASK = "extractor.extract"
#: The task of our own messages, the tickets.
TICKET_TASK = "extractor.ticket"
#: Where other services send `extractor.extract`.
EXTERNAL_QUEUE = "extractor"
#: Where the tickets of each class lie. In the order in which they are rung.
TICKET_QUEUES: dict[Priority, str] = {"interactive": "extractor.interactive", "bulk": "extractor.bulk"}
#: Every queue that a worker consumes, in that order. The queue `celery`, where other applications on the same Redis
#: send what has no queue, is not among them.
CONSUMED_QUEUES = (*TICKET_QUEUES.values(), EXTERNAL_QUEUE)

#: Seconds after which Celery delivers a message again that nobody acknowledged. No task of ours takes as long.
VISIBILITY_TIMEOUT_S = 300.0
#: Seconds that a ticket may take to be sent. A worker looks for work every second, so waiting longer gains nothing.
RING_TIMEOUT_S = 2.0
#: Connections of one bell at most: as many tickets are sent at the same moment.
RING_CONNECTIONS = 4
#: How a bell connects: one more try at once, for a server that was restarted; kombu's own waits are 2, 4, 6 s.
_IMPATIENT = {
    "socket_timeout": RING_TIMEOUT_S,
    "socket_connect_timeout": RING_TIMEOUT_S,
    "max_retries": 1,
    "interval_start": 0,
    "connect_retries_timeout": RING_TIMEOUT_S / 2,
}


def broker_options(
    url: str, transport_options: Mapping[str, Any], *, visibility_timeout_s: float = VISIBILITY_TIMEOUT_S
) -> dict[str, Any]:
    """Return the Celery settings that producers and workers share.

    Args:
        url: The broker in Celery's form, as `store.broker_url` returns it.
        transport_options: What that form needs beside the URL, the service name of a Sentinel say.
        visibility_timeout_s: Seconds; the same at both sides, or one side delivers again what the other still holds.

    Source:
        Celery 5.7 "Configuration and defaults", kombu 5.7 `transport/redis.py`; the figures are from our own runs.
    """
    return {
        # Stated for both directions: a CELERY_BROKER_URL in the environment would otherwise win, and a service that
        # has one for its own tasks would send our tickets there.
        "broker_url": url,
        "broker_read_url": url,
        "broker_write_url": url,
        "broker_transport_options": {
            "visibility_timeout": visibility_timeout_s,
            # A message of a killed worker is found again in 5 s; kombu looks every 100 s by default.
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            # A server that is gone without a word is noticed; by default a read waits for ever. Longer than the 10 s
            # of kombu's own BRPOP, which is silent while nothing comes.
            "socket_timeout": 15,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 10,
            # In the order of CONSUMED_QUEUES; the default takes turns, so bulk would hold interactive up.
            "queue_order_strategy": "priority",
            **transport_options,
        },
        # A worker that starts before Redis, and one that loses it for an hour, comes back by itself.
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # JSON only, in both directions: pickle is code that whoever reaches Redis may have run.
        "task_serializer": "json",
        "result_serializer": "json",
        "event_serializer": "json",
        "accept_content": ["json"],
        "result_accept_content": ["json"],
        "task_queues": [_queue(name) for name in CONSUMED_QUEUES],
        # What is sent without a queue is ours as well, never the queue `celery` of somebody else.
        "task_default_queue": EXTERNAL_QUEUE,
    }


def _queue(name: str) -> Queue:
    """Return a queue with an exchange of its own, as Celery declares it at a service that only knows the name.

    Without one, all three would be bound to the default queue's, and each message be delivered to all of them.
    """
    return Queue(name, Exchange(name, type="direct"), routing_key=name)  # type: ignore[no-untyped-call] # has no types


def producer(url: str, transport_options: Mapping[str, Any] | None = None) -> Celery:
    """Return a Celery application that only sends, and leaves the caller's own application the current one."""
    app = Celery("extractor", set_as_current=False)
    app.conf.update(broker_options(url, transport_options or {}))
    return app


class Bell:
    """Wakes the workers: one ticket per class in which something is ready. May be rung by many threads at once.

    Args:
        url: The broker in Celery's form, as `store.broker_url` returns it.
        transport_options: What that form needs beside the URL.
    """

    def __init__(self, url: str, transport_options: Mapping[str, Any] | None = None) -> None:
        self._app = producer(url, {**(transport_options or {}), **_IMPATIENT})
        # Its own connections: Celery's pools belong to the whole program, and closing ours would close the caller's.
        self._connections = self._app.connection_for_write().Pool(limit=RING_CONNECTIONS)

    def ring(self, classes: Collection[Priority]) -> None:
        """Send a ticket for each of `classes`. Blocks for `RING_TIMEOUT_S` at most; a failure is logged, not raised.

        What it announces is stored already and is found by the workers' own look, a second later.
        """
        try:
            for priority, queue in TICKET_QUEUES.items():
                if priority in classes:
                    self._send(queue)
        except Exception as error:  # noqa: BLE001 - whatever it is, the submission is safe
            log.logger().warning("no ticket could be sent; workers find the work by themselves", **log.trace(error))

    def close(self) -> None:
        """Close the connections. A bell that is rung afterwards says so in the log and does nothing."""
        self._connections.force_close_all()
        self._app.close()

    def _send(self, queue: str) -> None:
        with self._connections.acquire(block=True, timeout=RING_TIMEOUT_S) as connection:
            self._app.send_task(
                TICKET_TASK,
                queue=queue,
                connection=connection,
                ignore_result=True,  # nobody waits for it
                retry=False,  # later it would be worth nothing
                add_to_parent=False,  # rung inside a task of the caller's, it is none of that task's children
            )
