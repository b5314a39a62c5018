"""Local references of a schema. External ones are refused, never fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urldefrag, urljoin

from extractor.errors import InvalidSchema, UnsupportedSchema
from extractor.jsontext import tokens
from extractor.schema.keywords import draft_of, mapping, subschemas

if TYPE_CHECKING:
    from extractor.records import Json, JsonObject

#: First draft in which `$id` cannot be an anchor and `$anchor` exists.
_ANCHORS_SINCE = 2019


class References:
    """Finds what a `$ref` means inside one schema document."""

    def __init__(self, root: JsonObject) -> None:
        self.root = root
        #: Draft as `keywords.draft_of` has it.
        self.draft = draft_of(root)
        self._base = str(root.get("$id") or root.get("id") or "")
        self._anchors: dict[str, str] | None = None
        self._recursive: dict[str, bool] = {}

    def locate(self, ref: Json, *, at: str) -> str:
        """Return the JSON Pointer of the schema that `ref` names.

        Raises:
            UnsupportedSchema: it lies outside this document.
            InvalidSchema: it is not a string, or nothing is there.
        """
        if not isinstance(ref, str):
            raise InvalidSchema(f"The schema's `$ref` at {at} is not a string.", at=f"{at}/$ref")
        address, fragment = urldefrag(ref)
        if address and urljoin(self._base, address) != urldefrag(self._base).url:
            raise UnsupportedSchema("$ref", at=at, because="it points outside the schema, and nothing is ever fetched")
        fragment = unquote(fragment)
        if fragment and not fragment.startswith("/"):
            return self._anchor(fragment, at=at)
        self.at(fragment, named_at=f"{at}/$ref")
        return fragment

    def at(self, location: str, *, named_at: str | None = None) -> Json:
        """Return the schema at a JSON Pointer, which is written in the schema at `named_at`.

        Raises:
            InvalidSchema: nothing is there.
        """
        found: Json = self.root
        for token in tokens(location):
            if isinstance(found, dict) and token in found:
                found = found[token]
            elif isinstance(found, list) and token.isdecimal() and int(token) < len(found):
                found = found[int(token)]
            else:
                raise InvalidSchema(f"The schema refers to {location}, and nothing is there.", at=named_at)
        return found

    def is_recursive(self, location: str) -> bool:
        """Return whether the schema at `location` can contain itself."""
        if location not in self._recursive:
            self._recursive[location] = self._reaches_itself(location)
        return self._recursive[location]

    def _reaches_itself(self, location: str) -> bool:
        seen: set[str] = set()
        open_nodes = [location]
        while open_nodes:
            at = open_nodes.pop()
            node = self.at(at)
            if not isinstance(node, dict):
                continue
            reached = [below for below, _, _ in subschemas(node, at, self.draft)]
            if "$ref" in node:
                reached.append(self.locate(node["$ref"], at=at))
            if location in reached:
                return True
            open_nodes += [below for below in reached if below not in seen]
            seen.update(reached)
        return False

    def _anchor(self, name: str, *, at: str) -> str:
        if self._anchors is None:
            self._anchors = _anchors(self.root, self.draft)
        if name not in self._anchors:
            raise InvalidSchema(f"The schema refers at {at} to an anchor that does not exist.", at=f"{at}/$ref")
        return self._anchors[name]


def _anchors(root: JsonObject, draft: int) -> dict[str, str]:
    """Return the anchors of a document: name -> JSON Pointer."""
    found: dict[str, str] = {}
    open_nodes: list[tuple[str, Json]] = [("", root)]
    while open_nodes:
        at, node = open_nodes.pop()
        if not isinstance(node, dict):
            continue
        anchor = node.get("$anchor") if draft >= _ANCHORS_SINCE else node.get("$id", node.get("id"))
        if isinstance(anchor, str) and (draft >= _ANCHORS_SINCE or anchor.startswith("#")):
            found.setdefault(anchor.removeprefix("#"), at)
        open_nodes += [(below, child) for below, child, _ in subschemas(mapping(node, at), at, draft)]
    return found
