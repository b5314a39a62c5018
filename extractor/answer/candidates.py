"""The JSON values that a text holds besides other things.

One pass over the text finds the containers that stand in it by themselves, with an eye for strings. What is not
certain is not taken: where a container or a block of thoughts is never closed, or a container is closed that was never
opened, the text may have been cut or its end lost, and then nothing in it is a candidate, also not what was complete
before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from extractor.answer import thoughts
from extractor.answer.parsing import unpacked, without_fence
from extractor.jsontext import MAX_DEPTH

#: Containers in one text beyond which it is not an answer with words around it.
MAX_STARTS: Final = 32
#: Leading braces too many that are still taken for one grammar stuttering.
MAX_DOUBLED: Final = 8

_CLOSERS: Final = {"{": "}", "[": "]"}
_QUOTES: Final = frozenset("\"'")
#: What stands between brackets: outside containers anything, inside them strings of JSON and what is no quote.
_OUTSIDE: Final = re.compile(r"[^\[\]{}]*+")
_INSIDE: Final = re.compile(r"""(?:[^"'\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+""", re.DOTALL)
_REST_OF_STRING: Final = re.compile(r"[^'\\]*+(?:\\.[^'\\]*+)*+'", re.DOTALL)
#: White space, at most, between a single quote and the sign that lets it open a string.
_LOOK_BACK: Final = 64
_DOUBLED_BRACE: Final = re.compile(r"\{(?:\s*+\{)++")
_CLOSERS_ALONE: Final = re.compile(r"[\s}\]]*+")
#: What stands behind a value that is a part of something, or whose parts fell out behind it.
_GOES_ON: Final = re.compile(r"""\S?\w|\s*+[,:"']""")
_FENCE: Final = re.compile(r"```[A-Za-z0-9]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Where containers stand in a text."""

    #: Start and end of each that was closed, in order.
    spans: tuple[tuple[int, int], ...]
    #: Containers open where the scan ended; 0 too where it ended for another reason.
    open: int = 0
    #: Whether the scan reached the end with nothing open and nothing closed in vain.
    is_balanced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The candidates in a text."""

    #: Text of each, in order.
    texts: tuple[str, ...] = ()
    #: Names of what was taken off around them.
    names: tuple[str, ...] = ()


def find(text: str) -> Found:
    """Return the values that stand by themselves in a text which as a whole is not JSON."""
    bare, names = unpacked(text)
    found = scan(bare)
    end, _ = thoughts.outside(bare, found.spans)
    if end:
        bare = without_fence(bare[end:].strip())
        found, names = scan(bare), [*names, "think_block"]
    if not found.is_balanced:
        return _unbalanced(bare, found, names)
    _, is_open = thoughts.outside(bare, found.spans)
    if is_open or not all(_stands_alone(bare, span) for span in found.spans):
        return Found()
    around = _around(bare, found.spans)
    return Found(texts=tuple(bare[start:end] for start, end in found.spans), names=(*names, *around))


def last_of(text: str) -> str:
    """Return the value with which a text ends, fences aside; "" where it ends with anything else."""
    bare = text.rstrip().removesuffix("```").rstrip()
    found = scan(bare, most=len(bare))
    if not found.is_balanced or not found.spans or found.spans[-1][1] != len(bare):
        return ""
    return bare[found.spans[-1][0] :] if _stands_alone(bare, found.spans[-1]) else ""


def starts_doubled(text: str) -> bool:
    """Say whether the answer in a text opens with more than one brace, as a grammar that stutters does."""
    return _DOUBLED_BRACE.match(unpacked(text)[0]) is not None


def scan(text: str, *, most: int = MAX_STARTS) -> Scan:
    """Find the containers at the top of a text, `most` at most. Linear, and without recursion.

    Quotes count inside containers only, for prose has apostrophes; there a single quote opens a string where a value
    or key may begin.
    """
    spans: list[tuple[int, int]] = []
    closers: list[str] = []
    start = at = 0
    while (at := _between(text, at, is_inside=bool(closers))) < len(text):
        sign, at = text[at], at + 1
        if sign in _QUOTES:
            at = _end_of_string(text, at, sign)
        elif sign in _CLOSERS:
            start = start if closers else at - 1
            closers.append(_CLOSERS[sign])
        elif not closers or closers.pop() != sign:
            break
        elif not closers:
            spans.append((start, at))
        if at < 0 or len(closers) > MAX_DEPTH or len(spans) + bool(closers) > most:
            break
    else:
        return Scan(spans=tuple(spans), open=len(closers), is_balanced=not closers)
    return Scan(spans=tuple(spans))


def _between(text: str, at: int, *, is_inside: bool) -> int:
    """Return where the next bracket stands, or a quote that does not open a whole string of JSON."""
    skipped = (_INSIDE if is_inside else _OUTSIDE).match(text, at)
    return skipped.end() if skipped else at


def _end_of_string(text: str, at: int, quote: str) -> int:
    """Return where the string ends that a quote before `at` opens; `at` where it opens none, -1 where none ends."""
    if quote == '"':
        return -1
    before = text[max(0, at - 1 - _LOOK_BACK) : at - 1].rstrip()
    if before[-1:] not in {"{", "[", ",", ":"}:
        return at
    rest = _REST_OF_STRING.match(text, at)
    return rest.end() if rest else -1


def _unbalanced(text: str, found: Scan, names: list[str]) -> Found:
    """Return what is certain all the same: one value with braces too many in front, or behind it."""
    doubled = _DOUBLED_BRACE.match(text)
    if doubled and 0 < found.open <= min(doubled[0].count("{") - 1, MAX_DOUBLED):
        rest = text.split("{", found.open)[-1].strip()
        return _if_whole(rest, (*names, "doubled_brace"))
    if len(found.spans) == 1 and found.spans[0][0] == 0 and not found.open:
        end = found.spans[0][1]
        if _CLOSERS_ALONE.fullmatch(text, end):
            return Found(texts=(text[:end],), names=(*names, "stray_closer"))
    return Found()


def _if_whole(text: str, names: tuple[str, ...]) -> Found:
    found = scan(text)
    return Found(texts=(text,), names=names) if found.is_balanced and found.spans == ((0, len(text)),) else Found()


def _stands_alone(text: str, span: tuple[int, int]) -> bool:
    """Say whether nothing beside a value shows that it is a part of something larger."""
    before = text[: span[0]].rstrip()[-2:]
    return before[-1:] != "," and before not in {'":', "':"} and not _GOES_ON.match(text, span[1])


def _around(text: str, spans: tuple[tuple[int, int], ...]) -> list[str]:
    """Return the name of what stands around and between values."""
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(text)]
    around = "".join(text[end:start] for end, start in zip(ends, starts, strict=True)).strip()
    if not around:
        return []
    return ["prose" if _FENCE.sub("", around).strip() else "fence"]
