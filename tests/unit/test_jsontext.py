"""Strict JSON: what the standard library lets through is refused here."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor import jsontext

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param('{"a":1', "syntax", id="cut off"),
        pytest.param("", "syntax", id="empty"),
        pytest.param('{"a":NaN}', "not_a_number", id="NaN"),
        pytest.param('{"a":-Infinity}', "not_a_number", id="infinity"),
        pytest.param('{"a":1e999}', "huge_number", id="overflow"),
        pytest.param("9" * 5000, "huge_number", id="5,000 digits"),
        pytest.param('{"a":1,"a":2}', "duplicate_key", id="two values under one key"),
        pytest.param("[" * 20_000, "too_deep", id="20,000 brackets"),
    ],
)
def test_text_that_parsers_read_differently_is_refused(text, reason):
    with pytest.raises(jsontext.NotStrictJson) as refused:
        jsontext.parse(text)

    assert refused.value.reason == reason


def test_the_same_value_twice_under_one_key_is_harmless():
    assert jsontext.parse('{"a":[1],"a":[1]}') == {"a": [1]}


def test_true_and_one_under_one_key_are_different_values():
    with pytest.raises(jsontext.NotStrictJson):
        jsontext.parse('{"a":true,"a":1}')


@given(JSON)
def test_every_json_value_survives_writing_and_reading(value):
    assert jsontext.parse(jsontext.dumps(value)) == value
    assert jsontext.parse(jsontext.canonical(value).decode("utf-8", "surrogatepass")) == value


def test_the_digest_does_not_depend_on_key_order():
    assert jsontext.digest({"a": 1, "b": 2}) == jsontext.digest({"b": 2, "a": 1})


@given(st.lists(st.text()))
def test_a_pointer_and_its_path_are_inverse(path):
    assert jsontext.tokens(jsontext.pointer(*path)) == tuple(path)


def test_leaves_are_scalars_and_empty_containers():
    value = {"a": {"b": 1, "c": []}, "d/e": [None, {"f": "x"}]}

    found = dict(jsontext.leaves(value))

    assert found == {"/a/b": 1, "/a/c": [], "/d~1e/0": None, "/d~1e/1/f": "x"}


def test_integers_beyond_64_bits_are_written_in_full():
    assert jsontext.dumps({"a": 10**30}) == json.dumps({"a": 10**30}, separators=(",", ":"))
