"""Thirty-odd models of the kinds people write: record -> wire -> record -> instance is the identity."""

import datetime as dt
import enum
import ipaddress
import json
import uuid
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import (
    AnyUrl,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    field_validator,
    model_validator,
)

from extractor.schema import contract_for, target_from

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Address(BaseModel):
    """Where somebody lives."""

    street: str
    zip: str = Field(pattern=r"^\d{5}$")
    unit: str | None = None


class Scalars(BaseModel):
    a: str
    b: int
    c: float
    d: bool
    e: None


class OptionalWithDefault(BaseModel):
    note: str | None = None
    count: int = 3
    tags: list[str] = []


class OptionalWithoutDefault(BaseModel):
    note: str | None
    count: int | None


class NonNullDefault(BaseModel):
    currency: str | None = "EUR"


class Literals(BaseModel):
    kind: Literal["a", "b"]
    mixed: Literal["a", 1, True] | None = None
    only: Literal["v1"] = "v1"


class Enums(BaseModel):
    colour: Colour
    level: Level | None = None
    colours: list[Colour] = []


class Money(BaseModel):
    total: Decimal
    tax: Annotated[Decimal, Field(ge=0, max_digits=8, decimal_places=2)] | None = None


class Times(BaseModel):
    day: dt.date
    at: dt.datetime
    aware: AwareDatetime
    clock: dt.time
    lasts: dt.timedelta


class Identifiers(BaseModel):
    id: uuid.UUID
    site: AnyUrl
    host: ipaddress.IPv4Address | ipaddress.IPv6Address
    path: PurePosixPath
    blob: bytes


class Maps(BaseModel):
    scores: dict[str, int]
    by_number: dict[int, str] = {}
    nested: dict[str, dict[str, list[float]]] = {}
    typed: dict[str, Address] | None = None


class KeyedMaps(BaseModel):
    by_colour: dict[Colour, int]
    by_code: dict[Annotated[str, Field(pattern="^[A-Z]+$")], int] = {}


class Free(BaseModel):
    anything: Any
    objects: dict[str, Any] = {}
    bare: dict = {}  # type: ignore[type-arg]
    items: list = []  # type: ignore[type-arg]


class Tuples(BaseModel):
    pair: tuple[int, str]
    many: tuple[float, ...] = ()
    mixed: tuple[Address, int | None, str] | None = None


class Sets(BaseModel):
    names: set[str]
    numbers: frozenset[int] = frozenset()


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int
    note: str | None = None


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    breed: str
    tags: dict[str, str] = {}


class Discriminated(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    others: list[Annotated[Cat | Dog, Field(discriminator="kind")]] = []


class PlainUnion(BaseModel):
    value: int | str | Address | list[Address]
    either: Address | dict[str, int] | None = None


class ListOrMap(BaseModel):
    value: list[int] | dict[str, int]


class Node(BaseModel):
    label: str
    children: list["Node"] = []
    parent: "Node | None" = None


class Person(BaseModel):
    name: str
    employer: "Company | None" = None


class Company(BaseModel):
    title: str
    people: list[Person] = []


class Page(BaseModel, Generic[T]):
    items: list[T]
    next: str | None = None


class Generics(BaseModel):
    addresses: Page[Address]
    numbers: Page[int]


class Constrained(BaseModel):
    code: str = Field(min_length=2, max_length=5, pattern="^[a-z]+$")
    share: float = Field(ge=0, le=1)
    count: int = Field(gt=0, lt=100, multiple_of=5)
    price: float = Field(multiple_of=0.01)
    names: list[str] = Field(min_length=1, max_length=3)


class Validated(BaseModel):
    start: dt.date
    end: dt.date

    @field_validator("start")
    @classmethod
    def is_recent(cls, value: dt.date) -> dt.date:
        if value.year < 1900:
            raise ValueError("must be after 1900")
        return value

    @model_validator(mode="after")
    def is_in_order(self) -> "Validated":
        if self.end < self.start:
            raise ValueError("the end must not come before the start")
        return self


class Aliased(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    number: str = Field(alias="invoiceNumber")
    due: str | None = Field(default=None, validation_alias="dueDate", serialization_alias="dueDate")


class Forbidding(BaseModel):
    model_config = ConfigDict(extra="forbid")

    a: int
    b: str | None = None


class Allowing(BaseModel):
    model_config = ConfigDict(extra="allow")

    a: int


class TypedExtras(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, int]

    a: int


class Described(BaseModel):
    """An invoice."""

    billing: Address = Field(description="Where the bill goes")
    shipping: Address | None = Field(default=None, description="Where the goods go")
    colour: Colour = Field(description="As printed")


class Inherited(Address):
    country: str


class Numbers(RootModel[list[int]]):
    pass


class Lookup(RootModel[dict[str, Address]]):
    pass


class Either(RootModel[Cat | Dog]):
    pass


class Deep(BaseModel):
    level: dict[str, list[dict[str, list[Address | None]]]]


class Awkward(BaseModel):
    """Names that carry structure on the wire."""

    key: str
    value: int
    entries: list[int]
    result: str | None = None
    rest: dict[str, int] = Field(default={}, alias="_extra")
    slash: str = Field(alias="a/b~c")


HOME = {"street": "High Street 1", "zip": "12345"}
ROOM = {**HOME, "unit": "4"}
TREE = {
    "label": "a",
    "children": [{"label": "b"}, {"label": "c", "children": [{"label": "d"}]}],
    "parent": {"label": "p"},
}
EXAMPLES: list[tuple[type[BaseModel], list[Any]]] = [
    (Scalars, [{"a": "x", "b": 1, "c": 0.5, "d": True, "e": None}]),
    (OptionalWithDefault, [{}, {"note": "x", "count": 0, "tags": ["a", "b"]}]),
    (OptionalWithoutDefault, [{"note": None, "count": None}, {"note": "", "count": 0}]),
    (NonNullDefault, [{}, {"currency": None}, {"currency": "USD"}]),
    (Literals, [{"kind": "a"}, {"kind": "b", "mixed": 1}, {"kind": "b", "mixed": True}, {"kind": "a", "mixed": "a"}]),
    (Enums, [{"colour": "red"}, {"colour": "green", "level": 2, "colours": ["red", "red"]}]),
    (Money, [{"total": "19.99"}, {"total": "-0.50", "tax": "3.80"}, {"total": "1e3"}]),
    (
        Times,
        [
            {
                "day": "2024-02-29",
                "at": "2024-02-29T10:11:12",
                "aware": "2024-02-29T10:11:12.5+02:00",
                "clock": "10:11:12",
                "lasts": "P1DT2H",
            }
        ],
    ),
    (
        Identifiers,
        [
            {
                "id": "b7b1c1de-3c50-4c5e-9f3c-0a2f9d8f6a11",
                "site": "https://example.org/a?b=c",
                "host": "::1",
                "path": "/a/b",
                "blob": "abc",
            }
        ],
    ),
    (Maps, [{"scores": {}}, {"scores": {"a": 1, "": 2}, "by_number": {"1": "x"}, "nested": {"a": {"b": [1.5]}}}]),
    (Maps, [{"scores": {"key": 1, "value": 2}, "typed": {"home": HOME, "work": ROOM}}]),
    (KeyedMaps, [{"by_colour": {"red": 1}}, {"by_colour": {}, "by_code": {"DE": 1, "FR": 2}}]),
    (
        Free,
        [{"anything": None}, {"anything": {"a": [1, {"b": None}]}, "objects": {"x": [[]]}, "bare": {"entries": []}}],
    ),
    (Free, [{"anything": [1, "a", {}], "items": [{"entries": [1]}, [{}]]}]),
    (Tuples, [{"pair": [1, "a"]}, {"pair": [1, "a"], "many": [1.0, 2.5], "mixed": [ROOM, None, "x"]}]),
    (Sets, [{"names": ["a", "b"]}, {"names": [], "numbers": [1, 2, 3]}]),
    (Discriminated, [{"pet": {"kind": "cat", "lives": 9}}, {"pet": {"kind": "dog", "breed": "x", "tags": {"a": "b"}}}]),
    (Discriminated, [{"pet": {"kind": "cat", "lives": 9}, "others": [{"kind": "dog", "breed": "x"}]}]),
    (PlainUnion, [{"value": 1}, {"value": "x"}, {"value": HOME}, {"value": [HOME, ROOM]}, {"value": []}]),
    (PlainUnion, [{"value": 1, "either": {"a": 1}}, {"value": 1, "either": HOME}, {"value": 1, "either": {}}]),
    (ListOrMap, [{"value": []}, {"value": {}}, {"value": [1]}, {"value": {"a": 1}}]),
    (Node, [TREE]),
    (Person, [{"name": "A", "employer": {"title": "X", "people": [{"name": "B"}]}}]),
    (Generics, [{"addresses": {"items": [HOME]}, "numbers": {"items": [1, 2], "next": "n"}}]),
    (Constrained, [{"code": "abc", "share": 0.5, "count": 15, "price": 19.99, "names": ["a"]}]),
    (Validated, [{"start": "2024-01-01", "end": "2024-12-31"}]),
    (Aliased, [{"invoiceNumber": "7"}, {"invoiceNumber": "7", "dueDate": "tomorrow"}]),
    (Forbidding, [{"a": 1}, {"a": 1, "b": "x"}]),
    (Allowing, [{"a": 1}]),
    (TypedExtras, [{"a": 1}, {"a": 1, "b": 2, "_extra": 3}]),
    (Described, [{"billing": HOME, "colour": "red"}, {"billing": HOME, "shipping": ROOM, "colour": "green"}]),
    (Inherited, [{**ROOM, "country": "NL"}]),
    (Numbers, [[], [1, 2]]),
    (Lookup, [{}, {"home": HOME, "result": ROOM}]),
    (Either, [{"kind": "cat", "lives": 1}, {"kind": "dog", "breed": "b", "tags": {}}]),
    (Deep, [{"level": {"a": [{"b": [HOME, None]}]}}]),
    (Awkward, [{"key": "k", "value": 1, "entries": [1], "_extra": {"x": 1}, "a/b~c": "s"}]),
]
CASES = [
    pytest.param(model, example, id=f"{model.__name__}-{number}")
    for model, examples in EXAMPLES
    for number, example in enumerate(examples)
]
#: Models whose every type hypothesis can draw from the annotations alone.
DRAWN = [
    Scalars, OptionalWithDefault, OptionalWithoutDefault, NonNullDefault, Literals, Enums, Maps, Tuples, Sets,
    Discriminated, ListOrMap, Node, Generics, Forbidding, Cat, Dog,
]  # fmt: skip

st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False, width=32))
st.register_type_strategy(int, st.integers(-(2**53), 2**53))
st.register_type_strategy(
    Address,
    st.builds(Address, street=st.text(), zip=st.from_regex(r"\A[0-9]{5}\Z"), unit=st.none() | st.text()),
)


@pytest.mark.parametrize("absence", ["say", "forbid"])
@pytest.mark.parametrize(("model", "example"), CASES)
def test_a_record_comes_back_from_the_wire_as_the_same_instance(model, example, absence):
    instance = model.model_validate_json(json.dumps(example))
    record = instance.model_dump(mode="json", by_alias=True)
    contract = contract_for(target_from(model), absence=absence)

    judgement = contract.judge(contract.lowered.embed(record))

    assert judgement.fits_wire
    assert judgement.violations == ()
    assert model.model_validate_json(json.dumps(judgement.record)) == instance


@pytest.mark.parametrize(("model", "example"), CASES)
def test_a_sparse_record_comes_back_exactly_when_null_and_absent_are_kept_apart(model, example):
    contract = contract_for(target_from(model), nulls="exact", open_objects="keep")

    judgement = contract.judge(contract.lowered.embed(example))

    assert judgement.fits_wire
    assert judgement.record == example


@pytest.mark.parametrize("model", DRAWN, ids=lambda model: model.__name__)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.data())
def test_any_instance_comes_back_from_the_wire(model, data):
    instance = data.draw(st.from_type(model))
    contract = contract_for(target_from(model))

    judgement = contract.judge(contract.lowered.embed(instance.model_dump(mode="json", by_alias=True)))

    assert judgement.violations == ()
    assert model.model_validate_json(json.dumps(judgement.record)) == instance
