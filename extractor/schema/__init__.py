"""Target schemas: to the strict wire subset and back, and the judgement of answers.

Names are loaded when they are first used: importing this package imports neither pydantic nor jsonschema.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractor.schema.contracts import Contract, Judgement, contract_for
    from extractor.schema.lifting import Lift
    from extractor.schema.lowering import Lowered, lower
    from extractor.schema.targets import target_from

_HOMES = {
    "Contract": "contracts",
    "Judgement": "contracts",
    "Lift": "lifting",
    "Lowered": "lowering",
    "contract_for": "contracts",
    "lower": "lowering",
    "target_from": "targets",
}

__all__ = [
    "Contract",
    "Judgement",
    "Lift",
    "Lowered",
    "contract_for",
    "lower",
    "target_from",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
