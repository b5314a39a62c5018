"""Documents that hold many records: the target of one record made into the target of a list of them.

The schema moves below `items`, so that every reference from its root gets one step longer. Nothing else of it changes,
and a record of the list is valid exactly when it is valid alone.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import unquote

from pydantic import BaseModel, RootModel, create_model

from extractor.errors import InvalidSchema
from extractor.jsontext import canonical, digest, dumps
from extractor.schema.keywords import draft_of
from extractor.schema.references import SIBLINGS_SINCE, References, address_of, joined, keyword_of_address
from extractor.schema.remembering import Kept
from extractor.schema.targets import target_from

if TYPE_CHECKING:
    from extractor.records import Json, JsonObject, Target

#: What a model is told of the list.
SAYS: Final = "One item for each record that the document holds, in the order of the document."
#: Keywords whose value is a value of records, never a schema.
_VALUES: Final = frozenset({"const", "enum", "default", "examples", "example"})
#: Keywords with schemas by names that anybody may choose, keywords among them.
_NAMED: Final = frozenset({
    "properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies",
})  # fmt: skip
#: Lists kept, bytes of all their schemas, and classes.
_KEPT, _KEPT_BYTES = 256, 4 << 20
#: Identity of a target -> the target, kept so that nothing else takes its identity, and its list.
_lists: Kept[tuple[Target, Target]] = Kept(most=_KEPT, most_bytes=_KEPT_BYTES)
_noting: Final = threading.Lock()


def asked_for(target: Target, records: Literal["auto", "one", "many"]) -> Target:
    """Return the target that an extraction with the option `records` has in fact."""
    return many_of(target) if records == "many" else target


def many_of(target: Target) -> Target:
    """Return the target of a list of such records, the same for the same target; one that is a list stays itself.

    It has the name of the records. Of a class it has a class of its own, under the same name, whose instances hold
    the list; see `instance_of`.
    """
    known = _lists.get(id(target))
    if known is not None:
        return known[1]
    many = target if is_list(target.schema) else _list_of(target)
    with _noting:
        known = _lists.get(id(target))
        if known is None:
            known = target, many
            _lists.put(id(target), known, size=len(canonical(many.schema)))
        return known[1]


def is_list(schema: JsonObject) -> bool:
    """Return whether a schema is that of a list already: by its own type, or by that of what its root refers to."""
    references = References(schema)
    part: Json = schema
    met: set[str] = set()
    while isinstance(part, dict) and isinstance(reference := part.get("$ref"), str) and reference not in met:
        if ("type" in part and references.draft >= SIBLINGS_SINCE) or not reference.startswith("#"):
            break
        met.add(reference)
        try:
            part = references.at(unquote(reference.removeprefix("#")))
        except InvalidSchema:  # an anchor, or nothing at all: lowering says so
            return False
    stated = part.get("type") if isinstance(part, dict) else None
    return [name for name in (stated if isinstance(stated, list) else [stated]) if name != "null"] == ["array"]


def instance_of(record: Json, model_class: type[BaseModel]) -> Any:
    """Return a valid record as an instance of its class, and a list of records as a list of instances.

    Raises:
        ValidationError: the class refuses it.
    """
    made = class_for(record, model_class).model_validate_json(dumps(record))
    return made.root if isinstance(made, _Records) else made


def class_for(record: Json, model_class: type[BaseModel]) -> type[BaseModel]:
    """Return the class that a record is an instance of: for a list of records that of such lists."""
    is_many = isinstance(record, list) and not issubclass(model_class, _Records) and not _is_list_class(model_class)
    return _class_of_lists(model_class) if is_many else model_class


class _Records(RootModel[list[Any]]):
    """Lists of records, of which each kind has a class below this one."""


@lru_cache(maxsize=_KEPT)
def _class_of_lists(model_class: type[BaseModel]) -> type[BaseModel]:
    root: Any = (list[model_class], ...)  # type: ignore[valid-type] # a class that is known only while running
    return create_model(model_class.__name__, __base__=_Records, root=root)


@lru_cache(maxsize=_KEPT)
def _is_list_class(model_class: type[BaseModel]) -> bool:
    return issubclass(model_class, RootModel) and is_list(target_from(model_class).schema)


def _list_of(target: Target) -> Target:
    schema = _listed(target.schema)
    model_class = None if target.model_class is None else _class_of_lists(target.model_class)
    return replace(target, schema=schema, digest=digest(schema), model_class=model_class)


def _listed(schema: JsonObject) -> JsonObject:
    """Return the schema of a list. What holds for the whole document stays at its root: draft and address."""
    moving = _Moving(schema)
    one = moving.moved(schema, "")
    of_document = ["$schema", keyword_of_address(moving.draft)] if moving.has_address else ["$schema"]
    head = {name: one.pop(name) for name in of_document if name in one}
    return {**head, "type": "array", "description": SAYS, "items": one}


class _Moving:
    """The way of one schema from the root of its document to `items`."""

    def __init__(self, root: JsonObject) -> None:
        self.draft = draft_of(root)
        address = address_of(root, self.draft)
        #: Whether the document has an address; `#name` alone is an anchor, and moves.
        self.has_address = bool(address) and not address.startswith("#")
        self._root = joined("", address)[0]

    def moved(self, value: Json, base: str) -> Any:
        """Return a schema, or a list of them, with its references from the new root. `base` is where it stands."""
        if isinstance(value, list):
            return [self.moved(item, base) for item in value]
        if not isinstance(value, dict):
            return value
        base = joined(base, address_of(value, self.draft))[0]
        return {keyword: self._part(keyword, part, base) for keyword, part in value.items()}

    def _part(self, keyword: str, part: Json, base: str) -> Json:
        if keyword in _VALUES:
            return part
        if keyword == "$ref" and isinstance(part, str):
            return self._reference(part, base)
        if keyword in _NAMED and isinstance(part, dict):
            return {name: self.moved(schema, base) for name, schema in part.items()}
        return self.moved(part, base)

    def _reference(self, reference: str, base: str) -> str:
        address, fragment = joined(base, reference)
        if address != self._root or (fragment and not fragment.startswith("/")):
            return reference
        return f"{reference.partition('#')[0]}#/items{fragment}"
