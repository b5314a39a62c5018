"""What no answer becomes: another record than the one it was, a record without its end, a long wait."""

from __future__ import annotations

import json
import re
import time
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from extractor.answer.parsing import MAX_CHARACTERS
from extractor.judging import MAX_MENDED, judge
from extractor.schema import contract_for, target_from

pytestmark = pytest.mark.anyio


class Line(BaseModel):
    sku: str
    qty: int


class Invoice(BaseModel):
    number: str
    total: float
    currency: Literal["EUR", "USD"]
    lines: list[Line]


class Node(BaseModel):
    """Every part of it is a record of its own, so that a part may be taken for the whole."""

    name: str | None = None
    kids: list[Node] = []


RECORD: dict[str, Any] = {
    "number": "A-17",
    "total": 41.5,
    "currency": "EUR",
    "lines": [{"sku": "x1", "qty": 2}, {"sku": "x2", "qty": 1}],
}
G = json.dumps(RECORD, separators=(",", ":"))
CONTRACT = contract_for(target_from(Invoice))
TREES = contract_for(target_from(Node))

DRAFTS = "".join(G.replace("41.5", f'"{number}"') for number in range(40))

#: Seconds of the processor, at most, that a hostile text may take on a busy machine.
SOON_S = 8.0

PLACES = st.integers(0, len(G) - 1)
SIZES = st.integers(1, 40)
SIGNS = st.sampled_from("{}[]\",':\\ n0\x00\n\x07tTN`<;")
MUTANTS = st.one_of(
    st.builds(lambda at: G[:at], PLACES),
    st.builds(lambda at, sign: G[:at] + sign + G[at + 1 :], PLACES, SIGNS),
    st.builds(lambda at, sign: G[:at] + sign + G[at:], PLACES, SIGNS),
    st.builds(lambda at, size: G[: at + size] + G[at:], PLACES, SIZES),
    st.builds(lambda at, size: G[:at] + G[at + size :], PLACES, SIZES),
    st.builds(lambda at, size: G[:at] + G[at + size :] + G[at : at + size], PLACES, SIZES),
    st.builds(lambda at: G + G[at:], PLACES),
    st.builds(lambda at: G[:at] + G, PLACES),
)
AROUND = st.sampled_from(
    [("", ""), ("So:\n", "\nDone."), ("```json\n", "\n```"), ("<think>{}</think>", ""), ("{", ""), ('{"a":', "}")]
)
TREE = st.recursive(
    st.fixed_dictionaries({"name": st.none() | st.text(max_size=5), "kids": st.just([])}),
    lambda kids: st.fixed_dictionaries({"name": st.text(max_size=5), "kids": st.lists(kids, max_size=3)}),
    max_leaves=6,
)


def is_json(text: str) -> bool:
    """Say whether a text is JSON, or would be without a comma too many or words behind it."""
    try:
        _, end = json.JSONDecoder().raw_decode(re.sub(r",(?=[}\]])", "", text.strip()))
    except ValueError:
        return False
    return re.search(r'[\[\]{}"]', text[end:].lstrip("}] ")) is None


def shape_of(value: Any) -> Any:
    """Return a value with nothing of its texts but that they are there."""
    if isinstance(value, dict):
        return {name: shape_of(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape_of(item) for item in value]
    return "text" if isinstance(value, str) else value


@settings(max_examples=300, deadline=None)
@given(mutant=MUTANTS, around=AROUND)
async def test_no_mutation_of_a_reply_becomes_another_record(mutant, around):
    """
    A mutant that is JSON may be any record. One that is not is asked again, or read as the record it came from:
    nothing is missing, nothing more is there, and no number is another one.
    """
    text = around[0] + mutant + around[1]

    judged = await judge(text, standard=CONTRACT)

    if not judged.violations and not is_json(mutant) and not is_json(text):
        assert judged.repairs
        assert not judged.fits_wire
        assert shape_of(judged.record) == shape_of(RECORD)
        assert judged.record["currency"] == "EUR"


@settings(max_examples=150, deadline=None)
@given(
    tree=TREE,
    before=st.sampled_from(["", "Here it is:\n", "```json\n", "<think>{}</think>\n", "{", "[", '{"result": ']),
    write=st.sampled_from([json.dumps, repr, lambda tree: json.dumps(tree, indent=1, ensure_ascii=False)]),
    share=st.floats(0, 1, exclude_max=True),
)
async def test_a_text_cut_before_its_end_never_gives_a_record(tree, before, write, share):
    text = write(tree)

    judged = await judge(before + text[: int(len(text) * share)], standard=TREES)

    assert judged.violations
    assert judged.record is None


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "{",
                "}",
                "[",
                "]",
                '"',
                "'",
                ",",
                ":",
                "\\",
                "\\n",
                "<think>",
                "</think>",
                "```",
                '"name"',
                '"kids":',
                "name",
                "None",
                " ",
                "\n",
                "\ud83d",
                "1",
                "{}",
                '{"name":"x"}',
            ]
        ),
        max_size=25,
    ).map("".join)
)
async def test_no_text_makes_it_raise_and_what_is_valid_can_be_stored(text):
    judged = await judge(text, standard=TREES, reasoning=text)

    assert judged.violations or json.dumps(judged.record, ensure_ascii=False).encode()


@pytest.mark.parametrize("size", [MAX_MENDED, pytest.param(MAX_CHARACTERS, marks=pytest.mark.full)])
@pytest.mark.parametrize(
    ("before", "again", "after"),
    [
        pytest.param("", "{", "", id="braces"),
        pytest.param("", "{ ", G, id="braces and spaces before a record"),
        pytest.param("", "{}", "", id="empty objects"),
        pytest.param("[", "{},", "]", id="objects in a list with a comma too many"),
        pytest.param("So: " + "[" * 150, '"', "", id="quotes in brackets"),
        pytest.param("So: {", "\\'", "", id="escaped single quotes"),
        pytest.param("So: {", ",'", "}", id="single quotes that may open strings"),
        pytest.param("So: {'number': ", ",'\"'", "}", id="strings in single quotes"),
        pytest.param("So: {", '\\"', "", id="escaped quotes"),
        pytest.param("So: {,", " ", "x}", id="white space behind a comma"),
        pytest.param("So: {", ", ", "}", id="commas"),
        pytest.param("So: {'", " ", "': 1}", id="white space in a string"),
        pytest.param("So:", " ", G, id="white space before a record"),
        pytest.param(G, " ", "\n```", id="white space behind a record"),
        pytest.param("", "</think>", G, id="thoughts closed again and again"),
        pytest.param("", "<think>", G, id="thoughts opened again and again"),
        pytest.param("", "```", G, id="fences"),
        pytest.param("", "\\", "", id="backslashes"),
        pytest.param('"', '\\"', '"', id="a text of quotes"),
        pytest.param('{"lines":"', "[", '"}', id="a deep list as text"),
        pytest.param('{"lines":[', '{"sku":"x","qty":"1"},', '{"sku":"x","qty":"1"}]}', id="numbers as text"),
        pytest.param('{"number":"', "9", '","total":"9"}', id="a long text"),
        pytest.param("", DRAFTS, "", id="different records"),
        pytest.param("", "{'number': \"'\" '}", "", id="what is like the record and no JSON"),
        pytest.param('{"a":' * 199 + G + "}" * 199, " ", "", id="wrappers in wrappers"),
    ],
)
async def test_no_text_takes_long(before, again, after, size):
    text = before + again * ((size - len(before) - len(after)) // len(again)) + after
    started = time.process_time()

    judged = await judge(text, standard=CONTRACT)
    rescued = await judge("", standard=CONTRACT, reasoning=text)

    assert time.process_time() - started < SOON_S
    assert judged.violations or judged.record == RECORD
    assert rescued.violations or rescued.record == RECORD
