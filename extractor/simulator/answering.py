"""Right answers: the text of the record, and the reply that a model of a profile gives it in."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import re2

from extractor import jsontext
from extractor.model.offline import fill, fill_patch
from extractor.prompt import read_back
from extractor.records import Json, JsonObject, Message, Shape
from extractor.simulator.catalogue import Reply
from extractor.simulator.ledger import BYTES_PER_TOKEN, tokens_in
from extractor.simulator.recorded import in_wire_form, patch_from
from extractor.simulator.remembering import Remembered
from extractor.simulator.requested import layout_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extractor.prompt import ReadBack
    from extractor.simulator.profiles import Profile
    from extractor.simulator.requested import Requested

#: Gives the right answer to messages that ask for a shape.
Answer: TypeAlias = Callable[[Sequence[Message], Shape], str]
#: What a figure is off by where the endpoint contradicts its own reasoning.
OFF_BY = 16.4
#: What a line of a file of records is.
RECORD_LINE = '{"needle": "…", "record": {…}}'
#: Why a line is no JSON, by the word of the parser.
NOT_STRICT = {
    "duplicate_key": "a member is given twice with different values",
    "not_a_number": "NaN and Infinity are no JSON",
    "huge_number": "a number is too large",
    "too_deep": "it is nested too deeply",
}
#: Member that is contradicted if there is one.
CONTRADICTED = "total"


def by_rules(messages: Sequence[Message], _shape: Shape) -> str:
    """Fill the schema by the rules of the offline model, in a re-ask too: what failed was somebody else's answer.

    Messages that our prompts did not make get an empty object.
    """
    return _by_rules(tuple(messages))


@lru_cache(maxsize=1024)
def _by_rules(messages: tuple[Message, ...]) -> str:
    try:
        asked = read_back(messages)
    except ValueError:
        return "{}"
    return jsontext.dumps(_filled(asked))


def _filled(asked: ReadBack) -> Json:
    if asked.fields:
        return fill_patch(asked.schema, asked.document, fields=asked.fields, kept=asked.kept, context=asked.context)
    return fill(asked.schema, asked.document, context=asked.context)


def from_records(records: Mapping[str, Json]) -> Answer:
    """Answer with the record whose key the document holds, and by rules where it holds none.

    A repair is answered with what the record has at the open places. Its passages need not hold the key: it is
    remembered from the first question.

    Args:
        records: Text that a document holds -> its record. Members that the wire schema wants and the record lacks
            are null.
    """
    # The longest first, so that `A-17` does not take the record of `A-170`. One pass however many there are.
    needles = re2.compile("|".join(re2.escape(needle) for needle in sorted(records, key=len, reverse=True)))
    known: Remembered[str] = Remembered()

    def answer(messages: Sequence[Message], shape: Shape) -> str:
        found = needles.search(messages[-1].content) if records else None
        needle = "" if found is None else found[0]
        layout = layout_of(messages)
        if layout is not None and layout.has_passages:
            needle = needle or known.of(layout.mark) or ""
        elif layout is not None:
            known.keep(layout.mark, needle)
        if not needle:
            return by_rules(messages, shape)
        if layout is not None and layout.kept is not None:
            return jsontext.dumps(patch_from(records[needle], read_back(messages)))
        return jsontext.dumps(in_wire_form(records[needle], shape.schema))

    return answer


def right_reply(requested: Requested, *, profile: Profile, text: str) -> Reply:
    """Return the reply of a model of `profile` whose right answer is `text`."""
    has_effect = requested.thinks and requested.format is not None
    effect = profile.format_effect if has_effect else "ignored" if requested.format is None else "enforced"
    said = text
    if effect == "contradicts":
        said = _contradicted(text)
    elif effect == "ignored":
        said = _spread(text)
    reasoning = reasoning_for(text) if requested.thinks else None
    if reasoning is not None and requested.thinking_tokens is not None:
        reasoning = _cut(reasoning, requested.thinking_tokens)
    said, is_cut = _within(said, reasoning, requested.max_tokens)
    finish = "length" if is_cut else "stop"
    if requested.tool is None or requested.format is not None or requested.body.get("tool_choice") == "none":
        return Reply(content=said, reasoning=reasoning, finish=finish, native_finish=finish)
    call = {"id": "call_1", "type": "function", "function": {"name": requested.tool, "arguments": said}}
    finish = finish if is_cut else "tool_calls"
    return Reply(content=None, reasoning=reasoning, finish=finish, native_finish=finish, message={"tool_calls": [call]})


def reasoning_for(text: str) -> str:
    """Return thoughts that name every figure and word of the answer."""
    try:
        stated = dict.fromkeys(_leaves(json.loads(text)))
    except ValueError:
        return "The document states what is asked for."
    return f"The document states {', '.join(stated)}. Those are the values to give."


def _leaves(value: Json) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    elif isinstance(value, str):
        yield value
    elif value is not None:
        yield json.dumps(value)


def _spread(text: str) -> str:
    """Return the JSON as models write it that no grammar holds: over many lines."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text


def _contradicted(text: str) -> str:
    """Return the answer with one figure changed: the total, else the first."""
    figure = r"(-?\d+(?:\.\d+)?)(?=\s*[,}\]])"
    found = re.search(rf'"{CONTRADICTED}":\s*{figure}', text) or re.search(rf"(?<=[:\[,]){figure}", text)
    if found is None:
        return text
    wrong = json.loads(found[1]) + (OFF_BY if "." in found[1] else round(OFF_BY))
    return text[: found.start(1)] + json.dumps(round(wrong, 2)) + text[found.end(1) :]


def _within(said: str, reasoning: str | None, max_tokens: int | None) -> tuple[str, bool]:
    """Return the answer as far as the ceiling lets it be written, and whether it is cut. Thoughts come first."""
    if max_tokens is None:
        return said, False
    left = max(0, max_tokens - tokens_in(len((reasoning or "").encode())))
    return (said, False) if tokens_in(len(said.encode("utf-8", "surrogatepass"))) <= left else (_cut(said, left), True)


def _cut(text: str, tokens: int) -> str:
    return text.encode("utf-8", "replace")[: tokens * BYTES_PER_TOKEN].decode("utf-8", "ignore")


def records_in(raw: bytes) -> dict[str, JsonObject]:
    """Read records from JSON lines `{"needle": text of the document, "record": {…}}`.

    Raises:
        ValueError: a line is something else, or there is none; says which, and what is wanted.
    """
    records: dict[str, JsonObject] = {}
    for number, line in enumerate(raw.removeprefix(BOM_UTF8).split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            needle, record = _needle_and_record(line)
        except ValueError as error:
            raise ValueError(f"line {number} is not {RECORD_LINE}: {error}") from None
        records[needle] = record
    if not records:
        raise ValueError(f"line 1 is not {RECORD_LINE}: there is no line with anything in it")
    return records


def _needle_and_record(line: bytes) -> tuple[str, JsonObject]:
    try:
        stated = jsontext.parse(line.decode())
    except jsontext.NotStrictJson as error:
        raise ValueError(NOT_STRICT.get(error.reason, "it is no JSON")) from None
    except UnicodeDecodeError:
        raise ValueError("it is not in UTF-8") from None
    if not isinstance(stated, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - one kind of error for a line
    needle, record = stated.get("needle"), stated.get("record")
    if not isinstance(needle, str) or not needle:
        raise ValueError("the needle must be a text that is not empty")
    if not isinstance(record, dict):
        raise ValueError("the record must be an object")  # noqa: TRY004 - as above
    return needle, record
