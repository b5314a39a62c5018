"""One question, asked throughout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from extractor.records import Message, Options, Question, Shape

if TYPE_CHECKING:
    from collections.abc import Callable

WIRE = {
    "type": "object",
    "properties": {"number": {"type": "string"}},
    "required": ["number"],
    "additionalProperties": False,
}


@pytest.fixture
def ask() -> Callable[..., Question]:
    """Build the question with other options."""

    def _ask(*, expected_tokens: int = 1024, **options: object) -> Question:
        return Question(
            messages=(
                Message(role="system", content="Answer in JSON."),
                Message(role="user", content="Invoice A-17"),
            ),
            shape=Shape(schema=WIRE, name="invoice", expected_tokens=expected_tokens),
            options=Options(**options),
        )

    return _ask
