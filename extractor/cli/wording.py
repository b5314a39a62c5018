"""How things are written for a person: errors, money, and text that is not ours."""

from __future__ import annotations

import json


def error_line(code: str, message: str) -> str:
    """Write an error as one line: its stable code, then what happened and what to do."""
    return f"error[{code}]: {printable(message)}"


def printable(text: str) -> str:
    r"""Spell out every character that a terminal would obey or could not write: a line feed becomes `\n`."""
    return "".join(character if character.isprintable() else json.dumps(character)[1:-1] for character in text)


def dollars(usd: float) -> str:
    """Write an amount of US dollars so that a fraction of a cent can be seen."""
    if 0 < usd < 0.0001:  # noqa: PLR2004 - the last decimal written below
        return "<$0.0001"
    return f"${usd:.4f}" if 0 < usd < 1 else f"${usd:,.2f}"


def cost(usd: float, *, unpriced_calls: int) -> str:
    """Write what was spent, as far as it is known."""
    if not unpriced_calls:
        return dollars(usd)
    return f"{dollars(usd)} + unknown" if usd else "unknown"
