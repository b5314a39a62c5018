"""Write the reference pages that the code itself is the source of.

`python docs/generate.py` writes them; with `--check` it writes nothing and exits 1 when one is not what it would write.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Literal, get_args, get_origin

from pydantic import SecretStr
from record_pages import options_page, results_page

from extractor import errors
from extractor.settings import Settings, variable_of
from extractor.simulator.catalogue import CLUSTERS, INVOICE_RECORD, INVOICE_SCHEMA, INVOICE_TEXT, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pydantic.fields import FieldInfo

    from extractor.simulator.catalogue import Entry

REFERENCE = Path(__file__).parent / "reference"
ROW = "| {} |"
#: Status of a reply that may hold a record.
OK = 200
#: What a shell is told so that the simulator is asked.
SIMULATED = (
    "EXTRACTOR_BASE_URL=http://127.0.0.1:8787/api/v1 EXTRACTOR_OPENROUTER_COMPATIBLE=true EXTRACTOR_API_KEY=simulated"
)


def errors_page() -> str:
    """Return the page of all errors: one section per class that the root knows, one row per code."""
    lines = [
        "# Errors",
        "Generated from the tree in `extractor/errors/` by `docs/generate.py`; do not edit.",
        "",
        "`code` is stable: programs may rely on it. *Retryable*: the same request may succeed later.",
        "*Stops the run*: no other document can fare better, so it is raised once and the rest is not tried.",
        "An error that does not stop the run is not raised by `extract`: it is the `error` of that document's result.",
        "",
        *_table(("code", "class", "retryable", "stops the run", "what happened, what to do"), _error_rows()),
    ]
    return "\n".join(lines) + "\n"


def _error_rows() -> Iterator[Sequence[str]]:
    for error in tree(errors.ExtractionError):
        facts = (f"`{error.__name__}`", _yes(claim=error.retryable), _yes(claim=error.stops_run))
        yield (f"`{error.code}`", *facts, _prose(error.__doc__))
        for code, says in getattr(error, "codes", {}).items():
            yield (f"`{code}`", *facts, says)


def tree(root: type[errors.ExtractionError]) -> Iterator[type[errors.ExtractionError]]:
    """Yield `root` and every class below it, parents before children, in the order they are written."""
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


def settings_page() -> str:
    """Return the page of all settings: one row per environment variable."""
    lines = [
        "# Settings",
        "Generated from `extractor/settings.py` by `docs/generate.py`; do not edit.",
        "",
        "Each is an environment variable. The same names, in lower case and without `EXTRACTOR_`, may stand in",
        "`config.toml` in the operating system's configuration folder for `extractor`; the environment wins.",
        "A file in the working folder is never read. An unknown `EXTRACTOR_*` name is warned of, together with the",
        "nearest known one. Keys show in no representation, log line or traceback.",
        "",
        *_table(("variable", "type", "default", "limits", "what it is"), _settings_rows()),
    ]
    return "\n".join(lines) + "\n"


def _settings_rows() -> Iterator[Sequence[str]]:
    for name, field in Settings.model_fields.items():
        default = "unset" if field.default is None else f"`{field.default}`"
        yield (f"`{variable_of(name)}`", _type_name(field.annotation), default, _limits(field), field.description or "")


def failures_page() -> str:
    """Return the page of all ways in which a reply breaks: one section per cluster, one row per entry."""
    lines = [
        "# How replies break, and what is done about it",
        "Generated from `extractor/simulator/catalogue.json` by `docs/generate.py`; do not edit.",
        "",
        "Each row was seen at a real model or gateway, or measured; `extractor simulate` plays every one.",
        "*Outcome*: `succeeded`, or the code of the [error](errors.md). *Calls*: requests for a completion in all.",
        "*Billed*: those of them that the provider charges for. Profiles of the simulator are named where they differ,",
        "options where the row takes other ones than the default.",
        "",
        *_invoice_lines(),
    ]
    for letter, heading in CLUSTERS.items():
        rows = (_failure_row(entry) for entry in load() if entry.cluster == letter)
        head = ("", "what happens", "what we do", "outcome", "calls", "billed", "seen at")
        lines += ["", f"## {letter}. {heading}", *_table(head, rows)]
    return "\n".join(lines) + "\n"


def _invoice_lines() -> list[str]:
    """Return how the rows are run as they are written: with the invoice that they are about."""
    fixed = ", ".join(entry.id for entry in load() if _has_fixed_record(entry))
    record = json.dumps({"needle": INVOICE_RECORD["number"], "record": INVOICE_RECORD})
    return [
        "## How to run a row",
        "Every row is about one invoice. These have its members written out in their replies, as they stand here:",
        *textwrap.wrap(f"{fixed}.", width=118),
        "With another schema such a reply is just a wrong answer: what follows is a re-ask, and not what the row says.",
        "",
        "Save the schema as `invoice.json`, the text as `invoice.txt` and the line with the record as `records.jsonl`:",
        "",
        f"```json\n{json.dumps(INVOICE_SCHEMA, indent=2)}\n```",
        f"```text\n{INVOICE_TEXT}```",
        f"```json\n{record}\n```",
        "",
        "Then, in two shells, with the row that you want in place of A5:",
        "",
        "```",
        "extractor simulate --records records.jsonl --scenario 'A-17=A5'",
        f"{SIMULATED} extractor run invoice.txt --schema invoice.json",
        "```",
        "",
        "F3 takes options that only Python has. F4 needs a request that is not streamed: `--profile strict-openai`,",
        "and `--model openai/gpt-4.1-mini` for the run. H7, H8 and H33 stop the run, and H5 does where the",
        "shorter reply is too short: when they come first, `extractor run` exits with 3 and writes no line.",
    ]


def _has_fixed_record(entry: Entry) -> bool:
    """Return whether a reply holds members of the invoice, and not the right answer to whatever was asked."""
    members = rf"""[\\"']({"|".join(INVOICE_SCHEMA["properties"])})[\\"']|{INVOICE_RECORD["total"]}"""
    texts = (f"{each.content} {each.message} {each.body} {each.top}" for each in entry.replies if each.status == OK)
    return any(re.search(members, text) for text in texts)


def _failure_row(entry: Entry) -> Sequence[str]:
    sources = ", ".join(_source(each) for each in entry.source.split(", "))
    figures = (_by_profile(entry, name) for name in ("outcome", "calls", "billed"))
    options = ", ".join(
        f"`{name}={value}`" if isinstance(value, str) else f"`{name}`" for name, value in entry.options.items()
    )
    title = f"**{entry.id}** {entry.title}{f' (with {options})' if options else ''}"
    return (title, entry.what, entry.handling, *figures, sources)


def _by_profile(entry: Entry, name: str) -> str:
    """Return one figure of what is expected; with the profiles where these differ."""
    profiles: dict[str, list[str]] = {}
    for profile, expected in entry.expected.items():
        value = getattr(expected, name)
        profiles.setdefault(f"`{value}`" if isinstance(value, str) else str(value), []).append(profile)
    if len(profiles) == 1:
        return next(iter(profiles))
    return "; ".join(f"{value} ({', '.join(names)})" for value, names in profiles.items())


def _source(stated: str) -> str:
    if "#" in stated:
        repository, _, number = stated.partition("#")
        return f"[{stated}](https://github.com/{repository}/issues/{number})"
    owner, _, rest = stated.partition("/")
    address = stated if "." in owner else f"github.com/{stated}"
    return f"[{stated}](https://{address})" if rest else stated


def _type_name(annotation: object) -> str:
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(f"`{value}`" for value in get_args(annotation))
    stated = [part for part in get_args(annotation) or (annotation,) if part is not NoneType]
    names = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
        SecretStr: "secret text",
        Path: "path",
    }
    return names[stated[0]]


def _limits(field: FieldInfo) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    bounds = ((sign, getattr(rule, word, None)) for rule in field.metadata for word, sign in signs.items())
    return ", ".join(f"{sign} {bound}" for sign, bound in bounds if bound is not None)


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> list[str]:
    rule = ["---"] * len(head)
    return [ROW.format(" | ".join(cell.replace("|", "\\|") for cell in row)) for row in (head, rule, *rows)]


def _yes(*, claim: bool) -> str:
    return "yes" if claim else "no"


def _prose(docstring: str | None) -> str:
    return " ".join((docstring or "").split("\n\n")[0].split())


PAGES: dict[str, Callable[[], str]] = {
    "errors.md": errors_page,
    "failures.md": failures_page,
    "options.md": options_page,
    "results.md": results_page,
    "settings.md": settings_page,
}


def stale() -> list[Path]:
    """Return the pages whose file is not what the code says."""
    return [
        REFERENCE / name
        for name, page in PAGES.items()
        if not (REFERENCE / name).is_file() or (REFERENCE / name).read_text("utf-8") != page()
    ]


def main(arguments: Sequence[str]) -> int:
    """Write or check the pages; return the exit code."""
    pages = stale()
    if "--check" in arguments:
        for page in pages:
            print(f"{page} is out of date: run `python docs/generate.py`", file=sys.stderr)
        return 1 if pages else 0
    REFERENCE.mkdir(exist_ok=True)
    for page in pages:
        page.write_text(PAGES[page.name](), "utf-8")
        print(f"wrote {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
