"""Mistakes of requests that endpoints punish: each is seen where it is made, and none is made by us."""

from __future__ import annotations

import json

import pytest

from extractor.model.endpoints import Endpoint
from extractor.model.enforcement import Terms
from extractor.model.profiles import profile_of
from extractor.model.requests import chat_request
from extractor.prompt import ask, reask
from extractor.records import Options, Page, Violation, Window
from extractor.schema import contract_for, target_from
from extractor.simulator.catalogue import INVOICE_SCHEMA, INVOICE_TEXT
from extractor.simulator.mistakes import MISTAKES, is_made


def with_schema(**keywords):
    schema = {"type": "object", "additionalProperties": False, "properties": {"a": {"type": "integer"}}} | keywords
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}}


@pytest.mark.parametrize(
    ("mistake", "body"),
    [
        ("content_in_parts", {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}]}),
        ("forced_tool", {"tool_choice": "required"}),
        ("forced_tool", {"tool_choice": {"type": "function", "function": {"name": "x"}}}),
        ("empty_tools", {"tools": []}),
        ("open_object", with_schema(additionalProperties={"type": "string"})),
        ("default_keyword", with_schema(properties={"a": {"type": "integer", "default": 1}})),
        ("bounded_integer", with_schema(properties={"a": {"type": "integer", "minimum": 1}})),
        ("bounded_integer", {"tools": [{"function": {"parameters": {"items": {"type": "integer", "maximum": 1}}}}]}),
        ("answer_returned", {"messages": [{"role": "assistant", "content": "{}"}]}),
        ("reasoning_returned", {"messages": [{"role": "assistant", "content": "", "reasoning_details": []}]}),
    ],
)
def test_a_mistake_is_seen(mistake, body):
    assert is_made(mistake, body)


def test_the_same_body_is_a_mistake_only_the_second_time():
    assert not is_made("same_body", {"a": 1}, earlier=[{"a": 2}])
    assert is_made("same_body", {"a": 1}, earlier=[{"a": 2}, {"a": 1}])


@pytest.mark.parametrize("rung", ["json_schema", "tool", "json_object", "prompt"])
@pytest.mark.parametrize("is_asked_again", [False, True])
def test_our_own_requests_make_none(rung, is_asked_again):
    contract = contract_for(target_from(INVOICE_SCHEMA), open_objects="drop", nulls="absent", absence="say")
    end = len(INVOICE_TEXT)
    window = Window(number=0, start=0, end=end, text=INVOICE_TEXT, pages=(Page(number=1, start=0, end=end),))
    question = ask(window, contract.shape, job_id="x_1", options=Options())
    if is_asked_again:
        question = reask(question, answer="{}", violations=[Violation(at="/total", rule="required", says="Give it.")])
    terms = Terms(rung=rung, is_streamed=True)
    endpoint = Endpoint("http://127.0.0.1:9/v1")

    request = chat_request(question, terms, profile=profile_of(question.options.model), endpoint=endpoint)

    assert [mistake for mistake in MISTAKES if is_made(mistake, json.loads(request.body))] == []
