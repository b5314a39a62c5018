"""Random damage to good replies, plain and streamed: nothing crashes, and nothing invalid succeeds."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from extractor.errors import ExtractionError
from extractor.judging import judge
from extractor.model.completion import answer_of
from extractor.model.replies import read_plain
from extractor.model.stream import read_stream
from extractor.schema import contract_for, target_from
from extractor.schema.rules import Rules
from extractor.simulator.catalogue import INVOICE_RECORD, INVOICE_SCHEMA
from extractor.testing import reply, sse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio

PLAIN = b"".join(reply(INVOICE_RECORD, reasoning="The total is 41.5.").pieces)
STREAM = b"".join(sse(INVOICE_RECORD).pieces)
NOW = 1_790_000_000.0


def damaged(body: bytes, rng: random.Random) -> bytes:
    """Return a body with one to three of: a flipped byte, a cut, a part twice, a part away, wrapped or another."""
    for _ in range(rng.randint(1, 3)):
        start, end = sorted(rng.choices(range(len(body) + 1), k=2))
        end = min(end, start + rng.choice([1, 2, 8, 64, 4_000]))
        head, part, tail = body[:start], body[start:end], body[end:]
        other = rng.choice([b'"', b"\\", b"\n\n", b"null", b"{", b"}", b"\x00"])
        forms = [
            head + bytes([rng.randrange(256)]) + part[1:] + tail,
            head,
            head + part + part + tail,
            head + tail,
            head + b"[" * rng.choice([1, 3, 500]) + part + tail,
            head + other + tail,
        ]
        body = rng.choice(forms) or b" "
    return body


async def in_reads(body: bytes, rng: random.Random) -> AsyncIterator[bytes]:
    at = 0
    while at < len(body):
        size = rng.randint(1, 200)
        yield body[at : at + size]
        at += size


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.full)])
@pytest.mark.parametrize("form", ["plain", "streamed"])
async def test_damage_to_a_reply_ends_in_a_typed_error_or_a_valid_record(form, count):
    contract = contract_for(target_from(INVOICE_SCHEMA))
    rules, rng, valid = Rules(INVOICE_SCHEMA), random.Random(count), 0

    for _ in range(count):
        try:
            if form == "plain":
                read = read_plain(damaged(PLAIN, rng), now=NOW)
            else:
                read = await read_stream(in_reads(damaged(STREAM, rng), rng), now=NOW)
            judged = await judge(answer_of(read, tool=None), standard=contract, reasoning=read.reasoning)
        except ExtractionError:
            continue
        if not judged.violations:
            valid += 1
            assert rules.hold(judged.record)

    assert 0 < valid < count
