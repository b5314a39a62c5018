"""A patch changes the open places of an answer and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from extractor.records import OpenField, Opening, Shape
from extractor.schema import patched


def opening(**fields: tuple[str, Any]) -> Opening:
    """Return an opening of `name=(pointer, kind)`."""
    return Opening(
        shape=Shape(schema={}, name="x"),
        fields=tuple(OpenField(name=name, at=at, kind=kind) for name, (at, kind) in fields.items()),
    )


def answer() -> dict[str, Any]:
    return {"a": 1, "list": [{"x": 1, "y": [1]}, {"x": 2, "y": [2]}, {"x": 3, "y": [3]}], "o": {"k/1": "v"}}


def test_a_value_is_replaced_and_all_that_lies_beside_it_stays_the_same_objects():
    value = answer()

    new = patched(value, {"it": 9}, opening(it=("/list/1/x", "replace")))

    assert new == {"a": 1, "list": [{"x": 1, "y": [1]}, {"x": 9, "y": [2]}, {"x": 3, "y": [3]}], "o": {"k/1": "v"}}
    assert new["o"] is value["o"]
    assert new["list"][0] is value["list"][0]
    assert new["list"][1]["y"] is value["list"][1]["y"]
    assert value == answer()


@pytest.mark.parametrize(
    ("kind", "at", "given", "expected"),
    [
        pytest.param("replace", "/o/k~11", None, {**answer(), "o": {"k/1": None}}, id="by null, under a name with /"),
        pytest.param("replace", "/new", [1], {**answer(), "new": [1]}, id="a member that was missing"),
        pytest.param("add", "/list", ["n"], {**answer(), "list": [*answer()["list"], "n"]}, id="added at the end"),
        pytest.param("add", "/list", [], answer(), id="nothing added"),
        pytest.param(
            "remove", "/list", [0, 2, 0], {**answer(), "list": answer()["list"][1:2]}, id="by first positions"
        ),
    ],
)
def test_each_kind_changes_its_place(kind, at, given, expected):
    assert patched(answer(), {"it": given}, opening(it=(at, kind))) == expected


@pytest.mark.parametrize(
    ("kind", "at", "patch"),
    [
        pytest.param("replace", "/a", {"it": 1, "o": {}}, id="another member too"),
        pytest.param("replace", "/a", {}, id="nothing"),
        pytest.param("replace", "/a", {"a": 2}, id="the answer's own name"),
        pytest.param("replace", "/a", [1], id="no object"),
        pytest.param("replace", "/a", None, id="null"),
        pytest.param("replace", "/gone/a", {"it": 1}, id="a place in what is missing"),
        pytest.param("replace", "/list/3/x", {"it": 1}, id="an item that is not there"),
        pytest.param("replace", "/list/x", {"it": 1}, id="a name in a list"),
        pytest.param("replace", "/a/b", {"it": 1}, id="below a leaf"),
        pytest.param("add", "/list", {"it": {"x": 1}}, id="adding no list"),
        pytest.param("add", "/o", {"it": [1]}, id="adding to no list"),
        pytest.param("add", "/gone", {"it": [1]}, id="adding to what is missing"),
        pytest.param("remove", "/list", {"it": [3]}, id="a position after the end"),
        pytest.param("remove", "/list", {"it": [-1]}, id="a position before the start"),
        pytest.param("remove", "/list", {"it": [True]}, id="a position that is a boolean"),
        pytest.param("remove", "/list", {"it": [1.0]}, id="a position that is no whole number"),
    ],
)
def test_a_patch_that_touches_anything_else_is_not_put_in(kind, at, patch):
    value = answer()

    assert patched(value, patch, opening(it=(at, kind))) is None
    assert value == answer()


def test_several_places_are_patched_at_once_by_their_positions_in_the_answer():
    fields = opening(
        first=("/list/0/y", "remove"), last=("/list/2/x", "replace"), more=("/list/1/y", "add"), a=("/a", "replace")
    )

    new = patched(answer(), {"a": "A", "first": [0], "last": "L", "more": [5]}, fields)

    assert new == {
        "a": "A",
        "list": [{"x": 1, "y": []}, {"x": 2, "y": [2, 5]}, {"x": "L", "y": [3]}],
        "o": {"k/1": "v"},
    }


def test_an_answer_nested_without_measure_is_patched_without_recursion():
    value: Any = {"x": 1}
    for _ in range(3_000):
        value = {"in": value}

    new = patched(value, {"it": 2}, opening(it=("/in" * 3_000 + "/x", "replace")))

    for _ in range(3_000):
        new = new["in"]
    assert new == {"x": 2}
