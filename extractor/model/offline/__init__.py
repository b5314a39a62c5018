"""The rule-based stand-in for a language model: `offline/heuristic`. Reads only messages, costs nothing."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractor.model.offline.filling import fill
    from extractor.model.offline.offline_model import OfflineModel
    from extractor.model.offline.patching import fill_patch

__all__ = ["OfflineModel", "fill", "fill_patch"]

_HOMES = {"OfflineModel": "offline_model", "fill": "filling", "fill_patch": "patching"}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
