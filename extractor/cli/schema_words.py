"""The schema as it is named on a command line: a ready name, a class in a module or a file, or a .json file."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from extractor.errors import InvalidSchema
from extractor.schema import target_from

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from extractor.records import Target

#: Ready schemas: name -> where. The package `schemas` is found when it is asked for; no import binds us to it.
READY = {
    "contract": "schemas:Contract",
    "invoice": "schemas:Invoice",
    "paper": "schemas:Paper",
    "receipt": "schemas:Receipt",
    "resume": "schemas:Resume",
}
FORMS = f"module:Class, file.py:Class, a .json file, or one of {', '.join(READY)}"


def load_target(word: str) -> Target:
    """Return the target that `--schema` names.

    Importing a module or a file runs it: whoever types the command line is trusted with that, nobody else is asked.

    Raises:
        InvalidSchema: nothing is found there, or what is found is not a schema; the message says what to type.
        UnsupportedSchema: it uses a keyword that can neither be enforced nor checked.
    """
    if word in READY:
        place, _, name = READY[word].partition(":")
        return target_from(_class_of(_import_module(place), name, place=place))
    if word.lower().endswith(".json"):
        return _target_of_file(word)
    place, _, name = word.rpartition(":")
    if place.lower().endswith(".json"):
        raise InvalidSchema(f"{place!r} is a JSON Schema and has no classes: leave out ':{name}'.")
    if not place or not name.isidentifier():
        raise InvalidSchema(_say_how_to_name(word))
    return target_from(_class_of(_module_at(place), name, place=place))


def file_of(word: str) -> Path | None:
    """Return the file that holds the schema, None when it is named in another way."""
    place = word if word.lower().endswith(".json") else word.rpartition(":")[0]
    return Path(place) if place.lower().endswith((".json", ".py")) else None


def _target_of_file(word: str) -> Target:
    path = Path(word)
    if not path.is_file():
        raise InvalidSchema(f"There is no schema file {word!r}.")
    return target_from(path)


def _module_at(place: str) -> ModuleType:
    if place.endswith(".py"):
        return _import_file(Path(place))
    with _first_on_path(Path.cwd()):
        return _import_module(place)


def _import_module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise InvalidSchema(f"There is no module {name!r}, here or installed. --schema takes {FORMS}.") from error
        raise _failed_import(name, error) from error
    except (Exception, SystemExit) as error:
        raise _failed_import(name, error) from error


def _import_file(path: Path) -> ModuleType:
    """Run a file under a name of its own, so that `types.py` hides nothing; it can import what lies beside it."""
    name = f"extractor_schema_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise InvalidSchema(f"There is no file {str(path)!r}.")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)  # pydantic looks annotations up there
    try:
        with _first_on_path(path.resolve().parent):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise _failed_import(str(path), error) from error
    return module


@contextmanager
def _first_on_path(folder: Path) -> Iterator[None]:
    """Look for modules in `folder` first, as Python does for a script, but no longer than its import takes."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _class_of(module: ModuleType, name: str, *, place: str) -> type[BaseModel]:
    found = getattr(module, name, None)
    if isinstance(found, type) and issubclass(found, BaseModel) and found is not BaseModel:
        return found
    what = f"{name!r} in {place!r} is not a pydantic class." if found else f"{place!r} has no class {name!r}."
    raise InvalidSchema(f"{what} {_list_classes(module, place=place)}")


def _list_classes(module: ModuleType, *, place: str) -> str:
    own = [
        name
        for name, found in vars(module).items()
        if isinstance(found, type) and issubclass(found, BaseModel) and found.__module__ == module.__name__
    ]
    if not own:
        return "There are no pydantic classes in it; a class of fields inherits from pydantic.BaseModel."
    return f"Classes there: {', '.join(f'{place}:{name}' for name in own)}."


def _say_how_to_name(word: str) -> str:
    if word.endswith(".py"):
        return f"{word!r} does not name a class. {_list_classes(_import_file(Path(word)), place=word)}"
    return f"There is no schema {word!r}. --schema takes {FORMS}."


def _failed_import(place: str, error: BaseException) -> InvalidSchema:
    says = str(error).partition("\n")[0]
    line = traceback.extract_tb(error.__traceback__)[-1]
    where = "" if isinstance(error, SyntaxError) else f" ({Path(line.filename).name}, line {line.lineno})"
    return InvalidSchema(f"{place!r} could not be imported: {type(error).__name__}: {says}{where}.")
