"""References: what is inside the document is found as RFC 3986 and the draft say, and nothing else ever is."""

from __future__ import annotations

from typing import Any

import pytest

from extractor.errors import InvalidSchema, UnsupportedSchema
from extractor.schema import lower
from extractor.schema.rules import Rules

STRING = {"type": "string"}
INTEGER = {"type": "integer"}
DRAFT_4, DRAFT_7 = ({"$schema": f"http://json-schema.org/draft-0{draft}/schema#"} for draft in (4, 7))


def optional(member: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"m": member}, **more}


ITEM = {
    "$id": "item",
    "type": "object",
    "properties": {"self": {"$ref": "#"}, "q": {"$ref": "#/$defs/q"}, "w": {"$ref": "root#/$defs/w"}},
    "$defs": {"q": {"$anchor": "q", "type": "integer"}, "deep": {"$id": "deep/", "$defs": {"b": {"$ref": "../item"}}}},
}
EMBEDDED = {"$id": "https://example.org/root", "$defs": {"item": ITEM, "w": {"type": "boolean"}}}


@pytest.mark.parametrize(
    ("schema", "valid", "invalid"),
    [
        pytest.param(optional({"$ref": "item"}, **EMBEDDED), {"m": {"q": 1}}, {"m": {"q": "x"}}, id="relative address"),
        pytest.param(
            optional({"$ref": "https://example.org/item"}, **EMBEDDED),
            {"m": {"w": True}},
            {"m": {"w": 1}},
            id="absolute address, and back to the root",
        ),
        pytest.param(
            optional({"$ref": "item#/$defs/q"}, **EMBEDDED), {"m": 1}, {"m": "x"}, id="pointer inside an inner document"
        ),
        pytest.param(optional({"$ref": "item#q"}, **EMBEDDED), {"m": 1}, {"m": "x"}, id="anchor of an inner document"),
        pytest.param(
            optional({"$ref": "item"}, **EMBEDDED),
            {"m": {"self": {}}},
            {"m": {"self": 1}},
            id="# is the inner document",
        ),
        pytest.param(
            optional({"$ref": "deep/#/$defs/b"}, **EMBEDDED),
            {"m": {"q": 1}},
            {"m": {"q": "x"}},
            id="one level further in",
        ),
        pytest.param(
            optional({"$ref": "#/$defs/item/$defs/q"}, **EMBEDDED), {"m": 1}, {"m": "x"}, id="pointer across the border"
        ),
        pytest.param(
            optional({"$ref": "#d"}, **{"$defs": {"d": {"$dynamicAnchor": "d", **INTEGER}}}),
            {"m": 1},
            {"m": "x"},
            id="a dynamic anchor, referred to plainly",
        ),
        pytest.param(
            optional({"$ref": "urn:x:y"}, **{"$defs": {"d": {"$id": "urn:x:y", **INTEGER}}}),
            {"m": 1},
            {"m": "x"},
            id="urn",
        ),
        pytest.param(
            optional({"$ref": "i.json"}, **DRAFT_4, definitions={"d": {"id": "i.json", **INTEGER}}),
            {"m": 1},
            {"m": "x"},
            id="draft 4 spells it id",
        ),
        pytest.param(
            optional({"$ref": "#d"}, **DRAFT_7, definitions={"d": {"$id": "#d", **INTEGER}}),
            {"m": 1},
            {"m": "x"},
            id="draft 7 has anchors in $id",
        ),
        pytest.param(
            optional(
                {"$ref": "#/definitions/s"},
                **DRAFT_7,
                definitions={"s": {"$id": "nowhere/", "$ref": "#/definitions/t", "type": "integer"}, "t": STRING},
            ),
            {"m": "x"},
            {"m": 1},
            id="before 2019 not even an address counts beside a reference",
        ),
        pytest.param(
            optional({"$ref": "#/$defs/s"}, **{"$defs": {"s": {"$ref": "#/$defs/t", "minLength": 2}, "t": STRING}}),
            {"m": "xy"},
            {"m": "x"},
            id="since 2019 everything does",
        ),
        pytest.param(
            optional({"const": {"$id": "item", "$ref": "nowhere"}}),
            {},
            {"m": 1},
            id="a value that looks like an address",
        ),
        pytest.param(
            {"type": "object", "properties": {"$id": INTEGER, "$ref": STRING}},
            {"$id": 1, "$ref": "x"},
            {"$ref": 1},
            id="members that are called like keywords",
        ),
    ],
)
def test_a_part_of_the_document_is_found_and_the_authority_finds_the_same(schema, valid, invalid):
    lowered, rules = lower(schema), Rules(schema)

    assert lowered.fits(lowered.embed(valid))
    assert lowered.lift(lowered.embed(valid)).value == valid
    assert not lowered.fits(lowered.embed(invalid))
    assert rules.hold(valid)
    assert not rules.hold(invalid)


@pytest.mark.parametrize(
    ("schema", "at"),
    [
        pytest.param(optional({"$ref": "other"}, **EMBEDDED), "/properties/m", id="an address that no part has"),
        pytest.param(
            {"$defs": {"a": {"$id": "https://example.org/a/", "items": {"$ref": "b"}}}}, "/$defs/a/items", id="inside"
        ),
        pytest.param(
            optional({"$ref": "http://json-schema.org/draft-07/schema#"}), "/properties/m", id="a well-known one"
        ),
        pytest.param(
            optional({"$ref": "i"}, **DRAFT_7, definitions={"d": {"id": "i"}}), "/properties/m", id="id after draft 4"
        ),
        pytest.param(
            optional({"$ref": "i"}, unknown={"$id": "i"}), "/properties/m", id="an address where no schema is known"
        ),
        pytest.param(optional({"$ref": "http://[x"}), "/properties/m", id="no address at all"),
    ],
)
def test_what_is_outside_is_refused_by_keyword_and_place(schema, at):
    with pytest.raises(UnsupportedSchema) as refused:
        lower(schema)

    assert (refused.value.keyword, refused.value.at) == ("$ref", at)


@pytest.mark.parametrize(
    "reference", [pytest.param("item#absent", id="anchor"), pytest.param("item#/$defs/absent", id="pointer")]
)
def test_nothing_inside_an_inner_document_is_named_by_place(reference):
    with pytest.raises(InvalidSchema) as refused:
        lower(optional({"$ref": reference}, **EMBEDDED))

    assert refused.value.at == "/properties/m/$ref"


def test_a_schema_is_not_changed_where_its_references_are_rewritten():
    inner = {"$id": "i", "properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": STRING}}
    schema = optional({"$ref": "i"}, **{"$defs": {"one": inner}})
    before = repr(schema)

    lower(schema)

    assert repr(schema) == before
