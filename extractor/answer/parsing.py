"""The text of an answer as one JSON value.

Strict first. What is taken off otherwise can only be packaging: a byte-order mark, white space, thoughts before the
answer, one code fence round all of it. Nothing is ever closed or completed: a truncated answer that "parses" after a
repair is a record with its end silently missing. Inside the JSON only that is settled which could be neither stored
nor found in a document: control characters, halves of surrogate pairs, a member given twice with equal values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from extractor import jsontext
from extractor.answer.thoughts import without_thoughts
from extractor.records import Json, Repair, Violation

#: Characters of an answer beyond which it is not parsed: ten times what 32,768 output tokens hold.
MAX_CHARACTERS = 2_000_000

#: Rule -> what would be right.
_SAYS = {
    "not_json": "the answer must be one complete JSON value and nothing else",
    "empty": "the answer must be one JSON value; it was empty",
    "duplicate_key": "an object must not hold one key twice with different values",
    "not_a_number": "numbers must be finite: NaN and Infinity are not JSON",
    "huge_number": f"a number must fit a double and have {jsontext.MAX_DIGITS} digits at most",
    "too_deep": f"values must not be nested deeper than {jsontext.MAX_DEPTH} levels",
    "too_large": f"the answer must not be longer than {MAX_CHARACTERS:,} characters",
}
_RULES = {"syntax": "not_json"}
#: Repairs of what the strings of JSON may hold.
_IN_STRINGS = frozenset({"lone_surrogate", "control_character"})

_WHITE_SPACE_OF_JSON = " \t\n\r"
_CODE_FENCE = re.compile(r"```[A-Za-z0-9]*(?![A-Za-z0-9])(.*)```", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """An answer that was read, or why it could not be."""

    #: The value; None when there are violations.
    value: Json
    #: What was taken off before the value could be read, in order, and what was settled inside it.
    repairs: tuple[Repair, ...] = ()
    #: Empty, or the one reason why there is no value.
    violations: tuple[Violation, ...] = ()

    @property
    def is_as_asked(self) -> bool:
        """Whether a grammar may have written the text: nothing was taken off, and no member was given twice.

        Control characters and halves of surrogate pairs are no sign against it: the strings of JSON may hold them.
        """
        return not self.violations and {repair.name for repair in self.repairs} <= _IN_STRINGS


def parse(text: str) -> Parsed:
    """Read one JSON value. Never raises."""
    if len(text) > MAX_CHARACTERS:
        return _refused("too_large")
    parsed = _read(text)
    if not parsed.violations:
        return parsed
    bare, names = unpacked(text)
    if names:
        parsed = _read(bare)
    if parsed.violations:
        return parsed if bare else _refused("empty")
    return replace(parsed, repairs=(*(Repair(name=name) for name in names), *parsed.repairs))


def parse_strictly(text: str) -> Parsed:
    """Read one JSON value from which nothing has to be taken off. Never raises."""
    if len(text) > MAX_CHARACTERS:
        return _refused("too_large")
    return _read(text) if text.strip(_WHITE_SPACE_OF_JSON) else _refused("empty")


def refused(rule: str) -> Parsed:
    """Return what is to be said of a text that cannot be read for a reason of `jsontext`."""
    return _refused(_RULES.get(rule, rule))


def _read(text: str) -> Parsed:
    try:
        value, notes = jsontext.read(text)
    except jsontext.NotStrictJson as refusal:
        return refused(refusal.reason)
    return Parsed(value=value, repairs=tuple(Repair(name=note.name, at=note.at) for note in notes))


def _refused(rule: str) -> Parsed:
    violation = Violation(at="", rule="not_json" if rule == "empty" else rule, says=_SAYS[rule])
    return Parsed(value=None, violations=(violation,))


def unpacked(text: str) -> tuple[str, list[str]]:
    """Return the text without its packaging, and the name of each piece taken off."""
    names: list[str] = []
    for name, take_off in (
        ("byte_order_mark", _without_byte_order_mark),
        ("white_space", _without_white_space),
        ("think_block", without_thoughts),
        ("fence", without_fence),
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


def without_fence(text: str) -> str:
    """Take off one code fence round all of the text."""
    fenced = _CODE_FENCE.fullmatch(text)
    return fenced[1] if fenced else text
