"""The root of the error tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from extractor.records import Failure, Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records import Rung


class ExtractionError(Exception):
    """Something kept an extraction from succeeding."""

    code: str = "extraction_error"
    retryable: ClassVar[bool] = False
    #: The condition holds for every document of the run: stop, and say it once.
    stops_run: ClassVar[bool] = False

    # What the model client attaches to an error that ends a question.
    #: Tokens and dollars of the question, all its requests.
    usage: Usage = Usage()
    #: Wall seconds that it took.
    seconds: float = 0.0
    #: Rungs sent for it, in order, refused ones included.
    rungs_sent: tuple[Rung, ...] = ()
    #: The provider's id of its last generation, for the provider's support and bill.
    generation_id: str = ""
    #: Seconds that somebody asked us to wait before trying again; None when nobody did.
    retry_after_s: float | None = None

    def __init__(self, message: str, *, paths: Sequence[str] = ()) -> None:
        super().__init__(message)
        #: One or two sentences: what happened, what to do.
        self.message = message
        #: JSON Pointers into the record that the error is about.
        self.paths = tuple(paths)

    def anew(self) -> Self:
        """Return an equal error that was never raised, so that one which is kept gathers no tracebacks."""
        error = type(self).__new__(type(self), *self.args)
        vars(error).update(vars(self))
        return error

    def as_failure(self) -> Failure:
        """Return the error as data."""
        return Failure(
            code=self.code,
            message=self.message,
            retryable=self.retryable,
            paths=self.paths,
            retry_after_s=self.retry_after_s,
        )
