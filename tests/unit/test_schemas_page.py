"""docs/schemas.md: what it shows is what the commands print, what it states is what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from extractor import jsontext
from extractor.answer import parsing
from extractor.cli.app import exit_code
from extractor.errors import ExtractionError
from extractor.schema import (
    admission,
    contract_for,
    fields,
    lowering,
    patterns,
    pieces,
    target_from,
    targets,
    validation,
)
from extractor.schema.dialects import DIALECTS
from extractor.schema.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[2] / "docs" / "schemas.md").read_text("utf-8")
ORDER, REFUSED = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
SHOWN = re.findall(r"```console\n\$ extractor (.*?)\n(.*?)```", PAGE, re.DOTALL)


def rows_of(heading: str) -> list[list[str]]:
    """Return the rows of the first table below a heading."""
    table = PAGE.split(f"\n## {heading}\n")[1].split("\n|---|", 1)[1].split("\n\n", 1)[0]
    return [re.split(r" (?<!\\)\| ", line.strip("| ")) for line in table.splitlines()[1:]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "order.json").write_text(ORDER, encoding="utf-8")
    (tmp_path / "refused.json").write_text(REFUSED, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _ in SHOWN])
def test_what_the_page_shows_is_what_the_command_prints(
    command: str, shown: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["extractor", *command.split()])

    exit_code()

    assert "".join(capfd.readouterr()) == shown


@pytest.mark.parametrize("row", rows_of("What is refused"), ids=lambda row: row[0])
def test_what_the_page_says_is_refused_is_refused_in_these_words(row: list[str]) -> None:
    schema, says = row

    with pytest.raises(ExtractionError) as refused:
        contract_for(target_from(json.loads(schema.strip("`"))))

    assert refused.value.message.removesuffix(" See docs/schemas.md.") == says


def test_the_limits_on_the_page_are_those_of_the_code() -> None:
    stated = {what: int(number.replace(",", "")) for what, number in rows_of("Limits")}

    assert stated == {
        "bytes of a schema": targets.MAX_BYTES,
        "objects and lists inside one another in a schema": admission.MAX_DEPTH,
        "JSON values in a schema": admission.MAX_NODES,
        "values of one enum": admission.MAX_ENUM,
        "characters of a pattern": patterns.MAX_CHARACTERS,
        "schemas that apply to one value, references followed": admission.MAX_EXPANDED,
        "of these, one inside the other or referred to by it": admission.MAX_CHAIN,
        "parts lowered, references followed": lowering.MAX_LOWERED,
        "levels after merging": lowering.MAX_NESTED,
        "characters of a description on the wire": pieces.MAX_DESCRIPTION,
        "of these, characters of rules in words": pieces.MAX_RULES,
        "levels of an answer": jsontext.MAX_DEPTH,
        "characters of an answer": parsing.MAX_CHARACTERS,
        "characters of a number": jsontext.MAX_DIGITS,
        "violations told of one answer": validation.MAX_VIOLATIONS,
        "fields that `check` lists": fields.MAX_FIELDS,
    }


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_the_page_has_the_figures_of_the_dialects(dialect) -> None:
    assert f"{dialect.properties:,}" in PAGE
    assert f"{dialect.enum_values:,}" in PAGE
    assert f"{dialect.characters:,}" in PAGE


def test_the_page_names_every_format_that_is_checked() -> None:
    assert [name for name in FORMATS if f"`{name}`" not in PAGE] == []


def test_the_page_names_every_rule_of_strict_json() -> None:
    said = {*parsing._SAYS, *parsing._IN_STRINGS} - {"empty"}

    assert [rule for rule in said if f"`{rule}`" not in PAGE] == []
