"""The Celery application of the workers: `extractor worker`, or plain `celery -A workers.app worker`.

Everything that a worker needs is set here and not on the command line, so that both commands start the same worker.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

from celery import Celery

from extractor import log, wiring
from extractor.cli.exits import ExitCode
from extractor.cli.wording import error_line
from extractor.errors import ExtractionError
from extractor.queue import broker_options
from extractor.settings import Settings
from extractor.store import broker_url

if TYPE_CHECKING:
    from typing import Any

#: Seconds that the result backend waits for an answer of Redis, and for a connection to it.
ANSWER_S, CONNECT_S = 15.0, 5.0


def application(settings: Settings) -> Celery:
    """Return the application that `settings` describe.

    Raises:
        StoreUnavailable: no Redis server is named, and none of ours runs.
        InvalidSettings: its URL is of no form that we know.
    """
    url, transport_options = broker_url(wiring.store_url(settings))
    app = Celery("extractor", include=["workers.hosting", "workers.tasks"])
    app.backend_cls = url  # results go where the broker is; as a setting, CELERY_RESULT_BACKEND would win over it
    app.conf.update(broker_options(url, transport_options, visibility_timeout_s=settings.visibility_timeout_s))
    app.conf.update(_result_options(url, transport_options, settings.result_ttl_s))
    app.conf.update(_worker_options())
    return app


def _result_options(url: str, transport_options: dict[str, object], result_ttl_s: float) -> dict[str, Any]:
    """Return how results are kept: as long as ours, by connections that notice a server that is gone."""
    options = {
        "result_expires": result_ttl_s,
        # A result that cannot be told stays in the outbox; the default would hold its thread for 20 s.
        "result_backend_transport_options": transport_options
        | {"retry_policy": {"max_retries": 2, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.4}},
        "redis_socket_timeout": ANSWER_S,
        "redis_socket_connect_timeout": CONNECT_S,
        "redis_backend_health_check_interval": 10,
    }
    has_socket = url.startswith("redis+socket:")
    return options if has_socket else options | {"redis_socket_keepalive": True}


def _worker_options() -> dict[str, Any]:
    return {
        # Tasks last milliseconds: the documents are in one loop thread beside the pool. A process per task would be
        # 2,000 times the memory, and gevent never consumes again after Redis was restarted (celery#9191).
        "worker_pool": "threads",
        "worker_concurrency": 4,
        # A message that waits here is one that no idle worker can take.
        "worker_prefetch_multiplier": 1,
        # A submission that is under way when Redis is lost comes to its end; the next one finds its idempotency key.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        # Whoever reaches the broker could stop every worker by it.
        "worker_enable_remote_control": False,
        # Nobody listens to them, and each costs a message.
        "worker_send_task_events": False,
        "task_send_sent_event": False,
        # Our log lines have their own form.
        "worker_redirect_stdouts": False,
    }


def end(error: ExtractionError) -> NoReturn:
    """End this process because of `error`: one line on stderr, and the exit code of what could not start."""
    sys.stderr.write(f"{error_line(error.code, error.message)}\n")
    raise SystemExit(ExitCode.COULD_NOT_START)


def _load() -> tuple[Settings, Celery]:
    try:
        settings = Settings.load()
        log.configure(settings.log_level)
        return settings, application(settings)
    except ExtractionError as error:
        end(error)


settings, app = _load()
