"""What `extractor watch` shows: extractions until they have ended, live on a terminal, plain lines elsewhere."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from extractor.cli.at_desk import at_desk, exit_code_from, settings_of, tell_unknown
from extractor.cli.progress import STYLES
from extractor.cli.remarks import remarks
from extractor.cli.standstill import say_why_still
from extractor.cli.stopping import leave_when_stopped
from extractor.cli.wording import cost, dollars, printable
from extractor.desk import AWAY_S
from extractor.errors import InvalidRequest, StoreUnavailable
from extractor.receiving import result_from_json
from extractor.records import ENDS, OPEN_STATES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from extractor.cli.exits import ExitCode
    from extractor.cli.queue_arguments import WatchArguments
    from extractor.desk import Desk
    from extractor.records import Json, Result, Stored

#: Seconds between two looks, and how many times as long as a look took.
LOOK_S = 0.5
LOOK_SHARE = 5
#: Open extractions that are shown one by one.
SHOWN = 10
#: Extractions that `--all` watches at most, of each open state.
MOST = 10_000
STOPPED = "Stopped watching. The extractions go on; `extractor watch` looks again, `extractor cancel` ends them."


@dataclass
class Board:
    """What is known of the extractions that are watched."""

    #: Id -> what is shown beside it, of all.
    names: dict[str, str]
    #: Id -> state, of those that have not ended.
    open: dict[str, str] = field(default_factory=dict)
    #: Status -> how many ended so.
    ended: Counter[str] = field(default_factory=Counter)
    #: Ids that there are no extractions of.
    unknown: int = 0
    #: US dollars of those that ended.
    cost_usd: float = 0.0
    #: Why nothing is started, as it was said; "" when all is well.
    standstill: str = ""
    #: When the watching began, by `time.monotonic`.
    since: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> int:
        """How many are not watched any more."""
        return self.ended.total() + self.unknown

    def forget(self, id_: str) -> None:
        """Say that there is no such extraction, and count it."""
        self.open.pop(id_, None)
        self.unknown += 1
        tell_unknown(id_)

    def figures(self) -> str:
        """Return the whole as one line."""
        counts = self.ended + Counter(self.open.values())
        parts = [f"{counts[state]:,} {state}" for state in (*ENDS, *OPEN_STATES) if counts[state]]
        parts += [f"{self.unknown:,} unknown"] if self.unknown else []
        seconds = time.monotonic() - self.since
        parts += [dollars(self.cost_usd), f"{seconds:.0f} s"]
        return f"{self.done:,} of {len(self.names):,} ended: {' · '.join(parts)}"


def watch_ids(arguments: WatchArguments) -> int:
    """Show extractions until all have ended; return the exit code.

    Raises:
        InvalidRequest: neither ids nor --all, or both.
        StoreUnavailable: Redis cannot be reached.
    """
    if bool(arguments.ids) == arguments.is_all:
        raise InvalidRequest("Name the ids to watch, or all that have not ended with --all.")
    settings = settings_of(arguments.config, debug=arguments.debug)

    async def look(desk: Desk) -> int:
        ids = dict.fromkeys(arguments.ids or [], "") or await _every_open(desk)
        if not ids:
            Console(stderr=True).print("There is nothing to watch: everything has ended.")
        return await watch(desk, ids)

    return at_desk(settings, look, when_stopped=STOPPED)


async def watch(desk: Desk, names: Mapping[str, str]) -> ExitCode:
    """Show extractions until all have ended; return the exit code.

    Args:
        desk: Where to ask.
        names: Id -> what to show beside it, "" = what the store knows.
    """
    board = Board(names=dict(names))
    screen = Console(stderr=True, highlight=False)
    waiting = dict.fromkeys(names)
    with _shown(screen, board) as show:
        while waiting:
            started = time.monotonic()
            found = await _read(desk, list(waiting), show)
            for id_, stored in zip(list(waiting), found, strict=True):
                if stored is None:
                    board.forget(id_)
                else:
                    _take(board, stored, show)
                if stored is None or stored.status not in OPEN_STATES:
                    del waiting[id_]
            if waiting:
                await _tell_standstill(desk, board, show)
                leave_when_stopped()
                await asyncio.sleep(max(LOOK_S, LOOK_SHARE * (time.monotonic() - started)))
    if names:
        screen.print(board.figures(), soft_wrap=True)
    return exit_code_from(unknown=board.unknown, others=board.done - board.ended["succeeded"])


async def _every_open(desk: Desk) -> dict[str, str]:
    listed = [entry for state in OPEN_STATES for entry in await desk.list_ids(state, limit=MOST)]
    return dict.fromkeys((id_ for id_, _ in sorted(listed, key=lambda entry: entry[1])), "")


async def _read(desk: Desk, ids: list[str], show: Callable[[Text], None]) -> list[Stored | None]:
    """Ask for all, also when Redis is away for a moment."""
    until = time.monotonic() + AWAY_S
    is_told = False
    while True:
        try:
            return await desk.read_many(ids)
        except StoreUnavailable:
            if time.monotonic() > until:
                raise
            if not is_told:
                show(Text("Redis does not answer; trying again."))
                is_told = True
            await asyncio.sleep(LOOK_S)


async def _tell_standstill(desk: Desk, board: Board, show: Callable[[Text], None]) -> None:
    """Say why nothing moves, once for each reason. What runs goes on in a queue that is paused."""
    with suppress(StoreUnavailable):  # the next look waits for it
        status = await desk.store.status()
        are_running = status.workers and set(board.open.values()) == {"running"}
        why = "" if are_running else say_why_still(status)
        if why and why != board.standstill:
            show(Text(why))
        board.standstill = why


def _take(board: Board, stored: Stored, show: Callable[[Text], None]) -> None:
    """Put what is known of one extraction on the board, and show what is new."""
    name = board.names[stored.id] = board.names[stored.id] or stored.name or ""
    before = board.open.pop(stored.id, None)
    if stored.status in OPEN_STATES:
        board.open[stored.id] = stored.status
        if stored.status != before:
            show(Text(f"{stored.status:<9}  {stored.id}  {printable(name)}"))
        return
    result = result_from_json(stored.result)
    board.ended[stored.status] += 1
    board.cost_usd += result.cost_usd
    show(end_line(result, name))


def end_line(result: Result[Json], name: str) -> Text:
    """Write an end as one line: how, which, what it cost, and why."""
    line = Text.assemble(
        (f"{result.status:<9}", STYLES.get(result.status, "")),
        f"  {result.id}  {printable(name)}",
        f"  {cost(result.cost_usd, unpriced_calls=result.usage.unpriced_calls)}",
    )
    if result.error:
        line.append(f"  {result.error.code}: {printable(result.error.message)}")
    if remarked := remarks(result):
        line.append(f"  [{remarked}]")
    return line


@contextmanager
def _shown(screen: Console, board: Board) -> Iterator[Callable[[Text], None]]:
    """Give a function that shows a line: of everything, or on a terminal of ends only, above the live board."""
    if screen.is_dumb_terminal or not os.isatty(sys.stderr.fileno()):
        yield lambda line: screen.print(line, soft_wrap=True)
        return

    def show(line: Text) -> None:
        if not line.plain.startswith(OPEN_STATES):
            live.console.print(line, soft_wrap=True)

    with Live(console=screen, get_renderable=lambda: _picture(board), refresh_per_second=4, transient=True) as live:
        yield show


def _picture(board: Board) -> Group:
    rows = sorted(board.open.items(), key=lambda entry: entry[1] != "running")
    lines = [Text(f"{state:<9}  {id_}  {printable(board.names[id_])}", style="dim") for id_, state in rows[:SHOWN]]
    if len(rows) > SHOWN:
        lines.append(Text(f"… and {len(rows) - SHOWN:,} more", style="dim"))
    return Group(*(_one_line(line) for line in lines), Text(board.figures()))


def _one_line(line: Text) -> Text:
    line.no_wrap, line.overflow = True, "ellipsis"
    return line
