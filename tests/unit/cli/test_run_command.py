"""The options of `extractor run` and `extractor submit`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Literal, get_args, get_type_hints

import pytest
import typer

from extractor.cli.declaring import taking
from extractor.cli.queue_arguments import SubmitArguments
from extractor.cli.run_arguments import RunArguments
from extractor.errors import InvalidRequest
from extractor.options import options_from
from extractor.records import Options, PriceCeiling, ProviderPolicy, Rung

#: What a command line has no good spelling for; these are for callers in Python and over HTTP.
NOT_ON_A_COMMAND_LINE = {"tools", "tool_choice"}
#: What only a queue has: in process nothing waits.
NOT_IN_A_RUN = {"priority"}


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [(RunArguments, NOT_ON_A_COMMAND_LINE | NOT_IN_A_RUN), (SubmitArguments, NOT_ON_A_COMMAND_LINE)],
)
def test_every_option_of_an_extraction_can_be_typed_under_its_own_name(arguments: type, missing: set[str]) -> None:
    typed = {field.name for field in fields(arguments)}

    assert {field.name for field in fields(Options)} - typed == missing


@pytest.mark.parametrize(
    "name",
    [
        "absence",
        "nulls",
        "open_objects",
        "evidence",
        "repairs",
        "unsupported",
        "on_invalid",
        "on_conflict",
        "records",
    ],
)
def test_the_choices_are_those_of_the_engine(name: str) -> None:
    typed = get_type_hints(RunArguments)[name]

    assert get_args(get_args(typed)[0]) == get_args(get_type_hints(Options)[name])


def test_every_rung_can_be_typed() -> None:
    typed = get_type_hints(RunArguments)["enforcement"]

    assert get_args(get_args(typed)[0]) == ("auto", "required", *get_args(Rung))


def test_rules_about_providers_and_other_models_become_options() -> None:
    rules = ["zdr=true", "only=alibaba, deepinfra", "only=x", "max_price.prompt=0.5", "data_collection=deny"]

    typed = RunArguments(paths=["a"], schema="invoice", provider=rules, models=["x/y"]).typed_options()

    assert options_from(typed | {"model": "a/b"}) == Options(
        model="a/b",
        models=("x/y",),
        provider=ProviderPolicy(
            zdr=True,
            data_collection="deny",
            only=("alibaba", "deepinfra", "x"),
            max_price=PriceCeiling(prompt=0.5),
        ),
    )


@pytest.mark.parametrize("rule", ["zdr", "sort=price", "only=", "=x"])
def test_a_rule_about_providers_that_cannot_be_read_names_those_that_can(rule: str) -> None:
    with pytest.raises(InvalidRequest, match=r"max_price\.completion"):
        RunArguments(paths=["a"], schema="invoice", provider=[rule]).typed_options()


@dataclass(frozen=True, kw_only=True)
class Words:
    words: Annotated[list[str], typer.Argument()]
    size: Annotated[Literal["small", "large"], typer.Option()] = "small"


@pytest.mark.parametrize(
    ("typed", "received"),
    [
        (["a", "b"], Words(words=["a", "b"])),
        (["a", "--size", "large"], Words(words=["a"], size="large")),
    ],
)
def test_a_command_of_a_record_receives_what_was_typed_as_that_record(typed: list[str], received: Words) -> None:
    app = typer.Typer(add_completion=False)
    taken: list[Words] = []
    app.command()(taking(Words)(lambda words: taken.append(words) or 0))

    app(typed, standalone_mode=False)

    assert taken == [received]


def test_a_paragraph_of_a_help_text_is_one_line_for_the_terminal_to_break() -> None:
    def command(words: Words) -> int:
        """Do it.

        First line
        and its rest.

        Exit codes: 0.
        """
        return len(words.words)

    assert taking(Words)(command).__doc__ == "Do it.\n\nFirst line and its rest.\n\nExit codes: 0."
