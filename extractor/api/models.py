"""The bodies of requests and answers, as the OpenAPI document shows them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from extractor.records import (
    Attempt,
    Conflict,
    Coverage,
    Enforcement,
    Evidence,
    Failure,
    FieldState,
    Options,
    ReadingNote,
    Repair,
    State,
    Timings,
    Usage,
)
from extractor.schema import Hint, ReportRow


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TextDocument(_Body):
    """A document that is text already."""

    text: str
    media_type: str | None = Field(default=None, description="As you know it.")
    name: str | None = Field(default=None, description="Name to show in results and messages.")


class BytesDocument(_Body):
    """A document as a file: PDF, DOCX, HTML or text."""

    base64: str = Field(description="Its bytes.")
    media_type: str | None = Field(default=None, description="As you know it; the content decides.")
    name: str | None = Field(default=None, description="Name to show in results and messages.")


class ExtractionRequest(_Body):
    """A document and a schema, and how to extract."""

    document: TextDocument | BytesDocument
    target: dict[str, Any] | str = Field(alias="schema", description="A JSON Schema, or the name of a registered one.")
    options: Options = Field(default_factory=Options, description="What is not stated is the server's default.")


class SchemaCheck(_Body):
    """A schema, and how records would be extracted under it."""

    target: dict[str, Any] | str = Field(alias="schema", description="A JSON Schema, or the name of a registered one.")
    options: Options = Field(default_factory=Options, description="Those of an extraction; few make a difference here.")


class CheckedSchema(BaseModel):
    """A schema that can be used, and what is enforced where."""

    ok: Literal[True]
    name: str
    fields: list[ReportRow]
    is_cut: bool
    dialect: str
    validated_by: list[str]
    cost: Literal["bounded", "guarded"]
    wire_bytes: int
    expected_tokens: int
    hints: list[Hint]


class Accepted(BaseModel):
    """The extraction is stored and will come to an end."""

    id: str
    status: State


class Extraction(BaseModel):
    """One extraction as it stands: the whole result once it has ended."""

    id: str
    source: str | None = Field(description="Name of the document.")
    status: State
    record: Any = Field(description="Null while the extraction is open, and where nothing could be read.")
    evidence: dict[str, Evidence] = Field(description="JSON Pointer of each value -> where it stands in the document.")
    coverage: list[Coverage] = Field(description="Which ranges of the document were read, by which call.")
    states: dict[str, FieldState] = Field(
        description="JSON Pointer -> what is known of that place of the record, where it is not `stated`."
    )
    conflicts: list[Conflict] = Field(description="Where parts of the document state different values.")
    attempts: list[Attempt]
    repairs: list[Repair]
    unsupported: list[str] = Field(description="JSON Pointers of values in neither the document nor the reasoning.")
    enforcement: Enforcement
    validated_by: list[str]
    usage: Usage
    cost_usd: float = Field(description="US dollars.")
    error: Failure | None
    engine: str
    warnings: list[ReadingNote]
    timings: Timings
    retry_of: str = Field(description="The extraction that this one is a re-run of, empty where it is none.")
    document_sha256: str = Field(description="SHA-256 of the document's bytes; empty where it was not read.")


#: Seconds that a request may wait for the end of an extraction.
WAIT_MAX_S = 60.0


class Waiting(_Body):
    """The query of a request for one extraction."""

    wait: Annotated[
        float, Field(ge=0, le=WAIT_MAX_S, description="Seconds to wait for the end, if it has not come yet.")
    ] = 0.0
