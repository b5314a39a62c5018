"""Every HTTP status, and what it means for us: one table.

The same table serves an error inside a 200, by the code that it states.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor.errors import (
    AuthenticationFailed,
    DocumentTooLarge,
    GatewayError,
    ModelError,
    ModelNotFound,
    OutOfCredit,
    PermissionDenied,
    ProviderUnavailable,
    RateLimited,
    Refused,
    RequestRejected,
)

if TYPE_CHECKING:
    from extractor.model.faults import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a status means."""

    #: The error it becomes.
    error: type[ModelError]
    #: What happened and what to do, one or two sentences.
    says: str
    #: Whether work may have begun that is on the bill.
    maybe_billed: bool = False


_KEY = (
    "The API key is missing, wrong or revoked. Check OPENROUTER_API_KEY, which goes to openrouter.ai alone, or "
    "EXTRACTOR_API_KEY for any other host."
)
_REDIRECT = Meaning(
    error=GatewayError, says="The address answers with a redirect, which is not followed. Set the final base URL."
)
_REJECTED = Meaning(
    error=RequestRejected, says="The provider rejected the request. Check the model's slug and the options."
)
_OVERLOADED = Meaning(error=ProviderUnavailable, says="The provider is overloaded.")
_FAILING = Meaning(error=ProviderUnavailable, says="The provider failed.", maybe_billed=True)
_UNKNOWN = Meaning(error=GatewayError, says="The address answers with a status that HTTP does not know.")

#: Statuses that differ from the rest of their hundred.
STATUSES: dict[int, Meaning] = {
    401: Meaning(error=AuthenticationFailed, says=_KEY),
    402: Meaning(error=OutOfCredit, says="The account cannot pay for the request. Add credit or lower max_tokens."),
    403: Meaning(error=PermissionDenied, says="The key or the account does not allow this model or this spend."),
    404: Meaning(error=ModelNotFound, says="No endpoint serves this model. Check the model slug and the base URL."),
    405: Meaning(error=ModelNotFound, says="The address does not take chat completions. Check the base URL."),
    408: Meaning(error=ProviderUnavailable, says="The provider ran out of time.", maybe_billed=True),
    410: Meaning(error=ModelNotFound, says="The model has been withdrawn. Choose another."),
    429: Meaning(error=RateLimited, says="Too many requests for the provider's limit."),
    503: _OVERLOADED,
    529: _OVERLOADED,
}
#: What holds for the rest, by the first digit.
HUNDREDS: dict[int, Meaning] = {3: _REDIRECT, 4: _REJECTED, 5: _FAILING}

_BAD_REQUEST, _UNPAID, _UNAVAILABLE = 400, 402, 503
_MAYBE_LATER = Meaning(error=ProviderUnavailable, says="The provider says that it will take the request later.")
#: What statuses mean that usually last, where the provider says that they will pass.
_PASSING: dict[int, Meaning] = {
    _UNPAID: Meaning(error=RateLimited, says="Requests in flight hold all of the account's credit for the moment."),
}

#: Statuses with which providers say that the prompt does not fit, or that its content is the reason.
_ABOUT_THE_PROMPT = frozenset({400, 403, 413, 422})
_TOO_LARGE = 413
_TOO_LARGE_KINDS = frozenset({"context_length_exceeded", "token_limit_exceeded", "string_too_long"})
_TOO_LARGE_WORDS = re.compile(
    r"range of input length should be"
    r"|context[ _](length|window|size).{0,40}exceed|exceed\w*.{0,60}context"
    r"|maximum context length|(prompt|input) is too long|too many (input )?tokens",
    re.IGNORECASE | re.DOTALL,
)
_NO_MODEL_WORDS = re.compile(r"not a valid model|model.{0,80}(does not exist|not found)|no such model", re.IGNORECASE)
_CONTENT_KINDS = frozenset({"content_policy_violation", "refusal", "content_filter"})
_CONTENT_WORDS = re.compile(r"DataInspectionFailed|ResponsibleAIPolicyViolation|content_filter", re.IGNORECASE)


def meaning_of(status: int) -> Meaning:
    """Return what `status` means. Every status has a meaning; a 2xx has none here."""
    return STATUSES.get(status) or HUNDREDS.get(status // 100, _UNKNOWN)


def error_of(fault: Fault) -> ModelError | DocumentTooLarge:
    """Return the error that a fault becomes. Its message is ours; the provider's words are only matched."""
    if fault.status in _ABOUT_THE_PROMPT and _says_too_large(fault):
        return DocumentTooLarge("The document with its question is longer than the model takes. Split the document.")
    if fault.status in _ABOUT_THE_PROMPT and _is_about_content(fault):
        return _error(Refused, "A filter before the model will not let this document pass. Try another model.", fault)
    if fault.status == _BAD_REQUEST and _NO_MODEL_WORDS.search(fault.text):
        return _error(ModelNotFound, STATUSES[404].says, fault)
    meaning = _PASSING.get(fault.status, _MAYBE_LATER) if _passes(fault) else _lasting(fault)
    error = _error(meaning.error, meaning.says, fault)
    if isinstance(error, OutOfCredit):
        error.affordable_tokens = fault.affordable_tokens
    return error


def is_maybe_billed(fault: Fault) -> bool:
    """Whether the request behind `fault` may be on the provider's bill."""
    return meaning_of(fault.status).maybe_billed


def _passes(fault: Fault) -> bool:
    """Whether the provider says that what usually lasts will pass."""
    if meaning_of(fault.status).error.retryable or fault.is_passing is False:
        return False
    return fault.is_passing is True or (fault.status == _UNPAID and fault.retry_after_s is not None)


def _lasting(fault: Fault) -> Meaning:
    """Return what a status means, also where the provider says that what usually passes will not."""
    is_over = fault.is_passing is False and fault.status == _UNAVAILABLE
    return STATUSES[404] if is_over else meaning_of(fault.status)


def _says_too_large(fault: Fault) -> bool:
    return (
        fault.status == _TOO_LARGE or fault.kind in _TOO_LARGE_KINDS or _TOO_LARGE_WORDS.search(fault.text) is not None
    )


def _is_about_content(fault: Fault) -> bool:
    return fault.is_about_content or fault.kind in _CONTENT_KINDS or _CONTENT_WORDS.search(fault.text) is not None


def _error(error: type[ModelError], says: str, fault: Fault) -> ModelError:
    details = ", ".join(part for part in (f"HTTP {fault.status}", fault.kind, fault.provider) if part)
    if fault.successors and error is ModelNotFound:
        says = f"{says} The provider suggests {' or '.join(fault.successors)}, which is never chosen for you."
    return error(
        f"{says} ({details})",
        status=fault.status,
        provider=fault.provider,
        retry_after_s=fault.retry_after_s,
        maybe_billed=is_maybe_billed(fault),
    )
