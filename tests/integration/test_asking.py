"""How a question comes to terms with an endpoint: what is listed, what was refused, who else may be asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from pydantic import SecretStr

from extractor import errors
from extractor.model import ChatModel, Endpoint, Facts
from extractor.prompt import ask as put
from extractor.prompt import with_draft
from extractor.records import (
    DEFAULT_MODEL,
    Options,
    Page,
    PriceCeiling,
    ProviderPolicy,
    Question,
    Shape,
    Window,
)
from extractor.simulator import Simulator
from extractor.simulator.catalogue import INVOICE_RECORD, Reply, load
from extractor.testing import ScriptedServer, ports_for, raw, refusal_f1, reply, sse, status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from extractor.ports import Ports
    from extractor.records import Completion, Rung
    from extractor.testing import Asked, Scripted

    OpenClient = Callable[..., ChatModel]

pytestmark = pytest.mark.anyio

SIBLING = "qwen/qwen-plus-2025-07-28"
RECORD = {"number": "A-17"}
WIRE = {
    "type": "object",
    "properties": {"number": {"type": "string", "maxLength": 20}},
    "required": ["number"],
    "additionalProperties": False,
}
OTHER = {**WIRE, "properties": {"number": {"type": "string", "maxLength": 21}}}
SHAPE, OTHER_SHAPE = Shape(schema=WIRE, name="invoice"), Shape(schema=OTHER, name="invoice")

F9 = "Invalid schema for response_format 'X': In context=(), 'additionalProperties' is required to be supplied."
F13 = "The compiled grammar is too large."
F16 = "Request contains an invalid argument."
F17 = "The provided JSON schema contains features not supported by xgrammar."


def question(text: str = "Invoice A-17", *, shape: Shape = SHAPE, **options: Any) -> Question:
    window = Window(number=0, start=0, end=len(text), text=text, pages=(Page(number=1, start=0, end=len(text)),))
    return put(window, shape, job_id="job", options=Options(**options))


@pytest.fixture
async def client() -> AsyncIterator[OpenClient]:
    """Open clients that do not wait, and close their connections after the test."""
    opened: list[ChatModel] = []

    def _open(
        base_url: str,
        *,
        facts: Facts | None = None,
        is_openrouter: bool = False,
        limits: dict[str, float] | None = None,
        **how: Any,
    ) -> ChatModel:
        key = SecretStr("sk-or-v1-secret")
        endpoint = Endpoint(base_url, key=key, speaks_openrouter=is_openrouter, **(limits or {}))
        how = {"with_draft": with_draft, "jitter": lambda: 0.0} | how
        opened.append(ChatModel(endpoint, facts=facts or Facts(), **how))
        return opened[-1]

    yield _open
    for model in opened:
        await model.aclose()


async def ask(model: ChatModel, asked: Question | None = None, *, ports: Ports | None = None) -> Completion:
    return await model.complete(asked or question(), ports=ports or ports_for(model))


def rung_of(body: dict[str, Any]) -> Rung:
    if "response_format" in body:
        return body["response_format"]["type"]
    return "tool" if "tools" in body else "prompt"


def rungs(asked: Sequence[Any]) -> list[str]:
    return [rung_of(each.body) for each in asked]


def is_refused(asked: Asked) -> bool:
    return "response_format" in asked.body


async def test_a_thousand_first_calls_at_once_cost_one_refusal(client: OpenClient):
    """Whoever comes while the first one is being tried waits for its end, and asks in the way that is taken."""
    with ScriptedServer(lambda asked: refusal_f1().after(0.1) if is_refused(asked) else sse(RECORD)) as server:
        model = client(server.base_url)
        async with anyio.create_task_group() as tasks:
            for number in range(1000):
                tasks.start_soon(ask, model, question(f"Invoice {number}"))

    assert Counter(rungs(server.asked)) == {"json_schema": 1, "tool": 1000}


async def test_a_hundred_calls_with_a_new_schema_cost_one_refusal_too(client: OpenClient):
    def answer(asked: Asked) -> Scripted:
        is_strange = asked.body.get("response_format", {}).get("json_schema", {}).get("schema") == OTHER
        return status(400, raw_words=F17).after(0.05) if is_strange else reply(RECORD)

    with ScriptedServer(answer) as server:
        model = client(server.base_url)
        await ask(model, question(model=SIBLING))
        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(ask, model, question(shape=OTHER_SHAPE, model=SIBLING))

    assert len(server.asked) == 102
    assert rungs(server.asked) == ["json_schema"] * 102


async def test_a_refused_schema_is_simplified_then_left_and_other_schemas_are_not_touched(client: OpenClient):
    refused = status(400, raw_words=F17)
    with ScriptedServer([refused, refused, sse(RECORD), sse(RECORD), sse(RECORD)]) as server:
        model = client(server.base_url)
        first, again = await ask(model), await ask(model)
        other = await ask(model, question(shape=OTHER_SHAPE))

    full, simple, *_ = [each.body for each in server.asked]
    assert rungs(server.asked) == ["json_schema", "json_schema", "tool", "tool", "json_schema"]
    assert full["response_format"]["json_schema"]["schema"] == WIRE
    assert simple["response_format"]["json_schema"]["schema"]["properties"] == {"number": {"type": "string"}}
    assert (first.rung, again.rung, other.rung) == ("tool", "tool", "json_schema")
    assert first.why == "json_schema: the schema has features that the grammar does not take"


async def test_strict_is_dropped_for_the_schema_that_is_not_strict_enough(client: OpenClient):
    with ScriptedServer([status(400, raw_words=F9), *[sse(RECORD)] * 3]) as server:
        model = client(server.base_url)
        await ask(model)
        await ask(model)
        await ask(model, question(shape=OTHER_SHAPE))

    sent = ["strict" in each.body["response_format"]["json_schema"] for each in server.asked]
    assert sent == [True, False, False, True]


async def test_a_schema_too_complex_for_a_grammar_is_told_in_words(client: OpenClient):
    with ScriptedServer([status(400, raw_words=F13), sse(RECORD)]) as server:
        answered = await ask(client(server.base_url))

    assert rungs(server.asked) == ["json_schema", "prompt"]
    assert answered.usage.calls == 2


async def test_words_that_may_mean_the_schema_are_remembered_only_when_a_simpler_one_is_taken(client: OpenClient):
    invalid = status(400, raw_words=F16)
    with ScriptedServer([invalid, sse(RECORD), sse(RECORD), invalid, invalid, invalid, invalid]) as server:
        model = client(server.base_url)
        await ask(model)
        await ask(model)
        for _ in range(2):
            with pytest.raises(errors.RequestRejected, match=r"schema.*input"):
                await ask(model, question(shape=OTHER_SHAPE))

    lengths = ["maxLength" in str(each.body["response_format"]) for each in server.asked]
    assert lengths == [True, False, False, True, False, True, False]


async def test_a_provider_that_fails_again_with_strict_is_asked_without_it(client: OpenClient):
    with ScriptedServer([status(500), status(500), sse(RECORD), sse(RECORD)]) as server:
        model = client(server.base_url)
        await ask(model)
        await ask(model)

    sent = ["strict" in each.body["response_format"]["json_schema"] for each in server.asked]
    assert sent == [True, True, False, False]


async def test_an_account_that_can_pay_for_less_is_asked_for_less(client: OpenClient):
    broke = "This request requires more credits, or fewer max_tokens. You requested 9984, but can only afford {}."
    enough, too_little = status(402, message=broke.format(3919)), status(402, message=broke.format(12))
    with ScriptedServer([enough, sse(RECORD), too_little]) as server:
        model = client(server.base_url)
        await ask(model)
        with pytest.raises(errors.OutOfCredit):
            await ask(model)

    assert [each.body["max_tokens"] for each in server.asked] == [9984, 3919, 9984]


async def test_a_question_is_not_asked_on_the_rungs_it_has_left(client: OpenClient):
    with ScriptedServer([sse(RECORD), sse(RECORD)]) as server:
        model = client(server.base_url)
        left = await ask(model, replace(question(), left=frozenset({"json_schema"})))
        await ask(model)

    assert rungs(server.asked) == ["tool", "json_schema"]
    assert left.why == "json_schema: an answer to this question on it showed harm"


async def test_three_harmful_answers_leave_the_rung_for_every_question(client: OpenClient):
    with ScriptedServer(lambda _asked: sse(RECORD)) as server:
        model = client(server.base_url)
        for _ in range(3):
            model.note_harm(await ask(model), why="prose")
        after = await ask(model)
        other = await ask(model, question(model=SIBLING))

    assert (after.rung, other.rung) == ("tool", "json_schema")
    assert after.why == "json_schema: 3 answers on it within a day showed harm: prose"


class Listed:
    """A host that lists one endpoint, and answers."""

    def __init__(self, *parameters: str, delay_s: float = 0.0, **members: Any) -> None:
        self._endpoint = {"tag": "a", "supported_parameters": [*parameters], "pricing": {}, **members}
        self._delay_s = delay_s

    def __call__(self, asked: Asked) -> Scripted:
        if asked.path.endswith("/endpoints"):
            return raw({"data": {"endpoints": [self._endpoint]}}).after(self._delay_s)
        if asked.path.endswith("/models"):
            return raw({"data": [{"id": "some/model", "reasoning": {"default_enabled": True}}]})
        return sse(RECORD) if asked.body.get("stream") else reply(RECORD)


def completions(server: ScriptedServer) -> list[Asked]:
    return [each for each in server.asked if each.path.endswith("/chat/completions")]


async def test_a_listing_is_fetched_once_and_decides_what_is_sent(client: OpenClient):
    host = Listed("tools", "tool_choice", "reasoning", max_completion_tokens=3000)
    with ScriptedServer(host) as server:
        model = client(server.base_url, is_openrouter=True, model="some/model")
        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(ask, model, question(model="some/model"))

    paths = Counter(each.path for each in server.asked)
    assert paths["/api/v1/models/some/model/endpoints"] == paths["/api/v1/models"] == 1
    assert set(rungs(completions(server))) == {"tool"}
    assert {each.body["max_tokens"] for each in completions(server)} == {1792 + 1208}
    assert all(each.body["stream"] for each in completions(server))
    assert {each.body["provider"]["require_parameters"] for each in completions(server)} == {True}


async def test_a_host_that_does_not_list_in_time_is_asked_by_the_bundled_profile(
    client: OpenClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("extractor.model.fetching.LONGEST_FETCH_S", 0.05)
    with ScriptedServer(Listed(delay_s=0.5)) as server:
        answered = await ask(client(server.base_url, is_openrouter=True))
        again = await ask(client(server.base_url, is_openrouter=True, facts=Facts()))

    assert (answered.rung, again.rung) == ("json_schema", "json_schema")
    assert completions(server)[0].body["provider"] == {"max_price": {"prompt": 0.39, "completion": 1.17}}


@pytest.mark.parametrize("page", [status(500), raw(b"<html>"), raw({"data": None})])
async def test_a_listing_that_cannot_be_read_fails_no_document(client: OpenClient, page: Scripted):
    with ScriptedServer(lambda asked: page if asked.body is None else sse(RECORD)) as server:
        model = client(server.base_url, is_openrouter=True)
        await ask(model)
        await ask(model)

    assert [each.body is None for each in server.asked] == [True, False, False]


async def test_a_listed_price_is_what_is_set_aside_and_what_is_capped(client: OpenClient):
    pricing = {"prompt": "0.000001", "completion": "0.000002"}
    with ScriptedServer(Listed("response_format", pricing=pricing)) as server:
        model = client(server.base_url, is_openrouter=True, model="some/model")
        ports = ports_for(model, cap_usd=1.0)
        await ask(model, question(model="some/model"), ports=ports)

    (call,) = ports.journal.calls.values()  # type: ignore[attr-defined]
    (sent,) = completions(server)
    assert call.reserved_usd >= sent.body["max_tokens"] * 2e-6
    assert sent.body["provider"]["max_price"] == {"prompt": 1.5, "completion": 3.0}


async def test_elsewhere_nothing_is_looked_up_and_a_policy_is_refused_before_anything_is_sent(client: OpenClient):
    with ScriptedServer([sse(RECORD)]) as server:
        model = client(server.base_url)
        await ask(model)
        with pytest.raises(errors.InvalidRequest, match="provider"):
            await ask(model, question(provider=ProviderPolicy(zdr=True)))

    assert [each.path for each in server.asked] == ["/api/v1/chat/completions"]


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(ProviderPolicy(zdr=True), id="zdr"),
        pytest.param(ProviderPolicy(only=("nobody",)), id="only"),
        pytest.param(ProviderPolicy(ignore=("alibaba",)), id="ignore"),
        pytest.param(ProviderPolicy(max_price=PriceCeiling(completion=0.01)), id="price"),
    ],
)
async def test_a_policy_that_rules_every_endpoint_out_is_named_and_teaches_nothing(
    client: OpenClient, policy: ProviderPolicy
):
    with Simulator(profile="enforces", answer={"A-17": INVOICE_RECORD}) as simulator:
        model = client(simulator.base_url, is_openrouter=True)
        with pytest.raises(errors.PermissionDenied, match="provider"):
            await ask(model, question(provider=policy))
        await ask(model)

    assert simulator.asked[-1].body["response_format"]["json_schema"]["strict"] is True
    assert simulator.ledger.usd > 0


@pytest.mark.parametrize("profile", ["enforces", "ignores", "contradicts"])
async def test_required_is_one_request_where_the_thinking_endpoint_takes_schemas(client: OpenClient, profile: str):
    with Simulator(profile=profile, answer={"A-17": INVOICE_RECORD}) as simulator:
        answered = await ask(client(simulator.base_url, is_openrouter=True), question(enforcement="required"))

    assert (answered.rung, answered.model, len(simulator.asked)) == ("json_schema", DEFAULT_MODEL, 1)


async def test_required_lets_a_thinking_model_that_refuses_schemas_draft_and_its_sibling_write(client: OpenClient):
    with Simulator(profile="refuses", answer={"A-17": INVOICE_RECORD}) as simulator:
        model = client(simulator.base_url, is_openrouter=True)
        ports = ports_for(model)
        answered = await ask(model, question(enforcement="required"), ports=ports)
        again = await ask(model, question(enforcement="required"), ports=ports)
        await ask(model, question("Invoice A-17, once more", enforcement="required"))

    sent = [(each.body["model"], rung_of(each.body)) for each in simulator.asked]
    both = [(DEFAULT_MODEL, "prompt"), (SIBLING, "json_schema")]
    assert sent == [(DEFAULT_MODEL, "json_schema"), *both, *both]
    assert (answered.rung, answered.model) == ("json_schema", SIBLING)
    assert answered.rungs_sent == ("json_schema", "prompt")
    assert "<draft " in simulator.asked[2].body["messages"][1]["content"]
    assert simulator.ledger.usd == pytest.approx(2 * answered.usage.cost_usd, rel=0.1)
    assert answered.usage.calls == 3
    assert "draft" in answered.why
    assert again == answered


async def test_a_draft_is_bought_once_though_the_writer_fails(client: OpenClient):
    with Simulator(profile="refuses", answer={"A-17": INVOICE_RECORD}) as simulator:
        model = client(simulator.base_url, is_openrouter=True)
        await ask(model, question(enforcement="required"))
        del simulator.asked[:]
        simulator.play("once more", Reply(), Reply(status=503, billed=False))
        answered = await ask(model, question("Invoice A-17, once more", enforcement="required"))

    assert [each.body["model"] for each in simulator.asked] == [DEFAULT_MODEL, SIBLING, SIBLING]
    assert answered.rung == "json_schema"


async def test_a_draft_in_the_journal_is_not_bought_again(client: OpenClient):
    with Simulator(profile="refuses", answer={"A-17": INVOICE_RECORD}) as simulator:
        model = client(simulator.base_url, is_openrouter=True)
        await ask(model, question(enforcement="required"))
        del simulator.asked[:]
        ports = ports_for(model)
        simulator.play("once more", Reply(), Reply(status=401, billed=False))
        asked = question("Invoice A-17, once more", enforcement="required")
        with pytest.raises(errors.AuthenticationFailed):
            await ask(model, asked, ports=ports)
        answered = await ask(model, asked, ports=ports)

    assert [each.body["model"] for each in simulator.asked] == [DEFAULT_MODEL, SIBLING, SIBLING]
    assert answered.usage.cost_usd == pytest.approx(simulator.ledger.usd / 2, rel=0.1)


@pytest.mark.parametrize(
    ("model", "how"),
    [
        pytest.param(SIBLING, {}, id="a model that does not think"),
        pytest.param(DEFAULT_MODEL, {"with_draft": None}, id="nobody to put a draft to the other"),
        pytest.param(DEFAULT_MODEL, {}, id="a sibling that refuses too"),
    ],
)
async def test_required_ends_without_a_record_where_nobody_takes_schemas(
    client: OpenClient, model: str, how: dict[str, Any]
):
    with ScriptedServer(lambda asked: refusal_f1() if is_refused(asked) else sse(RECORD)) as server:
        opened = client(server.base_url, **how)
        for _ in range(2):
            with pytest.raises(errors.EnforcementUnavailable):
                await ask(opened, question(model=model, enforcement="required"))

    drafts = [each for each in server.asked if not is_refused(each)]
    assert len(drafts) == (1 if model == DEFAULT_MODEL and not how else 0)


async def test_the_next_model_is_asked_where_one_fails_for_good(client: OpenClient):
    def answer(asked: Asked) -> Scripted:
        return status(404, message="gone") if asked.body["model"] == "a/b" else reply(RECORD)

    with ScriptedServer(answer) as server:
        model = client(server.base_url, model="a/b")
        answered = await ask(model, question(model="a/b", models=("c/d", "e/f")))
        with pytest.raises(errors.ModelNotFound):
            await ask(model, question(model="a/b"))

    assert [each.body["model"] for each in server.asked] == ["a/b", "c/d", "a/b"]
    assert answered.usage.calls == 2
    assert all("models" not in each.body for each in server.asked)


async def test_a_model_without_a_known_price_is_not_asked_under_a_cap_and_the_failure_before_counts(client: OpenClient):
    with ScriptedServer([status(404, message="gone")]) as server:
        model = client(server.base_url)
        ports = ports_for(model, cap_usd=1.0)
        with pytest.raises(errors.ModelNotFound):
            await ask(model, question(models=("c/d",)), ports=ports)

    assert len(server.asked) == 1


async def test_a_wrong_key_is_no_reason_to_ask_another_model(client: OpenClient):
    with ScriptedServer([status(401)]) as server, pytest.raises(errors.AuthenticationFailed):
        await ask(client(server.base_url), question(models=("c/d",)))

    assert len(server.asked) == 1


async def test_when_every_model_fails_the_last_error_has_the_whole_bill(client: OpenClient):
    with ScriptedServer([status(422), status(400), status(422)]) as server:
        model = client(server.base_url)
        with pytest.raises(errors.RequestRejected) as caught:
            await ask(model, question(models=("c/d", "e/f")))

    assert caught.value.usage.calls == 3


async def test_required_holds_for_the_next_model_too(client: OpenClient):
    def answer(asked: Asked) -> Scripted:
        is_first = asked.body["model"] == "a/b"
        return refusal_f1() if is_first and is_refused(asked) else reply(RECORD)

    with ScriptedServer(answer) as server:
        model = client(server.base_url, model="a/b")
        answered = await partial(ask, model)(question(model="a/b", models=("c/d",), enforcement="required"))

    assert [(each.body["model"], rung_of(each.body)) for each in server.asked] == [
        ("a/b", "json_schema"),
        ("c/d", "json_schema"),
    ]
    assert answered.rung == "json_schema"


@pytest.mark.parametrize("profile", ["enforces", "refuses", "ignores", "contradicts"])
async def test_over_every_known_failure_required_gives_a_record_from_a_schema_or_none(client: OpenClient, profile: str):
    with Simulator(profile=profile, answer={"A-17": INVOICE_RECORD}) as simulator:
        limits = {"idle_s": 1.0, "content_idle_s": 1.0, "timeout_s": 5.0}
        model = client(simulator.base_url, is_openrouter=True, limits=limits)
        ended: dict[str, str] = {}
        few = anyio.CapacityLimiter(8)

        async def extract(entry: str) -> None:
            try:
                async with few:
                    answered = await ask(model, question(f"Invoice A-17 ({entry})", enforcement="required"))
                ended[entry] = answered.rung
            except errors.ExtractionError as error:
                ended[entry] = error.code

        async with anyio.create_task_group() as tasks:
            for entry in load():
                simulator.play(f"({entry.id})", entry.id)
                tasks.start_soon(extract, entry.id)

    assert len(ended) == len(load())
    assert not {"tool", "json_object", "prompt", "unexpected_error"} & set(ended.values())
    assert list(ended.values()).count("json_schema") > len(ended) / 2, ended
