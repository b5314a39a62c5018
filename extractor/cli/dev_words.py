"""What `extractor dev` prints when everything is up: where it is, and a request that can be pasted."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass, field

from extractor.records import OFFLINE_MODEL

#: A document and a schema that a language model and the offline rules both read.
BODY = r"""{"document": {"text": "Invoice number: HB-2087\nTotal: 134.23 EUR"},
       "schema": {"type": "object", "required": ["invoice_number", "total"], "additionalProperties": false,
                  "properties": {"invoice_number": {"type": "string"}, "total": {"type": "number"}}}}"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where everything is."""

    #: Address of the HTTP API, without a path.
    api: str
    model: str
    #: What stands behind "Bearer ": the key made for this run, or the name of the variable that holds the user's.
    key: str = field(repr=False)
    #: Our own Redis server; None where the user brought one, whose address may hold a password.
    redis_url: str | None = None
    #: The same as Celery calls it.
    broker_url: str | None = None
    #: What other terminals have to set so that their commands find it, with a blank; "" for nothing.
    variable: str = ""


def ready_words(place: Place, *, seconds: float) -> str:
    """Write the lines. No key of the user's own is in them.

    Args:
        place: Where everything is.
        seconds: How long it took to come up.
    """
    by_rules = " (simple rules, no language model)" if place.model == OFFLINE_MODEL else ""
    own = [f"Redis       {place.redis_url}", f"Celery      {place.broker_url}"] if place.redis_url else []
    lines = [
        f"Ready in {seconds:.1f} s, with {place.model}{by_rules}. Ctrl-C stops everything.",
        f"HTTP API    {place.api}",
        f"Key         {place.key}",
        *own,
        "",
        "In another terminal, hand in a file:",
        "",
        f"{place.variable}{program()} submit FILE --schema invoice --model {place.model}",
        "",
        "or paste this:",
        "",
        request_words(place),
    ]
    return "\n".join(lines)


def program() -> str:
    """Return what a shell of this user has to be told to start this program: its name, or the path that was typed."""
    called = sys.argv[0]
    on_path = shutil.which("extractor")
    is_on_path = on_path is not None and os.path.realpath(on_path) == os.path.realpath(called)
    return "extractor" if is_on_path else shlex.quote(called)


def request_words(place: Place) -> str:
    """Write a submission and a read of its result as two commands of a POSIX shell."""
    bearer = f'-H "Authorization: Bearer {place.key}"'
    url = f"{place.api}/v1/extractions"
    return (
        f"id=$(curl -s {url} {bearer} \\\n"
        "  -H 'Content-Type: application/json' \\\n"
        f"  -d '{BODY}' |\n"
        """  sed 's/.*"id" *: *"\\([^"]*\\)".*/\\1/')\n"""
        f'curl -s "{url}/$id?wait=60" {bearer}'
    )
