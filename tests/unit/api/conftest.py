"""The HTTP API in front of a store in memory."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import SecretStr

from extractor import wiring
from extractor.api import Service, create_app
from extractor.desk import Desk
from extractor.errors import IdempotencyConflict, UnknownExtraction
from extractor.records import OFFLINE_MODEL, Receipt, Stored
from extractor.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from extractor.records import Priority, Submission

KEY = "a-server-key-of-the-tests"


@dataclass(frozen=True)
class Submitted:
    receipts: list[Receipt]
    ring: frozenset[Priority] = frozenset()


@dataclass
class MemoryStore:
    """As much of a store as the door uses."""

    submissions: list[Submission] = field(default_factory=list)
    stored: dict[str, Stored] = field(default_factory=dict)
    #: Raised by every method, when set.
    error: Exception | None = None

    async def submit_many(self, submissions: Sequence[Submission]) -> Submitted:
        self._fail()
        return Submitted([self._accept(each) for each in submissions], frozenset({"interactive"}))

    async def read(self, id: str, *, tenant: str) -> Stored:  # noqa: A002
        self._fail()
        if id not in self.stored:
            raise UnknownExtraction("There is no extraction of this id.")
        return self.stored[id]

    async def wait(self, id: str, *, tenant: str, timeout_s: float) -> Stored:  # noqa: A002
        if (await self.read(id, tenant=tenant)).ended_at is None:
            await asyncio.sleep(timeout_s)
        return self.stored[id]

    async def ping(self) -> None:
        self._fail()

    def put(self, id: str, **members: Any) -> None:  # noqa: A002
        stated = {"status": "queued", "deadline_at": 0.0, "created_at": 0.0} | members
        result = json.dumps({"id": id, "status": stated["status"], "record": None}).encode()
        self.stored[id] = Stored(id=id, tenant="default", priority="interactive", **({"result": result} | stated))

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error

    def _accept(self, submission: Submission) -> Receipt:
        for earlier in self.submissions:
            if submission.idempotency_key and earlier.idempotency_key == submission.idempotency_key:
                if earlier.digest != submission.digest:
                    raise IdempotencyConflict("The idempotency key stands for another request.")
                return Receipt(id=earlier.id, is_new=False)
        self.submissions.append(submission)
        self.put(submission.id)
        return Receipt(id=submission.id, is_new=True)


@dataclass(frozen=True)
class Bell:
    rung: list[frozenset[Priority]]

    def ring(self, classes: frozenset[Priority]) -> None:
        self.rung.append(classes)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def rung() -> list[frozenset[Priority]]:
    """The tickets that were sent."""
    return []


@pytest.fixture
def service(store: MemoryStore, rung: list[frozenset[Priority]]) -> Service:
    door = replace(wiring.door_from(Settings(model=OFFLINE_MODEL, max_file_bytes=30_000)), tenant="default")
    return Service(desk=Desk(store=store, bell=Bell(rung), tenant=door.tenant), door=door)


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the key, without a socket between it and the application."""
    transport = httpx.ASGITransport(create_app(service, key=SecretStr(KEY)))
    headers = {"Authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://door", headers=headers) as opened:
        yield opened
