"""JSON as this package holds it: what `json.loads` returns, nothing else."""

from __future__ import annotations

from typing import Any, TypeAlias

#: One JSON value. `Any` on purpose: a recursive alias makes every index a cast and proves nothing more,
#: because each value is checked against a schema before it is used.
Json: TypeAlias = Any
#: One JSON object.
JsonObject: TypeAlias = dict[str, Any]
