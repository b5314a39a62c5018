"""Submissions that need no door: for tests of the store and of everything behind it."""

from __future__ import annotations

import hashlib
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from extractor.records import Source, Submission, Target

if TYPE_CHECKING:
    from collections.abc import Iterator

#: One required string: what every submission of this module asks for.
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
TARGET = Target(schema=SCHEMA, name="letter", digest=hashlib.sha256(b"letter").hexdigest())

_numbers: Iterator[int] = count(1)


def submission(text: str = "Dear reader", **members: Any) -> Submission:
    """Return a submission of `text`. `members` are those of `Submission`; its digest stands for the text."""
    number = next(_numbers)
    made = {"id": f"x{number:06d}-{uuid4().hex[:12]}", "source": Source(content=text, name="letter.txt")}
    stated: dict[str, Any] = made | members
    return Submission(target=TARGET, digest=hashlib.sha256(text.encode()).hexdigest(), **stated)
