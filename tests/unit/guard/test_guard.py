from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from extractor import guard
from extractor.errors import GuardFailed, UnreadableDocument, UnsupportedSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.anyio
ROOMY = guard.Limits(wall_s=20, cpu_s=10)


@pytest.fixture(autouse=True)
def fresh_children(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    guard.close()
    yield
    guard.close()


async def call(function: str, argument: Any = None, *, limits: guard.Limits = ROOMY) -> Any:
    return await guard.call(f"naughty:{function}", argument, limits=limits)


def is_gone(pid: int) -> bool:
    """No process of this id, not even a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(20):
        while not condition():  # noqa: ASYNC110 - another process cannot set an event
            await anyio.sleep(0.005)


async def test_the_second_call_uses_the_same_child():
    first = await call("who")
    second = await call("who")

    assert first == second != os.getpid()


async def test_a_call_that_sleeps_is_ended_within_its_wall_limit_and_its_child_replaced():
    slow_child = await call("who")
    begun = time.monotonic()

    with pytest.raises(GuardFailed) as caught:
        await guard.call("time:sleep", 60, limits=guard.Limits(wall_s=0.2))

    assert time.monotonic() - begun < 5  # 0.2 s, and what a busy machine adds
    assert caught.value.reason == "timeout"
    assert is_gone(slow_child)
    assert await call("who") != slow_child


async def test_a_call_that_spins_is_ended_by_the_cpu_limit_before_the_wall_limit():
    with pytest.raises(GuardFailed, match="CPU") as caught:
        await call("spin", limits=guard.Limits(wall_s=20, cpu_s=0.1))

    assert caught.value.reason == "timeout"


async def test_cpu_time_of_earlier_calls_does_not_count():
    limits = guard.Limits(wall_s=20, cpu_s=0.8)  # 1 or 2 s with the rounding of the operating system

    children = {await call("burn", 0.45, limits=limits) for _ in range(5)}

    assert len(children) == 1


async def test_memory_beyond_the_limit_fails_the_call_alone():
    limits = guard.Limits(wall_s=20, cpu_s=10, memory_bytes=400 << 20)

    with pytest.raises(GuardFailed) as caught:
        await call("hoard", 1 << 30, limits=limits)

    assert caught.value.reason == "died"
    assert await call("hoard", 1 << 20, limits=limits) == 1 << 20


async def test_a_small_memory_limit_does_not_hold_for_the_next_request():
    child = await call("who", limits=guard.Limits(wall_s=20, memory_bytes=48 << 20))

    assert await guard.call("builtins:len", "a" * (40 << 20), limits=guard.Limits(wall_s=20, memory_bytes=2 << 30))
    assert await call("who") == child


async def test_a_child_that_still_holds_much_memory_is_replaced():
    limits = guard.Limits(wall_s=20, memory_bytes=512 << 20)
    child = await call("who")

    await call("keep", 1 << 20, limits=limits)
    assert not is_gone(child)
    await call("keep", 150 << 20, limits=limits)
    assert is_gone(child)


async def test_a_crash_is_an_error_and_the_next_call_works():
    with pytest.raises(GuardFailed, match="died") as caught:
        await call("abort")

    assert caught.value.reason == "died"
    assert await call("echo", 1) == 1


async def test_a_child_that_died_idle_is_replaced_unnoticed():
    child = await call("who")
    os.kill(child, 9)
    await until(lambda: os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None)

    assert await call("who") != child


async def test_prints_of_a_library_end_neither_in_a_frame_nor_on_the_terminal(capfd: pytest.CaptureFixture[str]):
    noisy = "\x00\x00\x00\x05noise" * 50

    assert await call("chatter", noisy) == noisy
    assert await call("chatter", "again") == "again"
    assert capfd.readouterr() == ("", "")


async def test_no_secret_of_the_parent_reaches_the_child(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-made-up")
    monkeypatch.setenv("EXTRACTOR_SERVER_KEY", "made-up")
    monkeypatch.setenv("LANG", "C.UTF-8")

    environment = await call("environment")

    assert environment["LANG"] == "C.UTF-8"
    assert "made-up" not in str(environment)
    assert set(environment) <= {"LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH"}


async def test_errors_of_our_own_come_back_with_their_type_and_their_fields():
    with pytest.raises(UnreadableDocument) as unreadable:
        await call("encrypted", "needs a password")
    with pytest.raises(UnsupportedSchema) as unsupported:
        await call("unsupported", "$dynamicRef")

    original = UnreadableDocument("encrypted_document", detail="needs a password")
    assert unreadable.value.as_failure() == original.as_failure()
    assert str(unreadable.value) == str(original)
    assert unreadable.value.detail == "needs a password"
    assert (unsupported.value.keyword, unsupported.value.at) == ("$dynamicRef", "/properties/a")


async def test_an_unknown_error_is_named_without_its_text():
    with pytest.raises(GuardFailed) as caught:
        await call("quoting", "the patient's name")

    assert caught.value.reason == "raised"
    assert "ValueError" in caught.value.message
    assert "patient" not in caught.value.message


async def test_a_value_that_is_not_json_is_an_error_of_the_call():
    with pytest.raises(GuardFailed) as caught:
        await call("not_json")

    assert caught.value.reason == "raised"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="null"),
        pytest.param(2**80, id="integer beyond 64 bits"),
        pytest.param(0.1 + 0.2, id="float"),
        pytest.param({"\ud800": ["\udfff"]}, id="lone surrogates"),
        pytest.param("é\x00\U0001f600" * 100_000, id="frame larger than a pipe"),
    ],
)
async def test_json_goes_there_and_back_unchanged(value: Any):
    assert await call("echo", value) == value


async def test_a_reply_larger_than_the_cap_is_not_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("extractor.guard.children.MAX_REPLY_BYTES", 1000)

    with pytest.raises(GuardFailed):
        await call("echo", "a" * 1000)

    assert await call("echo", "a") == "a"


async def test_a_cancelled_call_kills_its_child_and_the_next_one_works(tmp_path: Path):
    note = tmp_path / "pid"

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call, "sleep_after_saying_who", str(note))
        await until(lambda: note.exists() and note.read_text() != "")
        tasks.cancel_scope.cancel()

    await until(lambda: is_gone(int(note.read_text())))
    assert await call("echo", "next") == "next"


async def test_many_calls_at_once_share_as_many_children_as_there_are_cores():
    seen: set[int] = set()

    async def note_the_child() -> None:
        seen.add(await call("who"))

    async with anyio.create_task_group() as tasks:
        for _ in range(40):
            tasks.start_soon(note_the_child)

    assert 1 <= len(seen) <= (os.cpu_count() or 1)


async def test_importing_the_module_counts_towards_no_limit():
    limits = guard.Limits(wall_s=0.3)

    assert await guard.call("slow_to_import:echo", 1, limits=limits) == 1


def test_a_thread_may_call_without_an_event_loop():
    assert guard.run("naughty:echo", {"a": 1}, limits=ROOMY) == {"a": 1}
    with pytest.raises(UnsupportedSchema):
        guard.run("naughty:unsupported", "$dynamicRef", limits=ROOMY)


async def test_a_lane_that_is_full_does_not_hold_up_another():
    children = guard.calls.SIZE

    async with anyio.create_task_group() as tasks:
        for _ in range(children):
            tasks.start_soon(lambda: guard.call("time:sleep", 60, limits=guard.Limits(wall_s=60), lane="documents"))
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(20):
            assert await guard.call("naughty:echo", 1, limits=ROOMY, lane="answers") == 1
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("interpreter", ["/bin/false", "/no/such/python"])
async def test_a_child_that_cannot_be_started_is_told_apart(interpreter: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", interpreter)

    with pytest.raises(GuardFailed) as caught:
        await call("echo", 1)

    assert caught.value.reason == "not_started"


async def test_closing_leaves_no_process_behind():
    child = await call("who")

    guard.close()

    assert is_gone(child)


def test_children_serve_one_event_loop_after_another():
    first = anyio.run(call, "who")
    second = anyio.run(call, "who")

    assert first == second


SCRIPT = """
import anyio, os, signal, sys
from extractor import guard
def say_child():
    print(anyio.run(lambda: guard.call("os:getpgid", 0, limits=guard.Limits(wall_s=20))), flush=True)
say_child()
if sys.argv[1] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "forked":
    if os.fork() == 0:
        say_child()
        sys.exit()
    os.wait()
    say_child()
"""


def run_script(how: str) -> tuple[list[int], str]:
    """Run `SCRIPT` in a process of its own; the child leads its process group, so the group is its process id."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, how],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return [int(line) for line in done.stdout.split()], done.stderr


@pytest.mark.parametrize("how", ["returned", "killed"])
def test_a_child_does_not_outlive_its_parent(how: str):
    (child,), complaints = run_script(how)

    deadline = time.monotonic() + 5
    while not is_gone(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert is_gone(child)
    assert complaints == ""


def test_a_forked_process_starts_children_of_its_own():
    (before, in_fork, after), complaints = run_script("forked")

    assert before == after != in_fork
    assert complaints == ""
