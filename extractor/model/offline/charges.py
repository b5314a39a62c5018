"""Lines of a till receipt without a table: `2 x Flat white   7.00`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extractor.model.offline.pairs import labelled
from extractor.model.offline.tables import SUMS
from extractor.model.offline.words import words

if TYPE_CHECKING:
    from extractor.model.offline.scope import Scope

_LINE = re.compile(
    r"(?:(?P<quantity>\d{1,4})\s?[xX*@]\s+)?(?P<description>[^\W\d_].{1,80}?)\s{2,}(?P<amount>[$€£]?\s?\d[\d.,]*[.,]\d\d)"
)


def read(scope: Scope) -> list[dict[str, str]]:
    """Return quantity, description and amount of each line that is charged for, up to the first sum."""
    found: list[dict[str, str]] = []
    for line in scope.lines:
        if found and words(line.text)[:1] and words(line.text)[0] in SUMS:
            break
        match = _LINE.fullmatch("  ".join(segment.text for segment in line.segments))
        if match is not None and labelled(line.text) is None and words(match["description"])[0] not in SUMS:
            found.append({name: text for name, text in match.groupdict().items() if text})
    return found
