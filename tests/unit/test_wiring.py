"""From settings to what a door allows and where the store is."""

from __future__ import annotations

import os

import pytest
from pydantic import SecretStr

from extractor.document import ReadingLimits
from extractor.errors import InvalidSettings, StoreUnavailable
from extractor.records import DEFAULT_MODEL, OFFLINE_MODEL
from extractor.settings import Settings
from extractor.wiring import Engine, door_from, store_url


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("EXTRACTOR_") or name == "REDIS_URL"]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("model", "models", "default", "allowed"),
    [
        pytest.param(None, None, DEFAULT_MODEL, {DEFAULT_MODEL, OFFLINE_MODEL}, id="nothing set"),
        pytest.param("a/b", None, "a/b", {"a/b", OFFLINE_MODEL}, id="the operator's model"),
        pytest.param(OFFLINE_MODEL, None, OFFLINE_MODEL, {OFFLINE_MODEL}, id="the rules alone"),
        pytest.param(None, " a/b , c/d,", "a/b", {"a/b", "c/d"}, id="a list: its first is the default"),
        pytest.param("c/d", "a/b,c/d", "c/d", {"a/b", "c/d"}, id="a list and a default"),
        pytest.param(None, " , ", DEFAULT_MODEL, {DEFAULT_MODEL, OFFLINE_MODEL}, id="a list of nothing"),
    ],
)
def test_the_models_that_a_caller_may_choose(model, models, default, allowed):
    door = door_from(Settings(model=model, models=models))

    assert (door.default_model, door.models) == (default, allowed)


def test_a_default_that_callers_may_not_choose_is_a_mistake_in_the_settings():
    with pytest.raises(InvalidSettings, match="EXTRACTOR_MODEL: 'a/b' is not among EXTRACTOR_MODELS"):
        door_from(Settings(model="a/b", models="c/d"))


def test_a_door_takes_its_limits_and_defaults_from_the_settings():
    door = door_from(Settings(max_file_bytes=10, max_characters=5, deadline_s=60, max_attempts=2, tenant="acme"))

    assert door.limits == ReadingLimits(max_bytes=10, max_characters=5)
    assert (door.deadline_s, door.max_attempts, door.tenant) == (60, 2, "acme")
    assert door.registry.names == ("contract", "invoice", "paper", "receipt", "resume")


@pytest.mark.parametrize(("stated", "speaks"), [(None, False), (True, True), (False, False)])
def test_an_address_speaks_openrouters_language_where_the_operator_says_so(stated, speaks):
    engine = Engine(Settings(base_url="http://127.0.0.1:9/api/v1", openrouter_compatible=stated))

    assert engine._endpoint.is_openrouter is speaks


def test_a_door_may_be_of_another_tenant_and_other_schemas():
    door = door_from(Settings(schemas="bill=schemas:Invoice"), tenant="other")

    assert (door.tenant, door.registry.names) == ("other", ("bill",))


def test_the_store_is_where_the_operator_says(tmp_path):
    settings = Settings(REDIS_URL=SecretStr("redis://:secret@db:6379/1"), data_folder=tmp_path)

    assert store_url(settings) == "redis://:secret@db:6379/1"


def test_without_a_store_it_is_said_what_to_do(tmp_path):
    with pytest.raises(StoreUnavailable, match=r"Set REDIS_URL, or start `extractor dev`"):
        store_url(Settings(data_folder=tmp_path / "none"))
