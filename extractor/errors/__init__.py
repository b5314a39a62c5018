"""Every error of this package, in one tree. A class per decision a caller can take.

    ExtractionError
    ├── CallerError                    the request itself is wrong; nothing was sent or spent
    │   ├── InvalidRequest             an argument or option is not one we know
    │   │   ├── AmbiguousSource        text that is also the name of a file
    │   │   ├── UnknownSchema          no schema of this name is registered
    │   │   └── IdempotencyConflict    the idempotency key stands for another request
    │   ├── InvalidSchema              the target is not a JSON Schema
    │   ├── UnsupportedSchema          the target uses what we can neither enforce nor check
    │   ├── InvalidSettings            a setting has no usable value
    │   ├── NoModel                    no key, and no model chosen
    │   ├── PriceUnknown               a budget was set for a model whose price we do not know
    │   ├── UnknownExtraction          there is no extraction of this id
    │   ├── Unauthorized               an HTTP request without our key
    │   └── UnsuitableStore            the Redis server cannot keep our promises
    ├── UnreadableDocument             the document cannot be turned into text; one code per reason
    ├── DocumentTooLarge               the document does not fit the model's input
    ├── BudgetExceeded                 the next call could pass the cap
    ├── Cancelled                      the caller asked to stop
    ├── Unsatisfied                    every allowed answer broke the schema
    │   ├── NotStated                  a required value is not in the document
    │   └── ConflictingValues          parts of the document state different values
    ├── UnreadRanges                   ranges of the document were not read
    ├── ValidationTimeout              checking an answer passed the limits
    ├── GuardFailed                    a guarded child was killed or died
    ├── UnexpectedError                a defect of this product
    ├── OutputFailed                   a finished record could not be written
    ├── DeadlineExceeded               it had not ended in time
    ├── WorkerKiller                   it killed the process that ran it, three times
    ├── CallAbandoned                  the process that made a call died before its end
    ├── StoreUnavailable               Redis cannot be reached
    ├── StoreFull                      Redis is nearly full
    ├── QueueDraining                  the queue takes nothing new
    └── ModelError                     the model's side; one request's failure
        ├── AuthenticationFailed       401
        ├── OutOfCredit                402
        ├── PermissionDenied           403 that is not about this document
        ├── ModelNotFound              404
        ├── RequestRejected            400, 422
        ├── EnforcementUnavailable     every rung we may use was refused
        ├── Refused                    the model or its gateway will not answer this document
        ├── Truncated                  the answer hit the token ceiling
        ├── RunawayGeneration          the answer went on for ever
        ├── RateLimited                429
        ├── ProviderUnavailable        5xx, or an error inside a 200
        ├── GatewayError               a reply that is not JSON
        ├── EmptyResponse              an answer without content
        ├── IncompleteStream           the stream ended before the answer did
        ├── ModelTimeout               no answer in time
        └── ConnectionFailed           no connection

`code` is stable API. `retryable` says whether the same request may succeed later
and is all that a worker reads.
`stops_run` says that no other document can fare better. Errors carry data as attributes; doors render them.
The page docs/reference/errors.md is generated from this tree.
"""

from extractor.errors.base import (
    ExtractionError,
)
from extractor.errors.provider import (
    AuthenticationFailed,
    ConnectionFailed,
    EmptyResponse,
    EnforcementUnavailable,
    GatewayError,
    IncompleteStream,
    ModelError,
    ModelNotFound,
    ModelTimeout,
    OutOfCredit,
    PermissionDenied,
    ProviderUnavailable,
    RateLimited,
    Refused,
    RequestRejected,
    RunawayGeneration,
    Truncated,
)
from extractor.errors.request import (
    AmbiguousSource,
    CallerError,
    IdempotencyConflict,
    InvalidRequest,
    InvalidSchema,
    InvalidSettings,
    NoModel,
    PriceUnknown,
    Unauthorized,
    UnknownExtraction,
    UnknownSchema,
    UnsuitableStore,
    UnsupportedSchema,
)
from extractor.errors.work import (
    BudgetExceeded,
    CallAbandoned,
    Cancelled,
    ConflictingValues,
    DeadlineExceeded,
    DocumentTooLarge,
    GuardFailed,
    NotStated,
    OutputFailed,
    QueueDraining,
    StoreFull,
    StoreUnavailable,
    UnexpectedError,
    UnreadableDocument,
    UnreadRanges,
    Unsatisfied,
    ValidationTimeout,
    WorkerKiller,
)

__all__ = [
    "AmbiguousSource",
    "AuthenticationFailed",
    "BudgetExceeded",
    "CallAbandoned",
    "CallerError",
    "Cancelled",
    "ConflictingValues",
    "ConnectionFailed",
    "DeadlineExceeded",
    "DocumentTooLarge",
    "EmptyResponse",
    "EnforcementUnavailable",
    "ExtractionError",
    "GatewayError",
    "GuardFailed",
    "IdempotencyConflict",
    "IncompleteStream",
    "InvalidRequest",
    "InvalidSchema",
    "InvalidSettings",
    "ModelError",
    "ModelNotFound",
    "ModelTimeout",
    "NoModel",
    "NotStated",
    "OutOfCredit",
    "OutputFailed",
    "PermissionDenied",
    "PriceUnknown",
    "ProviderUnavailable",
    "QueueDraining",
    "RateLimited",
    "Refused",
    "RequestRejected",
    "RunawayGeneration",
    "StoreFull",
    "StoreUnavailable",
    "Truncated",
    "Unauthorized",
    "UnexpectedError",
    "UnknownExtraction",
    "UnknownSchema",
    "UnreadRanges",
    "UnreadableDocument",
    "Unsatisfied",
    "UnsuitableStore",
    "UnsupportedSchema",
    "ValidationTimeout",
    "WorkerKiller",
]
