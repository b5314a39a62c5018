"""Classes by the name of their module: the ready ones, and those that a command line or an operator names.

Importing a module runs it. Whoever types a command line or writes the settings is trusted with that, nobody else is
asked.
"""

from __future__ import annotations

import importlib
import sys
import sysconfig
import traceback
from contextlib import contextmanager, redirect_stdout
from dataclasses import is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeGuard, is_typeddict

from pydantic import BaseModel

from extractor.errors import InvalidSchema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

#: Ready schemas: name -> where. The package `schemas` is found when it is asked for; no import binds us to it.
READY = {
    "contract": "schemas:Contract",
    "invoice": "schemas:Invoice",
    "paper": "schemas:Paper",
    "receipt": "schemas:Receipt",
    "resume": "schemas:Resume",
}

#: Folders whose code is not the caller's.
_OURS: Final = Path(__file__).resolve().parents[1]
_INSTALLED: Final = tuple(
    Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")
)
#: Characters of an exception's message.
_MAX_SAID: Final = 240


def module_named(name: str, *, hint: str = "") -> ModuleType:
    """Import a module by its dotted name.

    Args:
        name: The name.
        hint: What to write instead, a sentence, told where there is no such module.

    Raises:
        InvalidSchema: there is none, or its import failed.
    """
    try:
        with prints_on_stderr():
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise InvalidSchema(f"There is no module {name!r}, here or installed. {hint}".rstrip()) from error
        raise failed_import(name, error) from error
    except (Exception, SystemExit) as error:
        raise failed_import(name, error) from error


@contextmanager
def prints_on_stderr() -> Iterator[None]:
    """Send what imported code prints to stderr: stdout is for what a command writes."""
    with redirect_stdout(sys.stderr):
        yield


def class_of(module: ModuleType, name: str, *, place: str) -> type[BaseModel]:
    """Return the pydantic class of this name in a module that was named as `place`.

    Raises:
        InvalidSchema: there is none, and the message lists those that there are; or its import failed.
    """
    try:
        with prints_on_stderr():
            found = getattr(module, name, None)
    except (Exception, SystemExit) as error:
        raise failed_import(f"{place}:{name}", error) from error
    if _is_model(found):
        return found
    if found is None:
        nearest = get_close_matches(name, _names(module), n=1)
        what = f"{place!r} has no class {name!r}.{f' Did you mean {nearest[0]!r}?' if nearest else ''}"
    else:
        what = f"{name!r} in {place!r} is {_kind(found)}not a pydantic class, which inherits from pydantic.BaseModel."
    raise InvalidSchema(f"{what} {list_classes(module, place=place)}")


def _kind(found: object) -> str:
    if is_dataclass(found):
        return "a dataclass, "
    return "a TypedDict, " if is_typeddict(found) else ""


def list_classes(module: ModuleType, *, place: str) -> str:
    """Return a sentence that names the pydantic classes of a module that was named as `place`.

    Those are the classes defined there, and those that its `__all__` offers: a package may load them when asked.
    """
    names = _names(module)
    if not names:
        return "There are no pydantic classes in it; a class of fields inherits from pydantic.BaseModel."
    return f"Classes there: {', '.join(f'{place}:{name}' for name in names)}."


def _names(module: ModuleType) -> list[str]:
    """Return the names of classes that can be typed: pydantic also enters `RootModel[list[int]]`."""
    own = [name for name, found in vars(module).items() if _is_model(found) and found.__module__ == module.__name__]
    offered = [name for name in _offered(module) if _is_model(_loaded(module, name))]
    return [name for name in dict.fromkeys((*own, *offered)) if name.isidentifier()]


def _is_model(found: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(found, type) and issubclass(found, BaseModel) and found is not BaseModel


def _offered(module: ModuleType) -> list[str]:
    stated = getattr(module, "__all__", ())
    return [name for name in stated if isinstance(name, str)] if isinstance(stated, list | tuple) else []


def _loaded(module: ModuleType, name: str) -> object:
    try:
        with prints_on_stderr():
            return getattr(module, name, None)
    except (Exception, SystemExit):  # noqa: BLE001 - another class is asked for; this one may be broken
        return None


def failed_import(place: str, error: BaseException) -> InvalidSchema:
    """Return the error to raise for an import that failed: what was said, and in which line of the caller's own code.

    A message of several lines is told as one: its cause often stands in the last.
    """
    says = " ".join(str(error).split())
    says = says if len(says) <= _MAX_SAID else f"{says[: _MAX_SAID - 1]}…"
    frames = traceback.extract_tb(error.__traceback__)
    line = next((frame for frame in reversed(frames) if _is_own(frame.filename)), frames[-1])
    where = "" if isinstance(error, SyntaxError) else f" ({Path(line.filename).name}, line {line.lineno})"
    return InvalidSchema(f"{place!r} could not be imported: {type(error).__name__}: {says.rstrip('.')}{where}.")


def _is_own(filename: str) -> bool:
    """Return whether a file is neither Python's, nor an installed package's, nor ours."""
    return (
        not filename.startswith("<")
        and not Path(filename).resolve().is_relative_to(_OURS)
        and not any(Path(filename).resolve().is_relative_to(folder) for folder in _INSTALLED)
    )
