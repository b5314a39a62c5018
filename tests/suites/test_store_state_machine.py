"""Any order of what doors, workers, crashes and time do to the store, against a model of it in a few lines.

After every step the store is read as a whole and compared: one outcome per extraction, none lost, nothing held
that nobody holds. At the end of every run a healthy worker finishes what is left.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from extractor.errors import Cancelled, IdempotencyConflict, UnknownExtraction
from extractor.records import ENDS, CallKey, Lease, Submission, Usage
from extractor.store import StoreLimits
from extractor.store.packing import pack
from extractor.testing.models import completion
from extractor.testing.stores import READY, StoreBench, open_bench, places_in
from extractor.testing.submissions import submission

#: A lease that ends only when a test says so.
LIMITS = StoreLimits(lease_s=600.0, result_ttl_s=3600.0)
WORKERS = ("a", "b")
OPEN = ("queued", "running", "deferred")
#: What becomes of a worker that gives no sign of life.
STORIES = ("crashes", "stalls", "comes back", "comes back late", "was poisoned")

pick = st.integers(0, 30)
tenants = st.sampled_from(["default", "other"])
texts = st.sampled_from(["Dear reader", "Dear writer"])
members = st.fixed_dictionaries(
    {
        "tenant": tenants,
        "priority": st.sampled_from(["interactive", "bulk"]),
        "idempotency_key": st.sampled_from(["", "", "k1", "k2"]),
        "batch": st.sampled_from(["", "", "b1"]),
        "task_id": st.sampled_from(["", "", "t"]),
    }
)


@dataclass(kw_only=True)
class Known:
    """What must be true of one acknowledged extraction."""

    submission: Submission
    state: str = "queued"
    #: Token whose holder may renew and commit; "" = none.
    token: str = ""
    claims: int = 0
    #: "" | company | alone
    suspect: str = ""
    deaths: int = 0
    is_cancelling: bool = False
    is_erased: bool = False
    result: bytes = b""
    code: str = ""
    commits: int = 0
    #: Text of each reply that was paid for.
    paid: set[str] = field(default_factory=set)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN and not self.is_erased

    @property
    def listed(self) -> str:
        return self.state if self.state in ENDS else "open"

    @property
    def place(self) -> str:
        if self.state == "running":
            return "extractor:running"
        if self.state == "deferred":
            return "extractor:due"
        if self.suspect:
            return "extractor:alone" if self.suspect == "alone" else "extractor:suspects"
        return f"{READY}{self.submission.priority}:{self.submission.tenant}"

    def end(self, state: str, code: str = "") -> None:
        assert self.is_open, "an end was left"
        self.state, self.code = state, code

    def put_back(self) -> None:
        self.state, self.token = "queued", ""


class StoreMachine(RuleBasedStateMachine):
    """Doors, two workers that may crash or stall, and the clock."""

    def __init__(self, bench: StoreBench, runner: asyncio.Runner) -> None:
        super().__init__()
        self.bench, self.do = bench, runner.get_loop().run_until_complete
        self.known: dict[str, Known] = {}
        self.by_key: dict[tuple[str, str], str] = {}
        #: Tenant and batch -> ids that joined it.
        self.joined: dict[tuple[str, str], list[str]] = {}
        self.held: dict[str, list[Lease]] = {worker: [] for worker in WORKERS}
        #: Leases of workers that were declared dead, and may come back.
        self.stale: list[Lease] = []
        #: Leases that were put down; a reply may still arrive for them.
        self.past: list[Lease] = []
        self.pause = ""
        self.calls = 0
        #: Calls without an end: extraction, journal, key.
        self.unanswered: list[tuple[str, Any, CallKey]] = []
        #: Tenant -> billionths of a dollar that erased extractions have cost.
        self.erased_cost: Counter[str] = Counter()
        self.do(bench.connection.client.flushdb())

    # --- doors ---

    def _submit(self, submissions: list[Submission]) -> None:
        expected, first, conflicts = [], {}, False
        for each in submissions:
            place = (each.tenant, each.idempotency_key)
            known = (first.get(place) or self.by_key.get(place)) if each.idempotency_key else None
            by_id = {each.id: each for each in submissions}
            if known is None:
                expected.append((each.id, True))
                first[place] = each.id
            else:
                digest = by_id[known].digest if known in by_id else self.known[known].submission.digest
                conflicts = conflicts or digest != each.digest
                expected.append((known, False))
        if conflicts:
            with pytest.raises(IdempotencyConflict):
                self.do(self.bench.store.submit_many(submissions))
            return
        taken = self.do(self.bench.store.submit_many(submissions))
        assert [(receipt.id, receipt.is_new) for receipt in taken.receipts] == expected
        for each, (_, is_new) in zip(submissions, expected, strict=True):
            if is_new:
                self.known[each.id] = Known(submission=each)
                if each.idempotency_key:
                    self.by_key[each.tenant, each.idempotency_key] = each.id
                if each.batch:
                    self.joined.setdefault((each.tenant, each.batch), []).append(each.id)

    def _made(self, text: str, stated: dict[str, Any]) -> Submission:
        task = f"task-{len(self.known)}" if stated["task_id"] else ""
        return submission(text, **(stated | {"task_id": task}))

    @initialize(each=st.lists(st.tuples(texts, members), min_size=3, max_size=5))
    def begin(self, each):
        self.submit_many(each)
        self.claim("a", 3, 3, goes_on=False)

    @rule(each=st.lists(st.tuples(texts, members), min_size=1, max_size=4))
    def submit_many(self, each):
        self._submit([self._made(text, stated) for text, stated in each])

    def _nth(self, number: int) -> Known:
        ids = list(self.known)
        return self.known[ids[number % len(ids)]]

    @precondition(lambda self: self.known)
    @rule(number=pick, is_running=st.booleans())
    def cancel(self, number, is_running):
        leases = [lease for _, lease in self._all_held()] + self.stale
        known = self.known[leases[number % len(leases)].id] if is_running and leases else self._nth(number)
        if known.is_erased:
            with pytest.raises(UnknownExtraction):
                self.do(self.bench.store.cancel(known.submission.id, tenant=known.submission.tenant))
            return
        state = self.do(self.bench.store.cancel(known.submission.id, tenant=known.submission.tenant))
        if known.state == "running":
            known.is_cancelling = True
        elif known.is_open:
            known.end("cancelled", "cancelled")
            known.token = ""
        assert state == known.state

    @precondition(lambda self: self.known)
    @rule(number=pick)
    def erase(self, number):
        known = self._nth(number)
        tenant, key = known.submission.tenant, known.submission.idempotency_key
        if known.is_erased:
            with pytest.raises(UnknownExtraction):
                self.do(self.bench.store.erase(known.submission.id, tenant=tenant))
            return
        cost = _money_of(self.do(self.bench.fields_of(known.submission.id))).total()
        self.erased_cost.update({tenant: cost, f"{tenant} {known.submission.batch}": cost})
        self.do(self.bench.store.erase(known.submission.id, tenant=tenant))
        if known.is_open:
            known.end("cancelled", "cancelled")
        known.is_erased, known.token = True, ""
        self.by_key.pop((tenant, key), None)

    @rule(to=st.sampled_from(["pause", "resume", "trip", "mend"]))
    def steer(self, to):
        if to == "pause":
            self.do(self.bench.store.pause(message="maintenance"))
            self.pause = "operator"
        elif to == "resume":
            self.do(self.bench.store.resume())
            self.pause = ""
        elif to == "trip":
            self.do(self.bench.leases.trip(code="authentication_failed", message="The key is refused."))
            self.pause = self.pause or "circuit"
        else:
            self.do(self.bench.leases.mend())
            self.pause = "" if self.pause == "circuit" else self.pause

    @precondition(lambda self: self.known)
    @rule(numbers=st.lists(pick, min_size=1, max_size=3))
    def requeue(self, numbers):
        chosen = list({known.submission.id: known for known in map(self._nth, numbers)}.values())
        expected = [
            known.submission.id
            for known in chosen
            if known.is_open and (known.state == "deferred" or (known.state == "queued" and known.suspect))
        ]
        assert self.do(self.bench.store.requeue([known.submission.id for known in chosen])) == expected
        for id_ in expected:
            self.known[id_].put_back()
            self.known[id_].suspect, self.known[id_].deaths = "", 0

    # --- workers ---

    def _ready(self, priority: str) -> list[str]:
        place = f"{READY}{priority}:"
        return [name for name, known in self.known.items() if known.is_open and known.place.startswith(place)]

    def _leased(self, worker: str, leases: tuple[Lease, ...]) -> None:
        for lease in leases:
            known = self.known[lease.id]
            assert known.is_open
            assert known.state == "queued", "something was given away twice"
            known.state, known.token, known.claims = "running", lease.token, known.claims + 1
            assert lease.claim == known.claims
            replies = {call.completion.text for call in lease.calls if call.completion is not None}
            assert replies == known.paid, "a paid reply was thrown away"
            self.held[worker].append(lease)

    @rule(worker=st.sampled_from(WORKERS), free=st.integers(1, 4), free_bulk=st.integers(0, 4), goes_on=st.booleans())
    def claim(self, worker, free, free_bulk, goes_on):
        if goes_on:
            self.steer("resume")
        interactive, bulk = self._ready("interactive"), self._ready("bulk")

        claimed = self.do(self.bench.leases.claim(free=free, free_bulk=free_bulk))

        assert (claimed.pause.by if claimed.pause else "") == self.pause
        names = [lease.id for lease in claimed.leases]
        assert set(names) <= {*interactive, *bulk}
        if self.pause:
            assert names == []
        else:
            first = min(free, len(interactive))
            assert len(set(names) & set(interactive)) == first
            assert len(set(names) & set(bulk)) == min(free - first, free_bulk, len(bulk))
        self._leased(worker, claimed.leases)

    def _suspects(self, kind: str) -> list[str]:
        return [
            name
            for name, known in self.known.items()
            if known.is_open and known.state == "queued" and known.suspect == kind
        ]

    @precondition(lambda self: self._suspects("company") + self._suspects("alone"))
    @rule(worker=st.sampled_from(WORKERS), deaths=st.integers(0, 4))
    def run_suspects(self, worker, deaths):
        """A child runs suspects, and dies of them some times in a row before it holds them."""
        for _ in range(deaths):
            self._run_suspects(worker, dies=True)
        self._run_suspects(worker, dies=False)

    def _run_suspects(self, worker: str, *, dies: bool) -> None:
        company, alone = self._suspects("company"), self._suspects("alone")

        suspects = self.do(self.bench.leases.claim_suspects())

        names = [lease.id for lease in suspects.leases]
        if self.pause:
            assert names == []
        elif company:
            assert names
            assert set(names) <= set(company)
            assert not suspects.is_alone
        else:
            assert len(names) == min(1, len(alone))
        self._leased(worker, suspects.leases)
        if dies and names:
            self._child_dies(suspects.leases, is_alone=suspects.is_alone)

    def _child_dies(self, leases: tuple[Lease, ...], *, is_alone: bool) -> None:
        self.do(self.bench.leases.crash(leases, is_alone=is_alone))
        for lease in leases:
            known = self.known[lease.id]
            known.deaths += is_alone
            if known.deaths == 3:
                known.end("failed", "worker_killer")
                known.token = ""
            else:
                known.put_back()
                known.suspect = "alone"

    def _lease_ran_out(self, known) -> None:
        known.deaths += known.suspect == "alone"
        if known.deaths == 3:
            known.end("failed", "worker_killer")
            known.token = ""
        else:
            known.state, known.suspect = "queued", "alone" if known.suspect else "company"

    def _all_held(self) -> list[tuple[str, Lease]]:
        return [(worker, lease) for worker, leases in self.held.items() for lease in leases]

    @precondition(lambda self: self._all_held())
    @rule(number=pick, story=st.sampled_from(STORIES), deaths=st.integers(1, 4))
    def stop_renewing(self, number, story, deaths):
        """A worker crashes, or stalls and comes back: sooner or later, before or after others took over."""
        held = self._all_held()
        worker = held[number % len(held)][0]
        other = WORKERS[1 - WORKERS.index(worker)]
        leases, self.held[worker] = self.held[worker], []
        current = [lease.id for lease in leases if self._holds(lease) and self.known[lease.id].state == "running"]
        if current:
            self.do(self.bench.let_leases_run_out(*current))
        if story in {"stalls", "comes back", "comes back late"}:
            self.stale += leases
        if story != "stalls":
            self._swept()
        if story in {"comes back late", "was poisoned"}:
            self.steer("resume")
            for _ in range(deaths if story == "was poisoned" else 0):
                self._run_suspects(other, dies=True)
            self._run_suspects(other, dies=False)
        if story in {"comes back", "comes back late"}:
            self.come_back(worker, renews=True)

    @precondition(lambda self: self.stale)
    @rule(worker=st.sampled_from(WORKERS), renews=st.booleans())
    def come_back(self, worker, renews):
        self.held[worker] += self.stale
        self.stale = []
        if renews:
            self.renew(worker)

    @precondition(lambda self: self._all_held() or self.stale)
    @rule(worker=st.sampled_from(WORKERS))
    def renew(self, worker):
        leases = self.held[worker]
        answers = self.do(self.bench.leases.renew([(lease.id, lease.token) for lease in leases]))
        for lease, answer in zip(list(leases), answers, strict=True):
            known = self.known[lease.id]
            if not self._holds(lease):
                assert answer == "lost"
                leases.remove(lease)
                continue
            known.deaths = max(0, known.deaths - (known.state == "queued"))
            known.state = "running"
            assert answer == ("cancelled" if known.is_cancelling else "held")

    def _holds(self, lease: Lease) -> bool:
        known = self.known[lease.id]
        return known.is_open and known.token == lease.token

    def _any_lease(self, number: int) -> Lease:
        leases = [lease for _, lease in self._all_held()] + self.stale
        return leases[number % len(leases)]

    def _drop(self, lease: Lease) -> None:
        for leases in (*self.held.values(), self.stale):
            if lease in leases:
                leases.remove(lease)
                self.past.append(lease)

    @precondition(lambda self: self._all_held() or self.stale)
    @rule(number=pick, status=st.sampled_from(["succeeded", "partial", "failed", "cancelled"]), again=st.booleans())
    def commit(self, number, status, again):
        lease = self._any_lease(number)
        known = self.known[lease.id]
        result = f'{{"commit":"{lease.token}"}}'.encode()
        may_commit = self._holds(lease)
        for _ in range(1 + again):
            stands = self.do(self.bench.leases.commit(lease, status=status, code="", result=pack(result)))
            assert stands == (("untold" if known.submission.task_id else "stands") if may_commit else "lost")
        if may_commit:
            known.end(status)
            known.commits += 1
            known.result = result
        self._drop(lease)

    @precondition(lambda self: self._all_held() or self.stale)
    @rule(number=pick)
    def defer(self, number):
        lease = self._any_lease(number)
        known = self.known[lease.id]
        if self._holds(lease):
            if known.is_cancelling:
                known.end("cancelled", "cancelled")
            else:
                known.state = "deferred"
            known.token = ""
        self.do(self.bench.leases.defer(lease, delay_s=600.0))
        self._drop(lease)

    @precondition(lambda self: self._all_held())
    @rule(worker=st.sampled_from(WORKERS))
    def release(self, worker):
        leases, self.held[worker] = self.held[worker], []
        for lease in leases:
            known = self.known[lease.id]
            if not self._holds(lease) or known.state != "running":
                continue
            if known.is_cancelling:
                known.end("cancelled", "cancelled")
                known.token = ""
            else:
                known.put_back()
        self.do(self.bench.leases.release(leases))

    @precondition(lambda self: self._all_held() or self.stale or self.past)
    @rule(number=pick, is_answered=st.booleans())
    def buy(self, number, is_answered):
        """A call is made, whether or not the lease still holds; its reply may never come."""
        leases = [lease for _, lease in self._all_held()] + self.stale + self.past
        lease = leases[number % len(leases)]
        known = self.known[lease.id]
        self.calls += 1
        key = CallKey(window=0, round=self.calls)
        journal = self.bench.leases.journal(lease)
        if known.is_open:
            self.do(journal.open_call(key, reserve_usd=0.01))
        else:
            with pytest.raises(Cancelled):
                self.do(journal.open_call(key, reserve_usd=0.01))
        self.unanswered.append((lease.id, journal, key))
        if is_answered:
            self.answer(-1)

    @precondition(lambda self: self.unanswered)
    @rule(number=pick)
    def answer(self, number):
        """The reply to a call comes, whatever has become of its extraction and its lease."""
        name, journal, key = self.unanswered.pop(number % len(self.unanswered))
        text = f"reply {key.round}"
        self.do(journal.close_call(key, usage=Usage(calls=1, cost_usd=COST_USD), completion=completion(text)))
        self.known[name].paid.add(text)

    # --- time ---

    @precondition(lambda self: self.known)
    @rule(number=pick)
    def let_deadline_pass(self, number):
        known = self._nth(number)
        if known.is_open:
            self.do(self.bench.let_deadlines_pass(known.submission.id))
            self._swept()

    @precondition(lambda self: any(known.state == "deferred" for known in self.known.values()))
    @rule()
    def let_deferrals_be_due(self):
        due = [name for name, known in self.known.items() if known.is_open and known.state == "deferred"]
        if due:
            self.do(self.bench.let_deferrals_be_due(*due))
            self._swept()

    @rule()
    def sweep(self):
        self._swept()

    def _swept(self) -> None:
        dump = self.do(self.bench.dump())
        self.do(self.bench.leases.sweep())
        scores = {place: dump[place].value if place in dump else {} for place in SWEPT}
        for name, known in self.known.items():
            if not known.is_open:
                continue
            if scores["extractor:deadlines"][name] <= 1:
                known.end("failed", "deadline_exceeded")
                known.token = ""
            elif scores["extractor:running"].get(name, 2) <= 1:
                if known.is_cancelling:
                    known.end("cancelled", "cancelled")
                    known.token = ""
                else:
                    self._lease_ran_out(known)
            elif scores["extractor:due"].get(name, 2) <= 1:
                known.put_back()

    # --- what is always true ---

    @invariant()
    def the_store_holds_what_it_should(self):
        dump = self.do(self.bench.dump())
        self._check_reading()
        for name, known in self.known.items():
            if known.is_erased:
                self._check_erased(dump, name)
            elif known.is_open:
                self._check_open(dump, name, known)
            else:
                self._check_ended(dump, name, known)
        self._check_indexes(dump)
        self._check_counts(dump)
        self._check_batches(dump)
        self._check_money(dump)

    def _check_open(self, dump, name, known):
        assert places_in(dump, name) == [known.place]
        fields = dump[f"extractor:e:{name}"].value
        assert fields["status"] == known.state
        assert fields.get("token", "") == known.token
        assert "result" not in fields
        assert name in dump["extractor:deadlines"].value
        assert {key: kept.ttl_ms for key, kept in _own(dump, name).items() if kept.ttl_ms is not None} == {}

    def _check_ended(self, dump, name, known):
        assert places_in(dump, name) == []
        assert [
            key for key in dump if ":key:" in key and dump[key].value.startswith(name) and not dump[key].ttl_ms
        ] == []
        assert dump[f"extractor:e:{name}"].value["status"] == known.state
        assert name not in dump.get("extractor:deadlines", NOTHING).value
        assert [key for key, kept in _own(dump, name).items() if kept.ttl_ms is None] == []
        assert known.commits <= 1
        journal = repr(dump[f"extractor:e:{name}"].value)
        assert {text for text in known.paid if f'"{text}"' not in journal} == set()

    def _check_reading(self):
        for tenant in ("default", "other"):
            ids = [
                name
                for name, known in self.known.items()
                if known.submission.tenant == tenant and (known.is_erased or not known.is_open)
            ]
            for name, stored in zip(ids, self.do(self.bench.store.read_many(ids, tenant=tenant)), strict=True):
                known = self.known[name]
                assert (stored is None) is known.is_erased
                if stored is not None:
                    assert stored.status == known.state
                    assert stored.result == known.result or not known.commits

    def _check_erased(self, dump, name):
        assert [key for key in _own(dump, name) if key != "extractor:outbox"] == []
        assert places_in(dump, name) == []

    def _check_indexes(self, dump):
        for tenant in ("default", "other"):
            for state in ("open", *ENDS):
                expected = {
                    name
                    for name, known in self.known.items()
                    if not known.is_erased and known.submission.tenant == tenant and known.listed == state
                }
                assert set(dump.get(f"extractor:list:{tenant}:{state}", NOTHING).value) == expected

    def _check_counts(self, dump):
        running = [name for name, known in self.known.items() if known.is_open and known.state == "running"]
        assert sorted(dump.get("extractor:running", NOTHING).value) == sorted(running)
        status = self.do(self.bench.store.status())
        assert status.running == len(running)
        assert status.ready == {"interactive": len(self._ready("interactive")), "bulk": len(self._ready("bulk"))}
        assert status.suspects == len(self._suspects("company")) + len(self._suspects("alone"))

    def _check_batches(self, dump):
        for (tenant, name), ids in self.joined.items():
            held = dump[f"extractor:b:{tenant}:{name}"].value
            counts = {key: int(value) for key, value in held.items() if key in COUNTS}
            ends = Counter(self.known[id_].state for id_ in ids if self.known[id_].listed != "open")
            told = {"total": len(ids), "ended": ends.total(), **ends}
            assert counts == {key: value for key, value in told.items() if value}

    def _check_money(self, dump):
        """Every purse holds what the journals say: that of the extraction, of its batch, and of the tenant's day."""
        for tenant in ("default", "other"):
            sums = Counter(spent=self.erased_cost[tenant])
            of_batch = Counter(spent=self.erased_cost[f"{tenant} b1"])
            for name, known in self.known.items():
                if known.submission.tenant == tenant and not known.is_erased:
                    money = _money_of(dump[f"extractor:e:{name}"].value)
                    journalled = _journalled(dump[f"extractor:e:{name}"].value)
                    assert money == journalled
                    assert known.is_open or not money["reserved"]
                    sums.update(money)
                    of_batch.update(money if known.submission.batch else {})
            daily = [kept.value for key, kept in dump.items() if key.startswith(f"extractor:money:{tenant}:")]
            assert +sum((_money_of(each) for each in daily), Counter()) == +sums
            assert +_money_of(dump.get(f"extractor:b:{tenant}:b1", EMPTY).value) == +of_batch

    # --- the end ---

    def teardown(self):
        """A healthy worker comes: everything that was acknowledged ends, and no lease is left."""
        self.steer("resume")
        for _ in range(len(self.known) * 3 + 3):
            if not any(known.is_open for known in self.known.values()):
                break
            self._finish_some()

        assert [name for name, known in self.known.items() if known.is_open] == []
        status = self.do(self.bench.store.status())
        assert (status.running, status.deferred, status.suspects, sum(status.ready.values())) == (0, 0, 0, 0)
        self.the_store_holds_what_it_should()

    def _finish_some(self) -> None:
        self.do(self.bench.let_leases_run_out())
        self.let_deferrals_be_due()
        self._swept()
        self.claim("a", 4, 4, goes_on=False)
        self._run_suspects("a", dies=False)
        while self.held["a"]:
            lease = self.held["a"][0]
            self.commit(
                next(i for i, (_, each) in enumerate(self._all_held()) if each is lease), "succeeded", again=False
            )


class _Nothing:
    value: tuple[str, ...] = ()


class _Empty:
    value: dict[str, str] = {}  # noqa: RUF012 - never written to


NOTHING, EMPTY = _Nothing(), _Empty()
#: What a reply costs here, in place of the 0.01 dollars set aside for it.
COST_USD = 0.004
SWEPT = ("extractor:deadlines", "extractor:running", "extractor:due")
COUNTS = frozenset({"total", "ended", *ENDS})


def _money_of(fields):
    return Counter({name: int(fields.get(name, 0)) for name in ("spent", "reserved")})


def _journalled(fields):
    """Return the money that a journal tells of, in billionths of a dollar."""
    by_place = {}
    for name in fields:
        kind, _, place = name.partition(":")
        by_place.setdefault(place, set()).add(kind)
    ended = sum("end" in kinds for kinds in by_place.values())
    gone = sum("gone" in kinds and "end" not in kinds for kinds in by_place.values())
    open_ = sum("open" in kinds and not kinds & {"end", "gone"} for kinds in by_place.values())
    return Counter(spent=ended * 4_000_000 + gone * 10_000_000, reserved=open_ * 10_000_000)


def _own(dump, name):
    """Return the keys that have an id in their name."""
    return {key: kept for key, kept in dump.items() if name in key}


def run_machine(url: str, *, examples: int, steps: int) -> None:
    with asyncio.Runner() as runner:
        opening = open_bench(url, LIMITS)
        bench = runner.run(opening.__aenter__())
        try:
            run_state_machine_as_test(
                lambda: StoreMachine(bench, runner),
                settings=settings(
                    max_examples=examples,
                    stateful_step_count=steps,
                    deadline=None,
                    database=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(opening.__aexit__(None, None, None))


def test_any_order_of_events_gives_each_extraction_one_outcome(redis_url):
    run_machine(redis_url, examples=7, steps=90)


@pytest.mark.full
def test_any_order_of_many_events_gives_each_extraction_one_outcome(redis_url):
    run_machine(redis_url, examples=200, steps=100)
