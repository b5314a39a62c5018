"""What `extractor dev` does: Redis, a worker and the API as one program."""

from __future__ import annotations

import asyncio
import http.client
import os
import secrets
import shlex
import signal
import socket
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import typer

from extractor import log, wiring
from extractor.cli.dev_words import Place, program, ready_words
from extractor.cli.exits import ExitCode, exit_code_of_signal
from extractor.cli.supervising import Part
from extractor.errors import InvalidSettings, NoModel, StoreUnavailable
from extractor.records import OFFLINE_MODEL
from extractor.settings import Settings
from extractor.store import Store, broker_url, connect
from extractor.store.embedded import EmbeddedRedis, home_in, running_url

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from extractor.cli.dev_arguments import DevArguments

HOST = "127.0.0.1"
#: Seconds that the worker waits for what it has in flight when it is told to stop. A day's work is not at stake here.
DRAIN_S = 5
#: Seconds after which a part that was told to stop is killed. The API gives its requests 10.
GRACE_S = 15.0
#: Seconds within which everything has to be up; on a starved machine the imports alone take ten.
READY_S = 120.0
#: Seconds between two looks at whether everything is up, and at whether Redis still runs.
LOOK_S = 0.1
WATCH_S = 1.0
#: The program as it is installed here, whatever is on PATH; -P: no module of the working folder has a say.
START = "import sys; sys.argv[0] = 'extractor'; from extractor.cli.app import main; main()"
EXTRACTOR = (sys.executable, "-P", "-c", START)
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: What the worker alone needs to know, and what the API alone.
MODEL_KEYS = ("OPENROUTER_API_KEY", "EXTRACTOR_API_KEY")
SERVER_KEY = "EXTRACTOR_SERVER_KEY"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What was decided before anything is started."""

    settings: Settings
    model: str
    port: int
    #: Folder of a Redis server of our own; None = the operating system's data folder.
    folder: Path | None
    #: The bearer key of the API, made for this run where the user has none.
    key: str = field(repr=False)

    @property
    def api(self) -> str:
        """Address of the API."""
        return f"http://{HOST}:{self.port}"


def run_all_parts(arguments: DevArguments) -> int:
    """Run everything until a signal; return the exit code.

    Raises:
        NoModel: the model needs a key and there is none.
        InvalidSettings: a setting cannot be used, or the port is taken.
        StoreUnavailable: no Redis server can be started, or the one in REDIS_URL does not answer.
        UnsuitableStore: it cannot keep our promises.
    """
    started = time.monotonic()
    plan = prepare(arguments)
    theirs = plan.settings.redis_url
    with stop_signals() as signals, EmbeddedRedis() as redis:
        url = theirs.get_secret_value() if theirs else _start_redis(redis, plan.folder)
        before = asyncio.run(_worker_names(url))
        with _running(parts_of(plan, url), signals) as parts:
            code = _wait_until_up(parts, signals, is_up=lambda: _is_up(plan, url, before))
            if code is not None:
                return code
            typer.echo(ready_words(_place_of(plan, url), seconds=time.monotonic() - started))
            _watch(signals, redis=None if theirs else redis, folder=plan.folder)
    return exit_code_of_signal(signals.came[1]) if len(signals.came) > 1 else ExitCode.SUCCEEDED


def prepare(arguments: DevArguments) -> Plan:
    """Decide everything, and refuse what cannot work, before anything is started.

    Raises:
        NoModel: the model needs a key and there is none.
        InvalidSettings: a setting cannot be used, or the port is taken.
        StoreUnavailable: there is no folder for a Redis server.
    """
    settings = Settings.load()
    log.configure(settings.log_level)
    try:
        model = wiring.choose_model(settings, arguments.model)
    except NoModel:
        raise NoModel(
            f"Set OPENROUTER_API_KEY, or do without a language model: {program()} dev --model {OFFLINE_MODEL}."
        ) from None
    wiring.door_from(settings.model_copy(update={"model": model}))  # refused here in one line, not by each part
    folder = arguments.data_folder or settings.data_folder
    return Plan(
        settings=settings,
        model=model,
        port=_free_port(arguments.port, other=None if settings.redis_url else _other_dev(folder)),
        folder=folder,
        key=settings.server_key.get_secret_value() if settings.server_key else f"dev-{secrets.token_urlsafe(24)}",
    )


def parts_of(plan: Plan, redis_url: str) -> tuple[Part, Part]:
    """Return the worker and the API, each with no more than it needs to know. They stop in this order."""
    common = {**os.environ, "REDIS_URL": redis_url, "EXTRACTOR_MODEL": plan.model, "PYTHONUNBUFFERED": "1"}
    if plan.folder:
        common["EXTRACTOR_DATA_FOLDER"] = str(plan.folder)
    for_worker = _without(common, SERVER_KEY) | {"EXTRACTOR_DRAIN_S": str(DRAIN_S)}
    for_api = _without(common, *MODEL_KEYS) | {SERVER_KEY: plan.key}
    serving = (*EXTRACTOR, "serve", "--host", HOST, "--port", str(plan.port))
    return (
        Part("worker", (*EXTRACTOR, "worker"), environment=for_worker, grace_s=GRACE_S, say=_say),
        Part("api", serving, environment=for_api, grace_s=GRACE_S, say=_say),
    )


class Signals:
    """The signals that came, and a way to wait for the next."""

    def __init__(self) -> None:
        #: Their numbers, in order.
        self.came: list[int] = []
        self._waiting: SimpleQueue[int] = SimpleQueue()  # its `put` is safe inside a signal's handler

    def note(self, number: int, _frame: object) -> None:
        """Remember one; this is what runs when it comes."""
        self.came.append(number)
        self._waiting.put(number)

    def wait(self, timeout_s: float) -> bool:
        """Wait for the next one; return whether it came."""
        try:
            self._waiting.get(timeout=timeout_s)
        except Empty:
            return False
        return True


@contextmanager
def stop_signals() -> Generator[Signals]:
    """Collect Ctrl-C, SIGTERM and the end of the terminal while the block lasts. What is ignored stays ignored."""
    signals = Signals()
    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    former = {number: signal.signal(number, signals.note) for number in heeded}
    try:
        yield signals
    finally:
        for number, action in former.items():
            signal.signal(number, action)


@contextmanager
def _running(parts: Sequence[Part], signals: Signals) -> Generator[Sequence[Part]]:
    """Start the parts, and stop them one after the other. A signal that comes meanwhile ends them all at once."""
    for part in parts:
        part.start()
    try:
        yield parts
    finally:
        for part in parts:
            part.stop()
            while not part.wait(0):
                if signals.wait(LOOK_S):
                    for other in parts:
                        other.kill()


def _wait_until_up(parts: Sequence[Part], signals: Signals, *, is_up: Callable[[], bool]) -> int | None:
    """Return None when everything is up, an exit code when it will not be."""
    deadline = time.monotonic() + READY_S
    while not is_up():
        if signals.wait(LOOK_S):
            return ExitCode.SUCCEEDED
        for part in parts:
            if part.died_with is not None:
                _say(part.name, "could not be started; its lines above say why")
                return ExitCode.COULD_NOT_START
        if time.monotonic() > deadline:
            _say("dev", f"not everything is up after {READY_S:g} s; given up")
            return ExitCode.COULD_NOT_START
    return None


def _watch(signals: Signals, *, redis: EmbeddedRedis | None, folder: Path | None) -> None:
    """Wait for a signal; start our own Redis server again should it die."""
    while not signals.wait(WATCH_S):
        if redis and not redis.is_running:
            _say("redis", "ended; it is started again on the same folder")
            redis.start(folder)


def _is_up(plan: Plan, redis_url: str, before: frozenset[str]) -> bool:
    return _answers(plan.port) and not asyncio.run(_worker_names(redis_url)) <= before


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


async def _worker_names(redis_url: str) -> frozenset[str]:
    """Return the workers that gave a sign of life of late; one that was killed is among them for a while."""
    store = Store(await connect(redis_url))
    try:
        return frozenset((await store.status()).workers)
    finally:
        await store.aclose()


def _start_redis(redis: EmbeddedRedis, folder: Path | None) -> str:
    try:
        return redis.start(folder)
    except StoreUnavailable:
        if other := _other_dev(folder):
            raise StoreUnavailable(other) from None
        raise


def _other_dev(folder: Path | None) -> str | None:
    """Say that another one runs in this folder, and what to do; None when none does."""
    if running_url(folder) is None:
        return None
    return (
        f"Another `extractor dev` runs already, on the data folder {home_in(folder).parent}. "
        f"Use that one, stop it, or start a second: {program()} dev --port 0 --data-folder FOLDER."
    )


def _free_port(port: int, *, other: str | None) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            what_to_do = other or f"Choose another: {program()} dev --port N."
            raise InvalidSettings(f"Port {port} of {HOST} cannot be used ({error.strerror}). {what_to_do}") from None
        return int(probe.getsockname()[1])


def _place_of(plan: Plan, redis_url: str) -> Place:
    is_theirs = plan.settings.redis_url is not None
    is_elsewhere = plan.folder is not None and plan.folder != plan.settings.data_folder
    return Place(
        api=plan.api,
        model=plan.model,
        key=f"${SERVER_KEY}" if plan.settings.server_key else plan.key,
        redis_url=None if is_theirs else redis_url,
        broker_url=None if is_theirs else broker_url(redis_url)[0],
        variable=f"REDIS_URL={shlex.quote(redis_url)} " if is_elsewhere and not is_theirs else "",
    )


def _without(environment: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in names}


def _say(name: str, line: str) -> None:
    with suppress(OSError):  # the terminal may be gone, and everything has to be stopped all the same
        typer.echo(f"{name:<6} | {line}", err=True)
