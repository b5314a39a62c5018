"""The table at the end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from extractor.cli.estimates import between
from extractor.cli.wording import cost, dollars, printable
from extractor.records import OFFLINE_MODEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from extractor.cli.tally import Tally

#: Sums of the same dollars in another order differ by less.
ROUNDING_USD = 1e-9


def print_summary(console: Console, tally: Tally, *, seconds: float, where: str) -> None:
    """Print what a run came to.

    Args:
        console: Where to print.
        tally: Its figures.
        seconds: Wall time.
        where: Where the records are, for a person.
    """
    console.print(_figures(tally, seconds=seconds, where=where))
    if tally.errors:
        console.print(_errors(tally))
    for note in _notes(tally):
        console.print(note, soft_wrap=True)


def _figures(tally: Tally, *, seconds: float, where: str) -> Table:
    table = Table(box=box.SIMPLE, show_header=False, title="Summary", title_justify="left", title_style="bold")
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _rows(tally, seconds=seconds, where=where):
        table.add_row(name, printable(value))
    return table


def _rows(tally: Tally, *, seconds: float, where: str) -> Iterator[tuple[str, str]]:
    yield "documents", f"{tally.documents:,}"
    for status in ("succeeded", "partial", "failed", "cancelled"):
        if tally.statuses[status] or status in {"succeeded", "failed"}:
            yield status, f"{tally.statuses[status]:,}"
    if tally.not_run:
        yield "not run", f"{tally.not_run:,}"
    usage = tally.usage
    yield "attempts", f"{tally.attempts:,}"
    yield (
        "tokens",
        f"{usage.prompt_tokens:,} in, {usage.completion_tokens:,} out ({usage.reasoning_tokens:,} of them reasoning)",
    )
    yield "cost", cost(tally.cost_usd, unpriced_calls=usage.unpriced_calls)
    if tally.forecast is not None:
        yield "expected", between(tally.forecast.at_start)
    yield "time", f"{seconds:.1f} s"
    yield "engine", ", ".join(tally.engines)
    yield "records", where


def _errors(tally: Tally) -> Table:
    table = Table(box=box.SIMPLE)
    table.add_column("error", no_wrap=True)
    table.add_column("documents", justify="right")
    table.add_column("for example", overflow="fold")
    for code, count in tally.errors.most_common():
        table.add_row(code, f"{count:,}", printable(tally.examples[code]))
    return table


def _notes_on_records(tally: Tally) -> Iterator[str]:
    """Yield what a record does not show by itself: what it leaves out, and what is disputed."""
    if tally.with_gaps:
        yield f"{tally.with_gaps:,} of the records leave out parts of their documents: `coverage` says which."
    if tally.lacking:
        yield f"{tally.lacking:,} of the records lack values that were not read or stayed wrong: `states` names them."
    if tally.with_conflicts:
        yield (
            f"In {tally.with_conflicts:,} of the documents different parts state different values: `conflicts` has "
            "each of them with its place, and --on-conflict says which one counts."
        )


def _notes(tally: Tally) -> Iterator[str]:
    if any(engine.startswith(OFFLINE_MODEL) for engine in tally.engines):
        yield f"No language model was used: {OFFLINE_MODEL} reads by simple rules."
    if tally.unsupported:
        yield (
            f"{tally.unsupported:,} of the records hold values that stand in neither the document nor the model's "
            "reasoning: `unsupported` in their lines names them, and --unsupported reask asks for them again."
        )
    yield from _notes_on_records(tally)
    estimated = tally.usage.estimated_calls - tally.usage.unpriced_calls
    if estimated:
        yield (
            f"The cost of {estimated:,} of {tally.usage.calls:,} calls is an estimate: the provider did not state it."
        )
    if tally.usage.unpriced_calls:
        yield f"The price of the model is not known: {tally.usage.unpriced_calls:,} calls are missing in the cost."
    if tally.not_run:
        yield "Documents not run have no line."
    if tally.cut_off_usd > ROUNDING_USD:
        yield (
            f"{dollars(tally.cut_off_usd)} of the cost is for calls cut off in flight, as reserved: "
            "the provider may bill them, and no line holds them."
        )
