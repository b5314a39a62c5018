"""The schema as it is named on a command line: a ready name, a class in a module or a file, or a .json file."""

from __future__ import annotations

import difflib
import importlib.util
import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from extractor.errors import InvalidSchema
from extractor.schema import (
    READY,
    class_of,
    failed_import,
    list_classes,
    module_named,
    prints_on_stderr,
    target_from,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from extractor.records import Target

_FORMS: Final = f"module:Class, file.py:Class, a .json file, or one of {', '.join(READY)}"
#: What may be typed behind the option, and as the argument of the commands that look at a schema.
OPTION_TAKES: Final = f"--schema takes {_FORMS}."
ARGUMENT_TAKES: Final = f"SCHEMA is {_FORMS}; - reads a JSON Schema from stdin."
_JSON: Final = ".json"
#: What begins as an address does; one letter alone is a drive.
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def load_target(word: str, *, takes: str = OPTION_TAKES) -> Target:
    """Return the target that a word of the command line names.

    Importing a module or a file runs it: whoever types the command line is trusted with that, nobody else is asked.

    Args:
        word: As typed.
        takes: What may be typed there, a sentence.

    Raises:
        InvalidSchema: nothing is found there, or what is found is not a schema; the message says what to type.
        UnsupportedSchema: it uses a keyword that can neither be enforced nor checked.
    """
    if word in READY:
        place, _, name = READY[word].partition(":")
        return target_from(class_of(module_named(place), name, place=place))
    if _ADDRESS.match(word):
        raise InvalidSchema(f"{word!r} is an address, and nothing is ever fetched: save the schema as a .json file.")
    if os.path.isdir(word):  # noqa: PTH112 - false, not an error, for a name that no file can have
        raise InvalidSchema(f"{word!r} is a directory: name a .json file in it, or module:Class. {takes}")
    if word.lower().endswith(_JSON):
        return _target_of_file(word)
    place, _, name = word.rpartition(":")
    if place.lower().endswith(_JSON):
        raise InvalidSchema(f"{place!r} is a JSON Schema and has no classes: leave out ':{name}'.")
    if not place or not name.isidentifier():
        raise InvalidSchema(_say_how_to_name(word, takes))
    return target_from(class_of(_module_at(place, takes), name, place=place))


def file_of(word: str) -> Path | None:
    """Return the file that holds the schema, None when it is named in another way."""
    place = word if word.lower().endswith(_JSON) else word.rpartition(":")[0]
    return Path(place) if place.lower().endswith((".json", ".py")) else None


def _target_of_file(word: str) -> Target:
    if not os.path.exists(word):  # noqa: PTH110 - false, not an error, for a name that no file can have
        raise InvalidSchema(f"There is no schema file {word!r}.")
    return target_from(Path(word))


def _module_at(place: str, takes: str) -> ModuleType:
    if place.endswith(".py"):
        return _import_file(Path(place))
    with _first_on_path(Path.cwd()):
        return module_named(place, hint=takes)


def _import_file(path: Path) -> ModuleType:
    """Run a file under a name of its own, so that `types.py` hides nothing; it can import what lies beside it."""
    name = f"extractor_schema_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise InvalidSchema(f"There is no file {str(path)!r}.")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)  # pydantic looks annotations up there
    try:
        with _first_on_path(path.resolve().parent), prints_on_stderr():
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


def _say_how_to_name(word: str, takes: str) -> str:
    if word.endswith(".py"):
        return f"{word!r} does not name a class. {list_classes(_import_file(Path(word)), place=word)}"
    if os.path.isfile(word):  # noqa: PTH113 - false, not an error, for a name that no file can have
        is_yaml = word.lower().endswith((".yaml", ".yml"))
        what = "YAML, which is not read: convert it to JSON" if is_yaml else "read only when its name ends with .json"
        return f"{word!r} is {what}. {takes}"
    nearest = difflib.get_close_matches(word, READY, n=1)
    hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
    return f"There is no schema {word!r}.{hint} {takes}"
