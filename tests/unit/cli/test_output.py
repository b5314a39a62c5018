"""Records as JSON Lines."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from extractor.cli.output import Lines, Output
from extractor.errors import InvalidRequest, OutputFailed
from extractor.records import Enforcement, Json, Result

OLD = '{"id":"old"}\n'


def output(path: Path, *, append: bool = False, force: bool = False) -> Output:
    return Output(path=path, append=append, force=force)


def result(name: str = "x", **fields: Json) -> Result[Json]:
    stated = {"source": "a.txt", "status": "succeeded", "record": {"total": 1.5}, "engine": "scripted"}
    stated |= fields
    return Result(id=name, enforcement=Enforcement(asked="auto"), json_record=stated["record"], **stated)


def write(to: Output, *names: str) -> None:
    to.check()
    with to.open() as lines:
        for name in names:
            lines.write(result(name))


def ids(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_text("utf-8").splitlines()]


def test_each_result_is_one_line_of_json_that_is_there_at_once(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"

    with output(path).open() as lines:
        lines.write(result("one", record={"name": "Zoë\nLtd\u2028"}))
        written = path.read_bytes()

    assert written.endswith(b"}\n")
    assert written.count(b"\n") == 1
    assert json.loads(written)["record"] == {"name": "Zoë\nLtd\u2028"}


def test_missing_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "records.jsonl"

    write(output(path), "one")

    assert ids(path) == ["one"]


def test_an_existing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text(OLD)

    with pytest.raises(InvalidRequest, match=r"--append.*--force"):
        output(path).check()

    assert path.read_text() == OLD


@pytest.mark.parametrize("choice", [{"append": True}, {"force": True}], ids=["append", "force"])
def test_a_file_that_holds_no_records_is_never_written_over(tmp_path: Path, choice: dict[str, bool]) -> None:
    path = tmp_path / "schema.py"
    path.write_text("class Invoice: ...")

    with pytest.raises(InvalidRequest, match="holds no records"):
        output(path, **choice).check()


def test_append_adds_and_force_replaces(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text(OLD)

    write(output(path, append=True), "new")
    appended = ids(path)
    write(output(path, force=True), "newer", "newest")

    assert appended == ["old", "new"]
    assert ids(path) == ["newer", "newest"]


def test_a_new_line_is_never_glued_to_half_a_line(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text(OLD + '{"id":"ha')

    write(output(path, append=True), "new", "newer")

    assert [line[:12] for line in path.read_text().splitlines()] == [
        '{"id":"old"}',
        '{"id":"ha',
        '{"id":"new",',
        '{"id":"newer',
    ]


def test_a_run_without_a_line_leaves_no_file_and_destroys_none(tmp_path: Path) -> None:
    new, old = tmp_path / "new.jsonl", tmp_path / "old.jsonl"
    old.write_text(OLD)

    write(output(new))
    write(output(old, force=True))

    assert not new.exists()
    assert old.read_text() == OLD


def test_append_and_force_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="choose one"):
        output(tmp_path / "records.jsonl", append=True, force=True).check()


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="is a folder"):
        output(tmp_path).check()


def test_a_place_that_cannot_be_written_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(InvalidRequest, match=r"cannot be written: File exists: .*file"),
        output(tmp_path / "file" / "x").open(),
    ):
        pass


def test_a_closed_pipe_ends_the_run_and_nothing_is_written_after_it() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    lines = Lines(writing)

    with pytest.raises(OutputFailed, match="pipe was closed"):
        lines.write(result())
    os.close(writing)

    assert OutputFailed.stops_run
    with pytest.raises(OutputFailed, match="pipe was closed"):
        lines.write(result())


def test_a_full_disk_ends_the_run_in_a_sentence() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with output(Path("/dev/full")).open() as lines, pytest.raises(OutputFailed, match="No space left"):
        lines.write(result())
