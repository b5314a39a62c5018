"""What the references of a schema mean. Only parts of the document itself are found; nothing is ever fetched.

A part with an address of its own (`$id`) is a document inside the document: references in it are relative to that
address, and `#` is that part. Everybody who reads a schema after admission would have to know where each part once
stood, so references are resolved once, and a schema that has such parts is rewritten: every reference becomes a JSON
Pointer from the root, and the inner addresses go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urldefrag, urljoin

from extractor.errors import InvalidSchema, UnsupportedSchema
from extractor.jsontext import tokens
from extractor.schema.keywords import DRAFT_4, draft_of, subschemas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extractor.records import Json, JsonObject

#: First draft in which keywords beside `$ref` count.
SIBLINGS_SINCE: Final = 2019
#: Keyword that names a place -> first draft that knows it. To `$ref`, a dynamic anchor is one like any other.
_ANCHORS: Final = {"$anchor": 2019, "$dynamicAnchor": 2020}
#: Characters of a JSON Pointer that a URI's fragment takes as they are. Source: RFC 3986, 3.5.
_IN_FRAGMENTS: Final = "/?!$&'()*+,;=:@~"


class References:
    """Finds what a `$ref` means inside one schema document."""

    def __init__(self, root: JsonObject) -> None:
        #: The schema; after `localise`, every reference in it is a JSON Pointer from here.
        self.root = root
        #: Draft as `keywords.draft_of` has it.
        self.draft = draft_of(root)
        self._located: dict[str, str] = {}
        self._found: dict[str, Json] = {}
        self._recursive: dict[str, bool] = {}

    def note(self, location: str, schema: Json) -> None:
        """Remember what is at a location, so that nobody walks there again."""
        self._found[location] = schema

    def localise(self, moved: Mapping[str, str], addresses: Addresses) -> None:
        """Rewrite the schema where a reference is not the plain JSON Pointer of its target.

        Args:
            moved: Location of each such schema -> location of what it refers to.
            addresses: The parts that have addresses.
        """
        if not moved:
            return
        self.root = _copied(self.root)
        self._found.clear()
        for at, to in moved.items():
            self.at(at)["$ref"] = f"#{quote(to, safe=_IN_FRAGMENTS)}"
        for at in addresses.inner:
            self.at(at).pop(keyword_of_address(self.draft), None)

    def locate(self, ref: str) -> str:
        """Return the JSON Pointer that a reference of the form `#/…` is."""
        if ref not in self._located:
            self._located[ref] = unquote(ref[1:])
        return self._located[ref]

    def at(self, location: str, *, named_at: str | None = None) -> Json:
        """Return the schema at a JSON Pointer, which is written in the schema at `named_at`.

        Raises:
            InvalidSchema: nothing is there.
        """
        if location not in self._found:
            self._found[location] = self._walked(location, named_at)
        return self._found[location]

    def _walked(self, location: str, named_at: str | None) -> Json:
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
                reached.append(self.locate(node["$ref"]))
            if location in reached:
                return True
            open_nodes += [below for below in reached if below not in seen]
            seen.update(reached)
        return False


class Addresses:
    """The parts of one document by address and by anchor.

    Source: RFC 3986, 5.2; JSON Schema 2020-12 core, 8.2; draft 7 core, 8.2, where nothing beside `$ref` counts and an
    `$id` of a fragment alone is an anchor; draft 4 core, 7.2, where the keyword is `id`.
    """

    def __init__(self, named: Mapping[str, JsonObject], draft: int) -> None:
        """`named` is every schema that has an address or an anchor, by location."""
        self._draft = draft
        #: Location of each part that has an address -> that address, absolute as far as the root's is.
        self._bases: dict[str, str] = {"": ""}
        self._parts: dict[str, str] = {"": ""}
        self._anchors: dict[tuple[str, str], str] = {}
        for at in sorted(named, key=len):  # outer ones first
            self._enter(named[at], at)

    @property
    def inner(self) -> list[str]:
        """The locations of parts with an address, without the root."""
        return [at for at in self._bases if at]

    def resolve(self, ref: str, *, at: str) -> str:
        """Return the location of what a reference means that stands in the schema at `at`. It may lead nowhere.

        Raises:
            UnsupportedSchema: it lies outside this document.
            InvalidSchema: it names an anchor that does not exist.
        """
        if len(self._bases) == 1 and (ref == "#" or ref.startswith("#/")):
            return unquote(ref[1:])
        uri, fragment = joined(self._base(at), ref)
        if uri not in self._parts:
            raise UnsupportedSchema("$ref", at=at, because="it points outside the schema, and nothing is ever fetched")
        fragment = unquote(fragment)
        if not fragment or fragment.startswith("/"):
            return self._parts[uri] + fragment
        if (uri, fragment) not in self._anchors:
            raise InvalidSchema(f"The schema refers at {at} to an anchor that does not exist.", at=f"{at}/$ref")
        return self._anchors[uri, fragment]

    def _enter(self, node: JsonObject, at: str) -> None:
        address = address_of(node, self._draft)
        base, fragment = joined(self._base(at), address)
        if address and not address.startswith("#"):
            self._bases[at] = base
            self._parts.setdefault(base, at)
        for anchor in _anchors_of(node, self._draft) or [fragment]:
            if isinstance(anchor, str) and anchor:
                self._anchors.setdefault((base, anchor), at)

    def _base(self, at: str) -> str:
        while at not in self._bases:
            at = at.rpartition("/")[0]
        return self._bases[at]


def joined(base: str, address: str) -> tuple[str, str]:
    """Return what an address means relative to another one, without its fragment, and the fragment."""
    try:
        inner, fragment = urldefrag(address)
        return (urljoin(base, inner) if inner else base), fragment
    except ValueError:  # no address at all, such as one with half of an IPv6 address
        return address, ""


def keyword_of_address(draft: int) -> str:
    """Return the keyword that gives a part of a schema an address."""
    return "id" if draft == DRAFT_4 else "$id"


def address_of(node: JsonObject, draft: int) -> str:
    """Return the address that a schema states for itself, "" where it has none or none that counts."""
    address = node.get(keyword_of_address(draft), "")
    counts = isinstance(address, str) and not (draft < SIBLINGS_SINCE and "$ref" in node)
    return address if counts else ""


def _anchors_of(node: JsonObject, draft: int) -> list[Json]:
    return [node.get(keyword) for keyword, since in _ANCHORS.items() if draft >= since]


def _copied(value: Json) -> Json:
    """Return a copy of `value` that shares no container, not even with itself."""
    if isinstance(value, dict):
        return {name: _copied(member) for name, member in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value
