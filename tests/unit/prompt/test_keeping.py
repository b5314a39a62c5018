"""What a repair is told of the frozen places round the open ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor import jsontext
from extractor.prompt import kept_beside
from extractor.prompt.keeping import MAX_KEPT, MAX_PART
from extractor.records import OpenField, Opening, Shape


def opening_of(*places: str, kind: Any = "replace") -> Opening:
    fields = tuple(OpenField(name=f"f{number}", at=at, kind=kind) for number, at in enumerate(places))
    return Opening(shape=Shape(name="x", schema={}), fields=fields)


@pytest.mark.parametrize(
    ("answer", "places", "kept"),
    [
        pytest.param({"a": 1, "b": 2}, ["/a"], '"": {"b":2}', id="the object of a member"),
        pytest.param({"b": 2}, ["/a"], '"": {"b":2}', id="a member that is missing"),
        pytest.param({"a": 1, "b": 2, "c": 3}, ["/a", "/c"], '"": {"b":2}', id="without what else is open"),
        pytest.param({"l": [{"a": 1}, {"a": 2, "b": 3}]}, ["/l/1/a"], '"/l/1": {"b":3}', id="the item of a list"),
        pytest.param(
            {"l": [{"k": 1, "p": {"a": 1, "b": 2}}]},
            ["/l/0/p/a"],
            '"/l/0": {"k":1}\n"/l/0/p": {"b":2}',
            id="the item that its object is inside",
        ),
        pytest.param({"l": ["x", "y", "z"]}, ["/l/1"], '"/l/0": "x"\n"/l/2": "z"', id="the items beside an item"),
        pytest.param({"l": ["x", "y", "z"]}, ["/l/1", "/l/2"], '"/l/0": "x"', id="the items that are not open"),
        pytest.param({"a": None, "b": None}, ["/a"], '"": {}', id="nothing that is known"),
        pytest.param({"a": {"b": 1}, "c": [1], "d": 2}, ["/d"], '"": {}', id="no boxes"),
        pytest.param([1], [""], "", id="the whole"),
        pytest.param(None, ["/a/b"], "", id="no record"),
    ],
)
def test_what_stands_beside_an_open_place(answer: Any, places: list[str], kept: str):
    assert kept_beside(answer, opening_of(*places)) == kept


def test_of_a_large_object_the_members_nearest_to_the_place_are_kept_in_order():
    answer = {f"m{number}": "v" * 60 for number in range(100)}

    ((at, part),) = [
        (json.loads(line.split(": ", 1)[0]), json.loads(line.split(": ", 1)[1]))
        for line in kept_beside(answer, opening_of("/m50")).split("\n")
    ]

    assert at == ""
    assert list(part) == [name for name in (f"m{number}" for number in range(45, 56)) if name in part]
    assert {"m49", "m51"} <= part.keys()
    assert "m50" not in part
    assert len(json.dumps(part)) <= MAX_PART + 40


def test_a_list_to_be_added_to_shows_its_first_and_last_items():
    answer = {"l": [{"sku": f"S-{row}", "text": "t" * 500} for row in range(1_000)]}

    lines = kept_beside(answer, opening_of("/l", kind="add")).split("\n")

    assert [line.split(": ")[0] for line in (lines[0], lines[9], lines[10], lines[-1])] == [
        '"/l/0"',
        '"/l/9"',
        '"/l/990"',
        '"/l/999"',
    ]
    assert lines[0] == '"/l/0": {"sku":"S-0","text":"' + "t" * 80 + '"}'


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=40)
@given(answer=json_values, data=st.data(), kind=st.sampled_from(["replace", "add", "remove"]))
def test_whatever_the_answer_is_the_kept_lines_are_pointers_and_json_without_the_open_place(
    answer: Any, data: st.DataObject, kind: Any
):
    at = data.draw(st.sampled_from([at for at, _ in jsontext.leaves(answer)]))

    kept = kept_beside(answer, opening_of(at, kind=kind))

    assert len(kept) <= MAX_KEPT
    for line in kept.split("\n") if kept else ():
        place, end = json.JSONDecoder().raw_decode(line)
        part = json.loads(line[end + 2 :])
        if kind == "replace":
            assert place != at
            assert not isinstance(part, dict) or all(place + jsontext.pointer(name) != at for name in part)
