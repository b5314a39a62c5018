"""Errors of the request itself."""

from __future__ import annotations

from typing import Self

from extractor.errors.base import ExtractionError


class CallerError(ExtractionError):
    """The request itself is wrong; nothing was sent or spent. A queue that cannot raise it puts it in the result."""

    code = "caller_error"
    stops_run = True


class InvalidRequest(CallerError):
    """An argument or option is not one we know, or has a value that cannot work."""

    code = "invalid_request"


class AmbiguousSource(InvalidRequest):
    """A one-line string that is also the name of an existing file. Pass a `Path` for the file, bytes for the text."""

    code = "ambiguous_source"


class InvalidSchema(CallerError):
    """The target is not a JSON Schema, or the schema file or class cannot be loaded."""

    code = "invalid_schema"

    def __init__(self, message: str, *, at: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        #: JSON Pointer into the target schema, "" for its root; None where the place is not known.
        self.at = at
        #: Line of a schema file, from 1, where the file itself is no JSON.
        self.line = line


class UnsupportedSchema(CallerError):
    """The target schema uses a keyword that we can neither enforce nor check."""

    code = "unsupported_schema"

    def __init__(self, keyword: str, *, at: str, because: str = "it cannot be enforced or checked") -> None:
        what = "schema" if keyword == "schema" else f"schema keyword {keyword!r}"
        super().__init__(f"The {what} at {at or '#'} is not supported: {because}. See docs/schemas.md.")
        #: The keyword; `schema` where it is all that stands at this place.
        self.keyword = keyword
        #: JSON Pointer into the target schema, "" for its root.
        self.at = at


class InvalidSettings(CallerError):
    """A setting from the environment or the configuration file has no usable value."""

    code = "invalid_settings"


class NoModel(CallerError):
    """There is no key for the model's host, and no model that works without one was chosen."""

    code = "no_model"


class PriceUnknown(CallerError):
    """A budget was set, but the model's price is not known, so the budget could not be kept."""

    code = "price_unknown"

    def after_calls(self) -> Self:
        """Return the error as the end of one document, whose calls before were paid."""
        self.stops_run = False  # type: ignore[misc] # other documents may not need that model
        return self


class UnknownSchema(InvalidRequest):
    """No schema is registered under this name. The operator registers them in EXTRACTOR_SCHEMAS."""

    code = "unknown_schema"


class IdempotencyConflict(InvalidRequest):
    """The idempotency key stands for another document, schema or options. Use a new key for a new request."""

    code = "idempotency_conflict"


class UnknownExtraction(CallerError):
    """There is no extraction of this id: it never was, has expired, was erased, or belongs to somebody else."""

    code = "unknown_extraction"


class Unauthorized(CallerError):
    """The HTTP request carries no bearer key, or not the one in EXTRACTOR_SERVER_KEY."""

    code = "unauthorized"


class UnsuitableStore(CallerError):
    """The Redis server cannot keep our promises: too old, a cluster, evicting, or holding data of another version."""

    code = "unsuitable_store"
