"""The text of an answer as one JSON value.

Strict first. What is taken off otherwise can only be packaging: a byte-order mark, white space, thoughts before the
answer, one code fence round all of it. Nothing inside the JSON is ever changed, closed or completed: a truncated
answer that "parses" after a repair is a record with its end silently missing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from extractor import jsontext
from extractor.records import Json, Repair, Violation

#: Characters of an answer beyond which it is not parsed: ten times what 32,768 output tokens hold.
MAX_CHARACTERS = 2_000_000

#: Rule -> what would be right.
_SAYS = {
    "not_json": "the answer must be one complete JSON value and nothing else",
    "empty": "the answer must be one JSON value; it was empty",
    "duplicate_key": "an object must not hold one key twice with different values",
    "not_a_number": "numbers must be finite: NaN and Infinity are not JSON",
    "huge_number": "a number must fit a double, and an integer must have 400 digits at most",
    "too_deep": f"values must not be nested deeper than {jsontext.MAX_DEPTH} levels",
    "too_large": f"the answer must not be longer than {MAX_CHARACTERS:,} characters",
    "lone_surrogate": "strings must be Unicode text: half of a surrogate pair is no character",
}
_RULES = {"syntax": "not_json"}

_WHITE_SPACE_OF_JSON = " \t\n\r"
_END_OF_THOUGHTS = "</think>"
_CODE_FENCE = re.compile(r"```[A-Za-z0-9]*(?![A-Za-z0-9])(.*)```", re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """An answer that was read, or why it could not be."""

    #: The value; None when there are violations.
    value: Json
    #: What was taken off before the value could be read, in order.
    repairs: tuple[Repair, ...] = ()
    #: Empty, or the one reason why there is no value.
    violations: tuple[Violation, ...] = ()


def parse(text: str) -> Parsed:
    """Read one JSON value. Never raises."""
    if len(text) > MAX_CHARACTERS:
        return _refused("too_large")
    value, rule = _value_or_rule(text)
    if not rule:
        return Parsed(value=value)
    bare, names = _unwrapped(text)
    if names:
        value, rule = _value_or_rule(bare)
    if rule:
        return _refused(rule if bare else "empty")
    return Parsed(value=value, repairs=tuple(Repair(name=name) for name in names))


def _refused(rule: str) -> Parsed:
    violation = Violation(at="", rule="not_json" if rule == "empty" else rule, says=_SAYS[rule])
    return Parsed(value=None, violations=(violation,))


def _value_or_rule(text: str) -> tuple[Json, str]:
    """Return the value and "", or None and the rule that the text breaks."""
    try:
        value = jsontext.parse(text)
    except jsontext.NotStrictJson as refusal:
        return None, _RULES.get(refusal.reason, refusal.reason)
    if _is_too_deep(text):
        return None, "too_deep"
    if _SURROGATE.search(text) and _has_lone_surrogate(value):
        return None, "lone_surrogate"
    return value, ""


def _is_too_deep(text: str) -> bool:
    """Say whether containers nest too deep. Braces inside strings only make it look closer."""
    if text.count("[") + text.count("{") <= jsontext.MAX_DEPTH:
        return False
    depth = deepest = 0
    for bracket in re.findall(r'"(?:[^"\\]|\\.)*"|[\[{\]}]', text):
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in "]}":
            depth -= 1
    return deepest > jsontext.MAX_DEPTH


def _has_lone_surrogate(value: Json) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _unwrapped(text: str) -> tuple[str, list[str]]:
    """Return the text without its packaging, and the name of each piece taken off."""
    names: list[str] = []
    for name, take_off in (
        ("byte_order_mark", _without_byte_order_mark),
        ("white_space", _without_white_space),
        ("think_block", _without_thoughts),
        ("fence", _without_fence),
    ):
        bare = take_off(text)
        if bare != text:
            names.append(name)
        text = bare.strip(_WHITE_SPACE_OF_JSON)
    return text, names


def _without_byte_order_mark(text: str) -> str:
    return text.removeprefix("\ufeff")


def _without_white_space(text: str) -> str:
    """Take off white space that JSON does not know: no-break and ideographic spaces, form feeds."""
    return text.strip()


def _without_thoughts(text: str) -> str:
    """Take off everything up to a `</think>`, opened or not, while what stands there is not yet the answer.

    The first `</think>` ends the thoughts unless more prose follows, for an answer may itself hold this word.
    """
    start = 0
    while text[start : start + 1] not in {"{", "[", '"', "`"}:
        end = text.find(_END_OF_THOUGHTS, start)
        if end < 0:
            break
        start = end + len(_END_OF_THOUGHTS)
        while text[start : start + 1].isspace():
            start += 1
    return text[start:]


def _without_fence(text: str) -> str:
    fenced = _CODE_FENCE.fullmatch(text)
    return fenced[1] if fenced else text
