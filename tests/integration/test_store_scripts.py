"""The Lua files and the page of keys: what a reader relies on when he opens one."""

from __future__ import annotations

import re

import pytest

from extractor.store import keys, scripts
from extractor.testing.stores import open_bench

pytestmark = pytest.mark.anyio

#: What lets work in may be refused when Redis is full; everything that finishes work or looks may not.
REFUSABLE = {"retry", "submit_many"}
#: What writes nothing is never refused.
ALLOWED = {"#!lua flags=allow-oom", "#!lua flags=no-writes"}


def lua_files(repository):
    return {path.stem: path.read_text("utf-8") for path in (repository / "extractor/store/lua").glob("*.lua")}


def names_in(repository):
    return sorted(set(lua_files(repository)) - {"prelude"})


def test_every_script_begins_with_its_flags_and_a_sentence(repository):
    sentences = {name: text.split("\n")[0 if name == "prelude" else 1] for name, text in lua_files(repository).items()}

    assert {name: line for name, line in sentences.items() if not re.match(r"-- [A-Z].*[.:,]", line)} == {}
    assert {name for name, text in lua_files(repository).items() if not text.startswith(("#!lua", "-- What"))} == set()


def test_only_scripts_that_let_work_in_may_be_refused_by_a_full_server(repository):
    first_lines = {name: text.split("\n")[0] for name, text in lua_files(repository).items() if name != "prelude"}

    assert {name for name, line in first_lines.items() if line == "#!lua"} == REFUSABLE
    assert {line for name, line in first_lines.items() if name not in REFUSABLE} <= ALLOWED


def test_every_script_that_is_run_exists_and_every_script_is_run(repository):
    run = set()
    for path in (repository / "extractor/store").glob("*.py"):
        text = path.read_text("utf-8")
        run |= set(re.findall(r'(?:_run|ask|insist|run|Writer)\(\s*(?:self\._client,\s*|client,\s*)?"(\w+)"', text))

    assert run == set(names_in(repository))


def test_every_key_of_the_scripts_is_on_the_page_of_keys(repository):
    described = set(re.findall(r"^\| `extractor:([a-z_]+)", keys.__doc__, re.MULTILINE)) | {"control", "ended"}
    text = "\n".join(lua_files(repository).values())

    used = set(re.findall(r"P \.\. '([a-z_]+)", text)) | set(re.findall(r"'extractor:([a-z_]+)", text))

    assert used - described == set()
    assert keys.PREFIX == "extractor:"


def test_the_page_of_keys_has_none_that_nobody_uses(repository):
    described = set(re.findall(r"^\| `extractor:([a-z_]+)", keys.__doc__, re.MULTILINE))
    text = "\n".join(lua_files(repository).values()) + "\n".join(
        path.read_text("utf-8") for path in (repository / "extractor/store").glob("*.py") if path.stem != "keys"
    )
    text += "\n".join(
        line for line in (repository / "extractor/store/keys.py").read_text("utf-8").split("\n") if "PREFIX" in line
    )

    assert {name for name in described if not re.search(rf"(?:P \.\. '|PREFIX\}}|')({name})\b", text)} == set()


async def test_the_server_takes_every_script(redis_url, repository):
    async with open_bench(redis_url) as bench:
        for name in names_in(repository):
            sha = await bench.client.script_load(scripts.script(name).text)
            assert sha == scripts.script(name).sha


async def test_no_script_makes_a_global_or_reads_an_unknown_one(redis_url, repository):
    """
    Redis refuses both, but only when the line is reached. Every name at the start of an assignment has to be local.
    """
    for name in names_in(repository):
        text = scripts.script(name).text
        groups = re.findall(r"\blocal (?!function)([\w, ]+)", text) + re.findall(r"\bfunction \w*\(([\w, ]+)\)", text)
        names = {each.strip() for group in groups for each in group.split(",")}
        assigned = set(re.findall(r"^\s*([a-z_]\w*)(?:, [a-z_]\w*)* = ", text, re.MULTILINE))
        members = set(re.findall(r"^\s*([a-z_]\w*) = .*,$", text, re.MULTILINE))
        assert assigned - names - members == set(), name


async def test_the_loss_of_the_servers_scripts_is_not_noticed(redis_url):
    async with open_bench(redis_url) as bench:
        await bench.store.status()
        await bench.client.script_flush()

        assert (await bench.store.status()).running == 0
        assert (await bench.leases.claim(free=1, free_bulk=1)).leases == ()
