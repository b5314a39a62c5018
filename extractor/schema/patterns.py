"""Regular expressions of a schema, matched in linear time.

RE2 has no lookaround, but the most common use of it, conditions at the very start of a pattern, needs none:
`^(?=A)(?!B)C` holds where `^C` and `^(?:A)` are found and `^(?:B)` is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import re2

#: Characters of one pattern. The longest of 11,305 real schemas has 5,153, the 99.9th percentile is below this.
MAX_CHARACTERS: Final = 1_000
#: Bytes that one compiled pattern may take.
_MAX_MEMORY: Final = 8 << 20
_UNICODE_ESCAPE: Final = re.compile(r"((?:^|[^\\])(?:\\\\)*)\\u([0-9a-fA-F]{4})")
_LOOKAHEAD: Final = re.compile(r"\(\?([=!])")


class PatternRefused(ValueError):
    """A pattern that cannot be matched in linear time, or is not a regular expression."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """A compiled pattern."""

    #: Expressions that must be found.
    required: tuple[Any, ...]
    #: Expressions that must not be found.
    forbidden: tuple[Any, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether the pattern is one expression without lookaround, as grammars take it."""
        return len(self.required) == 1 and not self.forbidden

    def search(self, text: str) -> bool:
        """Return whether the pattern is found anywhere in `text`."""
        try:
            for part in self.required:
                if not part.search(text):
                    return False
            return not self.forbidden or not any(part.search(text) for part in self.forbidden)
        except UnicodeEncodeError:  # a lone surrogate: no pattern of real text means it
            return False


@lru_cache(maxsize=2_048)
def compile_pattern(pattern: str) -> Matcher:
    """Compile `pattern` for RE2, taking lookaheads at its start apart.

    Raises:
        PatternRefused: too long, not a regular expression, or beyond linear time.
    """
    if len(pattern) > MAX_CHARACTERS:
        raise PatternRefused(f"it has more than {MAX_CHARACTERS} characters")
    if not pattern.startswith(("^(?=", "^(?!")):
        return Matcher((_compile(pattern),))
    conditions: dict[str, list[str]] = {"=": [], "!": []}
    rest = pattern[1:]
    while found := _LOOKAHEAD.match(rest):
        end = _closing(rest)
        conditions[found[1]].append(f"^(?:{rest[found.end() : end]})")
        rest = rest[end + 1 :]
    if _has_alternatives(rest):
        raise PatternRefused("it has lookaround that linear-time matching does not know")
    return Matcher(
        tuple(_compile(part) for part in (f"^{rest}", *conditions["="])),
        tuple(_compile(part) for part in conditions["!"]),
    )


def _compile(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    try:
        return re2.compile(_UNICODE_ESCAPE.sub(r"\1\\x{\2}", pattern), options)
    except (re2.error, UnicodeEncodeError):
        raise PatternRefused("it is not a regular expression that can be matched in linear time") from None


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
