"""Errors of the Redis client in our words: what is wrong, and what to do about it."""

from __future__ import annotations

import os
import re
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from redis import exceptions
from redis.asyncio.sentinel import MasterNotFoundError

from extractor.errors import ExtractionError, StoreFull, StoreUnavailable, UnsuitableStore

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator


@contextmanager
def in_our_words(address: str) -> Generator[None]:
    """Turn an error of the client library into one of ours, which quotes nothing of a URL."""
    try:
        yield
    except (exceptions.RedisError, OSError) as error:
        raise explained(error, address) from None


def explained(error: Exception, address: str) -> ExtractionError:
    """Return an error of the client library as one of ours."""
    for cause in _causes(error):
        for kinds, become, sentence in _ERRORS:
            if isinstance(cause, kinds):
                return become(sentence.format(address=address))
    return StoreUnavailable(
        f"Redis at {address} cannot be reached ({_reason(error)}). Check that it runs, and the URL."
    )


def misdirected(error: Exception, address: str) -> ExtractionError | None:
    """Return what is wrong with the URL where the failure of the first command tells; None where it does not."""
    causes = tuple(_causes(error))
    if address.startswith("sentinel:") and _NO_SENTINEL.search(str(error)):
        return UnsuitableStore(
            f"At {address} no Sentinel answers, but a Redis server. Name the port of a Sentinel (26379 usually), or "
            "write redis://HOST:PORT/DB for the server itself."
        )
    if address.startswith("rediss:"):
        return _without_tls(causes, address)
    if address.startswith("redis:") and (_ALERT.search(str(error)) or _is_among(causes, ConnectionResetError)):
        return StoreUnavailable(
            f"Redis at {address} hangs up at the first word. It may speak only TLS there: write rediss:// instead."
        )
    return None


#: What a server that is no Sentinel says to one's command.
_NO_SENTINEL = re.compile(r"unknown command .?sentinel", re.IGNORECASE)
#: What a server says in TLS to one that does not begin with it, as the client quotes it: an alert.
_ALERT = re.compile(r"got \"(\\x15|\x15)")


def _without_tls(causes: tuple[BaseException, ...], address: str) -> ExtractionError | None:
    """A server without TLS waits for the end of a line, or answers in plain words."""
    if _is_among(causes, ssl.SSLCertVerificationError) or not _is_among(causes, TimeoutError, ssl.SSLError):
        return None
    how = "answers, but not in TLS" if _is_among(causes, ssl.SSLError) else "does not answer in time"
    return StoreUnavailable(
        f"Redis at {address} {how}. If it does not speak TLS there, name its port for TLS, or write redis:// where "
        "the way to it is safe."
    )


def _is_among(causes: tuple[BaseException, ...], *kinds: type[Exception]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


_ERRORS: tuple[tuple[tuple[type[Exception], ...], type[ExtractionError], str], ...] = (
    (
        (MasterNotFoundError,),
        StoreUnavailable,
        (
            "No Sentinel of {address} names a server. Check that they run, the name of the service, and "
            "sentinel_password in the URL where they ask for one."
        ),
    ),
    (
        (exceptions.AuthenticationError, exceptions.AuthenticationWrongNumberOfArgsError),
        StoreUnavailable,
        "Redis at {address} does not accept the user and password of the URL. Correct them in REDIS_URL.",
    ),
    (
        (exceptions.NoPermissionError,),
        UnsuitableStore,
        (
            "Redis at {address} does not let the user of the URL do what we need: every command on the keys "
            "extractor:* but those of the group @dangerous."
        ),
    ),
    ((exceptions.OutOfMemoryError,), StoreFull, "Redis at {address} is full. Raise its maxmemory."),
    (
        (exceptions.ReadOnlyError,),
        StoreUnavailable,
        "Redis at {address} is a replica, which takes no writes. Name the primary, or use a sentinel:// URL.",
    ),
    ((exceptions.BusyLoadingError,), StoreUnavailable, "Redis at {address} is still loading its data. Try again soon."),
    ((exceptions.TimeoutError, TimeoutError), StoreUnavailable, "Redis at {address} does not answer in time."),
    (
        (exceptions.ResponseError,),
        StoreUnavailable,
        (
            "Redis at {address} refused a command that we need. Check that it has a database of that number, and "
            "that nobody else writes the keys extractor:*."
        ),
    ),
)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _reason(error: Exception) -> str:
    """Say what is known and cannot quote a password: words of the operating system, or the name of the error."""
    for cause in _causes(error):
        if isinstance(cause, OSError):
            number = re.search(r"\[Errno (\d+)\]", str(cause))
            return os.strerror(int(number[1])) if number else cause.strerror or type(cause).__name__
    return type(error).__name__
