"""Target schemas: to the strict wire subset and back, and the judgement of answers.

Names are loaded when they are first used: importing this package imports neither pydantic nor jsonschema.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractor.schema.advice import Hint
    from extractor.schema.contracts import Contract, acontract_for, contract_for
    from extractor.schema.importing import (
        READY,
        class_of,
        failed_import,
        list_classes,
        module_named,
        prints_on_stderr,
    )
    from extractor.schema.judging import Judgement
    from extractor.schema.lifting import Lift
    from extractor.schema.lowering import Lowered, lower
    from extractor.schema.many import asked_for, instance_of, many_of
    from extractor.schema.opening import open_paths
    from extractor.schema.parting import part_schema
    from extractor.schema.patching import patched
    from extractor.schema.registry import Registry
    from extractor.schema.reporting import Report, ReportRow, report
    from extractor.schema.sizing import Expected, expected_answer
    from extractor.schema.targets import target_from

_HOMES = {
    "READY": "importing",
    "Contract": "contracts",
    "Expected": "sizing",
    "Hint": "advice",
    "Judgement": "judging",
    "Lift": "lifting",
    "Lowered": "lowering",
    "Registry": "registry",
    "Report": "reporting",
    "ReportRow": "reporting",
    "acontract_for": "contracts",
    "asked_for": "many",
    "class_of": "importing",
    "contract_for": "contracts",
    "expected_answer": "sizing",
    "failed_import": "importing",
    "instance_of": "many",
    "list_classes": "importing",
    "lower": "lowering",
    "many_of": "many",
    "module_named": "importing",
    "open_paths": "opening",
    "part_schema": "parting",
    "patched": "patching",
    "prints_on_stderr": "importing",
    "report": "reporting",
    "target_from": "targets",
}

__all__ = [
    "READY",
    "Contract",
    "Expected",
    "Hint",
    "Judgement",
    "Lift",
    "Lowered",
    "Registry",
    "Report",
    "ReportRow",
    "acontract_for",
    "asked_for",
    "class_of",
    "contract_for",
    "expected_answer",
    "failed_import",
    "instance_of",
    "list_classes",
    "lower",
    "many_of",
    "module_named",
    "open_paths",
    "part_schema",
    "patched",
    "prints_on_stderr",
    "report",
    "target_from",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
