"""Where the thoughts of a model stand in its text: blocks that hold drafts, and never the answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A tag that opens or ends thoughts, as models and their templates write them. Linear: no part runs over a "<".
_TAG: Final = re.compile(
    r"<(?P<slash>/?)\s*+(?P<name>(?:[a-z]++:)?+(?:think(?:ing)?|thoughts?|reasoning|analysis|reflection|scratchpad))"
    r"(?:\s[^<>]*+)?(?<!/)>"
    r"|\[(?P<slash_in_brackets>/?)THINK\]"
    r"|<\|channel\|>\s*+(?:analysis|(?P<channel>(?:final|commentary)[^<>]*+(?:<\|constrain\|>[^<>]*+)?<\|message\|>))",
    re.IGNORECASE,
)
#: What an answer begins with.
_SIGNS: Final = frozenset('{["`')


def without_thoughts(text: str) -> str:
    """Take off everything up to an end of thoughts, opened or not, while what stands there is not yet the answer.

    The first end counts unless more prose follows, for an answer may itself hold such a tag.
    """
    start = 0
    opened: list[str] = []
    for tag in _TAG.finditer(text):
        if not opened and tag.start() > start and text[start] in _SIGNS:
            break
        _follow(tag, opened)
        if not opened:
            start = tag.end()
            while text[start : start + 1].isspace():
                start += 1
    return text[start:]


def outside(text: str, spans: Sequence[tuple[int, int]]) -> tuple[int, bool]:
    """Return where the last thoughts end that stand outside all spans, 0 = nowhere, and whether others stay open."""
    end = 0
    opened: list[str] = []
    for tag in _TAG.finditer(text):
        if any(start < tag.start() < stop for start, stop in spans):
            continue
        _follow(tag, opened)
        end = end if opened else tag.end()
    return end, bool(opened)


def _follow(tag: re.Match[str], opened: list[str]) -> None:
    """Enter a tag into the names of the blocks that stand open, the outermost first.

    A name opened once more inside its own block is a word of the thoughts. An end that nothing opened ends them all:
    some templates open the block themselves, and some models end it by another name.
    """
    name = (tag["name"] or tag[0].strip("[]/<|")[:5]).lower()
    if not (tag["slash"] or tag["slash_in_brackets"] or tag["channel"]):
        if name not in opened:
            opened.append(name)
    elif name in opened:
        del opened[opened.index(name) :]
    else:
        opened.clear()
