"""The schema as it is named on a command line: a ready name, a class in a module or a file, or a .json file."""

from __future__ import annotations

import difflib
import importlib.util
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from extractor.errors import InvalidSchema
from extractor.schema import READY, class_of, failed_import, list_classes, module_named, target_from

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from extractor.records import Target

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
        return target_from(class_of(module_named(place), name, place=place))
    if word.lower().endswith(".json"):
        return _target_of_file(word)
    place, _, name = word.rpartition(":")
    if place.lower().endswith(".json"):
        raise InvalidSchema(f"{place!r} is a JSON Schema and has no classes: leave out ':{name}'.")
    if not place or not name.isidentifier():
        raise InvalidSchema(_say_how_to_name(word))
    return target_from(class_of(_module_at(place), name, place=place))


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
        return module_named(place, hint=f"--schema takes {FORMS}.")


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
        raise failed_import(str(path), error) from error
    return module


@contextmanager
def _first_on_path(folder: Path) -> Iterator[None]:
    """Look for modules in `folder` first, as Python does for a script, but no longer than its import takes."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _say_how_to_name(word: str) -> str:
    if word.endswith(".py"):
        return f"{word!r} does not name a class. {list_classes(_import_file(Path(word)), place=word)}"
    nearest = difflib.get_close_matches(word, READY, n=1)
    hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
    return f"There is no schema {word!r}.{hint} --schema takes {FORMS}."
