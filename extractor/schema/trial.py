"""What a guarded child does with schemas and answers: both may be made to cost without end.

The parent calls these functions by name, see `contracts`. A schema travels as text, because its order matters; the
child keeps what it made of the last ones.
"""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from extractor.errors import InvalidSchema
from extractor.jsontext import NotStrictJson, parse
from extractor.records import Repair
from extractor.schema.cost import GUARDED
from extractor.schema.judging import Choices, Judge
from extractor.schema.metaschema import check_schema
from extractor.schema.sizing import expected_tokens

if TYPE_CHECKING:
    from extractor.records import JsonObject

#: CPU seconds of lowering beyond which the parent does not do it again for itself.
HEAVY_S: Final = 0.25
#: Schemas that one child keeps. One takes some 50 kB.
_KEPT: Final = 64


def try_out(order: JsonObject) -> JsonObject:
    """Do for the first time all that is done with a schema, and return what the parent needs to know.

    Args:
        order: `schema`, its text; `choices`, the options of `lower`.

    Returns:
        `cost`; `seconds` of CPU that making a judge took; and where that is so long that the parent must not make one
        for itself, `shape`, and a cost that sends every answer to a child.

    Raises:
        InvalidSchema: it is not a JSON Schema.
        UnsupportedSchema: it cannot be kept.
    """
    check_schema(_schema_of(order["schema"]))
    begun = time.process_time()
    judge = _judge_of(order["schema"], tuple(order["choices"]))
    cost = judge.cost
    seconds = time.process_time() - begun
    if seconds <= HEAVY_S:
        return {"cost": asdict(cost), "seconds": seconds}
    wire = judge.lowered.wire
    shape = {"schema": wire, "told": judge.lowered.untold, "expected_tokens": expected_tokens(wire)}
    return {"cost": asdict(GUARDED), "seconds": seconds, "shape": shape}


def judge(order: JsonObject) -> JsonObject:
    """Judge the answer `value` of `order`, read with `repairs`, under its schema, and return the judgement as JSON.

    Where `has_class` says so the pointers are in it in any case: a class may find what the schema does not, and the
    parent must not look for them.
    """
    judge, value = _judge_of(order["schema"], tuple(order["choices"])), order["value"]
    judgement = judge.judge(value, [Repair(**repair) for repair in order["repairs"]])
    if order["has_class"] and judgement.pointers is None:
        judgement = replace(judgement, pointers=judge.lowered.pointers(value))
    return judgement.as_json()


@lru_cache(maxsize=_KEPT)
def _judge_of(schema_text: str, choices: Choices) -> Judge:
    return Judge(_schema_of(schema_text), choices)


def _schema_of(text: str) -> JsonObject:
    try:
        schema: JsonObject = parse(text)
    except NotStrictJson as error:
        raise InvalidSchema(f"The schema is not strict JSON: {error.reason.replace('_', ' ')}.") from None
    return schema
