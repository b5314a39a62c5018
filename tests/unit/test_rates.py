"""Rates as an operator writes them."""

from __future__ import annotations

import pytest

from extractor.errors import InvalidSettings
from extractor.local.pace import PATIENCE_S
from extractor.model.waits import LONGEST_WAIT_S
from extractor.records import Rate, Rates, counted
from extractor.settings import Settings


@pytest.mark.parametrize(
    ("text", "model", "rate"),
    [
        pytest.param(None, "a/b", Rate(), id="unset"),
        pytest.param("a/b=60/1000", "a/b", Rate(requests=60, tokens=1000), id="both"),
        pytest.param("a/b=60", "a/b", Rate(requests=60), id="requests alone"),
        pytest.param("a/b=60/", "a/b", Rate(requests=60), id="requests alone, with the stroke"),
        pytest.param("a/b=/1000", "a/b", Rate(tokens=1000), id="tokens alone"),
        pytest.param("a/b=60/1000, *=5", "c/d", Rate(requests=5), id="any other model"),
        pytest.param("*=5, a/b=60", "a/b", Rate(requests=60), id="a name comes before the star"),
        pytest.param("a/b=60", "c/d", Rate(), id="one that is not named"),
        pytest.param(" a/b = 60 / 1000 ,", "a/b", Rate(requests=60, tokens=1000), id="spaces"),
        pytest.param("a/b:thinking=60", "a/b:thinking", Rate(requests=60), id="a variant"),
    ],
)
def test_the_rate_of_a_model(text, model, rate):
    assert Rates.read(text).of(model) == rate


@pytest.mark.parametrize("text", ["60/1000", "a/b", "a/b=", "a/b=/", "=60", "a/b=0", "a/b=-1", "a/b=1.5", "a/b=1e3/x"])
def test_what_is_no_rate_is_named_with_its_variable(monkeypatch, text):
    monkeypatch.setenv("EXTRACTOR_RATES", text)

    with pytest.raises(InvalidSettings, match="EXTRACTOR_RATES: must be `MODEL=REQUESTS/TOKENS` by comma"):
        Settings.load()


def test_a_model_has_one_rate(monkeypatch):
    monkeypatch.setenv("EXTRACTOR_TENANT_RATES", "a/b=1,a/b=2")

    with pytest.raises(InvalidSettings, match="EXTRACTOR_TENANT_RATES: must name each model once"):
        Settings.load()


def test_what_the_pace_sits_out_is_what_the_model_door_waits_for():
    assert PATIENCE_S == LONGEST_WAIT_S


def test_a_request_is_counted_as_no_more_than_a_minute_takes():
    assert counted(1_000, Rate(tokens=300), Rate(requests=60)) == 300
    assert counted(100, Rate(tokens=300)) == 100
    assert counted(100) == 100
