"""What a run has come to."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

from rich.console import Console

from extractor.cli.summary import print_summary
from extractor.cli.tally import Tally
from extractor.records import Attempt, Enforcement, Failure, Json, Result, Status, Usage


def result(status: Status, *, source: str = "a.pdf", code: str | None = None) -> Result[Json]:
    usage = Usage(prompt_tokens=10, completion_tokens=5, cost_usd=0.25, calls=1)
    return Result(
        id="x",
        source=source,
        status=status,
        record=None,
        attempts=(Attempt(number=1, outcome="accepted", usage=usage), Attempt(number=2, outcome="failed", usage=usage)),
        enforcement=Enforcement(asked="auto"),
        error=Failure(code=code, message="", retryable=False) if code else None,
        engine="scripted",
    )


def test_a_tally_counts_statuses_attempts_and_money_of_failed_ones_too() -> None:
    tally = Tally(documents=4)

    tally.add(result("succeeded"))
    tally.add(result("partial"))
    tally.add(result("failed", code="refused"))

    assert (tally.done, tally.failed, tally.not_run) == (3, 2, 1)
    assert tally.attempts == 6
    assert tally.usage.cost_usd == 1.5
    assert tally.usage.prompt_tokens == 60


def test_each_error_code_is_counted_with_its_first_example() -> None:
    tally = Tally(documents=3)

    for source, code in (("a", "refused"), ("b", "no_text_layer"), ("c", "refused")):
        tally.add(result("failed", source=source, code=code))

    assert tally.errors == {"refused": 2, "no_text_layer": 1}
    assert tally.examples == {"refused": "a", "no_text_layer": "b"}


def test_a_run_that_stopped_early_has_not_succeeded() -> None:
    tally = Tally(documents=2)

    tally.add(result("succeeded"))
    stopped = tally.is_all_succeeded
    tally.add(result("succeeded"))

    assert not stopped
    assert tally.is_all_succeeded


def test_records_with_values_from_nowhere_are_counted_and_told() -> None:
    made_up = replace(result("succeeded"), attempts=(Attempt(number=1, outcome="accepted", unsupported=("/total",)),))
    tally = Tally(documents=2)
    console = Console(file=StringIO(), width=200)

    tally.add(made_up)
    tally.add(result("succeeded"))
    print_summary(console, tally, seconds=1.0, where="records.jsonl")

    assert tally.unsupported == 1
    assert "1 of the records hold values that stand in neither the document" in console.file.getvalue()
