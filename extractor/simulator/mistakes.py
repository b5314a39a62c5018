"""Mistakes that a request can make, and that some endpoint somewhere answers with a failure of its own.

Our requests make none of them. A reply of the catalogue that names one is played only to a request that does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from extractor.records import Json, JsonObject

_INTEGER_BOUNDS: Final = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_REASONING: Final = frozenset({"reasoning", "reasoning_content", "reasoning_details"})


def is_made(mistake: str, body: JsonObject, *, earlier: Sequence[JsonObject] = ()) -> bool:
    """Whether a request makes `mistake`.

    Args:
        mistake: A name of `MISTAKES`, or `same_body`: the request is one that was sent before.
        body: The request.
        earlier: Requests about the same document before it.
    """
    return body in earlier if mistake == "same_body" else MISTAKES[mistake](body)


def _has_content_in_parts(body: JsonObject) -> bool:
    return any(not isinstance(message.get("content"), str) for message in _messages(body))


def _forces_a_tool(body: JsonObject) -> bool:
    choice = body.get("tool_choice")
    return choice == "required" or isinstance(choice, dict)


def _has_no_tools_in_its_list(body: JsonObject) -> bool:
    return body.get("tools") == []


def _has_open_objects(body: JsonObject) -> bool:
    return any(part.get("type") == "object" and part.get("additionalProperties") is not False for part in _parts(body))


def _has_defaults(body: JsonObject) -> bool:
    return any("default" in part and "type" in part for part in _parts(body))


def _has_bounded_integers(body: JsonObject) -> bool:
    return any(part.get("type") == "integer" and not _INTEGER_BOUNDS.isdisjoint(part) for part in _parts(body))


def _returns_the_answer(body: JsonObject) -> bool:
    return any(message.get("role") not in {"system", "user"} for message in _messages(body))


def _returns_reasoning(body: JsonObject) -> bool:
    return any(not _REASONING.isdisjoint(message) for message in _messages(body))


#: Mistakes by name, as one request shows them.
MISTAKES: Final[dict[str, Callable[[JsonObject], bool]]] = {
    "content_in_parts": _has_content_in_parts,
    "forced_tool": _forces_a_tool,
    "empty_tools": _has_no_tools_in_its_list,
    "open_object": _has_open_objects,
    "default_keyword": _has_defaults,
    "bounded_integer": _has_bounded_integers,
    "answer_returned": _returns_the_answer,
    "reasoning_returned": _returns_reasoning,
}


def _messages(body: JsonObject) -> list[JsonObject]:
    return [message for message in body.get("messages") or [] if isinstance(message, dict)]


def _parts(body: JsonObject) -> Iterator[JsonObject]:
    """Yield every object inside the schemas of a request."""
    yield from _objects((body.get("response_format") or {}).get("json_schema", {}).get("schema"))
    for tool in body.get("tools") or []:
        yield from _objects(tool.get("function", {}).get("parameters"))


def _objects(value: Json) -> Iterator[JsonObject]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(inner)
