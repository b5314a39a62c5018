"""Schemas compiled to predicates: whether a value is valid, in a tenth of the time that a walk over the schema takes.

A compiled schema is a table from the type of a value to the check of such values, so a member whose type settles the
matter costs one look-up. Tables are filled when they are first asked: a large schema costs what is met of it, and
definitions may contain themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from extractor.records import Json, JsonObject

    Fits: TypeAlias = Callable[[Json], bool]
    #: Returns the check of values of one type.
    Choose: TypeAlias = Callable[[type], Fits]
    #: Compiles one keyword of a schema.
    Maker: TypeAlias = Callable[["Place", str], Choose]

#: The types of Python that a JSON value can be of.
KINDS: Final[tuple[type, ...]] = (str, bool, int, float, list, dict, type(None))
#: Keywords that say no to a null which OpenAPI's `nullable: true` allows.
REFUSING_NULL: Final = ("type", "enum", "const", "$ref", "allOf", "anyOf", "oneOf")


def accept(_value: Json) -> bool:
    """Say yes. Tables name this very function where nothing has to be looked at."""
    return True


def refuse(_value: Json) -> bool:
    """Say no."""
    return False


class NotCompiled(Exception):
    """A keyword whose meaning here is not known exactly, so that its schema is left to the library."""


def on(kinds: tuple[type, ...], check: Fits) -> Choose:
    """Return the choice of `check` for values of some types, and of no check for others."""
    return lambda kind: check if kind in kinds else accept


class Table(dict[type, "Fits"]):
    """A compiled schema: type of a value -> check of such values."""

    __slots__ = ("_choices", "_open", "_place")

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place = place
        self._choices: list[Choose] | None = None
        self._open: set[type] = set()

    def __missing__(self, kind: type) -> Fits:
        if kind not in KINDS:  # an enumeration of strings, an ordered dictionary
            base = next((base for base in KINDS if issubclass(kind, base)), None)
            self[kind] = refuse if base is None else self[base]
            return self[kind]
        if kind in self._open:  # asked for while it is made: the schema applies to one value twice
            return self.fits
        self._open.add(kind)
        try:
            if self._choices is None:
                self._choices = _choices(self._place)
            self[kind] = all_of([choose(kind) for choose in self._choices])
        finally:
            self._open.discard(kind)
        return self[kind]

    def fits(self, value: Json) -> bool:
        """Return whether `value` is valid.

        Raises:
            RecursionError: the value, or the schema without it, is nested too deeply to be told.
        """
        return self[type(value)](value)


class Scope(Protocol):
    """Where a schema stands: what its references mean, and who is asked about what is not compiled."""

    @property
    def address(self) -> str:
        """What references are relative to. References that are spelled alike are equal where this is."""

    def within(self, schema: JsonObject) -> Scope:
        """Return the scope of a part, which may have an address of its own."""

    def find(self, reference: str) -> tuple[Json, Scope]:
        """Return the schema that a reference means, and where it stands.

        Raises:
            NotCompiled: nothing is there.
        """

    def ask(self, schema: Json) -> Fits:
        """Return the library's own predicate for a schema that stands here."""


@dataclass(frozen=True, slots=True)
class Language:
    """What schemas of one draft, or of the wire, are made of."""

    #: Keyword -> maker of its checks. Others say nothing.
    keywords: Mapping[str, Maker]
    #: Format -> whether a string has it. Others say nothing.
    formats: Mapping[str, Callable[[str], bool]]
    #: Whether `$ref` is read alone, and what stands beside it is not.
    reference_stands_alone: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """One schema that is being compiled."""

    schema: Any
    language: Language
    _scope: Scope
    #: The tables of what has been referred to, by address and reference.
    _targets: dict[tuple[str, str], Table]

    @property
    def address(self) -> str:
        """What references of this schema are relative to."""
        return self._scope.address

    def table(self, part: Json) -> Table:
        """Return the table of a part of this schema."""
        scope = self._scope
        if isinstance(part, dict):
            if "$id" in part or "id" in part:
                scope = scope.within(part)
            elif part.get("$ref") is not None and part.keys() & self.language.keywords.keys() == {"$ref"}:
                return self._shortcut(part)
        return Place(part, self.language, scope, self._targets).compiled()

    def table_at(self, part: Json, scope: Scope) -> Table:
        """Return the table of a part that stands elsewhere, its own address entered already."""
        return Place(part, self.language, scope, self._targets).compiled()

    def target(self, reference: Json) -> Table:
        """Return the table of the schema that `reference` means.

        Raises:
            NotCompiled: it is not known here.
        """
        if not isinstance(reference, str):
            raise NotCompiled
        key = (self.address, reference)
        if key not in self._targets:
            schema, scope = self._scope.find(reference)
            self._targets[key] = Place(schema, self.language, scope, self._targets).compiled()
        return self._targets[key]

    def number(self, keyword: str, otherwise: Json = None) -> Json:
        """Return the value of a keyword that must be a number.

        Raises:
            NotCompiled: it is not.
        """
        found = self.schema.get(keyword, otherwise)
        if found is not otherwise and (isinstance(found, bool) or not isinstance(found, (int, float))):
            raise NotCompiled
        return found

    def compiled(self) -> Table:
        """Return the table of this schema."""
        return Table(self)

    def ask(self) -> Fits:
        """Return the library's own predicate for this schema."""
        return self._scope.ask(self.schema)

    def _shortcut(self, part: JsonObject) -> Table:
        """Return the table of what `part` refers to: it says nothing else."""
        own = Place(part, self.language, self._scope, self._targets).compiled()
        if part.get("nullable") is True:
            return own
        try:
            return self.target(part["$ref"])
        except NotCompiled:
            return own


def compiled(schema: Json, language: Language, scope: Scope) -> Place:
    """Return the place of a whole schema."""
    return Place(schema, language, scope, {})


def _choices(place: Place) -> list[Choose]:
    """Return the choices of all keywords of one schema."""
    schema = place.schema
    if isinstance(schema, bool):
        return [on(KINDS, accept if schema else refuse)]
    try:
        return _by_keyword(place)
    except NotCompiled:
        return [on(KINDS, place.ask())]


def _by_keyword(place: Place) -> list[Choose]:
    schema, language = place.schema, place.language
    if not isinstance(schema, dict):
        raise NotCompiled
    is_alone = language.reference_stands_alone and schema.get("$ref") is not None
    is_nullable = schema.get("nullable") is True
    found = []
    for keyword in ("$ref",) if is_alone else schema:
        make = language.keywords.get(keyword)
        if make is not None:
            choose = make(place, keyword)
            found.append(_unless_null(choose) if is_nullable and keyword in REFUSING_NULL else choose)
    return found


def _unless_null(choose: Choose) -> Choose:
    return lambda kind: accept if kind is type(None) else choose(kind)


def all_of(checks: list[Fits]) -> Fits:
    """Return a predicate that is true where all of some are."""
    if refuse in checks:
        return refuse
    checks = [check for check in dict.fromkeys(checks) if check is not accept]
    if len(checks) < 2:  # noqa: PLR2004 - none, or one
        return checks[0] if checks else accept
    if len(checks) == 2:  # noqa: PLR2004 - a pair
        first, second = checks
        return lambda value: first(value) and second(value)

    def fits(value: Json) -> bool:
        for check in checks:  # noqa: SIM110 - all() over a generator costs twice as much
            if not check(value):
                return False
        return True

    return fits


def any_of(checks: list[Fits]) -> Fits:
    """Return a predicate that is true where one of some is."""
    if accept in checks:
        return accept
    checks = [check for check in dict.fromkeys(checks) if check is not refuse]
    if len(checks) < 2:  # noqa: PLR2004 - none, or one
        return checks[0] if checks else refuse

    def fits(value: Json) -> bool:
        for check in checks:  # noqa: SIM110 - any() over a generator costs twice as much
            if check(value):
                return True
        return False

    return fits


def one_of(checks: list[Fits]) -> Fits:
    """Return a predicate that is true where exactly one of some is."""
    checks = [check for check in checks if check is not refuse]
    if len(checks) < 2:  # noqa: PLR2004 - none, or one
        return checks[0] if checks else refuse

    def fits(value: Json) -> bool:
        found = False
        for check in checks:
            if check(value):
                if found:
                    return False
                found = True
        return found

    return fits


def negated(check: Fits) -> Fits:
    """Return a predicate that is true where `check` is not."""
    if check is accept or check is refuse:
        return refuse if check is accept else accept
    return lambda value: not check(value)
