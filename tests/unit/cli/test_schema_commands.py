"""`extractor schema check | lower | show`."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import pytest

from extractor.cli.app import exit_code
from extractor.cli.schema_arguments import CheckArguments, LowerArguments, SchemaArguments
from extractor.cli.schema_places import line_of
from extractor.prompt import words
from extractor.records import Options
from extractor.schema import contract_for, lower, many_of, target_from
from extractor.schema.dialects import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Callable

ORDER = {
    "title": "Order",
    "type": "object",
    "properties": {
        "number": {"type": "string", "pattern": "^[A-Z]", "description": "As printed."},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"price": {"type": "number", "minimum": 0}, "größe": {"type": "string"}},
                "required": ["price"],
            },
            "uniqueItems": True,
        },
    },
    "required": ["number", "lines"],
}


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = tmp_path / "order.json"
    path.write_text(json.dumps(ORDER, indent=1), encoding="utf-8")
    return str(path)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command line; return its exit code and what it wrote."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["extractor", "schema", *arguments])
        code = exit_code()
        return code, *capfd.readouterr()

    return run


def test_check_prints_a_row_for_each_field_and_says_what_holds_it(typed, path) -> None:
    code, written, errors = typed("check", path)

    assert (code, errors) == (0, "")
    rows = [line.split(maxsplit=3) for line in written.splitlines()[2:8]]
    assert rows == [
        ["field", "type", "held", "by  rule"],
        ["(the", "record)", "object"],
        ["/number", "string", "grammar", 'pattern "^[A-Z]"'],
        ["/lines", "list", "of", "object    words    No item may occur twice."],
        ["/lines/*/price", "number", "grammar", "minimum 0"],
        ["/lines/*/größe", "string,", "optional"],
    ]
    assert "4 fields; 2 rules held by the grammar, 1 field with rules in words" in written
    assert "- /lines, /lines/*/price, /lines/*/größe: no description" in written
    assert [line for line in written.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("width", [60, 80, 120])
def test_on_a_terminal_no_line_is_wider_than_it_and_nothing_is_left_out(
    typed, path, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))

    _, written, _ = typed("check", path)

    written = re.sub("\x1b\\[[0-9;]*m", "", written)
    assert max(map(len, written.splitlines())) <= width
    assert [
        text for text in ("/number", "/lines/*/price", "minimum 0", "string, optional") if text not in written
    ] == []


def test_names_that_could_not_be_told_apart_stand_in_quotation_marks(typed, tmp_path) -> None:
    names = ["", " ", "*", "a\nb", "plain name"]
    schema = {"properties": {name: {"type": "string"} for name in names}, "additionalProperties": {"type": "integer"}}
    (tmp_path / "odd.json").write_text(json.dumps({"type": "object", **schema}))

    _, written, _ = typed("check", str(tmp_path / "odd.json"))

    fields = [line.rpartition("  ")[0].strip() for line in written.splitlines()[4:10]]
    assert fields == ['/""', '/" "', '/"*"', '/"a\\nb"', "/plain name", "/*"]


def test_the_legend_explains_what_the_table_has(typed, tmp_path) -> None:
    union = {"oneOf": [{"type": "array", "items": {"type": "integer", "minimum": 1}}, {"const": {"a": 1}}]}
    schema = {"x": union, "y": {"type": ["string", "null"]}, "z": {"const": [1]}}
    (tmp_path / "both.json").write_text(json.dumps({"type": "object", "properties": schema}))

    _, written, _ = typed("check", str(tmp_path / "both.json"), "--nulls", "exact")

    assert "/x/* (form 1)" in written
    assert "form: a field of one alternative of a union" in written
    assert "string or null, optional" in written
    assert 'An optional field that may be null is answered {"set": value}' in written
    assert "array, as text, optional" in written
    assert "as text: the model writes it as JSON text" in written
    assert "--nulls exact" not in written


def test_the_count_of_a_cut_list_is_that_of_its_lines(typed, tmp_path) -> None:
    members = {f"m{number}": {"type": "string"} for number in range(1_500)}
    (tmp_path / "long.json").write_text(json.dumps({"type": "object", "properties": members}))

    _, written, _ = typed("check", str(tmp_path / "long.json"))

    assert written.count("\n/m") == 999
    assert "… and more fields.\n" in written
    assert "More than 999 fields; of those listed: 0 rules" in written


def test_a_hint_names_an_option_as_it_is_typed(typed, path) -> None:
    _, written, _ = typed("check", path)

    assert "and not asked for; --open-objects keep asks for them." in written


def test_check_writes_the_same_as_json(typed, path) -> None:
    code, written, _ = typed("check", path, "--json", "--open-objects", "keep")

    found = json.loads(written)
    assert (code, found["ok"], found["name"]) == (0, True, "Order")
    assert [row["at"] for row in found["fields"]] == [
        "",
        "/number",
        "/lines",
        "/lines/*/price",
        "/lines/*/größe",
        "/lines/*/*",
        "/*",
    ]


@pytest.mark.parametrize(
    ("options", "choices"),
    [
        pytest.param((), {"absence": "say"}, id="as an extraction asks"),
        pytest.param(("--absence", "forbid", "--nulls", "exact"), {"nulls": "exact"}, id="otherwise"),
        pytest.param(("--dialect", "portable"), {"dialect": "portable", "absence": "say"}, id="another dialect"),
    ],
)
def test_lower_writes_the_wire_schema_and_nothing_else(typed, path, options, choices) -> None:
    code, written, errors = typed("lower", path, *options)

    assert (code, errors) == (0, "")
    assert json.loads(written) == lower(ORDER, **choices).wire


def test_a_schema_is_shown_as_it_is_asked_for_in_a_list_of_records(typed, path) -> None:
    target = many_of(target_from(ORDER))

    assert json.loads(typed("lower", path, "--records", "many")[1]) == lower(target.schema, absence="say").wire
    assert "/*/lines/*/price" in typed("check", path, "--records", "many")[1]
    assert typed("lower", path, "--records", "one") == typed("lower", path)


def test_a_place_of_a_list_of_records_that_is_refused_is_that_of_the_file(typed, tmp_path) -> None:
    path = tmp_path / "refused.json"
    path.write_text(json.dumps({"type": "object", "properties": {"a": {"pattern": "(?<=A)"}}}, indent=1))

    code, _, errors = typed("check", str(path), "--records", "many")

    assert code == 2
    assert f"{path}:4:" in errors
    assert "'pattern' at /properties/a is" in errors


def test_show_writes_the_words_of_the_prompt(typed, path) -> None:
    code, written, _ = typed("show", path)

    assert code == 0
    assert written == words.render(contract_for(target_from(ORDER)).shape) + "\n"


def test_a_ready_schema_has_its_name(typed) -> None:
    code, written, _ = typed("show", "invoice")

    assert code == 0
    assert written.startswith("Invoice: object")


def test_a_schema_may_come_from_stdin(typed, path) -> None:
    before = os.dup(0)
    with Path(path).open("rb") as file:
        os.dup2(file.fileno(), 0)
    try:
        code, written, _ = typed("show", "-")
    finally:
        os.dup2(before, 0)

    assert (code, written.partition(":")[0]) == (0, "Order")


@pytest.mark.parametrize("command", ["check", "lower", "show"])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(
            '{"type": "object",\n "properties": {\n  "a": {"$ref": "other.json"}}}',
            ["order.json:3:", "error[unsupported_schema]", "'$ref' at /properties/a", "nothing is ever fetched"],
            id="a reference to elsewhere",
        ),
        pytest.param(
            '{"type": "object", "properties":\n {"a": {"type":\n "text"}}}',
            ["order.json:3:", "error[invalid_schema]", "/properties/a"],
            id="no JSON Schema",
        ),
        pytest.param(
            '{"type": "object",\n "type" 3}',
            ["order.json:2:\n", "error[invalid_schema]", "there is a mistake in line 2, column 9"],
            id="no JSON",
        ),
        pytest.param(
            '{"type": "object", "type": "array"}',
            ["error[invalid_schema]", 'one object has the key "type" twice, with different values'],
            id="two rules",
        ),
        pytest.param(" \n", ["error[invalid_schema]", "order.json is empty."], id="nothing"),
        pytest.param('{"type": "object", "minProperties": NaN}', ["NaN and Infinity are no numbers"], id="no number"),
        pytest.param("[" * 20_000, ["error[invalid_schema]", "too deep"], id="20,000 brackets"),
    ],
)
def test_a_refusal_ends_with_2_and_says_where(typed, path, command, text, says, tmp_path) -> None:
    (tmp_path / "order.json").write_text(text)

    code, written, errors = typed(command, path)

    assert (code, written) == (2, "")
    assert [each for each in says if each not in errors] == []


def test_a_refusal_is_written_as_json_too_where_json_is_asked_for(typed, path, tmp_path) -> None:
    (tmp_path / "order.json").write_text('{"type": "object", "properties": {"a": {"$ref": "other.json"}}}')

    code, written, errors = typed("check", path, "--json")

    refusal = json.loads(written)
    assert code == 2
    assert (refusal["ok"], refusal["code"], refusal["at"]) == (False, "unsupported_schema", "/properties/a")
    assert f"error[unsupported_schema]: {refusal['message']}" in errors


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which `extractor` is ours and the exit code is that of the first command that fails."""
    program = f"{shlex.quote(sys.executable)} -c 'from extractor.cli.app import main; main()'"
    script = f'set -o pipefail; extractor() {{ {program} "$@"; }}; {line}'
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", ["check", "check --json", "lower", "show"])
def test_an_output_that_takes_nothing_is_told_in_a_sentence_and_is_no_defect(command, path) -> None:
    ended = shell(f"extractor schema {command} {path} >/dev/full")

    assert ended.returncode == 3
    assert ended.stderr == "error[output_failed]: stdout could not be written: No space left on device.\n"


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path) -> None:
    members = {f"member_number_{number}": {"type": "string"} for number in range(4_000)}
    (tmp_path / "long.json").write_text(json.dumps({"type": "object", "properties": members}))

    ended = shell(f"extractor schema lower {tmp_path / 'long.json'} | head -1")

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "{\n", "")


def test_the_argument_is_not_called_an_option(typed) -> None:
    _, _, errors = typed("check", "invoise")

    assert "Did you mean 'invoice'? SCHEMA is module:Class" in errors
    assert "- reads a JSON Schema from stdin" in errors


@pytest.mark.parametrize(
    ("at", "line"),
    [("", 1), ("/a", 2), ("/a/0", 2), ("/a/1", 3), ("/a/1/b~1c", 4), ("/d", 6), ("/none", 0), ("/a/7", 0)],
)
def test_the_line_of_a_pointer_is_found(at: str, line: int) -> None:
    text = '{\n "a": [[1, {"x": "}]"}],\n  {"\\"": [],\n   "b/c": 1}\n ],\n "d": null}'

    assert line_of(text, at) == line


@pytest.mark.parametrize("name", ["absence", "nulls", "open_objects"])
def test_the_choices_and_defaults_are_those_of_an_extraction(name: str) -> None:
    hints: Any = get_type_hints(SchemaArguments)

    assert get_args(hints[name]) == get_args(get_type_hints(Options)[name])
    assert getattr(CheckArguments(schema="a"), name) == getattr(Options(), name)


def test_every_dialect_can_be_typed() -> None:
    assert get_args(get_type_hints(LowerArguments)["dialect"]) == tuple(DIALECTS)
