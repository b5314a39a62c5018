"""Schemas and answers made to hang, to crash or to spy: each ends in time, in a typed error or in the right judgement.

Every row notes its times and its memory in `schema_attacks.json` of the session's temporary folder; `pytest -s` shows
the table. A row's clock begins when the guarded children run: starting one takes about 0.6 s and counts towards
nothing, see `guard.Limits`.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from extractor import guard, pipeline
from extractor.document import ReadingLimits
from extractor.errors import ExtractionError
from extractor.guard import calls
from extractor.judging import judge
from extractor.records import Job, Options, Source, Target
from extractor.schema import acontract_for, contracts, target_from
from extractor.testing import ScriptedModel, ports_for

pytestmark = pytest.mark.anyio

#: Seconds that a machine which runs other tests as well may add to a row.
BUSY_S = 2.0
#: Bytes that this process may keep of a row.
GROWTH = 50 << 20
ME = {"$ref": "#"}
TEXT = {"type": "string"}
SECRET = "the-content-of-a-file"


@dataclass(frozen=True)
class Row:
    """What came of one attack."""

    attack: str
    #: Of the schema: `usable`, or the code of the error.
    schema: str
    schema_ms: int
    #: Of the answer: `valid`, `invalid`, or the code of the error; "" where the schema was refused.
    answer: str
    answer_ms: int
    #: Memory that this process kept, and that the children which live on used at most.
    grown_mb: float
    child_mb: float


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    rows: list[Row] = []
    yield rows
    note = tmp_path_factory.getbasetemp() / "schema_attacks.json"
    note.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    for row in rows:
        schema, answer = f"{row.schema} {row.schema_ms} ms", f"{row.answer} {row.answer_ms} ms"
        sys.stdout.write(f"{row.attack:52} {schema:28} {answer:28} {row.grown_mb:.1f} {row.child_mb:.1f} MB\n")


@pytest.fixture(scope="module")
def listener():
    """A server that must not be asked for anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    path = tmp_path_factory.mktemp("secret") / "secret.json"
    path.write_text(json.dumps({"enum": [SECRET]}))
    return path


def members(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def doubling(keyword: str, levels: int) -> dict[str, Any]:
    below = {f"d{level}": {keyword: [{"$ref": f"#/$defs/d{level + 1}"}] * 2} for level in range(levels)}
    return members(a={"$ref": "#/$defs/d0"}) | {"$defs": {**below, f"d{levels}": TEXT}}


def nested(levels: int, innermost: Any, around: Any) -> Any:
    value = innermost
    for _ in range(levels):
        value = around(value)
    return value


def growing_unions(levels: int) -> dict[str, Any]:
    """Unions in unions whose forms only the innermost value tells apart."""
    return nested(levels, TEXT, lambda inner: {"anyOf": [members(a=inner), members(a=inner), members(a=inner)]})


RECURSIVE = {
    "$ref": "#/$defs/t",
    "$defs": {"t": {"anyOf": [{**members(a={"$ref": "#/$defs/t"}), "required": ["a"]}] * 2 + [{"type": "integer"}]}},
}
TAGGED = {
    "anyOf": [
        {**members(kind={"const": kind}, of=ME), "required": ["kind", "of"]} for kind in ("neg", "not", "abs", "inc")
    ]
    + [{"type": "integer"}]
}
FORMS = [{**members(**{f"a{kind}": TEXT, "n": {"type": "integer"}}), "required": [f"a{kind}"]} for kind in range(50)]
FIFTY = members(items={"type": "array", "items": {"anyOf": FORMS}})
USABLE = frozenset({"usable"})
REFUSED = frozenset({"unsupported_schema", "invalid_schema"})
JUDGED = frozenset({"valid", "invalid", "validation_timeout"})


@dataclass(frozen=True)
class Attack:
    """One attack and what may come of it."""

    schema: Any
    answer: Any = None
    #: Text of the answer where JSON of the standard library cannot write it.
    text: str = ""
    usable: frozenset[str] = USABLE
    ends: frozenset[str] = JUDGED


VALID, INVALID = frozenset({"valid"}), frozenset({"invalid"})
ATTACKS = {
    "pattern that backtracks": Attack(
        members(a={"type": "string", "pattern": "^(a+)+$"}), {"a": "a" * 28 + "!"}, ends=INVALID
    ),
    "pattern that backtracks, 2,000 characters": Attack(
        members(a={"type": "string", "pattern": "^.*.*.*.*=$"}), {"a": "x" * 2_000}, ends=INVALID
    ),
    "pattern for names that backtracks": Attack(
        {"type": "object", "patternProperties": {"^(a+)+$": TEXT}, "additionalProperties": False},
        {"a" * 28 + "!": "x"},
        ends=INVALID,
    ),
    "pattern that explodes when compiled": Attack(
        members(a={"type": "string", "pattern": "(((a{0,99}){0,99}){0,99}){0,99}"}), usable=REFUSED
    ),
    "pattern of many instructions, 20,000 characters": Attack(
        members(a={"type": "string", "pattern": "(.*a){100}.{0,400}b"}), {"a": "abcx yz" * 2_900}, ends=JUDGED
    ),
    "2,000 patterns for 2,000 names": Attack(
        {"type": "object", "patternProperties": {f"^a{number}$": TEXT for number in range(2_000)}},
        {f"a{number}": "x" for number in range(2_000)},
    ),
    "reference to http": Attack(lambda url, _: members(a={"$ref": f"{url}/schema.json"}), usable=REFUSED),
    "reference relative to an $id": Attack(
        lambda url, _: {"$id": f"{url}/root.json", **members(a={"$ref": "other.json"})}, usable=REFUSED
    ),
    "reference to a file": Attack(lambda _, file: members(a={"$ref": f"file://{file}"}), usable=REFUSED),
    "reference relative to the $id of a file": Attack(
        lambda _, file: {"$id": f"file://{file.parent}/", **members(a={"$ref": file.name})}, usable=REFUSED
    ),
    "unknown $schema": Attack(lambda url, _: {"$schema": f"{url}/meta", **members(a=TEXT)}, usable=REFUSED),
    "$id of a meta-schema": Attack(
        {"$id": "https://json-schema.org/draft/2020-12/schema", **members(a=TEXT)}, {"a": "x"}, ends=VALID
    ),
    "reference to itself": Attack(
        members(a={"$ref": "#/$defs/a"}) | {"$defs": {"a": {"$ref": "#/$defs/a"}}}, usable=REFUSED
    ),
    "references in a circle": Attack(
        members(a={"$ref": "#/$defs/a"}) | {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        usable=REFUSED,
    ),
    "anyOf doubling, 15 levels": Attack(doubling("anyOf", 15), {"a": 1}, usable=USABLE | REFUSED, ends=JUDGED - VALID),
    "anyOf doubling, 18 levels": Attack(doubling("anyOf", 18), {"a": 1}, usable=REFUSED),
    "allOf doubling, 15 levels": Attack(doubling("allOf", 15), {"a": 1}, usable=USABLE | REFUSED, ends=JUDGED - VALID),
    "allOf doubling, 26 levels": Attack(doubling("allOf", 26), {"a": 1}, usable=REFUSED),
    "oneOf doubling, 15 levels": Attack(
        doubling("oneOf", 15), {"a": "x"}, usable=USABLE | REFUSED, ends=JUDGED - VALID
    ),
    "oneOf doubling, 18 levels": Attack(doubling("oneOf", 18), {"a": 1}, usable=REFUSED),
    "anyOf in itself, 20 levels, right": Attack(
        RECURSIVE, nested(20, 1, lambda inner: {"a": inner}), ends=JUDGED - INVALID
    ),
    "anyOf in itself, 20 levels, wrong": Attack(
        RECURSIVE, nested(20, "x", lambda inner: {"a": inner}), ends=JUDGED - VALID
    ),
    "tagged anyOf in itself, 30 levels, wrong": Attack(
        TAGGED, nested(30, "x", lambda inner: {"kind": "abs", "of": inner}), ends=JUDGED - VALID
    ),
    "unions in unions, 9 levels": Attack(
        growing_unions(9), nested(9, 1, lambda inner: {"a": inner}), usable=USABLE | REFUSED, ends=JUDGED - VALID
    ),
    "unevaluatedProperties, 14 levels": Attack(
        nested(14, members(a=TEXT), lambda inner: {"allOf": [inner], "unevaluatedProperties": False}),
        {"a": "x"},
        usable=USABLE | REFUSED,
        ends=JUDGED - INVALID,
    ),
    "uniqueItems, 3,000 objects": Attack(
        members(a={"type": "array", "uniqueItems": True, "items": members(n={"type": "integer"})}),
        {"a": [{"n": number} for number in range(3_000)]},
        ends=VALID,
    ),
    "20,000 properties": Attack(members(**{f"p{number}": {} for number in range(20_000)}), usable=REFUSED),
    "4,900 properties": Attack(
        members(**{f"p{number}": {"type": "string"} for number in range(4_900)}), {}, usable=USABLE | REFUSED
    ),
    "4,900 names for each of 1,000 objects": Attack(
        members(a={"type": "array", "items": members(**{f"p{number}": {} for number in range(4_900)})}),
        {"a": [{}] * 1_000},
        usable=USABLE | REFUSED,
    ),
    "4,900 required names, none given": Attack(
        {**members(**{f"p{number}": TEXT for number in range(4_900)}), "required": [f"p{at}" for at in range(4_900)]},
        {"p0": "x"},
        ends=INVALID,
    ),
    "schema nested 500 levels": Attack(nested(500, TEXT, lambda inner: members(a=inner)), usable=REFUSED),
    "schema nested 20,000 levels": Attack(nested(20_000, TEXT, lambda inner: members(a=inner)), usable=REFUSED),
    "answer nested 500 levels": Attack(members(a={}), text='{"a":' * 500 + "1" + "}" * 500, ends=INVALID),
    "answer nested 20,000 levels": Attack(members(a={}), text='{"a":' * 20_000 + "1" + "}" * 20_000, ends=INVALID),
    "enum of 1,000,000 values": Attack(members(a={"enum": [str(each) for each in range(1_000_000)]}), usable=REFUSED),
    "enum of 5,000 values, text of 200 kB": Attack(
        members(a={"enum": [f"v{each}" for each in range(5_000)]}), {"a": "x" * 200_000}, ends=INVALID
    ),
    "enum of 5,000 values, 3,000 times": Attack(
        members(a={"type": "array", "items": {"enum": [f"v{each}" for each in range(5_000)]}}),
        {"a": ["v4999"] * 2_999 + ["x"]},
        ends=INVALID,
    ),
    "multipleOf 0.1 of 0.3": Attack(members(a={"type": "number", "multipleOf": 0.1}), {"a": 0.3}, ends=VALID),
    "multipleOf 0.01 of 19.99": Attack(members(a={"type": "number", "multipleOf": 0.01}), {"a": 19.99}, ends=VALID),
    "multipleOf 0.5 of 10^4000": Attack(
        members(a={"type": "number", "multipleOf": 0.5}), text=f'{{"a": 1{"0" * 4_000}}}', ends=INVALID
    ),
    "multipleOf 0.5 of 10^399": Attack(
        members(a={"type": "number", "multipleOf": 0.5}), text=f'{{"a": 1{"0" * 399}}}', ends=VALID | INVALID
    ),
    "multipleOf 0": Attack(members(a={"type": "number", "multipleOf": 0}), usable=REFUSED),
    "a limit of 10^5000": Attack(members(a={"type": "number", "maximum": 10**5_000}), usable=REFUSED),
    "format regex": Attack(members(a={"type": "string", "format": "regex"}), {"a": "(a{0,99}){0,99}"}, ends=VALID),
    "union of 50 forms, 1,000 items, the last wrong": Attack(
        FIFTY, {"items": [{"a49": "x", "n": 1}] * 999 + [{"a49": "x", "n": "y"}]}, ends=JUDGED - VALID
    ),
}
FULL = {
    "union of 50 forms, 20,000 items, right": Attack(FIFTY, {"items": [{"a49": "x", "n": 1}] * 20_000}),
    "union of 50 forms, 20,000 items, all wrong": Attack(
        FIFTY, {"items": [{"a49": "x", "n": "y"}] * 20_000}, ends=JUDGED - VALID
    ),
    "tagged anyOf in itself, 150 levels, wrong": Attack(
        TAGGED, nested(150, "x", lambda inner: {"kind": "abs", "of": inner}), ends=JUDGED - VALID
    ),
    "pattern of many instructions, 1,000,000 characters": Attack(
        members(a={"type": "string", "pattern": "(.*a){100}.{0,400}b"}), {"a": "abcx yz" * 145_000}
    ),
}


#: Limits of a judgement that is known to pass them: the attack shows as well in a part of the time.
SHORT = guard.Limits(wall_s=0.4, cpu_s=2.0)


@pytest.mark.parametrize(("name", "attack"), [pytest.param(name, attack, id=name) for name, attack in ATTACKS.items()])
async def test_an_attack_ends_in_time_in_a_typed_error_or_the_right_judgement(
    name, attack, table, listener, secret, monkeypatch
):
    monkeypatch.setattr(contracts, "JUDGING", SHORT)

    await attacked(name, attack, table=table, listener=listener, secret=secret)


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "attack"),
    [
        pytest.param(name, attack, id=name)
        for name, attack in (ATTACKS | FULL).items()
        if "validation_timeout" in attack.ends
    ],
)
async def test_an_attack_ends_in_time_under_the_limits_of_the_product(name, attack, table, listener, secret):
    await attacked(f"{name} (2 s)", attack, table=table, listener=listener, secret=secret)


async def attacked(name, attack, *, table, listener, secret):
    schema = attack.schema
    if callable(schema):
        schema = schema(f"http://127.0.0.1:{listener.getsockname()[1]}", secret)
    await start_children()
    before = memory_of("self", "VmRSS")

    usable, schema_ms, contract = await ended(lambda: first_use(schema))
    judged, answer_ms = "", 0
    if contract is not None:
        text = attack.text or json.dumps(attack.answer)
        judged, answer_ms, _ = await ended(lambda: judge(text, standard=contract))

    grown, child = memory_of("self", "VmRSS") - before, most_of_children()
    table.append(Row(name, usable, schema_ms, judged, answer_ms, grown / 2**20, child / 2**20))
    assert usable in attack.usable
    assert judged in (attack.ends if contract is not None else {""})
    assert schema_ms < (contracts.TRYING.wall_s + BUSY_S) * 1000
    assert answer_ms < (contracts.JUDGING.wall_s + BUSY_S) * 1000
    assert grown < GROWTH
    assert is_unasked(listener)


async def first_use(schema):
    return await acontract_for(target_from(schema))


async def ended(work):
    """Return how it ended, in how many milliseconds, and what it returned."""
    begun = time.perf_counter()
    found, error = None, None
    try:
        found = await work()
    except ExtractionError as raised:
        error = raised
    ms = round((time.perf_counter() - begun) * 1000)
    if error is not None:
        assert SECRET not in error.message
        assert len(error.message) < 1_000
        return error.code, ms, None
    violations = getattr(found, "violations", None)
    if violations is None:
        return "usable", ms, found
    assert all(len(violation.says) < 2_000 for violation in violations)
    return "invalid" if violations else "valid", ms, found


async def start_children():
    """Let the children of both lanes run, and forget how much memory they have used."""
    order = {"schema": json.dumps(members(a=TEXT)), "choices": ["drop", "absent", "say"]}
    answer = {"value": {"a": "x"}, "repairs": [], "has_class": False}
    limits = guard.Limits(wall_s=30, cpu_s=30)
    await guard.call("extractor.schema.trial:try_out", order, limits=limits, lane="schemas")
    await guard.call("extractor.schema.trial:judge", order | answer, limits=limits, lane="answers")
    for pid in children():
        forget_peak(pid)


def forget_peak(pid: int) -> None:
    with suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def children() -> list[int]:
    return [child.pid for pool in calls._pools.values() for child in pool._idle]


def most_of_children() -> int:
    return max((memory_of(str(pid), "VmHWM") for pid in children()), default=0)


def memory_of(process: str, name: str) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) << 10
    return 0


def is_unasked(listener: socket.socket) -> bool:
    with suppress(BlockingIOError):
        listener.accept()
        return False
    return True


async def test_a_hostile_reply_keeps_its_bill_and_no_other_document_waiting(monkeypatch):
    """
    The reply was paid, so the attempt stays; a child judges it while the other document is asked, judged and done.
    """
    monkeypatch.setattr(contracts, "JUDGING", SHORT)
    tree = target_from(TAGGED)
    replies = {
        "tree": {"result": nested(60, "x", lambda inner: {"kind": "abs", "of": inner})},
        "letter": {"a": "x"},
    }
    models = {name: ScriptedModel(reply) for name, reply in replies.items()}
    ended: list[str] = []
    results = {}

    async def extract(name: str, target: Target) -> None:
        job = Job(id=name, source=Source(content="text"), target=target, options=Options(max_attempts=2))
        results[name] = await pipeline.run(job, ports=ports_for(models[name]), limits=ReadingLimits())
        ended.append(name)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(extract, "tree", tree)
        await anyio.lowlevel.checkpoint()
        tasks.start_soon(extract, "letter", target_from(members(a=TEXT)))

    hostile = results["tree"]
    assert ended == ["letter", "tree"]
    assert (results["letter"].status, results["letter"].record) == ("succeeded", {"a": "x"})
    assert (hostile.status, hostile.error.code, hostile.error.retryable) == ("failed", "validation_timeout", False)
    assert (len(hostile.attempts), hostile.usage.calls) == (1, 1)
    assert json.loads(hostile.attempts[0].text) == replies["tree"]
