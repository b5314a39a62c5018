"""What is worth a second look in a schema with which nothing is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from extractor.jsontext import pointer, tokens
from extractor.schema.formats import FORMATS
from extractor.schema.patterns import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from extractor.records import Json, JsonObject, Target
    from extractor.schema.fields import Fields

#: Places that one hint names; how many more there are is said.
MAX_PLACES: Final = 5
#: Keyword with schemas for the same place of the record, in a list.
_BRANCHES: Final = ("allOf", "anyOf", "oneOf")
#: Keyword with a schema for every item or every other member.
_INNER: Final = ("items", "additionalItems", "additionalProperties", "unevaluatedItems", "unevaluatedProperties")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One thing worth a second look, and where it is."""

    #: Stable word: `closed`, `null_and_absent`, `free_form`, `no_description`, `pattern_in_words`, `unchecked_format`.
    name: str
    #: One sentence.
    says: str
    #: JSON Pointers into the record, `*` for every item and key; the first few.
    at: tuple[str, ...]
    #: How many places there are.
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """One schema of the target."""

    schema: JsonObject
    #: Where its values stand in the record.
    at: str
    #: Whether a valid record may be without.
    is_optional: bool
    #: Whether it is the schema of a named member, the place where a description is looked for.
    is_member: bool


_SAYS: Final = {
    "closed": "Other members are allowed here, and not asked for; the option open_objects=keep asks for them.",
    "null_and_absent": "Optional, and may be null: an answer of null is read as absent; the option nulls=exact tells "
    "the two apart.",
    "free_form": "Any JSON will do here; say what you want, where you know it.",
    "no_description": "No description; it is what the model knows of your intent.",
    "pattern_in_words": "A pattern that not every grammar reads alike; it is told in words and checked afterwards.",
    "unchecked_format": "A format that is not checked, so it is neither told nor enforced; a pattern would be.",
}


def hints_of(target: Target, fields: Fields) -> tuple[Hint, ...]:
    """Return the hints, one per kind."""
    root = target.schema
    nodes = list(_nodes(root))
    places: dict[str, list[str]] = {
        "closed": list(fields.closed),
        "free_form": [field.at for field in fields.listed if field.is_free_form],
    }
    if target.model_class is None:
        stated_null = {node.at for node in nodes if node.is_optional and _allows_null(node.schema)}
        places["null_and_absent"] = [
            field.at for field in fields.listed if field.null == "absent" and field.at in stated_null
        ]
    else:  # a class fills in what is absent, and drops other members where it says nothing of them
        open_places = {node.at for node in nodes if node.schema.get("additionalProperties") is True}
        places["closed"] = [at for at in places["closed"] if at in open_places]
    for name, is_meant in _ABOUT_NODES.items():
        places[name] = [node.at for node in nodes if is_meant(node)]
    return tuple(_hint(name, places[name]) for name in _SAYS if places.get(name))


def _hint(name: str, places: list[str]) -> Hint:
    unique = tuple(dict.fromkeys(places))
    return Hint(name=name, says=_SAYS[name], at=unique[:MAX_PLACES], count=len(unique))


def _nodes(root: JsonObject) -> Iterator[_Node]:
    """Yield every schema that says something of the record, each once, at the first place that it is met for."""
    met: set[int] = set()
    start = _Node(schema=root, at="", is_optional=False, is_member=False)
    open_nodes = [start]
    while open_nodes:
        node = open_nodes.pop()
        if id(node.schema) in met:
            continue
        met.add(id(node.schema))
        yield node
        open_nodes += reversed(
            [
                _Node(schema=schema, at=node.at + step, is_optional=is_optional, is_member=is_member)
                for schema, step, is_optional, is_member in _below(node, root)
                if isinstance(schema, dict)
            ]
        )


def _below(node: _Node, root: JsonObject) -> Iterator[tuple[Json, str, bool, bool]]:
    """Yield each schema that a schema holds or refers to: itself, the step to its values, and its two claims."""
    schema = node.schema
    for branch in (_referred(root, schema.get("$ref")), *_branches(schema, _BRANCHES)):
        yield branch, "", node.is_optional, False
    properties, patterns = schema.get("properties"), schema.get("patternProperties")
    required = _list(schema.get("required"))
    for name, member in properties.items() if isinstance(properties, dict) else ():
        yield member, pointer(name), name not in required, True
    for index, item in enumerate(_list(schema.get("prefixItems")) or _list(schema.get("items"))):
        yield item, pointer(index), False, False
    for member in patterns.values() if isinstance(patterns, dict) else ():
        yield member, "/*", False, False
    for keyword in _INNER:
        yield schema.get(keyword), "/*", False, False


def _branches(schema: JsonObject, keywords: Sequence[str]) -> list[Json]:
    return [branch for keyword in keywords for branch in _list(schema.get(keyword))]


def _list(value: Json) -> list[Any]:
    return value if isinstance(value, list) else []


def _referred(root: JsonObject, reference: Json) -> Json:
    """Return the schema that a pointer within the document leads to, None for every other reference."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    found: Json = root
    for token in tokens(reference[1:]):
        if not isinstance(found, dict) or token not in found:
            return None
        found = found[token]
    return found


def _allows_null(schema: JsonObject) -> bool:
    """Return whether a schema names null as a value of its own, and not as the default that absence stands for."""
    if "default" in schema:
        return False
    branches = [schema, *_branches(schema, ("anyOf", "oneOf"))]
    return any(
        isinstance(branch, dict)
        and (branch.get("nullable") is True or "null" in _types(branch) or None in _list(branch.get("enum")))
        for branch in branches
    )


def _types(schema: JsonObject) -> list[Json]:
    stated = schema.get("type", [])
    return stated if isinstance(stated, list) else [stated]


def _has_no_description(node: _Node) -> bool:
    return node.is_member and not (node.schema.keys() & {"description", "$ref", "const"})


def _has_pattern_in_words(node: _Node) -> bool:
    pattern = node.schema.get("pattern")
    return isinstance(pattern, str) and not compile_pattern(pattern).is_common


def _has_unchecked_format(node: _Node) -> bool:
    stated = node.schema.get("format")
    return stated is not None and stated not in FORMATS


_ABOUT_NODES: Final[dict[str, Callable[[_Node], bool]]] = {
    "no_description": _has_no_description,
    "pattern_in_words": _has_pattern_in_words,
    "unchecked_format": _has_unchecked_format,
}
