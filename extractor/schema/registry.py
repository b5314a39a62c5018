"""The schemas that callers may name: the operator's list, name by name."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final

from extractor.errors import InvalidSchema, InvalidSettings, UnknownSchema, UnsupportedSchema
from extractor.schema.importing import READY, class_of, module_named
from extractor.schema.targets import target_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extractor.records import Target

#: Where the operator writes the list.
VARIABLE: Final = "EXTRACTOR_SCHEMAS"
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_PLACE: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*")
#: What a name looks like that is meant as a place to load a schema from.
_MEANT_AS_PLACE: Final = re.compile(r"[:/\\]|\.(?:py|json)$", re.IGNORECASE)
#: Characters of an unknown name that are quoted.
_QUOTED: Final = 80


class Registry:
    """Schemas by name. A class is imported when its name is first used, or with all others by `check`."""

    def __init__(self, places: Mapping[str, str]) -> None:
        """Keep `places`: name -> `module:Class`."""
        self._places = dict(places)
        self._targets: dict[str, Target] = {}
        self._names: dict[str, str] | None = None

    @classmethod
    def from_spec(cls, spec: str | None) -> Registry:
        """Read `name=module:Class,…`; None = the ready schemas. Nothing is imported.

        Raises:
            InvalidSettings: an entry is not of this form, or a name stands twice.
        """
        if spec is None:
            return cls(READY)
        places: dict[str, str] = {}
        for entry in filter(None, (part.strip() for part in spec.split(","))):
            name, _, place = (part.strip() for part in entry.partition("="))
            if not _NAME.fullmatch(name) or not _PLACE.fullmatch(place):
                raise InvalidSettings(
                    f"{VARIABLE}: {entry!r} is not name=module:Class. A name has letters, digits, `_`, `-` and `.`, "
                    "64 at most."
                )
            if name in places:
                raise InvalidSettings(f"{VARIABLE}: the name {name!r} stands twice.")
            places[name] = place
        return cls(places)

    @property
    def names(self) -> tuple[str, ...]:
        """Every registered name, sorted."""
        return tuple(sorted(self._places))

    def target(self, name: str) -> Target:
        """Return the target registered as `name`, with its class.

        Raises:
            UnknownSchema: there is none; the message lists the names. Never is anything imported or opened that a
                caller names.
            InvalidSettings: the operator's entry leads nowhere.
        """
        if name not in self._places:
            raise UnknownSchema(self._say_unknown(name))
        if name not in self._targets:
            self._targets[name] = self._load(name)
        return self._targets[name]

    def check(self) -> None:
        """Import every class, so that a bad entry stops the start and not a caller.

        Raises:
            InvalidSettings: an entry leads nowhere; the message quotes it.
        """
        for name in self._places:
            self.target(name)

    def name_of(self, target: Target) -> str:
        """Return the name under which a schema is registered, "" when it is not.

        A class of another identity is not the registered one, though its schema may be equal: its own validators are
        not known here. Entries that cannot be imported here are passed over; `check` tells of them.
        """
        if self._names is None:
            self._names = {self._targets[name].digest: name for name in reversed(self.names) if self._can_load(name)}
        name = self._names.get(target.digest, "")
        is_other = name and target.model_class not in {None, self._targets[name].model_class}
        return "" if is_other else name

    def _can_load(self, name: str) -> bool:
        try:
            self.target(name)
        except InvalidSettings:
            return False
        return True

    def _load(self, name: str) -> Target:
        place, _, class_name = self._places[name].partition(":")
        try:
            return target_from(class_of(module_named(place), class_name, place=place))
        except (InvalidSchema, UnsupportedSchema) as error:
            raise InvalidSettings(f"{VARIABLE}: {name}={self._places[name]}: {error.message}") from error

    def _say_unknown(self, name: str) -> str:
        said = f"There is no schema {name[:_QUOTED]!r}."
        if _MEANT_AS_PLACE.search(name):
            said += " A service imports no class and opens no file that a caller names: send the JSON Schema itself."
        else:
            nearest = difflib.get_close_matches(name[:_QUOTED], self.names, n=1)
            said += f" Did you mean {nearest[0]!r}?" if nearest else ""
        return f"{said} Registered schemas: {', '.join(self.names) or 'none'}."
