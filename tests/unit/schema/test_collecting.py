"""Work without collections of the cyclic collector."""

from __future__ import annotations

import gc

import pytest

from extractor.errors import UnsupportedSchema
from extractor.schema import lower


def test_the_collector_is_on_again_after_lowering():
    lower({"type": "string"})

    assert gc.isenabled()


def test_the_collector_is_on_again_after_a_refusal():
    with pytest.raises(UnsupportedSchema):
        lower({"$dynamicRef": "#a"})

    assert gc.isenabled()


def test_a_collector_that_its_owner_turned_off_stays_off():
    gc.disable()
    try:
        lower({"type": "string"})

        assert not gc.isenabled()
    finally:
        gc.enable()
