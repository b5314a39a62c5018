"""Which line of a JSON text a pointer means. Parsers forget where values stood."""

from __future__ import annotations

import re
from typing import Final

from extractor.jsontext import parse, tokens

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


def line_of(text: str, at: str) -> int:
    """Return the line, from 1, in which the value of a JSON Pointer begins in valid JSON; 0 when it is not there."""
    wanted = list(tokens(at))
    path: list[str | int] = []
    is_key = False
    for found in _TOKEN.finditer(text):
        part = found[0]
        if part == ",":
            is_key = isinstance(path[-1], str)
            path[-1] = path[-1] if isinstance(path[-1], str) else path[-1] + 1
        elif part in "]}":
            path.pop()
        elif is_key and part.startswith('"'):
            path[-1], is_key = str(parse(part)), False
        elif part != ":":
            if len(path) == len(wanted) and list(map(str, path)) == wanted:
                return text.count("\n", 0, found.start()) + 1
            is_key = part == "{"
            if part in "{[":
                path.append("" if part == "{" else 0)
    return 0
