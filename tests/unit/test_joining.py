"""What the answers about the portions of a document say together: ranges, places, evidence, conflicts."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from extractor.answer import Part, merge
from extractor.attempts import Answer
from extractor.errors import Refused, Truncated
from extractor.joining import conflicts_of, coverage_of, enforcement_of, evidence_of, notes_on, placed, repairs_of
from extractor.planning import Portion
from extractor.records import Attempt, Enforcement, Evidence, Page, Repair, Target, Window
from extractor.schema import contract_for

if TYPE_CHECKING:
    from extractor.errors import ExtractionError
    from extractor.records import Json
    from extractor.schema import Contract


def closed(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


WIRE = closed(
    total={"type": ["number", "null"]},
    prices={"type": "object", "additionalProperties": {"type": "number"}},
    lines={"type": "array", "items": closed(sku={"type": "string"})},
)


def contract() -> Contract:
    target = Target(schema=WIRE, name="order", digest="joined")
    return contract_for(target, open_objects="drop", nulls="absent", absence="forbid")


def window_of(start: int, end: int, *, number: int = 1) -> Window:
    return Window(
        number=number, start=start, end=end, text="x" * (end - start), pages=(Page(number=1, start=0, end=end - start),)
    )


def answer_of(
    *, window: int = 1, error: ExtractionError | None = None, opened: tuple[str, ...] | None = None, **more: Any
) -> Answer:
    outcome = "failed" if error else "accepted"
    attempt = Attempt(number=1, outcome=outcome, window=window, opened=opened)
    return Answer(record={}, attempts=(attempt,), error=error, **{"enforcement": Enforcement(asked="auto"), **more})


def found(quote: str, start: int) -> Evidence:
    return Evidence(quote=quote, start=start, end=start + len(quote), page=1, match="exact", score=1.0)


# --- coverage ---------------------------------------------------------------------------------------------------------


@st.composite
def _asked(draw: st.DrawFn) -> list[tuple[Portion, Answer]]:
    """Portions that leave no character out, some of which begin in the one before, and what came of each."""
    asked = []
    start, end = -1, 0
    for number in range(1, draw(st.integers(2, 9))):
        start = min(max(start + 1, end - draw(st.sampled_from([0, 0, 5, 20]))), end)
        end = end + draw(st.integers(1, 40))
        window = window_of(start, end, number=number)
        error = Truncated("cut") if draw(st.booleans()) else None
        asked.append((Portion(window=window), answer_of(window=number, error=error)))
    return sorted(asked, key=lambda each: (each[0].window.start, each[0].window.number))


@given(_asked())
def test_every_character_is_in_one_range_and_read_where_any_portion_read_it(asked: Any):
    ranges = coverage_of(asked)

    assert (ranges[0].start, ranges[-1].end) == (0, max(portion.window.end for portion, _ in asked))
    assert all(one.end == other.start for one, other in pairwise(ranges))
    assert all(each.start < each.end for each in ranges)
    read = [portion.window for portion, answer in asked if answer.error is None]
    for each in ranges:
        for at in range(each.start, each.end):
            assert any(window.start <= at < window.end for window in read) == (each.outcome == "read")
    assert all(bool(each.call) == (each.outcome == "read") for each in ranges)
    assert all((each.code == "truncated") == (each.outcome == "unread") for each in ranges)


def test_a_range_asked_about_for_some_members_each_is_read_when_all_answers_came():
    window = window_of(0, 9)
    portions = [Portion(window=window, members=("a",)), Portion(window=window, members=("b",))]

    (read,) = coverage_of([(portion, answer_of()) for portion in portions])
    (unread,) = coverage_of([(portions[0], answer_of()), (portions[1], answer_of(error=Refused("no")))])

    assert (read.outcome, read.call, read.code) == ("read", "1.1.1", "")
    assert (unread.outcome, unread.call, unread.code) == ("unread", "", "refused")


# --- enforcement ------------------------------------------------------------------------------------------------------


def test_a_shape_is_held_only_where_it_was_in_each_question():
    held = answer_of(enforcement=Enforcement(asked="auto", sent=("json_schema",), held="yes", rung="json_schema"))
    left = answer_of(
        enforcement=Enforcement(asked="auto", sent=("json_schema", "tool"), held="no", rung="tool", why="refused")
    )
    unasked = answer_of()

    together = enforcement_of([held, left, unasked], asked="auto")

    assert (together.sent, together.held, together.why) == (("json_schema", "tool"), "no", "refused")
    assert enforcement_of([held, unasked], asked="auto").held == "yes"
    assert enforcement_of([unasked], asked="tool") == Enforcement(asked="tool")


# --- places -----------------------------------------------------------------------------------------------------------


def test_repairs_are_told_at_the_places_of_the_whole():
    parts = [
        Part(window=window_of(0, 9, number=1), value={"lines": [{"sku": "a"}, {"sku": "b"}]}),
        Part(window=window_of(9, 18, number=2), value={"lines": [{"sku": "c"}]}),
    ]
    repair = Repair(name="enum_spelling", at="/lines/0/sku")
    read = [(Portion(window=part.window), answer_of(repairs=(repair,))) for part in parts]

    repairs = repairs_of(read, merge(parts, WIRE, on_conflict="evidence"))

    assert [each.at for each in repairs] == ["/lines/0/sku", "/lines/2/sku"]


def _of_maps() -> tuple[Json, dict[str, Evidence]]:
    value = {"total": None, "prices": [{"key": "nut", "value": 5.0}], "lines": [{"sku": "a"}]}
    return value, {"/prices/0/value": found("5.00", 40), "/lines/0/sku": found("a", 70)}


def test_evidence_is_that_of_the_portion_at_the_places_of_the_record():
    value, evidence = _of_maps()
    merged = merge([Part(window=window_of(0, 99), value=value, evidence=evidence)], WIRE, on_conflict="evidence")
    elsewhere = {"/prices/nut": found("5.00", 0), "/lines/0/sku": found("a", 0)}

    known = evidence_of(placed(merged, contract=contract()), answer_of(evidence=elsewhere))

    assert {at: each.start for at, each in known.items()} == {"/prices/nut": 40, "/lines/0/sku": 70}


def test_evidence_of_what_was_asked_for_again_is_that_of_the_record():
    value, evidence = _of_maps()
    merged = merge([Part(window=window_of(0, 99), value=value, evidence=evidence)], WIRE, on_conflict="evidence")
    elsewhere = {"/prices/nut": found("5.00", 0), "/lines/0/sku": found("a", 0)}
    answer = answer_of(window=0, opened=("/lines/0",), evidence=elsewhere)

    known = evidence_of(placed(merged, contract=contract()), answer)

    assert {at: each.start for at, each in known.items()} == {"/prices/nut": 40, "/lines/0/sku": 0}


def test_a_conflict_tells_what_stands_in_the_record_and_what_each_part_states_in_order():
    nothing = {"prices": [], "lines": []}
    parts = [
        Part(window=window_of(0, 9, number=1), value={"total": 1.0, **nothing}, evidence={"/total": found("1", 5)}),
        Part(window=window_of(9, 18, number=2), value={"total": 2.0, **nothing}, evidence={"/total": found("2", 12)}),
        Part(window=window_of(18, 27, number=3), value={"total": 3.0, **nothing}),
    ]
    merged = merge(parts, WIRE, on_conflict="last")

    (conflict,) = conflicts_of(merged, Answer(**_with_record({"total": 2.0})), contract=contract())

    assert (conflict.at, conflict.chosen) == ("/total", 2.0)
    assert [stated.value for stated in conflict.stated] == [1.0, 2.0, 3.0]
    assert [stated.evidence and stated.evidence.start for stated in conflict.stated] == [5, 12, None]


def _with_record(record: Json) -> dict[str, Any]:
    return {"record": record, "attempts": (), "enforcement": Enforcement(asked="auto")}


def test_items_that_stand_nowhere_are_noted_where_windows_overlap():
    def parts(overlap: int):
        windows = (window_of(0, 100, number=1), window_of(100 - overlap, 200, number=2))
        values = [{"total": None, "prices": [], "lines": [{"sku": f"in other words {number}"}]} for number in range(2)]
        read = [(Portion(window=window), answer_of(window=window.number)) for window in windows]
        merged = merge(
            [Part(window=window, value=value) for window, value in zip(windows, values, strict=True)],
            contract().shape.schema,
            on_conflict="evidence",
        )
        return notes_on(read, merged)

    assert [note.code for note in parts(20)] == ["possible_repeats"]
    assert parts(0) == ()
