"""What is shown while a run goes on: a live bar on a terminal, one plain line per document elsewhere."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from extractor.cli.estimates import between
from extractor.cli.remarks import remarks
from extractor.cli.wording import cost, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from extractor.cli.tally import Tally
    from extractor.records import Json, Result

    Show: TypeAlias = Callable[[Result[Json]], None]

#: How often the expected cost of the whole run is told where there is no bar; never for fewer documents.
TELLINGS = 10
STYLES = {"succeeded": "green", "partial": "yellow", "failed": "red", "cancelled": "yellow"}


def line_of(result: Result[Json]) -> Text:
    """Write a result as one line: how it ended, which document, what it cost, and why."""
    line = Text.assemble(
        (f"{result.status:<9}", STYLES[result.status]),
        f"  {printable(result.source or result.id)}",
        f"  {cost(result.cost_usd, unpriced_calls=result.usage.unpriced_calls)}",
    )
    if result.error:
        line.append(f"  {result.error.code}: {printable(result.error.message)}")
    if remarked := remarks(result):
        line.append(f"  [{remarked}]")
    return line


@contextmanager
def show_progress(console: Console, tally: Tally, *, stdout_is_taken: bool) -> Iterator[Show]:
    """Give a function that shows one more result, counted in `tally` already.

    Args:
        console: The console of stderr.
        tally: The figures to show.
        stdout_is_taken: The records go to stdout. A live bar and they would overwrite each other on one terminal.
    """
    shares_terminal = stdout_is_taken and os.isatty(sys.stdout.fileno())
    if os.isatty(sys.stderr.fileno()) and not console.is_dumb_terminal and not shares_terminal:
        with _live_bar(console, tally) as show:
            yield show
    else:
        yield lambda result: _print_plainly(console, tally, result)


def _print_plainly(console: Console, tally: Tally, result: Result[Json]) -> None:
    count = f"{tally.done:>{len(str(tally.documents))}}/{tally.documents}  "
    console.print(Text(count).append_text(line_of(result)), soft_wrap=True)
    every = tally.documents // TELLINGS
    if tally.forecast is not None and every and tally.done % every == 0 and tally.not_run:
        spent = cost(tally.usage.cost_usd, unpriced_calls=tally.usage.unpriced_calls)
        console.print(f"{spent} so far, expected for all: {between(tally.forecast.estimate)}", soft_wrap=True)


@contextmanager
def _live_bar(console: Console, tally: Tally) -> Iterator[Show]:
    bar = Progress(
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=console,
        transient=True,
        expand=True,
    )
    task = bar.add_task("", total=tally.documents, figures=_figures(tally))

    def show(result: Result[Json]) -> None:
        if result.error:
            bar.console.print(line_of(result))
        bar.update(task, completed=tally.done, figures=_figures(tally))

    with bar:
        yield show


def _figures(tally: Tally) -> str:
    spent = cost(tally.usage.cost_usd, unpriced_calls=tally.usage.unpriced_calls)
    of_all = "" if tally.forecast is None else f" of {between(tally.forecast.estimate)}"
    return f"{tally.failed} failed · {spent}{of_all} · left"
