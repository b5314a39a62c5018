"""Ready target schemas: pydantic classes, each field described.

A module stands alone: copy one into your project and change it. Importing this package imports none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schemas.contract import Contract
    from schemas.invoice import Invoice
    from schemas.paper import Paper
    from schemas.receipt import Receipt
    from schemas.resume import Resume

__all__ = ["Contract", "Invoice", "Paper", "Receipt", "Resume"]


def __getattr__(name: str) -> Any:
    """Import a schema when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{name.lower()}"), name)
