"""How a document is divided among questions: asked about in one where it fits, else in windows, and in smaller ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from extractor.document import cut, halves, numbers_below, tokens_of
from extractor.schema import expected_answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.ports import Model
    from extractor.records import Document, Json, JsonObject, Window

#: Share of what a request may hold that a document may take: rules, schema and the model's attention need the rest.
INPUT_SHARE: Final = 0.6
#: Share of what a reply may hold that the expected record may take: thoughts and longer records need the rest.
OUTPUT_SHARE: Final = 0.5
#: Tokens of a window at least, so that an estimate far off cannot cut a document into crumbs.
LEAST_TOKENS: Final = 400
#: Tokens that a window repeats of the one before where prose was cut, so that an item at the cut is whole in one.
OVERLAP_TOKENS: Final = 200
#: Share of a document's tokens that lists may take which cannot be counted.
LIST_SHARE: Final = 0.125
#: Characters and lines of a text below which its items are not counted.
SHORT_TEXT: Final = 6_000
FEW_LINES: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """What one question asks: some or all members of the record, about some or all of the document."""

    #: The part of the document, under the number that the question's calls are journalled under.
    window: Window
    #: Members of the record's root that are asked for; None = all.
    members: tuple[str, ...] | None = None
    #: Tokens that the answer is expected to take; None = not counted yet, 0 = no more than its schema says.
    expected_tokens: int | None = None


def plan(document: Document, *, wire: JsonObject, model: Model, most_output: int | None = None) -> tuple[Portion, ...]:
    """Return the portions that a document is asked about in: one, of the whole document, where it fits.

    It fits by input and by expected output, each with a margin.

    Args:
        document: What was read.
        wire: The wire schema of the record.
        model: Whose limits count.
        most_output: The caller's own limit on the tokens of a reply.
    """
    tokens = tokens_of(document.text)
    most = tokens if model.input_limit is None else min(tokens, int(model.input_limit * INPUT_SHARE))
    expected = expected_tokens(wire, document.text)
    limits = [limit for limit in (model.output_limit, most_output) if limit is not None]
    if limits:
        room = int(min(limits) * OUTPUT_SHARE)
        if expected > room:
            most = min(most, tokens * room // expected)
    windows = cut(document, most_tokens=max(most, LEAST_TOKENS), overlap_tokens=OVERLAP_TOKENS)
    if len(windows) == 1:
        return (Portion(window=windows[0], expected_tokens=expected),)
    return tuple(Portion(window=window) for window in windows)


def expected_tokens(wire: JsonObject, text: str) -> int:
    """Return the tokens that an answer about a text is expected to take, 0 where that is no more than its schema says.

    A text of few lines cannot fill lists beyond the room that is left for them in any case.
    """
    is_short = len(text) < SHORT_TEXT and text.count("\n") < FEW_LINES
    return 0 if is_short else expected_answer(wire, text).likely


def room_for_lists(wire: JsonObject, text: str) -> int:
    """Return the tokens that lists may take whose items stand in prose, where nothing tells how many there are.

    Too little room means that an answer is cut off, and bought again.
    """
    return int(tokens_of(text) * LIST_SHARE) if len(text) >= SHORT_TEXT and has_lists(wire) else 0


def is_shown_whole(document: Document, *, model: Model) -> bool:
    """Whether one request may hold all of a document."""
    return model.input_limit is None or tokens_of(document.text) <= model.input_limit * INPUT_SHARE


def divided(portion: Portion, document: Document, *, wire: JsonObject, is_too_long: bool) -> tuple[Portion, ...]:
    """Return smaller portions that make up `portion`; () where it cannot be made smaller.

    Args:
        portion: What could not be answered in one.
        document: The document.
        wire: The wire schema of the record.
        is_too_long: Whether the question did not fit; else the answer did not, and a record without lists is not
            shorter for half of the document.
    """
    if is_too_long and tokens_of(portion.window.text) <= LEAST_TOKENS:
        return ()  # not the document is too long but the question, which is the same for any part of it
    if is_too_long or has_lists(wire, portion.members):
        smaller = halves(portion.window, document, overlap_tokens=OVERLAP_TOKENS)
        if smaller:
            return tuple(Portion(window=window, members=portion.members) for window in smaller)
    return () if is_too_long else _by_members(portion, wire)


def _by_members(portion: Portion, wire: JsonObject) -> tuple[Portion, ...]:
    names = tuple(wire["properties"]) if portion.members is None else portion.members
    if len(names) < 2:  # noqa: PLR2004 - one member cannot be divided
        return ()
    middle = len(names) // 2
    return tuple(
        Portion(window=replace(portion.window, number=number), members=members)
        for number, members in zip(numbers_below(portion.window.number), (names[:middle], names[middle:]), strict=True)
    )


def has_lists(wire: JsonObject, members: Sequence[str] | None = None) -> bool:
    """Whether a record, or some members of it, can hold a list."""
    properties = wire.get("properties", {})
    open_nodes: list[Json] = (
        [properties[name] for name in members] if members is not None else list(properties.values())
    )
    met: set[str] = set()
    while open_nodes:
        node = open_nodes.pop()
        if "items" in node:
            return True
        if "$ref" in node and node["$ref"] not in met:
            met.add(node["$ref"])
            open_nodes.append(wire["$defs"][node["$ref"].rsplit("/", 1)[1]])
        open_nodes += [*node.get("anyOf", ()), *node.get("properties", {}).values()]
    return False
