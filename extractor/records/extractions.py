"""An extraction in the queue: handed in, held by a worker, stored.

An *extraction* is one document on its way to one outcome, known by its id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from extractor.records.inputs import Options, Priority, Source, Target

if TYPE_CHECKING:
    from extractor.records.calls import CallKey, Completion, Usage
    from extractor.records.results import State

#: The tenant of a queue that serves one caller.
DEFAULT_TENANT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One extraction as it is handed in: admitted, and complete in itself."""

    #: Name of the extraction, unique; `new_id()` makes one.
    id: str
    #: Whose it is.
    tenant: str = DEFAULT_TENANT
    #: `interactive` is claimed before `bulk`.
    priority: Priority = "interactive"
    #: The document: bytes or text, never a path.
    source: Source
    #: The schema.
    target: Target
    #: Name under which the operator has registered the schema, "" when it has none.
    schema_name: str = ""
    #: How to do it.
    options: Options = field(default_factory=Options)
    #: SHA-256 over document, schema and options, hexadecimal: what an idempotency key stands for.
    digest: str
    #: The caller's word for this submission, unique within the tenant; "" = none.
    idempotency_key: str = ""
    #: Batch that it belongs to, "" = none.
    batch: str = ""
    #: US dollars that the members of its batch may spend together; None = what was stated before, if anything.
    batch_budget_usd: float | None = None
    #: Celery task that waits for the result, "" = none.
    task_id: str = ""
    #: Seconds from now by which it ends, whatever happens.
    deadline_s: float = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The answer to a submission: it is stored, and will come to an end."""

    #: Name of the extraction; an earlier one's where the idempotency key was known.
    id: str
    #: False when the idempotency key, or the id itself, had been handed in before.
    is_new: bool
    #: What it is doing.
    status: State = "queued"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to a model, as the journal remembers it."""

    #: Its place in the extraction.
    key: CallKey
    #: The lease under which it was made.
    token: str
    #: US dollars set aside for it.
    reserved_usd: float
    #: The provider's id of the generation, "" until its headers arrived.
    generation_id: str = ""
    #: What it cost; None while it is open.
    usage: Usage | None = None
    #: Its reply; None while it is open, and when there was none.
    completion: Completion | None = None
    #: Whether it was made for the extraction that this one is a re-run of, and is on the bill of that one.
    is_kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to run one extraction for a while, and what is needed for it."""

    #: Name of the extraction.
    id: str
    #: Proof of the right, `{claim}-{random}`, compared by equality.
    token: str
    #: 1 for the first time it was claimed.
    claim: int
    #: Whose it is.
    tenant: str
    #: The class it was claimed from.
    priority: Priority
    #: SHA-256 of its schema, hexadecimal.
    schema_digest: str
    #: Document, options and names, as `store.packing` writes them.
    body: bytes = field(repr=False)
    #: Times it was put off after a retryable failure.
    deferrals: int = 0
    #: US dollars, calls and replies of earlier claims, and what was kept of an earlier run; empty for the first.
    calls: tuple[Call, ...] = field(default=(), repr=False)
    #: The extraction that it is a re-run of, "" = none.
    retry_of: str = ""
    #: Whether a cap on its document or on its batch applies.
    is_capped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the store knows of one extraction."""

    #: Name of the extraction.
    id: str
    #: Whose it is.
    tenant: str
    #: What it is doing.
    status: State
    #: The class it waits in.
    priority: Priority
    #: Unix seconds of the submission.
    created_at: float
    #: Unix seconds of its end; None while it is open.
    ended_at: float | None = None
    #: Unix seconds by which it ends, whatever happens.
    deadline_at: float
    #: Unix seconds before which it is not tried again; None unless it is deferred.
    due_at: float | None = None
    #: Times it was claimed by a worker.
    claims: int = 0
    #: Whether somebody asked to cancel it.
    is_cancelling: bool = False
    #: Whether it is run apart from others, because it was in flight when a worker died.
    is_suspect: bool = False
    #: Batch that it belongs to, "" = none.
    batch: str = ""
    #: Name of its document, None when it has none.
    name: str | None = None
    #: The re-run of it, "" = none.
    retried_as: str = ""
    #: The result as JSON bytes, for every state: what `Result.as_json` writes. An open one has no record.
    result: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Why no extraction is claimed."""

    #: `operator` = until somebody resumes; `circuit` = the provider refused the key or the account, tried again by
    #: itself at `probe_at`.
    by: Literal["operator", "circuit"]
    #: Stable code: `paused`, or the error's, `authentication_failed` say.
    code: str
    #: One sentence for a person.
    message: str
    #: Unix seconds.
    since: float
    #: Unix seconds of the next try; None for an operator's.
    probe_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSign:
    """The last sign of life of a worker process."""

    #: Extractions that ran there then.
    running: int
    #: Seconds since.
    silent_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStatus:
    """The queue at one moment."""

    #: Extractions ready to be claimed, by class.
    ready: dict[Priority, int]
    #: Leases held.
    running: int
    #: Put off until a time.
    deferred: int
    #: Waiting to be run apart from others.
    suspects: int
    #: Ended ones whose Celery result has not been told yet.
    untold: int
    #: Why nothing is claimed; None when all is well.
    pause: Pause | None
    #: Whether new submissions are refused.
    is_draining: bool
    #: Worker processes seen within a lease length, by name.
    workers: dict[str, WorkerSign]
    #: Seconds that the longest waiting extraction has waited; 0 when none waits.
    oldest_s: float = 0.0
