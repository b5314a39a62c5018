"""Fences round text that others wrote, and page marks inside it, that this text cannot forge.

A fence is a pair of lines `<document 3f9c0a17b2de>` and `</document 3f9c0a17b2de>`. The mark is made from a key, so an
equal request is made twice as equal bytes, and it occurs nowhere in the text it encloses: whoever knows the key and
writes the mark into a document only makes us take the next one.
"""

from __future__ import annotations

import hmac
import re
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from extractor import jsontext

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extractor.records import Json, Passage, Window

#: Hexadecimal digits of a mark: 48 bits, seven tokens.
MARK_DIGITS = 12
#: What a mark may be disguised with and still be taken for itself: characters that are not printed, and wide forms.
#: Ranges, because the regular expression engine is a hundred times slower with one character after the other.
_UNPRINTED = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef"
_DISGUISE = re.compile(f"[{_UNPRINTED}\uff01-\uff5e]")
#: From a character of ASCII to its wide form.
_TO_WIDE = 0xFEE0
_WIDE = {chr(code): chr(code - _TO_WIDE) for code in range(0xFF01, 0xFF5F)}
#: What some readers take for the end of a line, though JSON lets it stand in a string as it is.
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
_OPENING = re.compile(rf"<([a-z]+) ([0-9a-f]{{{MARK_DIGITS}}})>\n")


class Fenced(NamedTuple):
    """A fenced text found in a message."""

    kind: str
    mark: str
    body: str
    #: Offset after the closing fence.
    end: int


def mark(label: str, *, key: str, absent_from: Iterable[str]) -> str:
    """Return the first mark of (`key`, `label`) that occurs in none of the texts, capitals and disguises included."""
    texts = tuple(_undisguised(text) for text in absent_from)
    secret = key.encode("utf-8", "surrogatepass")
    for attempt in count():
        candidate = hmac.digest(secret, f"{label} {attempt}".encode(), "sha256").hex()[:MARK_DIGITS]
        if not any(candidate in text for text in texts):
            return candidate
    raise AssertionError("unreachable: texts are finite")


def strike_out(text: str, *, marks: Iterable[str]) -> str:
    """Return `text`, equally long, without marks of fences that stand already: a model may copy them from there.

    Capitals and disguises included, as in `mark`.
    """
    for known in marks:
        if known in _undisguised(text):
            text = _in_any_disguise(known).sub(lambda found: "-" * len(found[0]), text)
    return text


def _in_any_disguise(known: str) -> re.Pattern[str]:
    """Return what finds a mark. Linear: a run of unprinted characters is read once for each digit at most."""
    spellings = ["".join(each + chr(ord(each) + _TO_WIDE) for each in {digit, digit.upper()}) for digit in known]
    return re.compile(f"[{_UNPRINTED}]*+".join(f"[{spelling}]" for spelling in spellings))


def quoted(value: Json) -> str:
    """Return JSON that is one line for every reader: U+2028 and the like are escaped."""
    return jsontext.dumps(value).translate(_LINE_ENDS)


def _undisguised(text: str) -> str:
    """Return the text in lower case, without characters that are not printed, wide forms as ASCII."""
    if not text.isascii() and _DISGUISE.search(text):
        text = _DISGUISE.sub(lambda found: _WIDE.get(found[0], ""), text)
    return text.lower()


def fence(kind: str, body: str, *, mark: str) -> str:
    """Return `body` between an opening and a closing line."""
    return f"<{kind} {mark}>\n{body}\n</{kind} {mark}>"


def unfence(text: str, *, at: int = 0) -> Fenced:
    """Read the fenced text that begins at offset `at`.

    Raises:
        ValueError: no fence opens there, or it is never closed.
    """
    opening = _OPENING.match(text, at)
    if opening is None:
        raise ValueError(f"no fence opens at offset {at}")
    kind, found_mark = opening.groups()
    closing = f"\n</{kind} {found_mark}>"
    end = text.index(closing, opening.end())
    return Fenced(kind, found_mark, text[opening.end() : end], end + len(closing))


def with_page_marks(window: Window, *, mark: str) -> str:
    """Return the window's text with a line `[3f9c0a17b2de page 2]` for each form feed between two pages.

    A window on a single page is returned as it is. A form feed inside a page is text like any other.
    """
    first, *others = window.pages
    if not others:
        return window.text
    parts = [f"[{mark} page {first.number}]\n"]
    rest = 0
    for page in others:
        gap = page.start - 1 - window.start
        if gap >= rest and window.text.startswith("\f", gap):
            parts += window.text[rest:gap], f"\n[{mark} page {page.number}]\n"
            rest = gap + 1
    parts.append(window.text[rest:])
    return "".join(parts)


def without_page_marks(body: str, *, mark: str) -> str:
    """Return the text that `with_page_marks` was given."""
    first = re.match(rf"\[{mark} page \d+\]\n", body)
    return re.sub(rf"\n\[{mark} page \d+\]\n", "\f", body[first.end() :] if first else body)


def with_gap_marks(passages: Sequence[Passage], *, mark: str) -> str:
    """Return passages with a line `[3f9c0a17b2de left out]` before each behind which the document does not begin."""
    line = f"[{mark} left out]\n"
    begins_later = passages[0].start > 0 if passages else False
    return (line if begins_later else "") + f"\n{line}".join(passage.text for passage in passages)


def without_gap_marks(body: str, *, mark: str) -> tuple[str, ...]:
    """Return the texts of the passages that `with_gap_marks` was given."""
    line = f"[{mark} left out]\n"
    return tuple(body.removeprefix(line).split(f"\n{line}"))
