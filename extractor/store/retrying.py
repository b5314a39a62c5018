"""Re-runs: an extraction that starts from what was bought for another, which has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from extractor.errors import InvalidRequest, QueueDraining
from extractor.records import Receipt
from extractor.store.asking import ask
from extractor.store.packing import calls_from
from extractor.store.reading import state_of, unknown
from extractor.store.submitting import MARGIN_MS

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from extractor.errors import ExtractionError
    from extractor.records import Call, Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """A re-run as it is handed in. It has the document, the schema and the options of the other."""

    #: Its name.
    id: str
    #: The extraction that it is a re-run of, which has ended.
    of: str
    #: Whose both are.
    tenant: str
    #: Celery task that waits for its result, "" = none.
    task_id: str = ""
    #: Window and round of questions that are asked again, whatever was answered.
    asked_again: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """What came of handing a re-run in."""

    #: Of the re-run; of another one, where there is one already.
    receipt: Receipt
    #: Classes that a ticket should be sent for.
    ring: frozenset[Priority] = frozenset()


_NO_SCHEMA: Final = "The schema of this extraction is no longer kept. Hand the document in anew."


async def take_in(client: Redis, rerun: Rerun, *, ring_ms: int, ttl_ms: int) -> Retried:
    """Take a re-run in, or find the one that there is.

    Raises:
        UnknownExtraction: there is no such extraction, or it is another tenant's.
        InvalidRequest: it has not ended.
        QueueDraining: the operator takes nothing new.
        StoreUnavailable, StoreFull: Redis does not answer, or refuses to grow.
    """
    calls = calls_from(await ask(client, "calls", rerun.of))
    kept = [_field(call) for call in calls if _is_kept(call, rerun)]
    about = (rerun.tenant, rerun.of, rerun.id, rerun.task_id)
    word, *answer = await ask(client, "retry", ring_ms, ttl_ms, MARGIN_MS, *about, *kept)
    if word == b"known":
        known, state = answer
        return Retried(receipt=Receipt(id=known.decode(), is_new=False, status=state_of(state)))
    if word != b"taken":
        raise _refusal(word, rerun)
    state, ring = answer
    classes: tuple[Priority, ...] = ("bulk" if ring == b"bulk" else "interactive",) if ring else ()
    return Retried(receipt=Receipt(id=rerun.id, is_new=True, status=state_of(state)), ring=frozenset(classes))


def _is_kept(call: Call, rerun: Rerun) -> bool:
    return call.completion is not None and (call.key.window, call.key.round) not in rerun.asked_again


def _field(call: Call) -> str:
    return f"{'kept' if call.is_kept else 'end'}:{call.key}@{call.token}"


def _refusal(word: bytes, rerun: Rerun) -> ExtractionError:
    if word == b"draining":
        return QueueDraining("The operator is emptying the queue; nothing new is taken. Submit later.")
    if word == b"open":
        return InvalidRequest(f"The extraction {rerun.of} has not ended, so it cannot be run again. Wait for its end.")
    return InvalidRequest(_NO_SCHEMA) if word == b"schema" else unknown(rerun.of)
