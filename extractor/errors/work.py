"""Errors of one extraction, on our side of the model."""

from __future__ import annotations

from typing import ClassVar

from extractor.errors.base import ExtractionError


class UnreadableDocument(ExtractionError):
    """The document cannot be turned into text. The code says why."""

    code = "unreadable_document"
    #: Every code of this class, and what to do about it.
    codes: ClassVar[dict[str, str]] = {
        "empty_document": "The document has no content. Check that the upload or export finished.",
        "encrypted_document": "The document needs a password. Remove the protection and submit it again.",
        "corrupt_document": "The document is damaged and its parser refused it. Export or download it again.",
        "file_too_large": "The document is over the size limit. Raise EXTRACTOR_MAX_FILE_BYTES or "
        "EXTRACTOR_MAX_CHARACTERS, or split it.",
        "no_text_layer": "The pages are images without text. Run OCR first and submit its output.",
        "unsupported_media_type": "This kind of file is not read yet. Convert it to PDF, DOCX, HTML or text.",
        "document_timeout": "Reading the document took longer than is allowed. Split it or export it again.",
        "file_not_found": "There is no readable file of this name.",
    }

    def __init__(self, code: str, *, detail: str = "") -> None:
        super().__init__(f"{self.codes[code]}{f' ({detail})' if detail else ''}")
        self.code = code
        #: What the parser or the file system said, without document text.
        self.detail = detail


class DocumentTooLarge(ExtractionError):
    """The document does not fit the model's input, not even in the smallest windows. It is never shortened."""

    code = "document_too_large"


class BudgetExceeded(ExtractionError):
    """The next call could pass the cap, so it was not made. What was asked before is in the attempts."""

    code = "budget_exceeded"

    def __init__(self, message: str, *, cap: str = "") -> None:
        super().__init__(message)
        #: Whose cap: `document`, `batch`, `tenant`; "" = of the document or the run, in one process.
        self.cap = cap


class Cancelled(ExtractionError):
    """The caller asked to stop."""

    code = "cancelled"


class Unsatisfied(ExtractionError):
    """Every allowed answer broke at least one rule of the schema. The attempts are in the result."""

    code = "unsatisfied"


class NotStated(Unsatisfied):
    """A required value is not in the document, twice by the model's word. Make the field optional or nullable."""

    code = "not_stated"


class ConflictingValues(Unsatisfied):
    """Parts of the document state different values for one place, and the caller wants none chosen (`on_conflict`)."""

    code = "conflicting_values"


class UnreadRanges(ExtractionError):
    """Some ranges of the document were not read; `coverage` lists them. The record holds what the others state."""

    code = "unread_ranges"

    def __init__(self, message: str, *, because: ExtractionError) -> None:
        super().__init__(message)
        #: Why the first of them was not.
        self.because = because
        self.retryable = because.retryable  # type: ignore[misc] # it may pass when the reason does
        self.retry_after_s = because.retry_after_s


class ValidationTimeout(ExtractionError):
    """Checking one answer under the schema took more time or memory than is allowed. The answer is in the attempts.

    Unions that contain themselves can take time without end: give their forms members that tell them apart, or
    flatten them.
    """

    code = "validation_timeout"


class GuardFailed(ExtractionError):
    """A guarded child process was killed at a limit or died. The service itself is unharmed."""

    code = "guard_failed"

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        #: `timeout` = wall clock or CPU limit; `died` = memory limit or crash; `raised` = an error of no known type;
        #: `not_started` = no child could be started, whatever the work.
        self.reason = reason


class UnexpectedError(ExtractionError):
    """A defect of this product. The other documents go on; the log holds the traceback. Please report it."""

    code = "unexpected_error"


class OutputFailed(ExtractionError):
    """What is to be written cannot be, such as a finished record. Nothing more is asked, so that no reply is lost."""

    code = "output_failed"
    stops_run = True


class DeadlineExceeded(ExtractionError):
    """The extraction had not ended by its deadline. Submit it again, or raise `deadline_s`."""

    code = "deadline_exceeded"


class WorkerKiller(ExtractionError):
    """The process that ran this extraction, and nothing else, died three times. Its document or schema is at fault."""

    code = "worker_killer"


class CallAbandoned(ExtractionError):
    """The process that made this call died before its end. It is charged as reserved; its reply is not known."""

    code = "call_abandoned"


class StoreUnavailable(ExtractionError):
    """Redis cannot be reached, or does not answer. Nothing was acknowledged, but an answer may have been lost on its
    way: send the same request again, under the same idempotency key.
    """

    code = "store_unavailable"
    retryable = True


class StoreFull(ExtractionError):
    """Redis is nearly full, and the rest is kept for work that was accepted. Submit later, or raise `maxmemory`."""

    code = "storage_full"
    retryable = True


class QueueDraining(ExtractionError):
    """The operator is emptying the queue and takes nothing new. Submit later."""

    code = "queue_draining"
    retryable = True
