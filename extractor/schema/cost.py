"""How much work judging an answer can be, told from the schema alone.

From place to place (see `places`), several schemas may be meant by one name; then the value under it is evaluated
several times. Places that lead back to themselves once by every name are harmless, as a list is. Where one name leads
back twice, every level of an answer doubles the work: such a schema is `guarded`, and answers are judged under it in
a child that can be killed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from extractor.schema.places import TooManyPlaces, places_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from extractor.records import Json
    from extractor.schema.places import Place
    from extractor.schema.references import References

    #: Times that a name leads back into the group, and the evaluations and instructions of where else it leads.
    _Sum: TypeAlias = tuple[int, int, int]

#: Levels of an answer at most: what the parser takes.
MAX_LEVELS: Final = 200
#: CPU seconds of evaluating one schema to tell whether a value is valid, and to tell what is wrong with it; of one
#: instruction of a pattern over one character. The 99th percentiles on 618 real schemas, and the worst pattern found.
READ_S, TOLD_S, MATCHED_S = 2e-6, 20e-6, 3e-9
#: No figure goes beyond this: so much work is never done.
MOST: Final = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a schema costs per value of an answer, at most."""

    #: `bounded` = the figures hold; `guarded` = every level of an answer may double the work.
    kind: Literal["bounded", "guarded"]
    #: Schemas evaluated at one value.
    per_node: int = MOST
    #: Instructions of patterns that run over one character.
    per_character: int = MOST
    #: Unions around one value, each of which reads it by trial.
    unions: int = MAX_LEVELS
    #: Schemas of the wire evaluated at one value, where that is another schema.
    wire_per_node: int = 0

    def seconds(self, value: Json) -> float:
        """Return the CPU seconds that judging an answer takes at most, told from the size of the answer."""
        if self.kind == "guarded":
            return math.inf
        values, levels, characters = _size(value)
        looks = 1 + min(self.unions, levels)
        read = (self.per_node + self.wire_per_node) * looks * READ_S
        matched = self.per_character * looks * characters * MATCHED_S
        return values * (read + self.per_node * TOLD_S) + matched


def _size(value: Json) -> tuple[int, int, int]:
    """Return how many values there are in `value`, in how many levels, and the characters of its text and names.

    Every answer comes through here: 0.1 µs for each of its values.
    """
    count, levels, characters = 1, 0, len(value) if isinstance(value, str) else 0
    level: list[Json] = [value]
    while level:
        below: list[Json] = []
        for container in level:
            if type(container) is dict:
                characters += len("".join(container))
                members: Iterable[Json] = container.values()
            elif type(container) is list:
                members = container
            else:
                break
            count += len(container)
            for member in members:
                kind = type(member)
                if kind is str:
                    characters += len(member)
                elif kind is dict or kind is list:
                    below.append(member)
        levels += 1
        level = below
    return count, levels, characters


#: What a schema costs of which nothing is known.
GUARDED: Final = Cost(kind="guarded")


def cost_of(references: References) -> Cost:
    """Return what validating under a schema costs, given as admission returns it, or as the wire that lowering made."""
    try:
        places = places_of(references)
    except TooManyPlaces:
        return GUARDED
    known: dict[str, _Known] = {}
    for group in _groups(places):
        found = _measured(group, places, known)
        if found is None:
            return GUARDED
        known.update(dict.fromkeys(group, found))
    root = known[""]
    return Cost(
        kind="bounded",
        per_node=min(root.evaluations, MOST),
        per_character=min(root.instructions, MOST),
        unions=min(root.unions, MAX_LEVELS),
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a place and everything below it."""

    #: Evaluations at one value, at most.
    evaluations: int
    #: Instructions per character at one value, at most.
    instructions: int
    #: Unions inside one another.
    unions: int
    #: Levels.
    height: int


def _measured(group: list[str], places: dict[str, Place], known: dict[str, _Known]) -> _Known | None:
    """Return what is known of places that lead to one another, None where one name leads back twice.

    Everything they lead to besides is known already. What leaves the group by a name that also leads back is evaluated
    anew at every level, so at one value as often as what left is high.
    """
    first = places[group[0]]
    if not first.leads_to:
        return _Known(first.evaluations, first.instructions, first.unions, 1)
    here, leaving, beside = [0, 0], [0, 0], [0, 0]
    members = frozenset(group)
    is_recursive = len(group) > 1 or group[0] in first.leads_to

    def value(place: str) -> _Sum:
        return (1, 0, 0) if place in members else (0, known[place].evaluations, known[place].instructions)

    for at in group:
        place = places[at]
        here = [max(here[0], place.evaluations), max(here[1], place.instructions)]
        for back, evaluations, instructions in _by_name(place, value):
            if back > 1:
                return None
            most = beside if back else leaving
            most[:] = max(most[0], evaluations), max(most[1], instructions)
    below = [known[to] for at in group for to in places[at].leads_to if to not in members]
    height = max((found.height for found in below), default=0)
    evaluations, instructions = (
        min(max(at_once, left) + each * min(height, MAX_LEVELS), MOST)
        for at_once, left, each in zip(here, leaving, beside, strict=True)
    )
    own_unions = max(places[at].unions for at in group)
    unions = max((found.unions for found in below), default=0)
    unions = MAX_LEVELS if is_recursive and own_unions else own_unions + unions
    return _Known(evaluations, instructions, unions, MAX_LEVELS if is_recursive else height + 1)


def _by_name(place: Place, value: Callable[[str], _Sum]) -> Iterator[_Sum]:
    """Yield, for each name and for all others, the sum of `value` over the places where it leads."""
    for steps in (place.members, place.items):
        rest = _sum(steps.rest, value)
        yield rest
        for differing in steps.named.values():
            more = _sum(differing, value)
            yield rest[0] + more[0], rest[1] + more[1], rest[2] + more[2]


def _sum(counts: dict[str, int], value: Callable[[str], _Sum]) -> _Sum:
    back = evaluations = instructions = 0
    for place, count in counts.items():
        one = value(place)
        back += count * one[0]
        evaluations += count * one[1]
        instructions += count * one[2]
    return back, evaluations, instructions


def _groups(places: dict[str, Place]) -> Iterator[list[str]]:
    """Yield the places in groups that lead to one another, each group behind those that it leads to.

    Tarjan's strongly connected components, without recursion.
    """
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_places: list[str] = []
    is_open: set[str] = set()
    path: list[tuple[str, Iterator[str]]] = [("", iter(places[""].leads_to))]
    number[""] = lowest[""] = 0
    open_places.append("")
    is_open.add("")
    while path:
        at, ahead = path[-1]
        to = next(ahead, None)
        if to is None:
            path.pop()
            if path:
                above = path[-1][0]
                lowest[above] = min(lowest[above], lowest[at])
            if lowest[at] == number[at]:
                group = [open_places.pop()]
                while group[-1] != at:
                    group.append(open_places.pop())
                is_open.difference_update(group)
                yield group
        elif to not in number:
            number[to] = lowest[to] = len(number)
            open_places.append(to)
            is_open.add(to)
            path.append((to, iter(places[to].leads_to)))
        elif to in is_open:
            lowest[at] = min(lowest[at], number[to])
