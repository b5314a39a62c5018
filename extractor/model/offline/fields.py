"""The wire schema as the rules see it: a tree of named fields, references followed, "or null" taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor import jsontext

if TYPE_CHECKING:
    from extractor.records import Json, JsonObject

#: Fields that are looked at. A recursive or huge schema is cut here, and what lies beyond is answered with null.
MOST_FIELDS = 4_000
#: Nesting beyond which a field is answered with null.
DEEPEST = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One place in the record that wants a value."""

    #: Property name; "" for the root and for array items.
    name: str = ""
    #: `string | number | integer | boolean | object | array`, or `nothing` where the answer can only be null.
    kind: str = "string"
    #: Title in the schema.
    title: str = ""
    #: Description in the schema.
    description: str = ""
    #: JSON Schema format, "" when none.
    format: str = ""
    #: Members of the enum, null left out.
    options: tuple[Json, ...] = ()
    #: Fields of an object, in property order.
    members: tuple[Field, ...] = ()
    #: What an array holds.
    item: Field | None = None

    @property
    def is_leaf(self) -> bool:
        """Whether the answer is one scalar."""
        return self.kind not in {"object", "array", "nothing"}

    @property
    def is_leaf_list(self) -> bool:
        """Whether the answer is a list of scalars."""
        return self.item is not None and self.item.is_leaf


def field_from(schema: Json) -> Field:
    """Read a wire schema."""
    return _Reader(schema).field(schema, "", ("#",))


class _Reader:
    """Turns schema nodes into fields, within the budget of one schema."""

    def __init__(self, root: Json) -> None:
        self._root = root
        self._left = MOST_FIELDS

    def field(self, node: Json, name: str, refs: tuple[str, ...]) -> Field:
        self._left -= 1
        flat, refs = self._flattened(node, refs)
        if self._left < 0 or flat is None or len(refs) > DEEPEST:
            return Field(name=name, kind="nothing")
        kind = _kind(flat)
        return Field(
            name=name,
            kind=kind,
            title=_text(flat.get("title")),
            description=_text(flat.get("description")),
            format=_text(flat.get("format")),
            options=_options(flat),
            members=self._members(flat, refs) if kind == "object" else (),
            item=self.field(flat.get("items", {}), "", (*refs, "")) if kind == "array" else None,
        )

    def _members(self, node: JsonObject, refs: tuple[str, ...]) -> tuple[Field, ...]:
        properties = node.get("properties")
        if not isinstance(properties, dict):
            return ()
        return tuple(self.field(member, str(name), (*refs, "")) for name, member in properties.items())

    def _flattened(self, node: Json, refs: tuple[str, ...]) -> tuple[JsonObject | None, tuple[str, ...]]:
        """Follow references and unions to one plain node; None where a reference leads back to itself."""
        outer: JsonObject = {}
        for _ in range(DEEPEST):
            if not isinstance(node, dict):
                return outer, refs
            outer = {**node, **{key: value for key, value in outer.items() if key in {"description", "title"}}}
            target = node.get("$ref")
            if isinstance(target, str):
                if target in refs:
                    return None, refs
                node, refs = self._referred(target), (*refs, target)
                continue
            branch = _branch(node)
            if branch is None:
                return outer, refs
            node = branch
        return None, refs

    def _referred(self, target: str) -> Json:
        node: Json = self._root
        for token in jsontext.tokens(target.removeprefix("#")):
            node = node.get(token) if isinstance(node, dict) else None
        return node


def _branch(node: JsonObject) -> Json:
    """Return the first branch of a union that is not null; None when the node is no union."""
    for keyword in ("anyOf", "oneOf", "allOf"):
        branches = node.get(keyword)
        if isinstance(branches, list):
            real = [branch for branch in branches if isinstance(branch, dict) and branch.get("type") != "null"]
            return real[0] if real else None
    return None


def _kind(node: JsonObject) -> str:
    stated = node.get("type")
    kinds = [kind for kind in (stated if isinstance(stated, list) else [stated]) if isinstance(kind, str)]
    real = [kind for kind in kinds if kind != "null"]
    if real:
        return real[0]
    if kinds:
        return "nothing"
    if "properties" in node:
        return "object"
    return "array" if "items" in node else "string"


def _options(node: JsonObject) -> tuple[Json, ...]:
    members = node.get("enum", [node["const"]] if "const" in node else [])
    if not isinstance(members, list):
        return ()
    return tuple(member for member in members if isinstance(member, str | int | float | bool))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
