"""Log lines: on stderr, with secrets struck out."""

from __future__ import annotations

import pytest

from extractor import log


def test_keys_are_struck_out_by_name_and_by_shape(capsys):
    log.logger().warning("call", api_key="plain", says="used sk-or-v1-0123456789abcdef", header="Bearer abc.def")

    written = capsys.readouterr()
    assert written.out == ""
    assert "plain" not in written.err
    assert "0123456789abcdef" not in written.err
    assert "abc.def" not in written.err


def test_a_trace_names_the_place_and_not_the_message():
    with pytest.raises(ValueError, match="document") as raised:
        int("text of a document")

    trace = log.trace(raised.value)

    assert trace["error"] == "ValueError"
    assert "test_log.py" in trace["at"]
    assert "document" not in str(trace)


def test_events_below_the_level_are_not_written(capsys):
    log.logger().info("quiet")

    assert capsys.readouterr().err == ""
