"""A table that is cut into windows and answered by rules, from the messages alone, has the rows that it has whole."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from extractor.document import cut
from extractor.document.paging import page_ranges
from extractor.local import MemoryCancel, MemoryJournal, MemoryPace
from extractor.model.offline import OfflineModel
from extractor.ports import Ports
from extractor.prompt import ask, read_back
from extractor.records import Document, Options, Shape

if TYPE_CHECKING:
    from extractor.records import Window

CELLS = {
    name: {"type": [kind, "null"]}
    for name, kind in (("item", "string"), ("description", "string"), ("amount", "number"))
}
GOODS = {"type": "object", "properties": CELLS, "required": list(CELLS), "additionalProperties": False}
SCHEMA = {
    "type": "object",
    "properties": {"goods": {"type": "array", "items": GOODS}},
    "required": ["goods"],
    "additionalProperties": False,
}
PROSE = "These goods are offered to the customer as they are. They are delivered by ship to the port nearest to him. "


def with_bars(rows: list[tuple[str, str, str]]) -> str:
    return "\n".join(["Item | Description | Amount", *(" | ".join(row) for row in rows)])


def in_columns(rows: list[tuple[str, str, str]]) -> str:
    lines = [f"{item:<10}{description:<20}{amount:>10}" for item, description, amount in rows]
    return "\n".join([f"{'Item':<10}{'Description':<20}{'Amount':>10}", *lines])


async def answered(window: Window, *, is_part: bool) -> list[Any]:
    model = OfflineModel(read_back)
    ports = Ports(model=model, journal=MemoryJournal(), pace=MemoryPace(), cancel=MemoryCancel())
    shape = Shape(schema=SCHEMA, name="offer")
    question = ask(window, shape, job_id="job", options=Options(), is_part=is_part)
    found: list[Any] = json.loads((await model.complete(question, ports=ports)).text)["goods"]
    return found


@pytest.mark.anyio
@pytest.mark.parametrize("printed", [with_bars, in_columns])
@pytest.mark.parametrize("seed", range(6))
async def test_windows_of_any_size_have_the_rows_of_the_whole(printed: Any, seed: int):
    """Equal rows on both sides of a cut included: of three items at three prices there are many."""
    drawn = random.Random(seed)
    count = drawn.randint(10, 120)
    rows = [
        (f"P-{drawn.randint(1, 3)}", f"Paper {drawn.randint(1, 2)}", f"{drawn.randint(1, 3)}.50") for _ in range(count)
    ]
    text = f"# Goods\n\n{PROSE}\n\n{printed(rows)}\n\n# Delivery\n\n{PROSE * 5}"
    document = Document(text=text, pages=page_ranges(text), media_type="text/plain", sha256="0" * 64, converter="none")

    (whole,) = cut(document, most_tokens=10_000)
    windows = cut(document, most_tokens=drawn.randint(80, 400), overlap_tokens=20)

    assert len(windows) > 1
    expected = await answered(whole, is_part=False)
    assert len(expected) == count
    assert [row for window in windows for row in await answered(window, is_part=True)] == expected
