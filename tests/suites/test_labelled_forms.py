"""Labelled forms of schemas that no rule has seen: the one kind of document that `offline/heuristic` promises to read.

Field names are drawn from words that the table of synonyms does not hold, so only the printed labels can help.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from extractor import jsontext
from extractor.model.offline import fill
from extractor.model.offline.words import synonyms, words

WORDS = """
acorn anchor anvil arbour badger ballast barley basalt beacon bobbin bramble buoy canopy cinder clover cobble copper
cradle crater dahlia derrick dune ember fathom fennel ferry flint furrow gable gantry girder glacier granite grove gully
harbour hazel heron hinge hollow jetty kelp kiln lantern larch lichen lintel loam lock mallet mantle marsh mast meadow
mortar nettle oar orchard otter paddle parapet pebble pier pigment pinion plinth plough pollen quarry quill rafter
ravine reed ridge rivet rudder saddle sapling shale silo sluice spindle spire sprocket stile tallow tarn thicket thistle
timber trellis trowel turret valley vane willow winch
""".split()  # noqa: SIM905 - a hundred quoted words are harder to read
KINDS = ("text", "text", "code", "number", "integer", "boolean", "date", "enum", "email", "strings")
DATES = ("%Y-%m-%d", "%d %B %Y", "%B %d, %Y", "%d/%m/%Y", "%d.%m.%Y")
LAYOUTS = ("colon", "gap", "bars", "leaders", "below")


@dataclass
class Form:
    """A schema, a document that states most of it, and the record it states."""

    #: The schema, nullable as on the wire.
    schema: dict[str, object]
    #: The record that a careful reader would write down.
    gold: dict[str, object]
    #: The printed form.
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


class FormMaker:
    """Makes one form from a seed: its schema, its values and its layout."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._free = self._dice.sample(WORDS, len(WORDS))
        self._layout = LAYOUTS[seed % len(LAYOUTS)]
        self._date_form = self._dice.choice(DATES)
        self._case = self._dice.choice((str.title, str.capitalize, str.upper))

    def make(self) -> Form:
        form = Form(schema={"type": "object", "properties": {}}, gold={}, lines=["FORM 12-B", ""])
        for _ in range(self._dice.randint(4, 9)):
            self._add_leaf(form, form.schema["properties"], form.gold)
        for _ in range(self._dice.randint(0, 2)):
            self._add_object(form)
        if self._dice.random() < 0.7:
            self._add_table(form)
        return form

    def _name(self) -> tuple[str, str]:
        chosen = [self._free.pop() for _ in range(self._dice.choice((1, 2, 2)))]
        camel = chosen[0] + "".join(word.title() for word in chosen[1:])
        return self._dice.choice(("_".join(chosen), camel)), self._case(" ".join(chosen))

    def _add_leaf(self, form: Form, properties: dict[str, object], gold: dict[str, object]) -> None:
        name, label = self._name()
        kind = self._dice.choice(KINDS)
        value, printed, schema = self._value(kind)
        properties[name] = schema
        if self._dice.random() < 0.1:
            gold[name] = [] if kind == "strings" else None
            return
        gold[name] = value
        if kind == "strings" and self._dice.random() < 0.5:
            form.lines += ["", f"{label}:", *(f"- {item}" for item in value), ""]
        else:
            form.lines += self._labelled(label, printed)

    def _labelled(self, label: str, printed: str) -> list[str]:
        match self._layout:
            case "colon":
                return [f"{label}: {printed}"]
            case "gap":
                return [f"{label:<34}{printed}"]
            case "bars":
                return [f"| {label} | {printed} |"]
            case "leaders":
                return [f"{label} {'.' * (40 - len(label))} {printed}"]
            case _:
                return [label, printed, ""]

    def _value(self, kind: str) -> tuple[object, str, dict[str, object]]:
        """Return a value, how it is printed, and its schema."""
        return getattr(self, f"_{kind}")()

    def _text(self) -> tuple[object, str, dict[str, object]]:
        text = f"{self._dice.choice(WORDS).title()} {self._dice.choice(WORDS)}"
        return text, text, _nullable("string")

    def _code(self) -> tuple[object, str, dict[str, object]]:
        code = f"{self._dice.choice('ABCDEFG')}{self._dice.choice('XYZ')}-{self._dice.randint(1000, 99999)}"
        return code, code, {**_nullable("string"), "description": "Code as printed."}

    def _number(self) -> tuple[object, str, dict[str, object]]:
        number = self._dice.randint(100, 999999) / 100
        printed = self._dice.choice(("{:,.2f}", "$ {:,.2f}", "{:.2f} EUR")).format(number)
        return number, printed, _nullable("number")

    def _integer(self) -> tuple[object, str, dict[str, object]]:
        whole = self._dice.randint(1, 90000)
        return whole, self._dice.choice(("{}", "{:,}")).format(whole), _nullable("integer")

    def _boolean(self) -> tuple[object, str, dict[str, object]]:
        answer = self._dice.random() < 0.5
        return answer, "Yes" if answer else "No", _nullable("boolean")

    def _date(self) -> tuple[object, str, dict[str, object]]:
        day = dt.date(2019, 1, 1) + dt.timedelta(days=self._dice.randint(0, 2000))
        return day.isoformat(), day.strftime(self._date_form), {**_nullable("string"), "format": "date"}

    def _enum(self) -> tuple[object, str, dict[str, object]]:
        members = self._dice.sample(WORDS, 3)
        return members[1], members[1].title(), {**_nullable("string"), "enum": [*members, None]}

    def _email(self) -> tuple[object, str, dict[str, object]]:
        address = f"{self._dice.choice(WORDS)}@{self._dice.choice(WORDS)}.example"
        return address, address, {**_nullable("string"), "format": "email"}

    def _strings(self) -> tuple[object, str, dict[str, object]]:
        items = [f"{self._dice.choice(WORDS)} {self._dice.choice(WORDS)}" for _ in range(self._dice.randint(2, 4))]
        return items, ", ".join(items), {"type": "array", "items": {"type": "string"}}

    def _add_object(self, form: Form) -> None:
        name, label = self._name()
        properties: dict[str, object] = {}
        gold: dict[str, object] = {}
        form.lines += ["", self._dice.choice(("## {}", "{}:")).format(label)]
        for _ in range(self._dice.randint(2, 4)):
            self._add_leaf(form, properties, gold)
        form.schema["properties"][name] = {"type": ["object", "null"], "properties": properties}
        form.gold[name] = gold if any(value not in (None, []) for value in gold.values()) else None

    def _add_table(self, form: Form) -> None:
        name, label = self._name()
        columns = [
            (*self._name(), kind) for kind in ("text", *self._dice.sample(("code", "number", "integer", "date"), 3))
        ]
        made = [[self._value(kind) for *_, kind in columns] for _ in range(self._dice.randint(2, 7))]
        printed = [[cell[1] for cell in row] for row in made]
        properties = {column: cell[2] for (column, *_), cell in zip(columns, made[0], strict=True)}
        form.schema["properties"][name] = {
            "type": "array",
            "items": {"type": "object", "properties": properties},
        }
        form.gold[name] = [{column: cell[0] for (column, *_), cell in zip(columns, row, strict=True)} for row in made]
        form.lines += ["", f"## {label}", "", *self._table([heading for _, heading, _ in columns], printed)]

    def _table(self, headings: list[str], rows: list[list[str]]) -> list[str]:
        if self._dice.random() < 0.5:
            ruler = "|" + "---|" * len(headings)
            return [f"| {' | '.join(headings)} |", ruler, *(f"| {' | '.join(row)} |" for row in rows)]
        widths = [max(map(len, column)) + 3 for column in zip(headings, *rows, strict=True)]
        return [
            "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (headings, *rows)
        ]


def _nullable(kind: str) -> dict[str, object]:
    return {"type": [kind, "null"]}


def stated(record: object) -> Counter[str]:
    leaves = [(at, float(value) if type(value) is int else value) for at, value in jsontext.leaves(record)]
    return Counter(f"{at} = {value!r}" for at, value in leaves if value not in (None, [], {}))


def f1(pairs: list[tuple[object, object]]) -> float:
    gold = [stated(want) for want, _ in pairs]
    said = [stated(got) for _, got in pairs]
    hits = sum((want & got).total() for want, got in zip(gold, said, strict=True))
    return 2 * hits / (sum(want.total() for want in gold) + sum(got.total() for got in said))


def test_no_word_of_the_forms_stands_in_the_synonyms() -> None:
    assert [word for word in WORDS if synonyms(words(word))] == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_forms_of_unseen_schemas_are_read(layout: str) -> None:
    forms = [FormMaker(seed).make() for seed in range(LAYOUTS.index(layout), 150, len(LAYOUTS))]

    score = f1([(form.gold, fill(form.schema, form.text)) for form in forms])

    assert score >= 0.95


def test_what_a_form_does_not_state_is_null() -> None:
    forms = [FormMaker(seed).make() for seed in range(60)]

    answers = [fill(form.schema, "Nothing of the kind is printed here.\n") for form in forms]

    assert [stated(answer) for answer in answers] == [Counter()] * 60


def test_every_text_of_an_answer_is_printed_in_the_form() -> None:
    forms = [FormMaker(seed).make() for seed in range(60)]

    answers = [fill(form.schema, form.text) for form in forms]

    texts = [
        (value, form.text)
        for form, answer in zip(forms, answers, strict=True)
        for _, value in jsontext.leaves(answer)
        if isinstance(value, str) and not value.startswith("20")
    ]
    assert [value for value, text in texts if value.casefold() not in text.casefold()] == []
