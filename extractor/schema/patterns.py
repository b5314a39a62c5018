"""Regular expressions of a schema, matched in linear time.

RE2 has no lookaround, but the most common use of it, conditions at the very start of a pattern, needs none:
`^(?=A)(?!B)C` holds where `^C` and `^(?:A)` are found and `^(?:B)` is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

import re2

from extractor.schema.pattern_text import for_re2, is_common

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_T = TypeVar("_T")

#: Characters of one pattern. The longest of 11,305 real schemas has 5,153, the 99.9th percentile is below this.
MAX_CHARACTERS: Final = 1_000
#: Bytes that one compiled pattern may take.
_MAX_MEMORY: Final = 8 << 20
_ATOM: Final = r"(?:[A-Za-z0-9 _:/@#,-]|\\[.\-/d]|\[(?:[A-Za-z]-[A-Za-z]|[0-9]-[0-9]|[A-Za-z0-9 _.:/@#,])+-?\])"
_FIXED: Final = rf"(?:{_ATOM}(?:\{{[0-9]+\}})?)*"
#: Whole texts of ASCII atoms, at most one of them of varying length: nothing here to go back for, so the standard
#: library matches such a pattern in linear time as well, to the same end, and in a third of the time.
_SIMPLE: Final = re.compile(rf"\^{_FIXED}(?:{_ATOM}(?:[+*?]|\{{[0-9]+,[0-9]*\}}))?{_FIXED}\$")
_ANYWHERE: Final = re2._Anchor.UNANCHORED  # noqa: SLF001 - what `_compile` needs
_NOWHERE: Final = (-1, -1)
_LOOKAHEAD: Final = re.compile(r"\(\?([=!])")


class PatternRefused(ValueError):
    """A pattern that cannot be matched in linear time, or is not a regular expression."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """A compiled pattern."""

    #: Whether a text holds each of the expressions that must be found.
    required: tuple[Callable[[str], bool], ...]
    #: The same of those that must not be found.
    forbidden: tuple[Callable[[str], bool], ...] = ()
    #: Instructions of all their programs, by which the work per character is bounded.
    instructions: int = 0
    #: Whether every grammar engine reads the pattern as we do.
    is_common: bool = False

    @property
    def search(self) -> Callable[[str], bool]:
        """Whether the pattern is found anywhere in a text."""
        is_one = len(self.required) == 1 and not self.forbidden
        return self.required[0] if is_one else self._search

    def _search(self, text: str) -> bool:
        if any(is_found(text) for is_found in self.forbidden):
            return False
        return all(is_found(text) for is_found in self.required)


@lru_cache(maxsize=2_048)
def compile_pattern(pattern: str) -> Matcher:
    """Compile `pattern` for RE2, taking lookaheads at its start apart.

    Raises:
        PatternRefused: too long, not a regular expression, or beyond linear time.
    """
    if len(pattern) > MAX_CHARACTERS:
        raise PatternRefused(f"it has more than {MAX_CHARACTERS} characters")
    if not pattern.startswith(("^(?=", "^(?!")):
        is_found, instructions = _compile(pattern)
        return Matcher((is_found,), instructions=instructions, is_common=is_common(pattern))
    conditions: dict[str, list[str]] = {"=": [], "!": []}
    rest = pattern[1:]
    while found := _LOOKAHEAD.match(rest):
        end = _closing(rest)
        conditions[found[1]].append(f"^(?:{rest[found.end() : end]})")
        rest = rest[end + 1 :]
    if _has_alternatives(rest):
        raise PatternRefused("it has lookaround that linear-time matching does not know")
    required = [_compile(part) for part in (f"^{rest}", *conditions["="])]
    forbidden = [_compile(part) for part in conditions["!"]]
    return Matcher(
        tuple(is_found for is_found, _ in required),
        tuple(is_found for is_found, _ in forbidden),
        instructions=sum(count for _, count in required + forbidden),
    )


def _compile(pattern: str) -> tuple[Callable[[str], bool], int]:
    """Return whether an expression is found in a text, and the instructions of its program."""
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    options.never_capture = True
    try:
        compiled = re2.compile(for_re2(pattern), options)
    except (re2.error, UnicodeEncodeError):
        raise PatternRefused("it is not a regular expression that can be matched in linear time") from None
    if _SIMPLE.fullmatch(pattern):
        fullmatch = re.compile(pattern[1:-1], re.ASCII).fullmatch
        return (lambda text: fullmatch(text) is not None), compiled.programsize
    # The public method finds the same, makes objects of it that nobody reads, and takes eight times as long.
    match = compiled._regexp.Match  # noqa: SLF001

    def is_found(text: str) -> bool:
        try:
            encoded = text.encode()
        except UnicodeEncodeError:  # a lone surrogate: no pattern of real text means it
            return False
        return bool(match(_ANYWHERE, encoded, 0, len(encoded))[0] != _NOWHERE)

    return is_found, compiled.programsize


def _depths(pattern: str) -> list[int]:
    """Return the depth of groups after each character; characters in classes and escapes do not count."""
    depths, depth, in_class, escaped = [], 0, False, False
    for character in pattern:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
        else:
            depth += {"(": 1, ")": -1}.get(character, 0)
        depths.append(depth)
    return depths


def _closing(pattern: str) -> int:
    """Return the index of the parenthesis that closes the group at the start of `pattern`."""
    try:
        return _depths(pattern).index(0)
    except ValueError:
        raise PatternRefused("its parentheses do not match") from None


def _has_alternatives(pattern: str) -> bool:
    """Return whether `pattern` may have a `|` outside every group."""
    return any(character == "|" and depth == 0 for character, depth in zip(pattern, _depths(pattern), strict=True))


def matching(patterns: Mapping[str, _T], name: str) -> list[_T]:
    """Return what stands beside each of some patterns that is found in `name`."""
    return [beside for pattern, beside in patterns.items() if compile_pattern(pattern).search(name)]
