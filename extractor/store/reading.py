"""What Redis holds of an extraction, as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extractor.errors import Cancelled, DeadlineExceeded, UnexpectedError, UnknownExtraction, WorkerKiller
from extractor.records import Pause, Stored
from extractor.store import packing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from extractor.errors import ExtractionError
    from extractor.records import Call, State

#: What is read of an extraction, and its result.
FACTS: Final = tuple(
    "status tenant class created ended deadline due claim cancel suspect batch name code retry_of retried".split()  # noqa: SIM905 - one line
)
READ: Final = (*FACTS, "result")
#: Ends that no worker writes, by their code.
_UNWRITTEN: Final[dict[str, ExtractionError]] = {
    "cancelled": Cancelled("The extraction was cancelled before its end."),
    "deadline_exceeded": DeadlineExceeded("It had not ended by its deadline. Submit it again, or raise `deadline_s`."),
    "unexpected_error": UnexpectedError("A defect of the extractor stopped it; the worker's log has the details."),
    "worker_killer": WorkerKiller("The process that ran it, and nothing else, died three times. Look at the document."),
}


def stored_from(id: str, found: Mapping[str, str], *, result: bytes) -> Stored:  # noqa: A002 - the word of the records
    """Return an extraction from the fields of its hash.

    Args:
        id: Its name.
        found: Fields of its hash.
        result: Its result, packed.
    """
    status = state_of(found["status"].encode())
    return Stored(
        id=id,
        tenant=found["tenant"],
        status=status,
        priority="bulk" if found["class"] == "bulk" else "interactive",
        created_at=int(found["created"]) / 1000,
        ended_at=_seconds(found.get("ended")),
        deadline_at=int(found["deadline"]) / 1000,
        due_at=_seconds(found.get("due")) if status == "deferred" else None,
        claims=int(found.get("claim", 0)),
        is_cancelling=found.get("cancel") == "1",
        is_suspect="suspect" in found,
        batch=found.get("batch", ""),
        name=found.get("name"),
        retried_as=found.get("retried", ""),
        result=packing.unpack(result),
    )


def unfinished(id: str, found: Mapping[str, str], *, calls: Sequence[Call]) -> bytes:  # noqa: A002 - the word of the records
    """Return the packed result of an extraction that no worker wrote one for.

    Args:
        id: Its name.
        found: Fields of its hash.
        calls: What was bought for it, so that it is on the bill.
    """
    error = _UNWRITTEN.get(found.get("code", ""))
    return packing.pack(
        packing.unfinished_result(
            id,
            name=found.get("name"),
            state=state_of(found["status"].encode()),
            error=error.as_failure() if error else None,
            calls=calls,
            retry_of=found.get("retry_of", ""),
        )
    )


def unknown(id: str) -> UnknownExtraction:  # noqa: A002 - the word of the records
    """Return the error of an id that nothing is known of."""
    return UnknownExtraction(f"There is no extraction {id!r}: it never was, has expired or was erased.")


def pause_from(fields: Sequence[bytes | None]) -> Pause | None:
    """Return the pause that a script tells of, None when there is none."""
    if not fields:
        return None
    texts = [field if field is None else field.decode() for field in fields]
    by, code, message, since, probe = texts
    return Pause(
        by="operator" if by == "operator" else "circuit",
        code=code or "",
        message=message or "",
        since=int(since or 0) / 1000,
        probe_at=_seconds(probe),
    )


def state_of(name: bytes) -> State:
    """Return a state as the scripts write it."""
    return name.decode()  # type: ignore[return-value] # they write no others


def found_in(row: Sequence[bytes | None]) -> dict[str, str]:
    """Return the facts of a row that was asked for as FACTS, empty when there is no such extraction."""
    named = zip(FACTS, row, strict=True)
    return {name: value.decode(errors="replace") for name, value in named if value is not None}


def _seconds(milliseconds: str | None) -> float | None:
    return None if milliseconds is None else int(milliseconds) / 1000
