"""The only vocabulary the stages share: frozen values, no behaviour beyond arithmetic on themselves."""

from extractor.records.calls import CallKey, Completion, Message, Question, Repair, Shape, Usage, Violation
from extractor.records.documents import Document, Evidence, Page, ReadingNote, Window
from extractor.records.inputs import (
    DEFAULT_MODEL,
    MAX_CHARACTERS,
    MAX_FILE_BYTES,
    OFFLINE_MODEL,
    OPENROUTER_HOST,
    Job,
    Options,
    Reasoning,
    Rung,
    Source,
    Target,
)
from extractor.records.json import Json, JsonObject
from extractor.records.results import (
    Attempt,
    Coverage,
    Enforcement,
    Failure,
    Result,
    Status,
    Timings,
)

__all__ = [
    "DEFAULT_MODEL",
    "MAX_CHARACTERS",
    "MAX_FILE_BYTES",
    "OFFLINE_MODEL",
    "OPENROUTER_HOST",
    "Attempt",
    "CallKey",
    "Completion",
    "Coverage",
    "Document",
    "Enforcement",
    "Evidence",
    "Failure",
    "Job",
    "Json",
    "JsonObject",
    "Message",
    "Options",
    "Page",
    "Question",
    "ReadingNote",
    "Reasoning",
    "Repair",
    "Result",
    "Rung",
    "Shape",
    "Source",
    "Status",
    "Target",
    "Timings",
    "Usage",
    "Violation",
    "Window",
]
