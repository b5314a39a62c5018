"""What comes out: every attempt, and the result that explains itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, is_dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar

from extractor.records.calls import Repair, Usage, Violation
from extractor.records.documents import Evidence  # noqa: TC001 - pydantic reads the annotations of Stated
from extractor.records.inputs import Rung  # noqa: TC001 - pydantic reads the annotations of Attempt and Enforcement
from extractor.records.json import Json  # noqa: TC001 - pydantic reads the annotations of Stated and Conflict

if TYPE_CHECKING:
    from extractor.records.calls import CallKey, Completion
    from extractor.records.documents import ReadingNote
    from extractor.records.inputs import Options
    from extractor.records.json import JsonObject

R = TypeVar("R")

#: The ends of an extraction. Ends are one-way.
Status: TypeAlias = Literal["succeeded", "partial", "failed", "cancelled"]
#: What an extraction is doing. The first three are open, the others are ends.
State: TypeAlias = Literal["queued", "running", "deferred"] | Status
#: The states that are not ends.
OPEN_STATES: tuple[State, ...] = ("queued", "running", "deferred")
#: The states that are ends.
ENDS: tuple[State, ...] = ("succeeded", "partial", "failed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error as data, for results, JSON and the wire."""

    #: Stable code, listed in docs/reference/errors.md.
    code: str
    #: What happened and what to do, one or two sentences.
    message: str
    #: Whether the same request may succeed later.
    retryable: bool
    #: JSON Pointers into the record that the failure is about.
    paths: tuple[str, ...] = ()
    #: Seconds that the provider asked to wait; None when it did not.
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One question put to the model, and what came of it."""

    #: 1 for the first question of its window.
    number: int
    #: `accepted` = its record is the result; `rejected` = it broke a rule; `failed` = no answer came, or it could not
    #: be checked within the limits; `abandoned` = whoever asked died, or was told to stop, before an answer was judged.
    outcome: Literal["accepted", "rejected", "failed", "abandoned"]
    #: Window that was asked about.
    window: int = 0
    #: Rung that produced the reply; None when none came.
    rung: Rung | None = None
    #: Model slug as the reply states it.
    model: str = ""
    #: JSON Pointers that it opened, everything else being frozen; "" = the whole record. None in a first question.
    opened: tuple[str, ...] | None = None
    #: Rules that the answer broke.
    violations: tuple[Violation, ...] = ()
    #: Changes made to the answer without asking again.
    repairs: tuple[Repair, ...] = ()
    #: JSON Pointers of values that stand in neither the document nor the reasoning.
    unsupported: tuple[str, ...] = ()
    #: The answer as received.
    text: str = field(default="", repr=False)
    #: Tokens and dollars, failed requests included.
    usage: Usage = field(default_factory=Usage)
    #: Wall seconds.
    seconds: float = 0.0
    #: Why no answer came, or why it could not be checked.
    error: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enforcement:
    """How the shape was asked for, and whether the model kept to it."""

    #: The caller's policy: `auto` or a rung.
    asked: str
    #: Rungs sent, in order, refused ones included.
    sent: tuple[Rung, ...] = ()
    #: `yes` = the reply fitted the wire schema as received; `no` = it did not; `unknown` = nothing was enforced.
    held: Literal["yes", "no", "unknown"] = "unknown"
    #: Rung that produced the last reply; None when no reply came.
    rung: Rung | None = None
    #: Why a stronger rung was left; "" when none was.
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One range of the document, and what became of it."""

    #: Offset of its first code point.
    start: int
    #: Offset after its last code point.
    end: int
    #: Key of the call that read it (`window.round.attempt`), "" when none did.
    call: str
    #: `read` = its answer is in the record; `unread` = it is not.
    outcome: Literal["read", "unread"]
    #: Why it was not read: the code of the error; "" where it was.
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What one part of a document states."""

    #: The value.
    value: Json
    #: Where it stands, None where it was not found.
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One place of the record for which parts of the document state different values."""

    #: JSON Pointer into the record.
    at: str
    #: What is in the record.
    chosen: Json
    #: Every value that differs from another, in the order of the document; the chosen one is among them.
    stated: tuple[Stated, ...]


#: What is known of one place of a record. `stated` = the model gave a value that is valid; `not_stated` = it says that
#: the document has none; `unread` = a part of the document that may hold it was not read; `invalid` = what it gave
#: breaks a rule; `refused` = it would not answer.
FieldState: TypeAlias = Literal["stated", "not_stated", "unread", "invalid", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Wall seconds by step."""

    #: Bytes to text.
    read_s: float = 0.0
    #: Questions and answers, waits included.
    ask_s: float = 0.0
    #: Looking values up in the document.
    ground_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """What was bought for an extraction: what a re-run in the same process starts from."""

    #: SHA-256 of the schema, hexadecimal.
    schema_digest: str
    #: How it was done.
    options: Options
    #: Every reply, with the place of its request.
    replies: tuple[tuple[CallKey, Completion], ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Generic[R]):
    """The outcome of one extraction.

    `record` is valid under the caller's schema exactly when `status` is `succeeded`. When it is not, `record`
    holds what could be read, as plain JSON, or None; `error` says what is missing.
    """

    #: Name of the extraction.
    id: str
    #: Name of the source: a path, or what the caller called it.
    source: str | None
    #: How it ended; one that is read from a queue may still be open, and has no record then.
    status: State
    #: The record; an instance of the class when a class was given in process.
    record: R
    #: The record as JSON, as it was validated: what `as_json` writes. A class may fill in defaults of its own.
    json_record: Json = field(default=None, repr=False)
    #: JSON Pointer of each non-null leaf of the record -> where it stands in the document.
    evidence: dict[str, Evidence] = field(default_factory=dict, repr=False)
    #: Which ranges of the document were read, by which call.
    coverage: tuple[Coverage, ...] = ()
    #: JSON Pointer -> what is known of that place, where it is not `stated`. A null that is not listed is meant.
    states: dict[str, FieldState] = field(default_factory=dict)
    #: Where parts of the document state different values.
    conflicts: tuple[Conflict, ...] = ()
    #: Every question put to the model.
    attempts: tuple[Attempt, ...] = field(default=(), repr=False)
    #: Changes made to the answers that the record was read from, without asking again.
    repairs: tuple[Repair, ...] = ()
    #: JSON Pointers of values that stand in neither the document nor the reasoning.
    unsupported: tuple[str, ...] = ()
    #: How the shape was asked for.
    enforcement: Enforcement
    #: By what the record was found valid: `json_schema`, `pydantic:Name`. Empty unless it succeeded.
    validated_by: tuple[str, ...] = ()
    #: Why it did not succeed.
    error: Failure | None = None
    #: Who answered: a model slug, or "offline/heuristic: rules, not a language model".
    engine: str
    #: What the caller should know about the reading of the document.
    warnings: tuple[ReadingNote, ...] = ()
    #: Wall seconds by step.
    timings: Timings = field(default_factory=Timings)
    #: The extraction that this one is a re-run of, "" = none. What was kept of that one is on its bill, not on this.
    retry_of: str = ""
    #: SHA-256 of the document's bytes, hexadecimal; "" where it was not read.
    document_sha256: str = ""
    #: What was bought for it, where it ran in this process. No part of the JSON form.
    bought: Bought | None = field(default=None, repr=False, compare=False)

    @property
    def usage(self) -> Usage:
        """Tokens and dollars of all attempts, failed ones included."""
        return sum((attempt.usage for attempt in self.attempts), Usage())

    @property
    def cost_usd(self) -> float:
        """US dollars of all attempts, failed ones included."""
        return self.usage.cost_usd

    def members(self) -> JsonObject:
        """Return the members of the result's JSON form, their values still records: what a JSON writer is given."""
        return {
            "id": self.id,
            "source": self.source,
            "status": self.status,
            "record": self.json_record,
            "evidence": self.evidence,
            "coverage": self.coverage,
            "states": self.states,
            "conflicts": self.conflicts,
            "attempts": self.attempts,
            "repairs": self.repairs,
            "unsupported": self.unsupported,
            "enforcement": self.enforcement,
            "validated_by": self.validated_by,
            "usage": self.usage,
            "cost_usd": self.cost_usd,
            "error": self.error,
            "engine": self.engine,
            "warnings": self.warnings,
            "timings": self.timings,
            "retry_of": self.retry_of,
            "document_sha256": self.document_sha256,
        }

    def as_json(self) -> JsonObject:
        """Return the result as plain JSON: one line of `records.jsonl`, the body of the HTTP API."""
        return {name: _plain(value) for name, value in self.members().items()}


def _plain(value: Any) -> Json:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
