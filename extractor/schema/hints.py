"""What is worth a second look in a schema with which nothing is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extractor.schema.advice import Hint, Suggestion, hint, hints_by_word
from extractor.schema.formats import FORMATS
from extractor.schema.patterns import compile_pattern
from extractor.schema.spelling import hints_of_spelling, similar
from extractor.schema.visiting import Visited, as_list, branches, visited

if TYPE_CHECKING:
    from extractor.records import Json, JsonObject, Target
    from extractor.schema.fields import Fields

_SAYS: Final = {
    "no_value": "No value satisfies it, so it is never asked for.",
    "no_members": 'It names no members, so the model chooses them; name those that you want in "properties".',
    "closed": "Other members are allowed here, and not asked for.",
    "null_and_absent": "Optional, and may be null: an answer of null is read as absent.",
    "free_form": "Any JSON will do here; say what you want, where you know it.",
    "no_description": "No description; it is what the model knows of your intent.",
    "pattern_in_words": "A pattern that not every grammar reads alike; it is told in words and checked afterwards.",
}
_SUGGESTS: Final = {
    "closed": Suggestion(option="open_objects", value="keep", does="asks for them"),
    "null_and_absent": Suggestion(option="nulls", value="exact", does="tells the two apart"),
}
#: Formats of numbers in OpenAPI.
_OF_NUMBERS: Final = frozenset({"int32", "int64", "float", "double"})
#: Formats of JSON Schema that are not checked; no other one is meant by them.
_OTHER_FORMATS: Final = frozenset({
    "idn-email", "idn-hostname", "iri", "iri-reference", "uri-reference", "uri-template", "json-pointer",
    "relative-json-pointer", "regex",
})  # fmt: skip
#: Likeness from which a format may be meant by another: that of `url` and `uri`.
_LIKE: Final = 0.66
_NUMBERS: Final = frozenset({"number", "integer"})


def hints_of(target: Target, fields: Fields) -> tuple[Hint, ...]:
    """Return the hints: what has no effect first, then one of each kind for what is meant to have one."""
    root = target.schema
    never = {node.at for node in visited(root) if node.is_member and _is_left_out(node.at, fields)}
    nodes = [node for node in visited(root) if not _is_inside(node.at, never)]
    places = {"no_value": sorted(never)} | _places_of_fields(target, fields, nodes)
    places["no_description"] = [node.at for node in nodes if _has_no_description(node)]
    places["pattern_in_words"] = [node.at for node in nodes if _has_pattern_in_words(node)]
    return (
        *hints_of_spelling(root),
        *(hint(name, says, places[name], suggests=_SUGGESTS.get(name)) for name, says in _SAYS.items() if places[name]),
        *_hints_of_formats(nodes),
    )


def _places_of_fields(target: Target, fields: Fields, nodes: list[Visited]) -> dict[str, list[str]]:
    """Return the places of hints that depend on how fields travel."""
    names_none = _names_no_members(target.schema)
    places = {
        "no_members": [""] if names_none else [],
        "closed": list(fields.closed),
        "free_form": [field.at for field in fields.listed if field.is_free_form and not (names_none and field.is_item)],
        "null_and_absent": [],
    }
    if target.model_class is None:
        stated_null = {node.at for node in nodes if node.is_optional and _allows_null(node.schema)}
        places["null_and_absent"] = [
            field.at
            for field in fields.listed
            if field.null == "absent" and not field.is_set and field.at in stated_null
        ]
    else:  # a class fills in what is absent, and drops other members where it says nothing of them
        open_places = {node.at for node in nodes if node.schema.get("additionalProperties") is True}
        places["closed"] = [at for at in places["closed"] if at in open_places]
    return places


def _is_left_out(at: str, fields: Fields) -> bool:
    """Return whether an object of the record is asked for without the member at this place."""
    above, _, token = at.rpartition("/")
    asked = fields.members.get(above)
    return not fields.is_cut and asked is not None and token not in asked


def _is_inside(at: str, places: set[str]) -> bool:
    while at not in places and at:
        at = at.rpartition("/")[0]
    return at in places


def _names_no_members(schema: JsonObject) -> bool:
    """Return whether the root is an object of which nothing else is stated."""
    if schema.get("type") != "object" or isinstance(schema.get("additionalProperties"), dict):
        return False
    describing = {"patternProperties", "$ref", "allOf", "anyOf", "oneOf", "enum", "const", "if", "required"}
    return not schema.get("properties") and describing.isdisjoint(schema)


def _allows_null(schema: JsonObject) -> bool:
    """Return whether a schema names null as a value of its own, and not as the default that absence stands for."""
    if "default" in schema:
        return False
    return any(
        isinstance(branch, dict)
        and (branch.get("nullable") is True or "null" in _types(branch) or None in as_list(branch.get("enum")))
        for branch in (schema, *branches(schema, ("anyOf", "oneOf")))
    )


def _types(schema: JsonObject) -> list[Json]:
    stated = schema.get("type", [])
    return stated if isinstance(stated, list) else [stated]


def _has_no_description(node: Visited) -> bool:
    return node.is_member and not (node.schema.keys() & {"description", "$ref", "const"})


def _has_pattern_in_words(node: Visited) -> bool:
    pattern = node.schema.get("pattern")
    return isinstance(pattern, str) and not compile_pattern(pattern).is_common


def _hints_of_formats(nodes: list[Visited]) -> list[Hint]:
    """Return hints about formats that are not checked, and about those of strings at values that are none."""
    unchecked: dict[str, list[str]] = {}
    idle: dict[str, list[str]] = {}
    for node in nodes:
        stated, types = node.schema.get("format"), _types(node.schema)
        if not isinstance(stated, str):
            continue
        if stated not in FORMATS:
            of_number = stated in _OF_NUMBERS and not _NUMBERS.isdisjoint(types)
            unchecked.setdefault(f"{stated} of a number" if of_number else stated, []).append(node.at)
        elif types and "string" not in types:
            idle.setdefault(stated, []).append(node.at)
    return [
        *hints_by_word("unchecked_format", unchecked, _say_unchecked),
        *hints_by_word("idle_format", idle, lambda word: f"Format '{word}' is of strings only, and ignored here."),
    ]


def _say_unchecked(word: str) -> str:
    if word.endswith(" of a number"):
        return f"Format '{word.partition(' ')[0]}' is not checked; minimum and maximum are."
    meant = None if word in _OTHER_FORMATS else similar(word, FORMATS, likeness=_LIKE)
    instead = f"did you mean '{meant}'?" if meant else "a pattern would be."
    return f"Format '{word[:60]}' is not checked, so it is neither told nor enforced; {instead}"
