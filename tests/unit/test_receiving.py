"""Results as they arrive."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel, field_validator

from extractor import jsontext
from extractor.receiving import as_instance, result_from_json
from extractor.records import (
    Attempt,
    Conflict,
    Coverage,
    Enforcement,
    Evidence,
    Failure,
    ReadingNote,
    Repair,
    Result,
    Stated,
    Timings,
    Usage,
    Violation,
)

FULL: Result[Any] = Result(
    id="x_1",
    source="note.txt",
    status="succeeded",
    record={"number": 123456789012345678901234567890, "city": "Graz"},
    json_record={"number": 123456789012345678901234567890, "city": "Graz"},
    evidence={
        "/city": Evidence(
            quote="Graz",
            start=6,
            end=10,
            page=1,
            match="exact",
            score=1.0,
            box=(1.0, 2.0, 3.0, 4.0),
            alternatives=((20, 24),),
        )
    },
    coverage=(
        Coverage(start=0, end=30, call="0.1.1", outcome="read"),
        Coverage(start=30, end=40, call="", outcome="unread", code="truncated"),
    ),
    states={"/number": "unread"},
    conflicts=(
        Conflict(
            at="/city",
            chosen="Graz",
            stated=(
                Stated(
                    value="Graz",
                    evidence=Evidence(quote="Graz", start=6, end=10, page=1, match="exact", score=1.0),
                ),
                Stated(value="Linz"),
            ),
        ),
    ),
    attempts=(
        Attempt(
            number=1,
            outcome="rejected",
            rung="json_schema",
            model="m",
            violations=(Violation(at="/city", rule="required", says="Must be given."),),
            repairs=(Repair(name="fence"),),
            text="{}",
            usage=Usage(prompt_tokens=10, cost_usd=0.5, calls=1),
            seconds=1.5,
        ),
        Attempt(
            number=2,
            outcome="accepted",
            opened=("/city",),
            error=Failure(code="truncated", message="…", retryable=False, paths=("/a",), retry_after_s=2.0),
        ),
    ),
    enforcement=Enforcement(asked="auto", sent=("json_schema", "tool"), held="yes", rung="tool", why="refused"),
    validated_by=("json_schema",),
    error=None,
    engine="m",
    warnings=(ReadingNote(code="encoding_guessed", says="A guess."),),
    timings=Timings(read_s=0.1, ask_s=2.0, ground_s=0.01),
)


def as_received(result: Result[Any]) -> bytes:
    return jsontext.dumps(result.as_json()).encode()


def test_a_result_that_was_written_is_read_back_as_it_was() -> None:
    assert result_from_json(as_received(FULL)) == FULL


def test_members_of_a_newer_version_are_left_out_wherever_they_are() -> None:
    members = json.loads(as_received(FULL))
    members["novel"] = 1
    members["attempts"][0]["novel"] = 1
    members["evidence"]["/city"]["novel"] = 1

    assert result_from_json(members) == FULL


def test_an_open_one_needs_only_what_is_known_of_it() -> None:
    result = result_from_json(b'{"id": "x_1", "source": null, "status": "queued", "record": null}')

    assert (result.id, result.status, result.record, result.cost_usd) == ("x_1", "queued", None, 0.0)


class City(BaseModel):
    number: int
    city: str


class Capital(City):
    @field_validator("city")
    @classmethod
    def is_a_capital(cls, city: str) -> str:
        if city != "Wien":
            raise ValueError("must be a capital")
        return city


class Broken(City):
    @field_validator("city")
    @classmethod
    def fails(cls, _city: str) -> str:
        raise LookupError("a defect of the caller's class")


def test_a_record_becomes_an_instance_of_the_callers_class_and_the_result_says_so() -> None:
    result = as_instance(FULL, City)

    assert result.record == City(number=123456789012345678901234567890, city="Graz")
    assert result.validated_by == ("json_schema", "pydantic:City")
    assert result.json_record == FULL.json_record


@pytest.mark.parametrize(("model_class", "paths"), [(Capital, ("/city",)), (Broken, ("",))])
def test_a_record_that_the_class_refuses_is_a_failed_result_and_no_exception(
    model_class: type[BaseModel], paths: tuple[str, ...]
) -> None:
    result = as_instance(FULL, model_class)

    assert result.status == "failed"
    assert result.error is not None
    assert (result.error.code, result.error.paths) == ("unsatisfied", paths)
    assert result.record == FULL.record
    assert result.validated_by == ()


def test_a_result_without_a_valid_record_is_left_as_it_is() -> None:
    failed = replace(FULL, status="failed", record={"city": 3}, json_record={"city": 3})

    assert as_instance(failed, City) is failed


def test_a_list_of_records_becomes_a_list_of_instances() -> None:
    records = [FULL.record, {"number": 2, "city": "Linz"}]
    many = replace(FULL, record=records, json_record=records)

    result = as_instance(many, City)

    assert result.record == [City(number=FULL.record["number"], city="Graz"), City(number=2, city="Linz")]
    assert result.validated_by == ("json_schema", "pydantic:City")
    assert as_instance(replace(FULL, record=[], json_record=[]), City).record == []


def test_a_list_with_a_record_that_the_class_refuses_is_a_failed_result_that_names_it() -> None:
    records = [{"number": 1, "city": "Wien"}, {"number": 2, "city": "Linz"}]
    many = replace(FULL, record=records, json_record=records)

    result = as_instance(many, Capital)

    assert result.error is not None
    assert (result.status, result.error.paths, result.record) == ("failed", ("/1/city",), records)
    assert "the class Capital refuses it" in result.error.message
