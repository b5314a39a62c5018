"""Admission: everything that can be told to be wrong before a document is read is told to the caller, at the door."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Unpack

import orjson

from extractor.document import load
from extractor.errors import InvalidRequest
from extractor.options import NAMES, models_named, options_from
from extractor.records import Options, Source, Submission, Target
from extractor.schema import acontract_for, asked_for, contract_for
from extractor.submit.batches import BatchLabels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extractor.document import ReadingLimits
    from extractor.records import Priority
    from extractor.schema import Registry

#: Characters of an idempotency key, of the name of a task or a batch, of a media type.
MAX_WORD: Final = 255
#: Characters of a document's name; no path on Linux is longer.
MAX_NAME: Final = 4096
#: Characters of JSON up to which options are remembered, and how many of them, and of plans.
_SHORT: Final = 1 << 16
_KEPT: Final = 256
_DEFAULTS: Final = Options()
#: Option that names models -> what it must do.
_MUST: Final = {"model": "be one of", "models": "name some of", "repair_model": "be same, sibling or one of"}
#: Beginning of the idempotency keys of Celery tasks, the task's id behind it. Nobody else may take one away.
OF_TASKS = "celery:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What one door allows. Made once, from settings."""

    #: Whose the submissions are.
    tenant: str
    #: Models that a caller may choose.
    models: frozenset[str]
    #: The model of requests that name none.
    default_model: str
    #: Answers asked for per document at most, where a request does not say.
    max_attempts: int
    #: Seconds by which an extraction ends, where a request does not say.
    deadline_s: float
    #: What a document may be at most.
    limits: ReadingLimits
    #: Schemas that a caller may name.
    registry: Registry


class Labels(BatchLabels, total=False):
    """What belongs to a submission and not to the work. As in `records.Submission`: "" = none."""

    schema_name: str
    idempotency_key: str
    task_id: str


@dataclass(frozen=True, slots=True)
class _Plan:
    """A target and options that go together: checked once, for many documents."""

    target: Target
    stated: Options
    options: Options
    #: What they add to a digest.
    canonical: bytes


#: Plans by the identities of target and options, both of which the plan keeps alive.
_plans: dict[tuple[int, int], _Plan] = {}


def new_id() -> str:
    """Return a name for an extraction that nobody can guess."""
    return f"x_{uuid.uuid4().hex}"


def admit(
    source: Source,
    target: Target,
    options: Options | Mapping[str, Any],
    *,
    door: Door,
    default_priority: Priority = "interactive",
    **labels: Unpack[Labels],
) -> Submission:
    """Return a submission with which nothing is wrong that can be told before the document is read.

    Of many with the same `Target` and equal options, all but the first cost microseconds. The first may wait for a
    guarded child, for 2 s and longer: an event loop calls `assemble` in a thread and awaits `atried`.

    Args:
        source: The document; a file is read here.
        target: The schema.
        options: How to do it. A mapping states some, and the door's defaults fill in.
        door: What is allowed.
        default_priority: Class of service where the options state none.
        **labels: See `Labels`.

    Raises:
        InvalidRequest: an option, a model, a key or a name that cannot be used here.
        UnsupportedSchema: the schema uses what we can neither enforce nor check.
        InvalidSchema: it is not a JSON Schema.
        UnreadableDocument: `file_too_large`, `file_not_found`.
    """
    return tried(assemble(source, target, options, door=door, default_priority=default_priority, **labels))


def tried(submission: Submission) -> Submission:
    """Return a submission whose schema can be used.

    Raises:
        UnsupportedSchema: it uses what we can neither enforce nor check.
        InvalidSchema: it is not a JSON Schema.
    """
    stated = submission.options
    target = asked_for(submission.target, stated.records)
    contract_for(target, open_objects=stated.open_objects, nulls=stated.nulls, absence=stated.absence)
    return submission


async def atried(submission: Submission) -> Submission:
    """Do as `tried` does, without holding up the event loop or its threads."""
    stated = submission.options
    target = asked_for(submission.target, stated.records)
    await acontract_for(target, open_objects=stated.open_objects, nulls=stated.nulls, absence=stated.absence)
    return submission


def assemble(
    source: Source,
    target: Target,
    options: Options | Mapping[str, Any],
    *,
    door: Door,
    default_priority: Priority = "interactive",
    **labels: Unpack[Labels],
) -> Submission:
    """Return a submission whose schema is still to be tried; otherwise as `admit` does. Blocks for files only.

    Raises:
        InvalidRequest: an option, a model, a key or a name that cannot be used here.
        UnreadableDocument: `file_too_large`, `file_not_found`.
    """
    for name, label in labels.items():
        if label and name != "batch_budget_usd":
            _check_word(name.replace("_", " "), label)
    if labels.get("idempotency_key", "").startswith(OF_TASKS) and not labels.get("task_id"):
        raise InvalidRequest(f"Idempotency keys that begin with {OF_TASKS!r} belong to Celery tasks. Choose another.")
    stated = options if isinstance(options, Options) else options_at(door, options)
    plan = _plans.get((id(target), id(stated))) or _plan(target, stated)
    _check_models(plan.options, door)
    source = load(source, limits=door.limits)
    return Submission(
        id=new_id(),
        tenant=door.tenant,
        priority=plan.options.priority or default_priority,
        source=source,
        target=target,
        options=plan.options,
        digest=_digest(source, plan.canonical),
        deadline_s=plan.options.deadline_s or door.deadline_s,
        **labels,
    )


def _check_models(options: Options, door: Door) -> None:
    allowed = ", ".join(sorted(door.models))
    for option, named in models_named(options).items():
        if not door.models.issuperset(named):
            raise InvalidRequest(f"Option {option!r} must {_MUST[option]} {allowed}.")


def options_at(door: Door, values: Mapping[str, Any]) -> Options:
    """Return the options that `values` states, the rest as the door has it. Equal values give the same object.

    Raises:
        InvalidRequest: see `options_from`.
    """
    defaults = {"model": door.default_model, "max_attempts": door.max_attempts}
    complete = {**values, **{name: value for name, value in defaults.items() if values.get(name) is None}}
    try:
        text = json.dumps(complete)
        return _remembered(text) if len(text) <= _SHORT else options_from(complete)
    except (TypeError, ValueError, RecursionError):  # not JSON; the check by name and type tells what is wrong
        return options_from(complete)


@lru_cache(maxsize=_KEPT)
def _remembered(text: str) -> Options:
    return options_from(json.loads(text))


def _plan(target: Target, stated: Options) -> _Plan:
    """Check the options, and remember them with the target."""
    options = options_from({name: getattr(stated, name) for name in NAMES})
    plan = _Plan(target, stated, options, _canonical(target, options))
    if len(_plans) >= _KEPT:
        _plans.clear()
    _plans[id(target), id(stated)] = plan
    return plan


def _canonical(target: Target, options: Options) -> bytes:
    """Return schema and options as bytes. Options at their default are left out, so that a new one changes nothing."""
    stated = {name: value for name in NAMES if (value := getattr(options, name)) != getattr(_DEFAULTS, name)}
    try:
        return orjson.dumps([target.digest, {**stated, "model": options.model}], option=orjson.OPT_SORT_KEYS)
    except TypeError:
        raise InvalidRequest(
            "An option holds what JSON text cannot: half of a surrogate pair, a number beyond 64 bits, or more than "
            "250 levels of nesting."
        ) from None


def _digest(source: Source, canonical: bytes) -> str:
    """Return the SHA-256 over document, media type, schema and options. The document's name does not count."""
    if source.media_type is not None:
        _check_word("media type", source.media_type)
    if source.name is not None:
        _check_word("name of the document", source.name, longest=MAX_NAME)
    is_text = isinstance(source.content, str)
    try:
        content = source.content.encode() if isinstance(source.content, str) else bytes(source.content)
    except UnicodeEncodeError:
        raise InvalidRequest("The document's text holds half of a surrogate pair; send valid Unicode.") from None
    fingerprint = hashlib.sha256(content).hexdigest()
    about = f"{fingerprint} {'text' if is_text else 'bytes'} {source.media_type or ''}\n"
    return hashlib.sha256(about.encode() + canonical).hexdigest()


def _check_word(what: str, word: object, *, longest: int = MAX_WORD) -> None:
    if not (isinstance(word, str) and 0 < len(word) <= longest and word.isprintable()):
        raise InvalidRequest(f"The {what} must be text of 1 to {longest} printable characters.")
