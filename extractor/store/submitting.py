"""Submissions as the arguments of their script."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from extractor import jsontext
from extractor.errors import IdempotencyConflict, QueueDraining
from extractor.records import OFFLINE_MODEL
from extractor.store.packing import pack_body
from extractor.store.purse import over_budget

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from extractor.errors import ExtractionError
    from extractor.records import Submission
    from extractor.store.limits import StoreLimits
    from extractor.store.scripts import Argument

#: Submissions of one script call, and bytes of it: Redis serves nobody else meanwhile.
_MOST: Final = 500
_MOST_BYTES: Final = 8 * 1024 * 1024
#: Milliseconds that a schema is kept beyond the last result that refers to it.
MARGIN_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Packed:
    """A submission with its body as it is stored."""

    submission: Submission
    body: bytes


def chunks(submissions: Sequence[Submission]) -> Iterator[list[Packed]]:
    """Yield submissions in chunks, packed only when their turn comes."""
    chunk: list[Packed] = []
    size = 0
    for submission in submissions:
        packed = Packed(submission, pack_body(submission))
        if chunk and (len(chunk) == _MOST or size + len(packed.body) > _MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(packed)
        size += len(packed.body)
    if chunk:
        yield chunk


def script_arguments(chunk: Sequence[Packed], limits: StoreLimits, *, known: Container[str]) -> list[Argument]:
    """Return what `submit_many` is given after its first argument.

    Args:
        chunk: What is handed in.
        limits: Times.
        known: Digests of schemas that Redis has; they are not sent again.
    """
    longest_s = max(each.submission.deadline_s for each in chunk)
    kept_ms = round(1000 * longest_s) + limits.ttl_ms + MARGIN_MS
    schemas = {each.submission.target.digest: each.submission.target.schema for each in chunk}
    allowance_usd = limits.tenant_budget_usd
    arguments: list[Argument] = [
        limits.ttl_ms,
        "" if allowance_usd is None else repr(allowance_usd),
        len(schemas),
    ]
    for digest, schema in schemas.items():
        arguments += [digest, "" if digest in known else jsontext.dumps(schema), kept_ms]
    for each in chunk:
        arguments += [_facts(each.submission), each.body]
    return arguments


def refusal(word: bytes, answer: Sequence[Any], chunk: Sequence[Packed]) -> ExtractionError:
    """Return the error for a chunk that was not taken.

    Args:
        word: Why, as the script says it.
        answer: What it says beside that.
        chunk: What was handed in.
    """
    if word == b"draining":
        return QueueDraining("The operator is emptying the queue; nothing new is taken. Submit later.")
    if word == b"used_up":
        return over_budget(answer, what="Any call")
    refused = [chunk[index - 1].submission for index in answer]
    shown = ", ".join(repr(each.idempotency_key or each.id) for each in refused[:5])
    return IdempotencyConflict(
        f"The idempotency key {shown} stands for another document, schema or options. Nothing was taken; use a new key."
    )


def _facts(submission: Submission) -> str:
    facts = {
        "id": submission.id,
        "tenant": submission.tenant,
        "class": submission.priority,
        "digest": submission.digest,
        "schema": submission.target.digest,
        "deadline_ms": round(1000 * submission.deadline_s),
        "is_priced": submission.options.model != OFFLINE_MODEL,
    }
    if submission.idempotency_key:
        facts["key"] = hashlib.sha256(submission.idempotency_key.encode()).hexdigest()
    stated = {"batch": submission.batch, "task": submission.task_id, "name": submission.source.name}
    caps = {"cap": submission.options.max_cost_usd, "batch_cap": submission.batch_budget_usd}
    facts |= {name: value for name, value in stated.items() if value}
    return jsontext.dumps(facts | {name: cap for name, cap in caps.items() if cap is not None})
