"""How long a provider asks us to wait."""

from __future__ import annotations

import pytest

from extractor.model.waits import retry_after

NOW = 1_790_000_000.0
RESET = {"metadata": {"headers": {"X-RateLimit-Reset": "1790000042000"}}}


@pytest.mark.parametrize(
    ("headers", "error", "seconds"),
    [
        pytest.param({"retry-after": "7"}, {}, 7, id="seconds"),
        pytest.param({"retry-after": "Mon, 21 Sep 2026 14:13:50 GMT"}, {}, 30, id="date"),
        pytest.param({"retry-after": "Mon, 21 Sep 2020 14:13:50 GMT"}, {}, 0.5, id="date in the past"),
        pytest.param({"retry-after": "0"}, {}, 0.5, id="at least half a second"),
        pytest.param({"retry-after": "54000"}, {}, 54000, id="a far-off one is reported as it is"),
        pytest.param({}, {"availability": {"retry_after": 12}}, 12, id="availability"),
        pytest.param({}, RESET, 42, id="reset in the body, epoch milliseconds"),
        pytest.param({"x-ratelimit-reset": "1790000009000"}, {}, 9, id="reset in the header"),
        pytest.param({"retry-after": "7", "x-ratelimit-reset": "1790000009000"}, RESET, 7, id="the header first"),
        pytest.param({"retry-after": "soon"}, RESET, 42, id="what cannot be read is passed over"),
        pytest.param({"retry-after": "nan"}, {}, None, id="not a number"),
        pytest.param({"retry-after": "-5"}, {}, None, id="negative"),
        pytest.param({"x-ratelimit-reset": "1780000000000"}, {}, None, id="reset in the past"),
        pytest.param({}, {"availability": "soon", "metadata": {"headers": []}}, None, id="other shapes"),
        pytest.param({}, {}, None, id="nothing"),
    ],
)
def test_the_first_usable_hint_is_taken_in_the_documented_order(
    headers: dict[str, str], error: dict[str, object], seconds: float | None
):
    assert retry_after(headers, error, now=NOW) == seconds
