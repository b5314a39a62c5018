"""Submissions: what a door takes, what it refuses, and that the truth comes before the ticket."""

from __future__ import annotations

import base64
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.document import ReadingLimits
from extractor.errors import (
    ExtractionError,
    IdempotencyConflict,
    InvalidRequest,
    InvalidSchema,
    UnknownSchema,
    UnreadableDocument,
    UnsupportedSchema,
)
from extractor.records import (
    DEFAULT_MODEL,
    OFFLINE_MODEL,
    Options,
    PriceCeiling,
    ProviderPolicy,
    Receipt,
    Source,
)
from extractor.schema import Registry, contracts, target_from
from extractor.store import open_body
from extractor.store.packing import pack_body
from extractor.submit import (
    Door,
    admit,
    assemble,
    atried,
    new_id,
    options_at,
    sending,
    submission_from_json,
    submit,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.records import Priority, Submission

SCHEMA = {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}
TARGET = target_from(SCHEMA)
LETTER = Source(content="Total: 12", name="letter.txt")
DOOR = Door(
    tenant="acme",
    models=frozenset({DEFAULT_MODEL, OFFLINE_MODEL}),
    default_model=OFFLINE_MODEL,
    max_attempts=2,
    deadline_s=3600.0,
    limits=ReadingLimits(max_bytes=1000, max_characters=500),
    registry=Registry.from_spec(None),
)


class TestAdmission:
    def test_what_a_request_does_not_say_the_door_does(self):
        submission = admit(LETTER, TARGET, {}, door=DOOR)

        assert (submission.tenant, submission.priority, submission.deadline_s) == ("acme", "interactive", 3600.0)
        assert (submission.options.model, submission.options.max_attempts) == (OFFLINE_MODEL, 2)
        assert (submission.source, submission.target) == (LETTER, TARGET)

    def test_what_a_request_says_holds(self):
        stated = {"model": DEFAULT_MODEL, "priority": "bulk", "deadline_s": 60, "max_attempts": 1}

        submission = admit(LETTER, TARGET, stated, door=DOOR)

        assert (submission.priority, submission.deadline_s) == ("bulk", 60.0)
        assert (submission.options.model, submission.options.max_attempts) == (DEFAULT_MODEL, 1)

    def test_the_caller_of_many_may_choose_another_class_where_none_is_stated(self):
        bulk = admit(LETTER, TARGET, {}, door=DOOR, default_priority="bulk")
        stated = admit(LETTER, TARGET, {"priority": "interactive"}, door=DOOR, default_priority="bulk")

        assert (bulk.priority, stated.priority) == ("bulk", "interactive")

    def test_options_that_are_complete_are_taken_as_they_are(self):
        options = Options(model=OFFLINE_MODEL, temperature=1.0)

        assert admit(LETTER, TARGET, options, door=DOOR).options == options

    def test_what_belongs_to_the_submission_is_kept_beside_the_work(self):
        labels = {"schema_name": "invoice", "idempotency_key": "k-1", "task_id": "t-1", "batch": "b-1"}

        submission = admit(LETTER, TARGET, {}, door=DOOR, **labels)

        assert {name: getattr(submission, name) for name in labels} == labels

    def test_every_submission_has_a_name_of_its_own(self):
        assert len({new_id() for _ in range(1000)}) == 1000

    def test_a_file_is_read_at_the_door(self, tmp_path):
        path = tmp_path / "letter.html"
        path.write_bytes(b"<p>Total: 12</p>")

        submission = admit(Source(content=path), TARGET, {}, door=DOOR)

        assert submission.source == Source(content=b"<p>Total: 12</p>", name=str(path))

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param("ü" * 501, id="text over the limit of characters"),
            pytest.param("x" * 1001, id="text over the limit of bytes"),
            pytest.param(b"x" * 1001, id="bytes"),
        ],
    )
    def test_a_document_over_the_limit_is_refused_at_the_door(self, content):
        with pytest.raises(UnreadableDocument) as caught:
            admit(Source(content=content), TARGET, {}, door=DOOR)

        assert caught.value.code == "file_too_large"

    def test_a_file_over_the_limit_is_refused_before_it_is_read(self, tmp_path):
        path = tmp_path / "huge.bin"
        with path.open("wb") as file:
            file.truncate(1 << 40)

        with pytest.raises(UnreadableDocument) as caught:
            admit(Source(content=path), TARGET, {}, door=DOOR)

        assert caught.value.code == "file_too_large"

    def test_a_schema_that_cannot_be_kept_is_told_at_the_door(self):
        target = target_from({"type": "object", "properties": {"a": {"$ref": "https://example.com/a"}}})

        with pytest.raises(UnsupportedSchema):
            admit(LETTER, target, {}, door=DOOR)

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            pytest.param({"model": "other/model"}, f"must be one of {OFFLINE_MODEL}, {DEFAULT_MODEL}", id="model"),
            pytest.param(Options(model="other/model"), "must be one of", id="model in complete options"),
            pytest.param({"models": ["other/model"]}, "'models' must name some of", id="another model"),
            pytest.param({"repair_model": "other/model"}, "must be same, sibling or one of", id="another one repairs"),
            pytest.param(Options(model=OFFLINE_MODEL, max_attempts=0), "between 1 and 10", id="complete, unchecked"),
            pytest.param({"webhook": "https://x"}, "no option 'webhook'", id="unknown"),
            pytest.param({"webhook": None}, "no option 'webhook'", id="unknown and null"),
            pytest.param({"priority": "urgent"}, "priority", id="no such class"),
            pytest.param({"deadline_s": 0}, "deadline_s", id="no time"),
            pytest.param({"seed": 2**64}, "seed", id="a seed beyond 64 bits"),
            pytest.param({"tools": [{"a": "\ud800"}]}, "surrogate", id="half a character"),
            pytest.param({"temperature": object()}, "temperature", id="not JSON"),
        ],
    )
    def test_an_option_that_cannot_be_used_here_is_refused(self, options, says):
        with pytest.raises(InvalidRequest, match=says):
            admit(LETTER, TARGET, options, door=DOOR)

    def test_other_models_and_rules_about_providers_travel_with_the_document(self):
        stated = {
            "models": [DEFAULT_MODEL],
            "enforcement": "required",
            "provider": {"zdr": True, "only": ["alibaba"], "max_price": {"prompt": 1}},
            "repairs": "off",
            "unsupported": "reask",
            "repair_model": "sibling",
            "on_invalid": "partial",
            "on_conflict": "majority",
            "records": "many",
        }

        submission = admit(LETTER, TARGET, stated, door=DOOR)

        policy = ProviderPolicy(zdr=True, only=("alibaba",), max_price=PriceCeiling(prompt=1))
        assert (submission.options.models, submission.options.provider) == ((DEFAULT_MODEL,), policy)
        assert open_body(pack_body(submission)).options == submission.options
        assert submission.digest != admit(LETTER, TARGET, {**stated, "provider": None}, door=DOOR).digest

    def test_a_schema_is_tried_as_it_will_be_asked_for_in_a_list_where_many_records_are_wanted(self):
        deep: object = "x"
        for _ in range(60):
            deep = [deep]
        target = target_from({"type": "object", "properties": {"a": {"type": "string", "default": deep}}})

        assert admit(LETTER, target, {}, door=DOOR).target is target
        with pytest.raises(UnsupportedSchema, match="64 levels"):
            admit(LETTER, target, {"records": "many"}, door=DOOR)

    def test_a_key_of_a_celery_task_cannot_be_taken_by_another(self):
        with pytest.raises(InvalidRequest, match="belong to Celery tasks"):
            admit(Source(content="text"), TARGET, {}, door=DOOR, idempotency_key="celery:t-1")

    @pytest.mark.parametrize("label", ["idempotency_key", "task_id", "batch"])
    @pytest.mark.parametrize("word", ["x" * 256, "line\nfeed", "\x00", "\ud800", 7])
    def test_a_key_is_255_printable_characters_at_most(self, label, word):
        assert admit(LETTER, TARGET, {}, door=DOOR, **{label: "é " * 127})

        with pytest.raises(InvalidRequest, match=r"printable"):
            admit(LETTER, TARGET, {}, door=DOOR, **{label: word})

    @pytest.mark.parametrize(
        "source",
        [
            pytest.param(Source(content="a\ud800"), id="in the text"),
            pytest.param(Source(content="a", name="a\ud800"), id="in the name"),
            pytest.param(Source(content="a", media_type="text/\ud800"), id="in the media type"),
            pytest.param(Source(content="a", media_type="text/plain\nx: y"), id="a line feed in the media type"),
            pytest.param(Source(content="a", name="x" * 5000), id="a name longer than any"),
        ],
    )
    def test_what_could_not_be_stored_is_refused(self, source):
        with pytest.raises(InvalidRequest):
            admit(source, TARGET, {}, door=DOOR)


class TestNewSchemas:
    @pytest.mark.anyio
    async def test_fifty_new_schemas_hold_up_only_those_who_sent_them(self, monkeypatch):
        go_on = threading.Event()
        run = contracts.guard.run

        def slow_run(*arguments, **how):
            go_on.wait(20)
            return run(*arguments, **how)

        known = admit(LETTER, TARGET, {}, door=DOOR)
        monkeypatch.setattr(contracts.guard, "run", slow_run)
        fresh = [target_from({**SCHEMA, "title": f"New {number}"}) for number in range(50)]
        new = [assemble(LETTER, target, {}, door=DOOR) for target in fresh]

        async with anyio.create_task_group() as tasks:
            for submission in new:
                tasks.start_soon(atried, submission)
            await anyio.wait_all_tasks_blocked()
            with anyio.fail_after(5):
                assert await atried(known) is known
                assert await anyio.to_thread.run_sync(lambda: "a thread is free") == "a thread is free"
            go_on.set()

    @pytest.mark.anyio
    async def test_a_schema_that_cannot_be_used_is_refused_either_way(self):
        target = target_from({"type": "object", "properties": {"a": {"type": "strin"}}})
        submission = assemble(LETTER, target, {}, door=DOOR)

        with pytest.raises(InvalidSchema):
            await atried(submission)
        with pytest.raises(InvalidSchema):
            admit(LETTER, target, {}, door=DOOR)


class TestDigest:
    def test_the_same_request_has_the_same_digest_whoever_puts_it(self):
        named = Source(content=LETTER.content, name="other.txt")
        respelt = target_from({"required": ["total"], "properties": {"total": {"type": "number"}}, "type": "object"})

        digests = {
            admit(LETTER, TARGET, {}, door=DOOR).digest,
            admit(named, TARGET, {}, door=DOOR, idempotency_key="k", batch="b").digest,
            admit(LETTER, respelt, {"temperature": None}, door=DOOR).digest,
            admit(LETTER, TARGET, {"max_attempts": 2}, door=replace(DOOR, tenant="other")).digest,
            admit(LETTER, TARGET, Options(model=OFFLINE_MODEL, max_attempts=2), door=DOOR).digest,
        }

        assert len(digests) == 1

    def test_whatever_could_change_the_result_changes_the_digest(self):
        other = target_from({**SCHEMA, "title": "Other"})

        digests = [
            admit(LETTER, TARGET, {}, door=DOOR).digest,
            admit(replace(LETTER, content="Total: 13"), TARGET, {}, door=DOOR).digest,
            admit(replace(LETTER, content=b"Total: 12"), TARGET, {}, door=DOOR).digest,
            admit(replace(LETTER, media_type="text/html"), TARGET, {}, door=DOOR).digest,
            admit(LETTER, other, {}, door=DOOR).digest,
            admit(LETTER, TARGET, {"temperature": 0.5}, door=DOOR).digest,
            admit(LETTER, TARGET, {"model": DEFAULT_MODEL}, door=DOOR).digest,
            admit(LETTER, TARGET, {"priority": "bulk"}, door=DOOR).digest,
            admit(LETTER, TARGET, {"deadline_s": 60}, door=DOOR).digest,
        ]

        assert len(set(digests)) == len(digests)

    def test_options_that_are_equal_are_checked_once(self):
        first = options_at(DOOR, {"temperature": 0.5})

        assert options_at(DOOR, {"temperature": 0.5}) is first
        assert options_at(replace(DOOR, max_attempts=3), {"temperature": 0.5}) != first


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


class TestLooseJson:
    def test_text_and_a_schema(self):
        document = {"text": "Total: 12", "name": "letter.txt", "media_type": "text/plain"}

        submission = submission_from_json(document, SCHEMA, {"temperature": 1}, door=DOOR, task_id="t-1")

        assert submission.source == Source(content="Total: 12", name="letter.txt", media_type="text/plain")
        assert (submission.target, submission.options.temperature) == (TARGET, 1.0)
        assert (submission.task_id, submission.schema_name) == ("t-1", "")

    def test_base64_and_a_registered_name(self):
        document = {"base64": encoded(b"%PDF-1.7 ..."), "media_type": "application/pdf", "text": None}

        submission = submission_from_json(document, "invoice", None, door=DOOR, default_priority="bulk")

        assert submission.source == Source(content=b"%PDF-1.7 ...", media_type="application/pdf")
        assert (submission.schema_name, submission.target) == ("invoice", DOOR.registry.target("invoice"))
        assert submission.priority == "bulk"

    def test_it_is_the_same_request_as_in_python(self):
        loose = submission_from_json({"text": "Total: 12"}, SCHEMA, None, door=DOOR)

        assert loose.digest == admit(LETTER, TARGET, {}, door=DOOR).digest

    def test_lines_of_base64_are_joined(self):
        content = bytes(range(256))
        lines = "\r\n".join(encoded(content)[at : at + 76] for at in range(0, 400, 76))

        assert submission_from_json({"base64": lines}, SCHEMA, None, door=DOOR).source.content == content

    @pytest.mark.parametrize("size", [998, 999, 1000])
    def test_a_document_of_the_largest_size_is_taken(self, size):
        assert submission_from_json({"base64": encoded(b"x" * size)}, SCHEMA, None, door=DOOR)

    @pytest.mark.parametrize("size", [1001, 1002, 1003, 100_000])
    def test_a_document_beyond_it_is_refused_before_it_is_decoded(self, size):
        with pytest.raises(UnreadableDocument, match=f"{size:,} of at most 1,000 bytes"):
            submission_from_json({"base64": encoded(b"x" * size)}, SCHEMA, None, door=DOOR)

    @pytest.mark.parametrize(
        ("document", "says"),
        [
            pytest.param("Total: 12", r'is text; send \{"text"', id="text alone"),
            pytest.param(None, "is null; send", id="nothing"),
            pytest.param([], "is a list; send", id="a list"),
            pytest.param({}, "has neither: send", id="empty"),
            pytest.param({"text": "a", "base64": "YQ=="}, "has both: send", id="both"),
            pytest.param({"text": "a", "path": "/etc/passwd"}, "unknown member 'path'", id="a path"),
            pytest.param({"text": 12}, "'text' is a number; send text", id="a number"),
            pytest.param({"text": "a", "name": True}, "'name' is true or false; send text", id="a name that is none"),
            pytest.param({"base64": "YQ"}, "padded with =", id="no padding"),
            pytest.param({"base64": "Y_-="}, "standard base64", id="another alphabet"),
            pytest.param({"base64": "YQ==YQ=="}, "standard base64", id="two of them"),
            pytest.param({"base64": "ÿÿÿÿ"}, "standard base64", id="not ASCII"),
            pytest.param({"base64": "data:text/plain;base64,YQ=="}, "standard base64", id="a data address"),
            pytest.param({"text": "a\ud800"}, "surrogate", id="half a character"),
        ],
    )
    def test_another_document_is_answered_with_what_to_send(self, document, says):
        with pytest.raises(InvalidRequest, match=says):
            submission_from_json(document, SCHEMA, None, door=DOOR)

    @pytest.mark.parametrize(
        ("schema", "error", "says"),
        [
            pytest.param(
                None, InvalidRequest, "is null; send a JSON Schema object, or a registered name: contract", id="none"
            ),
            pytest.param(True, InvalidRequest, "is true or false; send", id="a schema that allows anything"),
            pytest.param("invoise", UnknownSchema, "Did you mean 'invoice'", id="no such name"),
            pytest.param("os:path", UnknownSchema, "imports no class", id="an import path"),
            pytest.param({"type": "strin"}, InvalidSchema, "not valid JSON Schema", id="no JSON Schema"),
            pytest.param({"type": "object", "title": "\ud800"}, InvalidRequest, "surrogate", id="half a character"),
            pytest.param({"const": float("nan")}, InvalidSchema, "JSON cannot express", id="not a number"),
        ],
    )
    def test_another_schema_is_answered_with_what_to_send(self, schema, error, says):
        with pytest.raises(error, match=says):
            submission_from_json({"text": "a"}, schema, None, door=DOOR)

    @pytest.mark.parametrize("options", ["fast", [], 1, True])
    def test_options_are_an_object(self, options):
        with pytest.raises(InvalidRequest, match=r"The options are .*; send an object with any of model"):
            submission_from_json({"text": "a"}, SCHEMA, options, door=DOOR)

    @pytest.mark.parametrize("which", ["document", "schema", "options"])
    def test_nesting_without_end_is_refused(self, which):
        nested: Any = {}
        for _ in range(100_000):
            nested = {"a": nested}
        parts = {"document": {"text": "a"}, "schema": SCHEMA, "options": None}
        parts[which] = {"tool_choice": nested} if which == "options" else nested

        with pytest.raises(ExtractionError):
            submission_from_json(**parts, door=DOOR)


#: Words that open a path into the code, and others.
WORDS = st.sampled_from(
    ["text", "base64", "name", "media_type", "YQ==", "invoice", "type", "object", "string", "properties", "$ref",
     "#/properties/a", "a", "model", "tools", "reasoning", "seed", "tool_choice", "temperature", OFFLINE_MODEL]
) | st.text(max_size=4)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([10**400, "\ud800"]) | WORDS
ANY_JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=10
)
DOCUMENTS = st.just({"text": "a"}) | ANY_JSON
SCHEMAS = st.just(SCHEMA) | ANY_JSON
OPTIONS = st.none() | ANY_JSON


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(DOCUMENTS, SCHEMAS, OPTIONS)
def test_any_json_at_all_is_admitted_or_refused_with_an_error_of_ours(document, schema, options):
    with suppress(ExtractionError):
        submission = submission_from_json(document, schema, options, door=DOOR)

        assert submission.options.model in DOOR.models


@dataclass
class StoreOfATest:
    """Accepts everything, and asks for one ticket."""

    ring: frozenset[Priority] = frozenset({"bulk"})
    error: Exception | None = None

    async def submit_many(self, submissions: Sequence[Submission]) -> Any:
        if self.error:
            raise self.error
        self.receipts = [Receipt(id=each.id, is_new=True) for each in submissions]
        return self


class TestSending:
    pytestmark = pytest.mark.anyio

    async def test_the_truth_is_written_and_then_the_ticket_sent_by_a_thread(self):
        store, rung = StoreOfATest(), []
        submissions = [admit(LETTER, TARGET, {}, door=DOOR) for _ in range(3)]

        receipts = await submit(
            submissions,
            store=store,
            ring=lambda classes: rung.append((classes, len(store.receipts), threading.current_thread())),
        )

        assert [receipt.id for receipt in receipts] == [each.id for each in submissions]
        assert [(classes, written) for classes, written, _ in rung] == [(frozenset({"bulk"}), 3)]
        assert rung[0][2] is not threading.current_thread()

    async def test_where_a_ticket_is_under_way_none_is_sent(self):
        rung = []

        await submit([admit(LETTER, TARGET, {}, door=DOOR)], store=StoreOfATest(ring=frozenset()), ring=rung.append)

        assert rung == []

    async def test_a_ticket_that_cannot_be_sent_fails_nothing(self):
        def ring(_classes):
            raise ConnectionError("the broker is gone")

        assert len(await submit([admit(LETTER, TARGET, {}, door=DOOR)], store=StoreOfATest(), ring=ring)) == 1

    async def test_a_broker_that_hangs_holds_up_no_caller_for_long(self, monkeypatch):
        monkeypatch.setattr(sending, "RING_S", 0.05)
        is_over = threading.Event()
        started = time.monotonic()

        receipts = await submit(
            [admit(LETTER, TARGET, {}, door=DOOR)], store=StoreOfATest(), ring=lambda _classes: is_over.wait(30)
        )

        assert (len(receipts), time.monotonic() - started < 10) == (1, True)
        is_over.set()

    async def test_what_was_not_stored_is_not_rung_for(self):
        rung = []
        store = StoreOfATest(error=IdempotencyConflict("another request"))

        with pytest.raises(IdempotencyConflict):
            await submit([admit(LETTER, TARGET, {}, door=DOOR)], store=store, ring=rung.append)

        assert rung == []
