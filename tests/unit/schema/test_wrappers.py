"""Documents that hold a schema and are none."""

from __future__ import annotations

import pytest

from extractor.errors import InvalidSchema
from extractor.schema import target_from

ORDER = {"type": "object", "properties": {"number": {"type": "string"}}}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        pytest.param({"name": "order", "strict": True, "schema": ORDER}, "Pass what stands in schema.", id="format"),
        pytest.param(
            {"type": "json_schema", "json_schema": {"name": "order", "schema": ORDER}},
            "Pass what stands in json_schema.schema.",
            id="response format",
        ),
        pytest.param({"type": "json_schema", "name": "order", "schema": ORDER}, "stands in schema.", id="text format"),
        pytest.param(
            {"type": "function", "function": {"name": "order", "parameters": ORDER}},
            "Pass what stands in function.parameters.",
            id="tool",
        ),
        pytest.param({"name": "order", "input_schema": ORDER}, "Pass what stands in input_schema.", id="other tool"),
        pytest.param(
            {"openapi": "3.1.0", "info": {}, "paths": {}, "components": {"schemas": {"Order": ORDER}}},
            "This is a whole OpenAPI document. Pass one of its schemas, such as a member of components/schemas",
            id="OpenAPI",
        ),
        pytest.param({"swagger": "2.0", "definitions": {"Order": ORDER}}, "whole OpenAPI document", id="Swagger"),
        pytest.param({"description": "An order"}, "The schema states no rule", id="a remark"),
    ],
)
def test_a_document_that_holds_a_schema_is_refused_with_what_to_pass_instead(document, says) -> None:
    with pytest.raises(InvalidSchema) as refused:
        target_from(document)

    assert says in refused.value.message


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"properties": {"schema": ORDER}, "schema": ORDER}, id="beside a keyword"),
        pytest.param({"type": "object", "parameters": ORDER, "openapi": "3.1.0"}, id="beside a type"),
    ],
)
def test_a_schema_with_members_of_such_names_is_one(schema) -> None:
    assert target_from(schema).schema == schema
