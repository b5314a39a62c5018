"""What a caller hands in: a source, a target, options; together a job."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from extractor.records.json import JsonObject  # noqa: TC001 - pydantic reads the annotations of Options

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

#: Model asked when nobody chose another. Slug at OpenRouter.
DEFAULT_MODEL = "qwen/qwen-plus-2025-07-28:thinking"
#: The rule-based stand-in. Chosen by name only, never a fallback.
OFFLINE_MODEL = "offline/heuristic"

#: The host that the default model is asked at, and the only one that its key is sent to.
OPENROUTER_HOST = "openrouter.ai"
#: Bytes of a document at most, unless the operator says otherwise: 50 MiB; a larger PDF is a book or an archive.
MAX_FILE_BYTES = 50 * 1024 * 1024
#: Characters of a document's text at most: about 1,000,000 tokens, what the default model takes.
MAX_CHARACTERS = 4_000_000

#: One way of asking for a shape, strongest first: a grammar, a tool call, "some JSON", words alone.
Rung: TypeAlias = Literal["json_schema", "tool", "json_object", "prompt"]


#: Class of service: `interactive` is served before `bulk`.
Priority: TypeAlias = Literal["interactive", "bulk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document before it is read."""

    #: `Path` = a file to read, `bytes` = its content, `str` = text that is already text.
    content: Path | bytes | str = field(repr=False)
    #: Media type as the caller states it; the content decides where the two disagree.
    media_type: str | None = None
    #: Name to show in results and messages; a file's path when it came from one.
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The schema that a record must satisfy."""

    #: The caller's JSON Schema, never modified.
    schema: JsonObject = field(repr=False)
    #: Short name for people and for the model, from the class or the schema's title.
    name: str
    #: SHA-256 of the canonical schema, hexadecimal.
    digest: str
    #: The pydantic class the schema came from, where this process knows it.
    model_class: type[BaseModel] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoning:
    """How much a thinking model may think, in OpenRouter's terms. Set `effort` or `max_tokens`, not both."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    #: Share of `max_tokens`.
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    #: Ceiling on reasoning tokens.
    max_tokens: int | None = None
    #: Switch thinking on or off where the model lets the caller choose.
    enabled: bool | None = None
    #: Leave the reasoning text out of the reply; it is billed all the same.
    exclude: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceCeiling:
    """US dollars per million tokens that an endpoint may ask at most; a dearer one is not used."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    #: For input. None = no ceiling.
    prompt: float | None = None
    #: For output, reasoning included. None = no ceiling.
    completion: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPolicy:
    """Which of a model's providers may see the document, in OpenRouter's terms."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    #: Only providers that keep nothing.
    zdr: bool | None = None
    #: `deny` = only providers that do not train on what they are sent.
    data_collection: Literal["allow", "deny"] | None = None
    #: Providers in the order in which they are tried.
    order: tuple[str, ...] = ()
    #: Providers that may be used; empty = all.
    only: tuple[str, ...] = ()
    #: Providers that may not be used.
    ignore: tuple[str, ...] = ()
    #: None = 1.5 times the known price, where one is known.
    max_price: PriceCeiling | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a caller wants the extraction done. One closed list, the same at every door."""

    #: Model slug.
    model: str = DEFAULT_MODEL
    #: Models that are asked in turn where the one before fails, or its answers stay invalid. None by default.
    models: tuple[str, ...] = ()
    #: Which providers of the model may be used.
    provider: ProviderPolicy | None = None
    #: `auto` = strongest rung the endpoint takes; `required` = no record but from `json_schema`; or one rung, and no
    #: other.
    enforcement: Literal["auto", "required"] | Rung = "auto"
    #: None = the model's own default, with a ceiling of our own.
    reasoning: Reasoning | None = None
    #: Ceiling on output tokens, reasoning included. None = estimated from the schema.
    max_tokens: int | None = None
    #: 0 to 2. None = 0.
    temperature: float | None = None
    #: Above 0, up to 1. None = the endpoint's default.
    top_p: float | None = None
    #: None = a fixed seed, so that equal requests have a chance of equal replies.
    seed: int | None = None
    #: -2 to 2. None = the endpoint's default.
    presence_penalty: float | None = None
    #: Tools of the caller's own, OpenAI shape, sent as they are.
    tools: tuple[JsonObject, ...] = ()
    #: `none | auto | required` or one named tool. None = not sent.
    tool_choice: str | JsonObject | None = None
    #: Answers asked for per document at most, the first included.
    max_attempts: int = 3
    #: Cap for this document, US dollars. None = no cap of its own.
    max_cost_usd: float | None = None
    #: `on` = packaging and slips that cannot change the meaning are mended, and each is named; `off` = asked again.
    repairs: Literal["on", "off"] = "on"
    #: What is done about a value that stands in neither the document nor the reasoning: `flag` = it is named in the
    #: result; `reask` = it is asked for again as well.
    unsupported: Literal["flag", "reask"] = "flag"
    #: What becomes of a document whose answers stay wrong: `fail` = it fails; `partial` = what is right is kept and the
    #: rest left out; `null` = the rest is null, which is a success where the schema takes it.
    on_invalid: Literal["fail", "partial", "null"] = "fail"
    #: Who is asked again for single fields: `same` = the model itself; `sibling` = its variant that does not think; or
    #: a model's slug. None = the sibling where one is known, and the model itself where that fails twice alike.
    repair_model: str | None = None
    #: `one` = the document is one record; `many` = a list of records; `auto` = what the schema says.
    records: Literal["auto", "one", "many"] = "auto"
    #: Which value counts where parts of a long document state different ones. `evidence` = the first that stands in the
    #: document, else the most frequent; `ask` = the model chooses between the passages; `error` = none.
    on_conflict: Literal["evidence", "first", "last", "majority", "error", "ask"] = "evidence"
    #: `post` = look every value up in the document after the answer; `off` = do not.
    evidence: Literal["post", "off"] = "post"
    #: `drop` = members the schema does not name are not asked for; `keep` = they are.
    open_objects: Literal["drop", "keep"] = "drop"
    #: `absent` = a null for an optional member means it is not there; `exact` = null and absent stay apart.
    nulls: Literal["absent", "exact"] = "absent"
    #: `say` = a required leaf may be answered "not stated"; `forbid` = the model must fill it.
    absence: Literal["say", "forbid"] = "say"
    #: Class of service in a queue. None = `bulk` for many at once, else `interactive`. In process nothing waits.
    priority: Priority | None = None
    #: Seconds by which the extraction ends, whatever happens. None = the operator's default; none in process.
    deadline_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One document, one target, one set of options."""

    #: Name of this extraction, unique.
    id: str
    #: The document.
    source: Source
    #: The schema its record must satisfy.
    target: Target
    #: How to do it.
    options: Options = field(default_factory=Options)
    #: The extraction that it is a re-run of, "" = none.
    retry_of: str = ""
    #: SHA-256 of the bytes that the document must have, hexadecimal; "" = whatever it has.
    document_sha256: str = ""
