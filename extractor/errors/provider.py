"""Errors of the model's side."""

from __future__ import annotations

from extractor.errors.base import ExtractionError


class ModelError(ExtractionError):
    """The model's side failed one request. Nothing in the message is document text, reply text or a key."""

    code = "model_error"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        provider: str = "",
        retry_after_s: float | None = None,
        maybe_billed: bool = True,
    ) -> None:
        super().__init__(message)
        #: HTTP status, None when no reply came.
        self.status = status
        #: Provider as the reply states it.
        self.provider = provider
        #: Seconds the provider asked us to wait.
        self.retry_after_s = retry_after_s
        #: Whether this request may be on the provider's bill.
        self.maybe_billed = maybe_billed


class AuthenticationFailed(ModelError):
    """401: the key is missing, wrong or revoked. Nothing more is sent."""

    code = "authentication_failed"
    stops_run = True


class OutOfCredit(ModelError):
    """402: the account cannot pay for the request."""

    code = "out_of_credit"
    stops_run = True


class PermissionDenied(ModelError):
    """403: the key or the account's policy does not allow this model or this spend."""

    code = "permission_denied"
    stops_run = True


class ModelNotFound(ModelError):
    """404: no such model, or no endpoint of it is open to this account."""

    code = "model_not_found"
    stops_run = True


class RequestRejected(ModelError):
    """400 or 422: the provider does not accept the request, and not because of how the shape was asked for."""

    code = "request_rejected"


class EnforcementUnavailable(ModelError):
    """The endpoint refused every rung that the caller's policy allows."""

    code = "enforcement_unavailable"


class Refused(ModelError):
    """The model or a filter before it will not answer this document."""

    code = "refused"


class Truncated(ModelError):
    """The answer reached the token ceiling. It is never completed by guessing; raise `max_tokens`."""

    code = "truncated"


class RateLimited(ModelError):
    """429: too many requests."""

    code = "rate_limited"
    retryable = True


class ProviderUnavailable(ModelError):
    """The provider is overloaded or failing: 408, 5xx, or an error inside a 200."""

    code = "provider_unavailable"
    retryable = True


class GatewayError(ModelError):
    """The reply is not JSON: an error page of something between us and the model."""

    code = "gateway_error"
    retryable = True


class EmptyResponse(ModelError):
    """The reply has no answer in it."""

    code = "empty_response"
    retryable = True


class IncompleteStream(ModelError):
    """The stream ended before the model said that it was done. What had arrived is not an answer."""

    code = "incomplete_stream"
    retryable = True


class ModelTimeout(ModelError):
    """No answer arrived in the time allowed."""

    code = "model_timeout"
    retryable = True


class ConnectionFailed(ModelError):
    """No connection could be made; nothing was sent."""

    code = "connection_failed"
    retryable = True
