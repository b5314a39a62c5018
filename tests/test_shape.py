"""The structure of the code, as tests: budgets, names, imports, exports, and pages that must not lie.

Import cycles and layers are checked by import-linter, complexity and the order of `__all__` by ruff; neither is
repeated here.
"""

from __future__ import annotations

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest
from pydantic import SecretStr

from extractor import errors
from extractor.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = ("extractor", "schemas", "workers")
MODULES = sorted(path for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py"))
STAGES = sorted(
    path.parent.name for path in (REPOSITORY / "extractor").glob("*/__init__.py") if path.parent.name != "cli"
)

#: A function's lines are those from its `def` to its end without its docstring: what has to fit on one screen is the
#: code, and a long docstring must not cost a budget.
FUNCTION_LINES = 40
FUNCTION_LINES_HARD = 60
#: Share of functions that may be longer than FUNCTION_LINES, none longer than FUNCTION_LINES_HARD.
LONG_FUNCTIONS = 0.03
#: A module's lines are all its lines. Those above the budget are named here, none is above the hard limit.
MODULE_LINES = 300
MODULE_LINES_HARD = 350
LONG_MODULES: dict[str, str] = {}
PARAMETERS = 6

#: Every module with an import inside a function, and why it is not at the top.
LATE_IMPORTS: dict[str, str] = {
    "extractor/cli/app.py": "command start-up: the version, the crash report and the likeness of words, wanted by few",
    "extractor/cli/dev_command.py": "command start-up: the Redis client, which --help does without",
    "extractor/cli/queue_commands.py": "command start-up: the engine and the Redis client, which --help does without",
    "extractor/cli/run_command.py": "command start-up: the engine, which --help does without",
    "extractor/cli/schema_commands.py": "command start-up: the engine, which --help does without",
    "extractor/cli/serve_command.py": "command start-up: the HTTP server, which --help does without",
    "extractor/cli/simulate_command.py": "command start-up: the rules that answer, which --help does without",
}

BANNED_WORDS = frozenset({"manager", "handler", "helper", "helpers", "util", "utils", "process", "data", "info", "v2"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def functions() -> list[tuple[str, Function]]:
    return [
        (f"{name_of(path)}:{node.lineno} {node.name}", node)
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, Function)
    ]


def lines_of(function: Function) -> int:
    first = function.body[0]
    is_documented = ast.get_docstring(function, clean=False) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if is_documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def parameters_of(function: Function) -> int:
    stated = function.args
    names = [argument.arg for argument in (*stated.posonlyargs, *stated.args, *stated.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}])


def test_no_function_is_longer_than_a_screen_and_few_come_near() -> None:
    lengths = {name: lines_of(node) for name, node in functions()}

    long = {name: length for name, length in lengths.items() if length > FUNCTION_LINES}

    assert [name for name, length in long.items() if length > FUNCTION_LINES_HARD] == []
    assert len(long) <= LONG_FUNCTIONS * len(lengths), long


def test_no_function_takes_more_than_six_parameters() -> None:
    assert [name for name, node in functions() if parameters_of(node) > PARAMETERS] == []


def test_modules_are_short_and_the_few_longer_ones_have_a_reason() -> None:
    lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}

    assert {name: length for name, length in lengths.items() if length > MODULE_LINES_HARD} == {}
    assert {name for name, length in lengths.items() if length > MODULE_LINES} == set(LONG_MODULES)


def test_imports_inside_functions_are_only_where_the_table_gives_a_reason() -> None:
    late = {
        name_of(path)
        for path in MODULES
        for function in ast.walk(tree_of(path))
        if isinstance(function, Function)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    assert late == set(LATE_IMPORTS)


def test_names_say_what_a_thing_is() -> None:
    classes = [node.name for path in MODULES for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)]
    modules = [path.stem for path in MODULES] + [path.parent.name for path in MODULES]

    words = {word.lower(): name for name in classes for word in re.findall(r"[A-Z][a-z0-9]*", name)}
    words |= {word: name for name in modules for word in name.split("_")}

    assert {word: name for word, name in words.items() if word in BANNED_WORDS} == {}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_prints_and_nothing_is_left_for_later(path: Path) -> None:
    text = path.read_text("utf-8")

    printing = [
        node.lineno
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]

    assert printing == []
    assert re.findall(r"\b(?:TODO|FIXME|XXX|raise NotImplementedError|pragma: no cover)\b", text) == []


@pytest.mark.parametrize("stage", STAGES)
def test_every_name_that_a_folder_exports_exists_and_is_listed_once(stage: str) -> None:
    module = importlib.import_module(f"extractor.{stage}")

    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    assert sorted(set(module.__all__)) == sorted(module.__all__)


@pytest.mark.parametrize("stage", STAGES)
def test_what_other_folders_take_from_a_folder_is_in_its_exports(stage: str) -> None:
    exported = set(importlib.import_module(f"extractor.{stage}").__all__)

    taken = {
        alias.name: name_of(path)
        for path in MODULES
        if (REPOSITORY / "extractor" / stage) not in path.parents
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.module == f"extractor.{stage}"
        for alias in node.names
        if not (REPOSITORY / "extractor" / stage / f"{alias.name}.py").is_file()
    }

    assert {name: by for name, by in taken.items() if name not in exported} == {}


def every_error(root: type[errors.ExtractionError] = errors.ExtractionError) -> list[type[errors.ExtractionError]]:
    return [root, *(error for child in root.__subclasses__() for error in every_error(child))]


def test_every_error_has_its_own_code() -> None:
    codes = [error.__dict__.get("code", "") for error in every_error()] + list(errors.UnreadableDocument.codes)

    assert "" not in codes
    assert sorted(set(codes)) == sorted(codes)


def test_every_error_is_exported_and_drawn_in_the_tree() -> None:
    names = {error.__name__ for error in every_error()}

    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__)) | {"ExtractionError"}

    assert names == drawn
    assert names == set(errors.__all__)


def test_every_code_is_on_the_errors_page() -> None:
    page = (REPOSITORY / "docs" / "reference" / "errors.md").read_text("utf-8")
    codes = {error.code for error in every_error()} | set(errors.UnreadableDocument.codes)

    assert {code for code in codes if f"| `{code}` |" not in page} == set()


def test_no_error_both_stops_the_run_and_is_worth_another_try() -> None:
    assert [error for error in every_error() if error.retryable and error.stops_run] == []


PAGES = sorted([*(REPOSITORY / "docs").rglob("*.md"), *REPOSITORY.glob("*.md"), *REPOSITORY.glob("benchmarks/*.md")])
#: What code quotes look like when they name a place in this repository.
PLACE = re.compile(
    r"`((?:extractor|schemas|docs|tests|examples|benchmarks|\.ci)/[\w./*-]*|pyproject\.toml|constraints\.txt|Makefile)(?:::?\w+)?`"
)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    places = PLACE.findall(page.read_text("utf-8"))

    missing = {place for place in places if not any(REPOSITORY.glob(place.rstrip("/")))}

    assert missing == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page.read_text("utf-8"))

    missing = [(path, test) for path, test in named if f"def {test}(" not in (REPOSITORY / path).read_text("utf-8")]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_architecture_page_names_every_module_of_the_first_level() -> None:
    page = (REPOSITORY / "docs" / "architecture.md").read_text("utf-8")
    children = (REPOSITORY / "extractor").iterdir()

    names = {path.name if path.is_file() else f"{path.name}/" for path in children if not path.name.startswith("_")}
    names.discard("py.typed")

    assert {name for name in names if f"`{name}`" not in page} == set()


def test_a_key_shows_in_no_representation() -> None:
    settings = Settings(openrouter_api_key=SecretStr("sk-or-secret-1"), api_key=SecretStr("secret-2"))

    shown = f"{settings!r} {settings} {settings.model_dump()}"

    assert "secret-1" not in shown
    assert "secret-2" not in shown
