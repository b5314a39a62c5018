"""The ways of objects to the wire and back: named members, and a list of entries for those without a place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from extractor.schema.codecs import KEY, SAME, VALUE, Maybe, Nullable, Stated
from extractor.schema.lifting import ABSENT
from extractor.schema.sentences import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extractor.records import Json
    from extractor.schema.lifting import Codec, Place


@dataclass(slots=True)
class Pairs:
    """A map: a list of `{key, value}` on the wire. A natural object is understood too."""

    value: Codec
    #: Whether a key belongs to the map; others are not asked for.
    takes: Callable[[str], bool] | None = None

    def embed(self, value: Json) -> Json:
        if not isinstance(value, dict):
            return value
        return [
            {KEY: key, VALUE: self.value.embed(member)}
            for key, member in value.items()
            if self.takes is None or self.takes(key)
        ]

    def lift(self, value: Json, place: Place) -> Json:
        place.is_written_as("entries")
        if isinstance(value, dict):
            return {key: self.value.lift(member, place.below(key)) for key, member in value.items()}
        if not _are_pairs(value):
            return value
        return {key: self.lift_entry(entry, place, index) for index, entry, key in self.unique(value, place)}

    def unique(self, entries: list[Json], place: Place) -> Iterator[tuple[int, Json, str]]:
        """Yield index, pair and key of each pair. The first of two equal keys stays, and the second is a violation."""
        met: set[str] = set()
        for index, entry in enumerate(entries):
            key = entry[KEY]
            if key in met:
                place.report("duplicate_key", f"Every key may be given only once; entry {index + 1} repeats one.")
                continue
            met.add(key)
            yield index, entry, key

    def lift_entry(self, entry: Json, place: Place, *steps: str | int) -> Json:
        """Return the value of a pair that stands at `steps` below `place` in the answer."""
        return self.value.lift(entry[VALUE], place.below(entry[KEY], *steps, VALUE))


def _is_plain(codec: Codec) -> bool:
    return codec is SAME or (isinstance(codec, (Nullable, Stated, Maybe)) and codec.inner is SAME)


@dataclass(slots=True)
class Members:
    """An object. Every declared member is on the wire; the others travel as pairs in a list, or not at all."""

    #: Member name -> its codec, in the schema's order.
    declared: dict[str, Codec]
    #: Names whose absence has a wire form.
    optional: frozenset[str]
    #: Whether members that nobody declared stay in the record, so that the validator can refuse them.
    keeps_unknown: bool
    #: Name of the list that holds the others; None where there is none.
    extra: str | None = None
    #: How the others are written.
    others: Pairs = field(default_factory=lambda: Pairs(SAME))
    #: Names whose wire form is the value itself, unless it is null.
    plain: frozenset[str] = field(init=False)
    #: Names that are not in the record where the wire says null.
    dropped: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.dropped = frozenset(name for name, codec in self.declared.items() if isinstance(codec, Maybe))
        self.plain = frozenset(name for name, codec in self.declared.items() if _is_plain(codec))

    def embed(self, value: Json) -> Json:
        if not isinstance(value, dict):
            return value
        wire: dict[str, Json] = {}
        for name, codec in self.declared.items():
            member = value.get(name, ABSENT)
            if member is not ABSENT or name in self.optional:
                wire[name] = codec.embed(member)
        if self.extra is not None:
            rest = {key: member for key, member in value.items() if key not in self.declared}
            wire[self.extra] = self.others.embed(rest)
        elif self.keeps_unknown:
            wire.update((key, member) for key, member in value.items() if key not in self.declared)
        return wire

    def lift(self, value: Json, place: Place) -> Json:
        if not isinstance(value, dict):
            return value
        record: dict[str, Json] = {}
        for name, codec in self.declared.items():
            if name in value:
                member = value[name]
                if member is None and name in self.dropped:
                    continue
                if member is None or name not in self.plain:
                    member = codec.lift(member, place.below(name))
                if member is not ABSENT:
                    record[name] = member
        if len(value) > len(self.declared) or not value.keys() <= self.declared.keys():
            self._lift_others(value, place, record)
        return record

    def _lift_others(self, value: dict[str, Json], place: Place, record: dict[str, Json]) -> None:
        if self.extra is not None and _are_pairs(value.get(self.extra)):
            for index, entry, key in self.others.unique(value[self.extra], place):
                if key in self.declared:
                    place.report("duplicate_key", f"{key} has its own member and may not be listed in {self.extra}.")
                else:
                    record[key] = self.others.lift_entry(entry, place, self.extra, index)
        unknown = [key for key in value if key not in self.declared and key != self.extra]
        if self.extra is not None or self.keeps_unknown:
            for key in unknown:
                record.setdefault(key, self.others.value.lift(value[key], place.below(key)))
        elif unknown:
            self._leave_out(unknown, value, place)

    def _leave_out(self, unknown: list[str], value: dict[str, Json], place: Place) -> None:
        """Drop members that nobody asked for, unless one may be a declared member under a wrong name."""
        if value.keys() >= self.declared.keys():
            for key in unknown:
                place.below(key).repair("dropped_member")
        else:
            place.report("additionalProperties", f"Only these members may be given: {listed(list(self.declared))}.")


def _are_pairs(value: Json) -> bool:
    return isinstance(value, list) and all(map(_is_pair, value))


def _is_pair(entry: Json) -> bool:
    return isinstance(entry, dict) and len(entry) == 2 and isinstance(entry.get(KEY), str) and VALUE in entry  # noqa: PLR2004 - a pair
