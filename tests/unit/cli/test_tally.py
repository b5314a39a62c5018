"""What a run has come to."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

from rich.console import Console

from extractor.cli.progress import line_of
from extractor.cli.remarks import remarks
from extractor.cli.summary import print_summary
from extractor.cli.tally import Tally
from extractor.records import Attempt, Conflict, Coverage, Enforcement, Failure, Json, Result, Stated, Status, Usage


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
    made_up = replace(result("succeeded"), unsupported=("/total",))
    tally = Tally(documents=2)
    console = Console(file=StringIO(), width=200)

    tally.add(made_up)
    tally.add(result("succeeded"))
    print_summary(console, tally, seconds=1.0, where="records.jsonl")

    assert tally.unsupported == 1
    assert "1 of the records hold values that stand in neither the document" in console.file.getvalue()


def incomplete() -> Result[Json]:
    return replace(
        result("partial", code="unsatisfied"),
        coverage=(
            Coverage(start=0, end=30_000, call="1.1.1", outcome="read"),
            Coverage(start=29_000, end=31_000, call="2.1.1", outcome="unread", code="truncated"),
            Coverage(start=31_000, end=39_500, call="3.1.1", outcome="read"),
            Coverage(start=39_000, end=39_500, call="4.1.1", outcome="read"),
            Coverage(start=39_500, end=40_000, call="", outcome="unread", code="budget_exceeded"),
        ),
        states={"/a": "invalid", "/b": "unread", "/c": "invalid", "/d": "not_stated"},
        conflicts=(Conflict(at="/e", chosen=1, stated=(Stated(value=1), Stated(value=2))),),
    )


def test_a_record_that_is_not_whole_is_told_with_its_gaps_its_states_and_its_conflicts() -> None:
    line = line_of(incomplete()).plain

    assert line.endswith(
        "unsatisfied:   [1,500 of 40,000 characters not read, 2 values invalid, 1 value unread, 1 conflict]"
    )
    assert "[" not in line_of(result("succeeded")).plain


def test_of_a_document_without_a_record_only_the_error_is_told() -> None:
    assert remarks(replace(incomplete(), status="failed", conflicts=())) == ""


def test_partial_documents_are_counted_apart_with_what_they_lack_and_are_no_success() -> None:
    tally = Tally(documents=3)
    console = Console(file=StringIO(), width=200)

    tally.add(incomplete())
    tally.add(replace(incomplete(), status="failed", conflicts=()))
    tally.add(result("succeeded"))
    print_summary(console, tally, seconds=1.0, where="records.jsonl")

    told = console.file.getvalue()
    assert (tally.with_gaps, tally.lacking, tally.with_conflicts) == (1, 1, 1)
    assert not tally.is_all_succeeded
    assert "1 of the records leave out parts of their documents: `coverage`" in told
    assert "1 of the records lack values" in told
    assert "In 1 of the documents different parts state different values: `conflicts`" in told
