"""Which process `extractor worker` becomes, and which it refuses to become."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from extractor.cli.worker_command import (
    WorkerArguments,
    command_of,
    environment_of,
    refuse_other_workers,
)
from extractor.errors import InvalidSettings
from workers.discretion import shortened


def test_the_process_becomes_celery_with_our_workers() -> None:
    command = command_of(WorkerArguments())

    assert command[0] == sys.executable
    assert command[command.index("-m") + 1 :] == [
        *("celery", "--quiet", "-A", "workers.app", "worker", "--pool", "threads", "--concurrency", "4"),
        *("--without-gossip", "--without-mingle"),
    ]


def test_what_was_typed_goes_by_the_environment_because_celery_passes_no_options_on() -> None:
    environment = environment_of(WorkerArguments(slots=7, config=Path("my.toml"), loglevel="INFO"))

    assert environment == {
        "EXTRACTOR_SLOTS": "7",
        "EXTRACTOR_CONFIG": str(Path.cwd() / "my.toml"),
        "EXTRACTOR_LOG_LEVEL": "INFO",
    }


def test_what_was_not_typed_is_left_to_the_settings() -> None:
    assert environment_of(WorkerArguments()) == {}


def test_our_own_workers_are_started_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "workers").mkdir()  # without __init__.py it comes after every package
    monkeypatch.chdir(tmp_path)

    refuse_other_workers()


@pytest.mark.parametrize("name", ["workers/__init__.py", "workers.py"])
def test_workers_of_somebody_else_in_the_working_folder_are_not_started(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("PRODUCT = 'extractor'")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InvalidSettings, match="not the extractor's"):
        refuse_other_workers()


def test_of_a_message_that_celery_cannot_take_only_the_first_sentence_is_logged() -> None:
    said = "Can't decode message body: %r [type:%r encoding:%r headers:%s]\n\nbody: %s\n"
    record = logging.LogRecord("celery", logging.ERROR, "", 0, said, ("secret",) * 5, None)

    shortened(record)

    assert record.getMessage() == "Can't decode message body"


def test_what_celery_logs_of_anything_else_is_left_alone() -> None:
    record = logging.LogRecord("celery", logging.INFO, "", 0, "Connected to %s\nnow", ("redis",), None)

    shortened(record)

    assert record.getMessage() == "Connected to redis\nnow"
