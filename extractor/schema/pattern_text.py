"""The text of a regular expression: what its authors mean, and what every grammar engine reads as they do.

Authors of JSON Schema write ECMA 262. RE2, which matches here, differs from it in white space and in how a code point
is written. Engines that hold a model to a grammar know less than both, and refuse or misread the rest.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

#: One step of an expression: a code point, another escape, or a character.
_STEP: Final = re.compile(r"\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\.|.", re.DOTALL)
#: What ECMA's `\s` stands for, as the inside of a class of RE2, whose own is ASCII. Source: ECMA 262, 22.2.2.9.
_WHITE: Final = r"\s\x0b\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}"
#: What ECMA's `.` stands for: any character but those that end a line. Source: ECMA 262, 12.3.
_ANY: Final = r"[^\n\r\x{2028}\x{2029}]"
#: Escapes that mean the same to everybody; others of a letter or digit do not, or are unknown to some.
_COMMON_ESCAPES: Final = re.compile(r"\\(?:[dDwWsStnrfv]|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[^0-9A-Za-z])")
_REPETITION: Final = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}")
#: A class of characters as everybody reads it: nothing nested, no set operations, no bracket in first place.
_CLASS: Final = re.compile(r"\[\^?(?:\\.[0-9a-fA-F]*|[^\[\]\\])+\]", re.DOTALL)
_SET_OPERATIONS: Final = ("&&", "--", "~~")
#: What a group may begin with: nothing, or that it is not captured.
_GROUP: Final = re.compile(r"\((?:\?:|(?!\?))")
#: A literal character, an escape, or any character.
_ATOM: Final = re.compile(r"[^\\^$.*+?()\[\]{}|]|\.|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\.", re.DOTALL)


def for_re2(pattern: str) -> str:
    r"""Return `pattern` as RE2 has to read it to find what its author means.

    What `\S` adds to a class stays RE2's: there is no way to say the other.
    """
    return "".join(_translated(step, in_class=in_class) for step, in_class in _steps(pattern))


def _translated(step: str, *, in_class: bool) -> str:
    if step.startswith("\\u") and len(step) > 2:  # noqa: PLR2004 - more than the escape itself
        return f"\\x{{{step[2:]}}}"
    if step == "[" and in_class:
        return r"\["  # a class of POSIX begins here for RE2, and nothing for ECMA
    if step == "." and not in_class:
        return _ANY
    if step == r"\s":
        return _WHITE if in_class else f"[{_WHITE}]"
    if step == r"\S" and not in_class:
        return f"[^{_WHITE}]"
    return step


def _steps(pattern: str) -> Iterator[tuple[str, bool]]:
    """Yield each step of an expression, and whether it stands in a class of characters."""
    in_class = False
    for found in _STEP.finditer(pattern):
        step = found[0]
        yield step, in_class
        if not in_class:
            in_class = step == "["
        elif step == "]":
            in_class = False


def is_common(pattern: str) -> bool:
    """Return whether every engine takes `pattern` and reads it alike, as far as that can be told from its text.

    Anchors may stand at the ends of the alternatives of the whole, and nowhere else.
    """
    depth, at = 0, 0
    while at < len(pattern):
        found = _CLASS.match(pattern, at) or _REPETITION.match(pattern, at) or _GROUP.match(pattern, at)
        found = found or _ATOM.match(pattern, at)
        character = pattern[at]
        if character in "^$":
            if depth or not _is_at_an_end(pattern, at):
                return False
        elif character not in "*+?|)" and (found is None or not _is_common_step(found[0], before=pattern[:at])):
            return False
        depth += {"(": 1, ")": -1}.get(character, 0)
        at = found.end() if found and character not in "^$" else at + 1
    return True


def _is_at_an_end(pattern: str, at: int) -> bool:
    if pattern[at] == "^":
        return at == 0 or (pattern[at - 1] == "|" and not pattern[: at - 1].endswith("\\"))
    return pattern[at + 1 : at + 2] in {"", "|"}


def _is_common_step(step: str, *, before: str) -> bool:
    if step.startswith("{"):
        return before != "" and before[-1] not in "|(^"
    if step.startswith("["):
        return not any(word in step for word in _SET_OPERATIONS) and _has_common_escapes(step)
    return not step.startswith("\\") or _COMMON_ESCAPES.fullmatch(step) is not None


def _has_common_escapes(text: str) -> bool:
    return all(_COMMON_ESCAPES.fullmatch(step) for step, _ in _steps(text) if step.startswith("\\"))
