"""Whatever a window and a schema hold, the messages give both back exactly."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.prompt import ask, read_back, reading_words, reask, words
from extractor.prompt.words import LIMITS
from extractor.records import Options, Page, Passage, Shape, Violation, Window

#: Pieces that look like our own syntax, or like what parsers stumble over.
LOOKALIKES = (
    "\n  total: number",
    '" rule "',
    "</schema 000000000000>",
    "<document 0123456789ab>\n",
    "\n</document 0123456789ab>",
    "\n[0123456789ab page 2]\n",
    "\n\n<answer 0123456789ab>\n{}",
    "\f",
    "\r\n",
    "\u2028",
    "\x85",
    "\x00",
    "@Party",
    "(or) string",
    "rule at ",
    "\\",
    '"',
    '{"a": [1, null]}',
    "~1/~0",
    "#/$defs/",
    "null",
    "日本語 עברית é",
    "\U0001f600",
)


def hostile_text(max_size: int = 12) -> st.SearchStrategy[str]:
    """Any text but lone surrogates, with look-alikes of our syntax in it."""
    pieces = st.one_of(st.sampled_from(LOOKALIKES), st.text(max_size=5))
    return st.lists(pieces, max_size=max_size // 3).map("".join)


def _scalars() -> st.SearchStrategy[Any]:
    return st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        hostile_text(),
    )


def _with_remarks(schemas: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    remarks = st.fixed_dictionaries({}, optional={"title": hostile_text(), "description": hostile_text()})
    return st.builds(lambda schema, said: schema | said, schemas, remarks)


def _limits() -> st.SearchStrategy[dict[str, Any]]:
    values = {keyword: _scalars() for keyword in LIMITS} | {"enum": st.lists(_scalars(), max_size=4)}
    return st.dictionaries(st.sampled_from(sorted(LIMITS)), st.none(), max_size=3).flatmap(
        lambda chosen: st.fixed_dictionaries({keyword: values[keyword] for keyword in chosen})
    )


def _type_of(*first: str) -> st.SearchStrategy[Any]:
    others = st.lists(st.sampled_from(["string", "number", "integer", "boolean", "null"]), max_size=3, unique=True)
    return others.map(lambda names: [*first, *names] if len(names) + len(first) > 1 else [*first, *names][0])


def _closed(properties: dict[str, Any], types: Any) -> dict[str, Any]:
    return {"type": types, "properties": properties, "required": list(properties), "additionalProperties": False}


def _extend(schemas: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    objects = st.builds(_closed, st.dictionaries(hostile_text(), schemas, max_size=4), _type_of("object"))
    lists = st.builds(
        lambda items, types, limits: {"type": types, "items": items} | limits,
        schemas,
        _type_of("array"),
        _limits(),
    )
    unions = st.lists(schemas, min_size=1, max_size=3).map(lambda branches: {"anyOf": branches})
    return _with_remarks(st.one_of(objects, lists, unions))


def wire_schemas() -> st.SearchStrategy[dict[str, Any]]:
    """Wire schemas: closed objects, lists, unions, references, limits, and a few parts beyond the subset."""
    names = st.sampled_from(["Party", "A b", 'q"', "x\ny", "null"])
    scalars = st.builds(
        lambda types, limits: {"type": types} | limits,
        st.lists(
            st.sampled_from(["string", "number", "integer", "boolean", "null"]), min_size=1, max_size=3, unique=True
        ).map(lambda types: types if len(types) > 1 else types[0]),
        _limits(),
    )
    references = names.map(lambda name: {"$ref": f"#/$defs/{name}"})
    odd = st.sampled_from(
        [{}, {"type": ["string"]}, {"$ref": "#"}, {"oneOf": [{"type": "string"}]}, {"type": "object"}]
    )
    inner = st.recursive(_with_remarks(st.one_of(scalars, references, odd)), _extend, max_leaves=8)
    roots = st.builds(_closed, st.dictionaries(hostile_text(), inner, max_size=4), st.just("object"))
    shared = st.dictionaries(names, inner, max_size=2)
    return _with_remarks(st.builds(lambda root, shapes: root | ({"$defs": shapes} if shapes else {}), roots, shared))


def shapes() -> st.SearchStrategy[Shape]:
    """Shapes with rules told both for fields that exist and for others."""
    pointers = st.sampled_from(["", "/total", "/lines/*", "/lines/*/sku", "/a~1b", "/*"])
    told = st.dictionaries(st.one_of(pointers, hostile_text()), hostile_text(), max_size=3)
    names = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
    return st.builds(
        lambda schema, name, rules: Shape(schema=schema, name=name, told=rules), wire_schemas(), names, told
    )


def windows() -> st.SearchStrategy[Window]:
    """Windows of one page or several, at any offset, with text of every kind."""
    texts = st.lists(hostile_text(30), min_size=1, max_size=4)
    return st.builds(
        window_of,
        texts,
        start=st.integers(0, 9),
        first_page=st.integers(1, 5),
        number=st.integers(0, 3),
        above=st.lists(hostile_text(), max_size=3),
    )


def window_of(pages: list[str], *, start: int, first_page: int, number: int, above: list[str]) -> Window:
    """Return a window over these pages, joined by form feeds, with these passages as its context."""
    found: list[Page] = []
    position = start
    for count, text in enumerate(pages):
        found.append(Page(number=first_page + count, start=position, end=position + len(text)))
        position += len(text) + 1
    text = "\f".join(pages)
    context = tuple(Passage(start=start, end=start + len(passage), text=passage) for passage in above)
    end = start + len(text)
    return Window(number=number, start=start, end=end, text=text, pages=tuple(found), context=context)


def exactly(value: Any) -> str:
    """Return a text in which 1, 1.0 and true differ and the order of properties shows, but not that of keywords."""
    return json.dumps(_ordered(value))


def _ordered(value: Any) -> Any:
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("properties"), dict):
        members = [[name, _ordered(member)] for name, member in value["properties"].items()]
        value = value | {"properties": members}
    return sorted(([key, _ordered(member)] for key, member in value.items()), key=lambda pair: pair[0])


def violations() -> st.SearchStrategy[dict[str, str]]:
    """Pointer -> rule, both of any text."""
    return st.dictionaries(hostile_text(), hostile_text(), max_size=3)


@settings(max_examples=40, deadline=None)
@given(shapes())
def test_any_wire_schema_survives_its_words(shape: Shape):
    written = words.render(shape)

    back = reading_words.read(written)

    assert exactly(back.schema) == exactly(shape.schema)
    assert (back.name, back.told) == (shape.name, shape.told)


@settings(max_examples=30, deadline=None)
@given(windows(), shapes(), hostile_text())
def test_a_question_is_read_back_exactly(window: Window, shape: Shape, job_id: str):
    question = ask(window, shape, job_id=job_id, options=Options())

    back = read_back(question.messages)

    assert exactly(back.schema) == exactly(shape.schema)
    assert (back.name, back.document, back.failing) == (shape.name, window.text, {})
    assert back.context == tuple(passage.text for passage in window.context)


@settings(max_examples=30, deadline=None)
@given(windows(), shapes(), st.lists(st.tuples(violations(), hostile_text(60)), min_size=1, max_size=3))
def test_a_reask_of_any_answer_is_read_back_exactly(
    window: Window, shape: Shape, rounds: list[tuple[dict[str, str], str]]
):
    question = ask(window, shape, job_id="job", options=Options())

    for failing, answer in rounds:
        broken = [Violation(at=at, rule="type", says=says) for at, says in failing.items()]
        question = reask(question, answer=answer, violations=broken)
        back = read_back(question.messages)

        assert (back.document, back.failing) == (window.text, failing)
        assert back.context == tuple(passage.text for passage in window.context)
        assert exactly(back.schema) == exactly(shape.schema)
