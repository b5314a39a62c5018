"""The validators of a pydantic class by place in the record: what no schema says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin

from pydantic import BaseModel

from extractor.jsontext import pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

#: Places looked at in one class. Classes that refer to one another have paths without number.
_MAX_PLACES: Final = 2_000


def checks_of(model_class: type[BaseModel]) -> dict[str, tuple[str, ...]]:
    """Return JSON Pointer into the record, `*` for every item or key -> names of the validators that look there."""
    found: dict[str, tuple[str, ...]] = {}
    open_types: list[tuple[Any, str, tuple[Any, ...]]] = [(model_class, "", ())]
    for _ in range(_MAX_PLACES):
        if not open_types:
            break
        kind, at, inside = open_types.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            if kind in inside:
                continue
            for place, names in _of_class(kind, at):
                found[place] = tuple(dict.fromkeys((*found.get(place, ()), *names)))
            members = [(field.annotation, _place(kind, name, at)) for name, field in kind.model_fields.items()]
            open_types += [(member, place, (*inside, kind)) for member, place in members]
        else:
            open_types += [(part, place, inside) for part, place in _parts(kind, at)]
    return found


def _of_class(kind: type[BaseModel], at: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the places of one class and the validators there; those of several fields stand at the object."""
    decorators = kind.__pydantic_decorators__
    yield at, [*decorators.model_validators, *decorators.root_validators]
    for name, field in kind.model_fields.items():
        here = _place(kind, name, at)
        if names := _in_annotation(field):
            yield here, names
        for validators in (decorators.field_validators, decorators.validators):
            names = [word for word, found in validators.items() if {name, "*"} & set(found.info.fields)]
            if names:
                yield here, names


def _in_annotation(field: FieldInfo) -> list[str]:
    """Return the names of functions in `Annotated[…]`."""
    functions = [getattr(each, "func", None) for each in field.metadata]
    return [getattr(function, "__name__", "validator") for function in functions if callable(function)]


def _place(kind: type[BaseModel], name: str, at: str) -> str:
    field = kind.model_fields[name]
    if kind.__pydantic_root_model__:
        return at
    alias = field.validation_alias if isinstance(field.validation_alias, str) else field.alias
    return at + pointer(alias or name)


def _parts(kind: Any, at: str) -> list[tuple[Any, str]]:
    """Return the types that a type is made of: at the same place those of a union, below it those of a container."""
    if hasattr(kind, "__value__"):  # `type X = …`
        return [(kind.__value__, at)]
    origin, arguments = get_origin(kind), get_args(kind)
    if not isinstance(origin, type):
        return [(part, at) for part in arguments if not isinstance(part, str)]
    if issubclass(origin, Mapping):
        return [(part, f"{at}/*") for part in arguments[1:]]
    if issubclass(origin, tuple) and ... not in arguments:
        return [(part, at + pointer(index)) for index, part in enumerate(arguments)]
    return [(part, f"{at}/*") for part in arguments if part is not ...]
