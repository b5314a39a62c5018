"""JSON that is written loosely, as JSON.

Only spellings are changed that have one meaning: a comma before a closing bracket, Python's quotes and words, a line
end inside a string, an escaped one outside. The text is rewritten sign by sign and then read strictly, so that
whatever strict reading refuses stays refused. Nothing is added but what a spelling needs: no bracket, comma or quote.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from extractor import jsontext
from extractor.records import Repair

if TYPE_CHECKING:
    from extractor.records import Json

_LOOSE: Final = re.compile(
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"(?:(?=(?P<colon>\s*+:)))?|\\?\Z)'
    r"|'[^'\\]*+(?:\\.[^'\\]*+)*+(?:'|\\?\Z)"
    r"|,(?=(?:\s|\\[nrt])*+[}\]])"
    r"|\\[nrt]"
    r"|\b(?:True|False|None)\b",
    re.DOTALL,
)
_CONTROL: Final = re.compile(r"[\x00-\x1f]")
_WORDS: Final = {"True": "true", "False": "false", "None": "null"}
#: What a string of Python's holds that one of JSON's spells otherwise.
_OF_PYTHON: Final = re.compile(r'\\(?:u[0-9a-fA-F]{4}|x(?P<two_digits>[0-9a-fA-F]{2})|.)|["\x00-\x1f]', re.DOTALL)
_SAME_IN_BOTH: Final = frozenset('\\"nrtbfu')
#: Names of the mendings, in the order in which they are told.
_NAMES: Final = (
    "single_quotes",
    "python_literal",
    "trailing_comma",
    "raw_control_character",
    "escaped_white_space",
)


def read(text: str) -> tuple[Json, tuple[Repair, ...]]:
    """Read one JSON value, strictly, or else as JSON that is written loosely.

    Raises:
        NotStrictJson: it is neither, or two parsers would read it differently.
    """
    try:
        return _read(text, ())
    except jsontext.NotStrictJson as refusal:
        if refusal.reason != "syntax":
            raise
    return _read(*rewritten(text))


def rewritten(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the text with the spellings of JSON, and the names of those it had instead."""
    names: set[str] = set()
    strict = _LOOSE.sub(lambda found: _strict(found, names), text)
    return strict, tuple(name for name in _NAMES if name in names)


def _read(text: str, names: tuple[str, ...]) -> tuple[Json, tuple[Repair, ...]]:
    value, notes = jsontext.read(text)
    return value, (*(Repair(name=name) for name in names), *(Repair(name=note.name, at=note.at) for note in notes))


def _strict(found: re.Match[str], names: set[str]) -> str:
    """Return how JSON spells a piece, and enter its name into `names` where that is another spelling."""
    piece = found[0]
    if piece[0] == '"':
        strict = piece if found["colon"] else _CONTROL.sub(_escaped, piece)  # no key has a line end in it
        name = "raw_control_character"
    elif piece[0] == "'":
        is_closed = len(piece) > 1 and piece[-1] == "'"
        strict = f'"{_OF_PYTHON.sub(_of_json, piece[1:-1])}"' if is_closed else piece
        name = "single_quotes"
    elif piece == ",":
        strict, name = "", "trailing_comma"
    elif piece[0] == "\\":
        strict, name = " ", "escaped_white_space"
    else:
        strict, name = _WORDS[piece], "python_literal"
    if strict != piece:
        names.add(name)
    return strict


def _escaped(control: re.Match[str]) -> str:
    return f"\\u{ord(control[0]):04x}"


def _of_json(found: re.Match[str]) -> str:
    """Return how a string of JSON's spells it; what has another meaning there, or none, stays unreadable."""
    spelt = found[0]
    if spelt == '"':
        return '\\"'
    if spelt[0] != "\\":
        return _escaped(found)
    if spelt == "\\'":
        return "'"
    if found["two_digits"]:
        return f"\\u00{found['two_digits']}"
    return spelt if spelt[1] in _SAME_IN_BOTH else "\\?"
