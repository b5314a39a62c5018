"""Models as people write them for extraction: record -> wire -> JSON text -> record -> model is the identity.

The constructs one by one are in tests/unit/schema/test_model_round_trip.py; here they stand together, as in code that
somebody hands over.
"""

import datetime as dt
import enum
import ipaddress
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, Optional, TypeVar, Union

import jsonschema
import pytest
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    HttpUrl,
    PositiveInt,
    RootModel,
    StringConstraints,
    Tag,
    computed_field,
    conlist,
    field_serializer,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from typing_extensions import TypeAliasType, TypedDict

from extractor.jsontext import dumps, parse
from extractor.schema import lower
from extractor.schema.rules import Rules

T = TypeVar("T")
K = TypeVar("K")
Currency = Literal["EUR", "USD", "GBP"]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]
Tree = TypeAliasType("Tree", "dict[str, Tree] | list[Tree] | str | int | None")


class Status(enum.StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Priority(enum.IntEnum):
    LOW = 1
    HIGH = 3


class Money(BaseModel):
    amount: Amount
    currency: Currency = "EUR"


class Party(BaseModel):
    """Somebody who buys or sells."""

    name: str = Field(min_length=1, description="As printed")
    vat_id: Optional[str] = Field(None, pattern=r"^[A-Z]{2}\w{2,12}$")  # noqa: UP045 - people write it so
    address: Optional["PostalAddress"] = None


class PostalAddress(BaseModel):
    lines: list[str] = Field(min_length=1, max_length=4)
    country: Annotated[str, Field(min_length=2, max_length=2)]


class InvoiceLine(BaseModel):
    description: str
    quantity: Decimal = Decimal(1)
    unit_price: Money
    tax_rate: float | None = Field(default=None, ge=0, le=1)


class Invoice(BaseModel):
    number: str
    issued: dt.date
    due: dt.date | None = None
    seller: Party
    buyer: Party
    lines: list[InvoiceLine]
    total: Money
    notes: dict[str, str] = {}

    @model_validator(mode="after")
    def is_due_later(self) -> "Invoice":
        if self.due is not None and self.due < self.issued:
            raise ValueError("due before it was issued")
        return self


class CamelOrder(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    order_id: uuid.UUID
    placed_at: AwareDatetime
    line_items: list["CamelItem"]
    gift_note: str | None = None


class CamelItem(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    item_sku: str
    unit_count: PositiveInt = 1


class CardPayment(BaseModel):
    method: Literal["card"]
    last_four: Annotated[str, Field(pattern=r"^\d{4}$")]
    limits: dict[str, int] = {}


class TransferPayment(BaseModel):
    method: Literal["transfer", "sepa"]
    iban: str
    limits: list[int] = []


class CashPayment(BaseModel):
    method: Literal["cash"] = "cash"


Payment = Annotated[CardPayment | TransferPayment | CashPayment, Field(discriminator="method")]


class Checkout(BaseModel):
    payment: Payment
    fallback: Payment | None = None
    history: list[Payment] = []
    by_day: dict[dt.date, Payment] = {}


class Text(BaseModel):
    kind: Literal["text"] = "text"
    text: str


class Group(BaseModel):
    kind: Literal["group"] = "group"
    title: str | None = None
    blocks: list[Annotated["Text | Group | Table", Field(discriminator="kind")]]


class Table(BaseModel):
    kind: Literal["table"] = "table"
    header: list[str]
    rows: list[list[str | float | None]]


class Report(BaseModel):
    body: Group


def _shape(value: Any) -> str:
    has = value.keys() if isinstance(value, dict) else vars(value).keys()
    return "circle" if "radius" in has else "box"


class Circle(BaseModel):
    radius: float = Field(gt=0)


class Box(BaseModel):
    sides: tuple[float, float, float]


class Drawing(BaseModel):
    shapes: list[Annotated[Annotated[Circle, Tag("circle")] | Annotated[Box, Tag("box")], Discriminator(_shape)]]


class Employee(BaseModel):
    name: str
    manager: Optional["Employee"] = None
    reports: list["Employee"] = []


class Author(BaseModel):
    name: str
    books: list["Book"] = []


class Book(BaseModel):
    title: str
    authors: list[Author] = []
    sequel: "Book | None" = None


class Page(BaseModel, Generic[T]):
    items: list[T]
    total: int
    next_cursor: str | None = None


class Cell(BaseModel, Generic[K, T]):
    key: K
    value: T | None = None


class Search(BaseModel):
    people: Page[Employee]
    cells: Page[Cell[int, dict[str, float]]]
    plain: Page[str] | None = None


class Point(NamedTuple):
    x: float
    y: float = 0.0


class Window(TypedDict, total=False):
    width: int
    title: str | None


@dataclass
class Sensor:
    name: str
    reading: float | None = None


class Device(BaseModel):
    at: Point
    window: Window
    sensors: list[Sensor]
    corners: tuple[Point, ...] = ()


class Person(BaseModel):
    name: str
    born: dt.date | None
    emails: set[str] = set()
    phones: frozenset[Annotated[str, Field(pattern=r"^\+?[0-9 ]+$")]] = frozenset()


class Resume(BaseModel):
    person: Person
    experience: conlist(dict[str, Any], max_length=5) = []  # type: ignore[valid-type]
    skills: dict[str, Literal[1, 2, 3]] = {}
    links: list[HttpUrl] = []


class Meeting(BaseModel):
    starts: dt.datetime
    lasts: dt.timedelta
    daily_at: dt.time | None = None
    attendees: Sequence[str]
    extra: Mapping[str, int] = {}


class Network(BaseModel):
    host: ipaddress.IPv4Address
    allowed: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    port: int = Field(default=443, ge=1, le=65_535)


class Ticket(BaseModel):
    status: Status
    priority: Priority = Priority.LOW
    was: list[Status] = []
    votes: dict[Status, int] = {}
    either: Status | Priority | None = None


class Article(BaseModel):
    slug: Slug
    title: str = Field(examples=["On wires"], json_schema_extra={"x-weight": 3})
    old_title: str | None = Field(default=None, deprecated=True)
    score: float = Field(default=0.5, gt=0, lt=1, multiple_of=0.05)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def words(self) -> int:
        return len(self.title.split())


class Contact(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: str
    email: str | None = None


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)

    count: int
    share: float
    is_final: bool
    tags: list[str] | None = None


class Settings(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str
    values: dict[str, bool | int | float | str | None] = {}


class Nested(BaseModel):
    levels: dict[str, dict[str, list[dict[str, int | None]]]]


class Medication(BaseModel):
    drug: str
    dose: float | str
    times: list[int] | Literal["as needed"]
    until: dt.date | Literal["open"] | None = None


class Overlapping(BaseModel):
    value: Union["Small", "Large", int, None] = None
    several: list[Union["Small", "Large", str]] = []


class Small(BaseModel):
    a: int


class Large(BaseModel):
    a: int
    b: dict[str, int]


class Normalised(BaseModel):
    date: dt.date
    code: str

    @field_validator("code")
    @classmethod
    def is_upper(cls, value: str) -> str:
        return value.upper()

    @field_serializer("date")
    def as_text(self, value: dt.date) -> str:
        return value.isoformat()


class Aliased(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    class_: str = Field(alias="class")
    ref: str | None = Field(default=None, alias="$ref")
    type_: Literal["a", "b"] = Field(alias="@type")
    extra: dict[str, str] = Field(default_factory=dict, alias="_extra")


class Batch(RootModel[list[Money | None]]):
    pass


class Glossary(RootModel[dict[str, list[Small]]]):
    pass


class Document(RootModel[Annotated[Text | Table, Field(discriminator="kind")]]):
    pass


class Config(BaseModel):
    tree: Tree
    raw: Any = None


class Matrix(BaseModel):
    rows: list[tuple[int, int, int]]
    origin: tuple[Literal["x"], int] | None = None
    empty: tuple[()] = ()


class Defaults(BaseModel):
    required_nullable: int | None
    with_value: int | None = 7
    factory: list[int] = Field(default_factory=lambda: [1])
    nothing: None = None


class Measurement(BaseModel):
    value: int | float
    unit: Literal["m", "s"] | None = None
    flags: list[bool | int | str] = []


class Shift(BaseModel):
    by_id: dict[uuid.UUID, PositiveInt]
    by_level: dict[int, list[Status]] = {}
    code: bytes = b""


class Receipt(Invoice):
    """What it adds to its parent comes after the parent's fields."""

    paid_with: Payment | None = None
    tags: Annotated[list[Slug], Field(max_length=3)] = []


DAY = dt.date(2024, 2, 29)
EUR = Money(amount=Decimal("19.99"))
SELLER = Party(name="A", vat_id="DE123456789", address=PostalAddress(lines=["B 1"], country="DE"))
CARD = CardPayment(method="card", last_four="0042", limits={"day": 1})
SEPA = TransferPayment(method="sepa", iban="X", limits=[1, 2])
TEXT = Text(kind="text", text="")
TABLE = Table(kind="table", header=["h"], rows=[["a", 1.5, None], []])
PERSON = Person(name="A", born=None, emails={"a@b.c"}, phones=frozenset({"+49 1"}))

INSTANCES: list[BaseModel] = [
    Invoice(
        number="7", issued=DAY, seller=SELLER, buyer=Party(name="B"), total=EUR, notes={"": "x", "key": "y"},
        lines=[InvoiceLine(description="d", unit_price=EUR, tax_rate=0.2), InvoiceLine(description="", unit_price=EUR)],
    ),
    Invoice(number="", issued=DAY, due=DAY, seller=SELLER, buyer=SELLER, lines=[], total=Money(amount=Decimal(0))),
    CamelOrder(
        order_id=uuid.UUID(int=7), placed_at=dt.datetime(2024, 1, 2, 3, 4, 5, 60, dt.UTC),
        line_items=[CamelItem(item_sku="s", unit_count=2)],
    ),
    Checkout(payment=CARD, fallback=CashPayment(method="cash"), history=[SEPA, CARD], by_day={DAY: SEPA}),
    Checkout(payment=SEPA),
    Report(body=Group(blocks=[TEXT, Group(kind="group", title="t", blocks=[TABLE, TEXT])])),
    Drawing(shapes=[Circle(radius=1), Box(sides=(1, 2, 3.5))]),
    Employee(name="A", manager=Employee(name="B"), reports=[Employee(name="C", reports=[Employee(name="D")])]),
    Book(title="t", authors=[Author(name="a", books=[Book(title="u")])], sequel=Book(title="v")),
    Search(
        people=Page(items=[Employee(name="A")], total=1), cells=Page(items=[Cell(key=1, value={"a": 0.5})], total=9),
    ),
    Search(
        people=Page(items=[], total=0), cells=Page(items=[Cell(key=2)], total=1, next_cursor="n"),
        plain=Page(items=["x"], total=1),
    ),
    Device(at=Point(1, 2), window={"width": 3}, sensors=[Sensor("s"), Sensor("t", 0.5)], corners=(Point(0, 0),)),
    Device(at=Point(1), window={"title": "t"}, sensors=[]),
    Resume(
        person=PERSON, experience=[{"at": "X", "years": [1, {"n": None}]}], skills={"a": 1, "b": 3},
        links=[HttpUrl("https://example.org/a?b=c#d")],
    ),
    Resume(person=Person(name="", born=DAY)),
    Meeting(
        starts=dt.datetime(2024, 1, 2, 3, tzinfo=dt.UTC), lasts=dt.timedelta(hours=1, seconds=2), attendees=["a"],
        extra={"x": 1},
    ),
    Meeting(
        starts=dt.datetime.fromisoformat("2024-01-02T03:04:05"), lasts=dt.timedelta(days=-1), attendees=[],
        daily_at=dt.time(9, 30),
    ),
    Network(
        host=ipaddress.IPv4Address("10.0.0.1"),
        allowed=[ipaddress.IPv4Network("10.0.0.0/8"), ipaddress.IPv6Network("::/0")],
    ),
    Ticket(
        status=Status.OPEN, priority=Priority.HIGH, was=[Status.CLOSED] * 2, votes={Status.OPEN: 2},
        either=Priority.LOW,
    ),
    Ticket(status=Status.CLOSED, either=Status.OPEN),
    Article(slug="a-b", title="x y", old_title="z", score=0.15),
    Contact(name="a", email="e"),
    Strict(count=1, share=2.0, is_final=False, tags=[]),
    Settings(name="n", values={"a": True, "b": 1, "c": 1.5, "d": "1", "e": None}),
    Settings.model_validate({"name": "n", "other": {"a": [1, None]}, "values": {}}),
    Nested(levels={"a": {"b": [{"c": 1, "d": None}, {}]}, "e": {}}),
    Medication(drug="d", dose=0.5, times=[8, 20], until="open"),
    Medication(drug="d", dose="half", times="as needed", until=DAY),
    Overlapping(value=Small(a=1), several=[Large(a=1, b={}), Small(a=2), "s"]),
    Overlapping(value=Large(a=1, b={"x": 1})),
    Overlapping(value=3),
    Normalised(date=DAY, code="ab"),
    Aliased.model_validate({"class": "c", "$ref": "#/x", "@type": "a", "_extra": {"_extra": "1"}}),
    Batch([EUR, None]),
    Batch([]),
    Glossary({"a": [Small(a=1)], "result": []}),
    Document(TABLE),
    Measurement(value=1.5, unit="m", flags=[True, 1, "1"]),
    Measurement(value=2),
    Shift(by_id={uuid.UUID(int=1): 1}, by_level={-1: [Status.OPEN]}, code=b"x"),
    Receipt(number="r", issued=DAY, seller=SELLER, buyer=SELLER, lines=[], total=EUR, paid_with=CARD, tags=["a-1"]),
    Config(tree={"a": ["b", 1, None, {"c": {}}]}, raw={"entries": [{"key": "a", "value": 1}]}),
    Config(tree="x", raw=None),
    Matrix(rows=[(1, 2, 3)], origin=("x", 1)),
    Matrix(rows=[]),
    Defaults(required_nullable=None, with_value=None, factory=[]),
    Defaults(required_nullable=1),
]  # fmt: skip
CASES = [pytest.param(instance, id=f"{type(instance).__name__}-{n}") for n, instance in enumerate(INSTANCES)]
OPTIONS = [
    pytest.param({"absence": absence, "nulls": nulls, "open_objects": others}, id=f"{absence}-{nulls}-{others}")
    for absence, nulls, others in (
        ("forbid", "absent", "drop"), ("forbid", "exact", "keep"), ("say", "absent", "keep"), ("say", "exact", "drop"),
    )
]  # fmt: skip


def record_of(instance: BaseModel) -> Any:
    return json.loads(instance.model_dump_json(by_alias=True, exclude_computed_fields=True))


def test_there_are_models_enough() -> None:
    assert len({type(instance) for instance in INSTANCES}) >= 30


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("instance", CASES)
def test_an_instance_comes_back_from_the_wire(instance: BaseModel, options: dict[str, str]) -> None:
    model = type(instance)
    if isinstance(instance, Settings) and instance.model_extra and options["open_objects"] == "drop":
        pytest.skip("what no schema names is left away on purpose")
    schema = model.model_json_schema(by_alias=True)
    record = record_of(instance)

    lowered = lower(schema, **options)
    text = dumps(lowered.embed(record))
    answer = parse(text)
    lift = lowered.lift(answer)

    assert Rules(schema).hold(record)
    assert lowered.fits(answer)
    assert jsonschema.Draft202012Validator(lowered.wire).is_valid(answer) or "multipleOf" in str(schema)
    assert lift.violations == ()
    assert Rules(schema).hold(lift.value)
    assert model.model_validate_json(dumps(lift.value)) == instance
    if options["nulls"] == "exact":
        assert lift.value == record


@pytest.mark.parametrize("instance", CASES)
def test_an_instance_comes_back_from_the_portable_wire(instance: BaseModel) -> None:
    model = type(instance)
    lowered = lower(model.model_json_schema(by_alias=True), dialect="portable", open_objects="keep")

    lift = lowered.lift(parse(dumps(lowered.embed(record_of(instance)))))

    assert lift.violations == ()
    assert model.model_validate_json(dumps(lift.value)) == instance


@pytest.mark.parametrize("instance", CASES)
def test_a_record_without_its_defaults_comes_back_as_the_same_instance(instance: BaseModel) -> None:
    model = type(instance)
    lowered = lower(model.model_json_schema(by_alias=True), nulls="exact", open_objects="keep")
    record = json.loads(instance.model_dump_json(by_alias=True, exclude_unset=True, exclude_computed_fields=True))

    lift = lowered.lift(parse(dumps(lowered.embed(record))))

    assert lift.value == record
    assert model.model_validate_json(dumps(lift.value)) == instance
