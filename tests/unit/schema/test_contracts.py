"""One contract per schema, class and options; and what it says about answers."""

import json
import subprocess
import sys
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from extractor.errors import InvalidSchema, UnsupportedSchema
from extractor.records import Violation
from extractor.schema import contract_for, target_from
from extractor.schema.class_rules import class_violations
from extractor.schema.contracts import HERE_S
from extractor.schema.sizing import ITEMS, LEAF_TOKENS, LEAST, MOST, expected_tokens


class Line(BaseModel):
    what: str
    price: float = Field(ge=0)


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"


class Invoice(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: str
    lines: list[Line]
    total: float
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    note: str | None = None

    @field_validator("number")
    @classmethod
    def is_a_number(cls, value: str) -> str:
        if value == "quoting":
            raise ValueError(f"cannot be {value}")
        if value == "bad":
            raise ValueError("must look like an invoice number")
        return value

    @model_validator(mode="after")
    def adds_up(self) -> "Invoice":
        if sum(line.price for line in self.lines) != self.total:
            raise ValueError("the lines must add up to the total")
        return self


RIGHT = {"number": "A1", "lines": [{"what": "x", "price": 2}], "total": 2, "pet": None, "note": None}


def judged(**changes: Any) -> tuple[Violation, ...]:
    contract = contract_for(target_from(Invoice), absence="say")
    return contract.judge({**RIGHT, **changes}).violations


def test_a_right_answer_is_lifted_and_accepted():
    contract = contract_for(target_from(Invoice), absence="say")

    judgement = contract.judge(RIGHT)

    assert judgement.record == {"number": "A1", "lines": [{"what": "x", "price": 2}], "total": 2}
    assert judgement.violations == ()
    assert judgement.fits_wire


def test_the_contract_says_what_the_model_sees_and_who_validates():
    long = {"type": "string", "format": "uri", "description": "Its address. " * 80}
    schema = {"type": "object", "properties": {"site": long, "other": {**long, "description": ""}}, "title": "My site!"}

    contract = contract_for(target_from(schema))
    with_class = contract_for(target_from(Invoice))

    assert contract.shape.name == "My_site"
    assert contract.shape.schema == contract.lowered.wire
    assert list(contract.shape.told) == ["/site"]
    assert contract.validated_by == ("json_schema",)
    assert with_class.validated_by == ("json_schema", "pydantic:Invoice")


def test_an_unstated_value_is_one_violation_and_not_three():
    violations = judged(number=None, lines=[{"what": None, "price": 1}])

    assert [(violation.at, violation.rule) for violation in violations] == [
        ("/number", "not_stated"),
        ("/lines/0/what", "not_stated"),
    ]


def test_an_unstated_value_inside_a_union_is_not_repeated_as_a_failed_union():
    schema = {
        "anyOf": [{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}, {"type": "integer"}]
    }
    contract = contract_for(
        target_from({"type": "object", "properties": {"u": schema}, "required": ["u"]}), absence="say"
    )

    violations = contract.judge({"u": {"a": None}}).violations

    assert [(violation.at, violation.rule) for violation in violations] == [("/u/a", "not_stated")]


@pytest.mark.parametrize(
    ("changes", "violation"),
    [
        pytest.param(
            {"total": 3}, Violation(at="", rule="value_error", says="the lines must add up to the total"), id="model"
        ),
        pytest.param(
            {"number": "bad"},
            Violation(at="/number", rule="value_error", says="must look like an invoice number"),
            id="field",
        ),
        pytest.param(
            {"number": "quoting"},
            Violation(at="/number", rule="value_error", says="Does not satisfy the class Invoice: value error."),
            id="a message that quotes the value is not passed on",
        ),
        pytest.param(
            {"pet": {"lives": 9}},
            Violation(at="/pet/kind", rule="oneOf", says="Must say which of the forms is meant."),
            id="a tag that has a default",
        ),
        pytest.param(
            {"total": True}, Violation(at="/total", rule="type", says="Must be a number."), id="true is not 1"
        ),
        pytest.param({"total": "2"}, Violation(at="/total", rule="type", says="Must be a number."), id="text is not 2"),
        pytest.param(
            {"pet": {"kind": "cow"}},
            Violation(at="/pet/kind", rule="enum", says='Must be one of: "cat", "dog".'),
            id="what the schema says is not repeated by the class",
        ),
        pytest.param(
            {"surprise": 1},
            Violation(
                at="",
                rule="additionalProperties",
                says='Only these members may be given: "number", "lines", "total", "pet", "note".',
            ),
            id="a member nobody asked for",
        ),
    ],
)
def test_what_the_class_refuses_is_a_violation(changes, violation):
    assert judged(**changes) == (violation,)


class Hotel(BaseModel):
    nights: int | None = None


class Flight(BaseModel):
    seats: int | None = None


class Trip(BaseModel):
    booked: Hotel | Flight
    note: str | None = None


def test_a_wrong_value_in_a_union_is_refused_though_an_open_branch_would_take_it():
    contract = contract_for(target_from(Trip))

    judged = contract.judge({"booked": {"seats": "two"}, "note": None})

    assert judged.record == {"booked": {"seats": "two"}}
    assert [violation.at for violation in judged.violations] == ["/booked"]


class Leg(BaseModel):
    stops: "list[Hotel | Flight] | Hotel | Flight"


@pytest.mark.parametrize("answer", [None, 7, [], [7], {"other": {}}, [{"nights": "two"}, {"seats": []}]])
def test_unions_within_unions_are_judged_whatever_the_answer(answer):
    judged = contract_for(target_from(Leg)).judge({"stops": answer})

    assert judged.violations or judged.fits_wire


def test_a_member_under_a_wrong_name_is_asked_for_again():
    contract = contract_for(target_from(Flight))

    judged = contract.judge({"seat_count": 2})

    assert judged.violations == (
        Violation(at="", rule="additionalProperties", says='Only these members may be given: "seats".'),
    )


def test_a_member_that_nobody_asked_for_is_left_out_and_listed():
    contract = contract_for(target_from(Trip))

    judged = contract.judge({"booked": {"seats": 2, "row": 7}, "note": None, "total/sum": 5})

    assert judged.record == {"booked": {"seats": 2}}
    assert judged.violations == ()
    assert sorted(repair.at for repair in judged.repairs) == ["/booked/row", "/total~1sum"]


def test_a_tag_that_only_the_class_demands_is_asked_for():
    class Owner(BaseModel):
        pet: Annotated[Cat | Dog, Field(discriminator="kind")]

    violations = class_violations({"pet": {"lives": 9}}, Owner)

    assert violations == (
        Violation(at="/pet", rule="union_tag_not_found", says="Must say by its member 'kind' which form it has."),
    )


@pytest.mark.parametrize(
    ("kind", "value", "is_right"),
    [
        pytest.param(int, True, False, id="a whole number"),
        pytest.param(list[float], [0.5, False], False, id="numbers in a list"),
        pytest.param(int | None, True, False, id="a number or null"),
        pytest.param(int | bool, True, True, id="either"),
        pytest.param(bool, True, True, id="true or false"),
        pytest.param(int, 1.0, True, id="1.0 is 1"),
    ],
)
def test_a_class_whose_schema_allows_anything_does_not_take_true_for_1(kind, value, is_right):
    class Loose(BaseModel):
        flag: bool = True
        number: Annotated[kind, WithJsonSchema({})]

    violations = contract_for(target_from(Loose)).judge({"flag": True, "number": value}).violations

    assert [violation.rule for violation in violations] == ([] if is_right else ["true_is_not_1"])


def test_a_validator_that_crashes_is_a_violation():
    class Crashing(BaseModel):
        a: int

        @field_validator("a")
        @classmethod
        def crash(cls, value: int) -> float:
            return 1 / value

    violations = class_violations({"a": 0}, Crashing)

    assert [(violation.at, violation.rule) for violation in violations] == [("", "class_failed")]


def test_places_of_a_class_are_places_of_the_record():
    class Holder(BaseModel):
        either: list[Cat | list[Line]]

    violations = class_violations({"either": [[{"what": "x", "price": -1}]]}, Holder)

    assert "/either/0/0/price" in {violation.at for violation in violations}
    assert all(violation.at.startswith("/either/0") for violation in violations)


@pytest.mark.parametrize("answer", [None, 1, "text", [], {}, {"lines": {}}, {"lines": [None, {"what": {}}]}])
def test_any_answer_is_judged(answer):
    judgement = contract_for(target_from(Invoice), absence="say").judge(answer)

    assert judgement.violations
    assert not judgement.fits_wire


def test_a_contract_is_made_once_per_schema_class_and_options():
    schema = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
    reordered = {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "string"}}}

    contract = contract_for(target_from(schema))

    assert contract_for(target_from(json.loads(json.dumps(schema)))) is contract
    assert contract_for(target_from(schema), absence="forbid") is not contract
    assert list(contract_for(target_from(reordered)).shape.schema["properties"]) == ["b", "a"]
    assert target_from(reordered).digest == target_from(schema).digest


@pytest.mark.parametrize(
    ("schema", "keyword"),
    [({"$ref": "https://example.org/"}, "$ref"), ({"properties": {"a": {"pattern": "(?<=a)"}}}, "pattern")],
)
def test_a_target_that_cannot_be_kept_has_no_contract(schema, keyword):
    with pytest.raises(UnsupportedSchema) as refused:
        contract_for(target_from(schema))

    assert refused.value.keyword == keyword


# --- targets ---


def test_a_class_becomes_a_target_by_alias():
    class Aliased(BaseModel):
        number: str = Field(alias="invoiceNumber")

    target = target_from(Aliased)

    assert target.name == "Aliased"
    assert target.model_class is Aliased
    assert list(target.schema["properties"]) == ["invoiceNumber"]


def test_a_file_becomes_a_target(tmp_path):
    path = tmp_path / "my invoice.schema.json"
    path.write_text('{"type": "object", "properties": {}}', encoding="utf-8")

    target = target_from(path)

    assert target.name == "my_invoice"
    assert target.schema == {"type": "object", "properties": {}}
    assert target.model_class is None


def test_the_target_does_not_change_with_the_callers_dict():
    schema: dict[str, Any] = {"type": "object", "properties": {}}

    target = target_from(schema)
    schema["properties"]["late"] = {"type": "string"}

    assert target.schema == {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        pytest.param("invoice.json", "pydantic class with fields, a dict, or a Path", id="text"),
        pytest.param(None, "pydantic class with fields, a dict, or a Path", id="none"),
        pytest.param(int, "pydantic class with fields, a dict, or a Path", id="another class"),
        pytest.param(BaseModel, "pydantic class with fields", id="the base class"),
        pytest.param({}, "no rule", id="nothing"),
        pytest.param({"name": {"type": "string"}}, "no rule", id="properties forgotten"),
        pytest.param({"type": "strnig"}, "at /type. Must be one of object, array, string, ", id="unknown type"),
        pytest.param({"required": "a"}, "at /required. Must be a list.", id="not a list"),
        pytest.param({"properties": {"a": {"minimum": "1"}}}, "/properties/a/minimum", id="where it is wrong"),
        pytest.param({"description": "x" * 300_000}, "larger than 256 KiB", id="too large"),
    ],
)
def test_what_is_not_a_schema_is_refused_with_a_reason(schema, words):
    with pytest.raises(InvalidSchema, match=words):
        contract_for(target_from(schema))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(None, "cannot be read", id="missing"),
        pytest.param(b'{"type":\n  object}', "not strict JSON: there is a mistake in line 2, column 3", id="broken"),
        pytest.param(b'{"a": 1, "a": 2}', 'the key "a" twice', id="duplicate key"),
        pytest.param(b"[]", "A schema is a JSON object", id="a list"),
        pytest.param(b"\xff\xfe", "not UTF-8", id="not text"),
        pytest.param(b" " * 300_000, "larger than 256 KiB", id="too large"),
    ],
)
def test_a_file_that_holds_no_schema_is_refused_with_a_reason(tmp_path, content, words):
    path = tmp_path / "schema.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InvalidSchema, match=words):
        target_from(path)


def test_a_class_that_json_cannot_express_is_refused():
    class Opaque:
        pass

    class Holder(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)

        thing: Opaque

    with pytest.raises(InvalidSchema, match="Holder"):
        target_from(Holder)


# --- sizing ---


def leaf_object(count: int) -> dict[str, Any]:
    return {"type": "object", "properties": {f"p{number}": {"type": "string"} for number in range(count)}}


@pytest.mark.parametrize(
    ("wire", "tokens"),
    [
        pytest.param(leaf_object(1), LEAST, id="at least"),
        pytest.param(leaf_object(100), 100 * LEAF_TOKENS, id="leaves"),
        pytest.param(
            {"type": "object", "properties": {"a": {"type": "array", "items": leaf_object(5)}}},
            5 * ITEMS * LEAF_TOKENS,
            id="lists",
        ),
        pytest.param(
            {"type": "object", "properties": {"a": {"anyOf": [leaf_object(80), {"type": "null"}]}}},
            80 * LEAF_TOKENS,
            id="the longest branch",
        ),
        pytest.param(
            {
                "type": "object",
                "properties": {
                    "a": {
                        "type": "array",
                        "items": {"type": "array", "items": {"type": "array", "items": leaf_object(9)}},
                    }
                },
            },
            MOST,
            id="at most",
        ),
    ],
)
def test_the_expected_length_counts_leaves(wire, tokens):
    assert expected_tokens(wire) == tokens


def test_the_expected_length_of_a_recursive_schema_is_finite():
    node = {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/N"}}}}

    assert LEAST <= expected_tokens({**node, "$defs": {"N": node}}) <= MOST


def test_importing_the_stage_loads_neither_pydantic_nor_jsonschema():
    check = "import sys, extractor.schema; print({'pydantic', 'jsonschema', 're2'} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"


CHAIN = 300


def test_a_long_chain_of_definitions_is_no_reason_to_fail():
    steps = {f"d{n}": {"type": "object", "properties": {"a": {"$ref": f"#/$defs/d{n + 1}"}}} for n in range(CHAIN)}
    schema = {"$ref": "#/$defs/d0", "$defs": {**steps, f"d{CHAIN}": {"type": "string"}}}

    contract = contract_for(target_from(schema))

    assert contract.judge({"a": None}).violations == ()


def test_schemas_that_only_refer_to_one_another_are_refused_when_they_are_many():
    steps = {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(CHAIN)}

    with pytest.raises(UnsupportedSchema, match="only lead to one another"):
        contract_for(target_from({"$ref": "#/$defs/d0", "$defs": {**steps, f"d{CHAIN}": {"type": "string"}}}))


def test_a_large_answer_under_a_bounded_schema_has_the_time_that_it_needs():
    contract = contract_for(target_from({"type": "object", "additionalProperties": {"type": "integer"}}))
    answer = {"result": [{"key": f"k{n}", "value": 1} for n in range(40_000)]}

    assert contract.cost.seconds(answer) > HERE_S
    assert contract.judge(answer).violations == ()
