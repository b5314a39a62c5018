"""A service in Python: it hands documents to the workers and gets instances of its own class back.

python examples/service_queue.py [MODEL]        while `extractor dev` runs; elsewhere set REDIS_URL

With `extractor dev --model offline/heuristic`, MODEL is offline/heuristic.
"""

import sys
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

import extractor


class Deadlines(BaseModel):
    """The dates of a contract that go into the calendar."""

    effective_date: date = Field(description="Date from which the contract binds, as YYYY-MM-DD.")
    expiry_date: date | None = Field(default=None, description="Date on which the contract ends, as YYYY-MM-DD.")


_, *words = sys.argv
if len(words) > 1 or not all("/" in word for word in words):
    sys.exit("usage: python examples/service_queue.py [MODEL], where MODEL is offline/heuristic, say")
chosen: dict[str, Any] = {"model": words[0]} if words else {}
contracts = sorted((Path(__file__).parent / "documents/contracts").iterdir())
failed = 0

try:
    with extractor.Queue() as queue:
        # Stored when this returns: from here on a worker, or Redis, or this script may die.
        ids = queue.submit_many(contracts, schema=Deadlines, **chosen)
        names = dict(zip(ids, [contract.name for contract in contracts], strict=True))
        for result in queue.results(ids, timeout_s=600):
            name = names[result.id]
            if result.error:
                failed += 1
                print(f"{name}: {result.error.code}: {result.error.message}", file=sys.stderr)
            else:
                print(f"{name}: binds from {result.record.effective_date:%d %B %Y}")
except (extractor.ExtractionError, TimeoutError) as error:  # no Redis, a model that is not allowed, too slow
    sys.exit(str(error))

if failed:
    sys.exit(f"{failed} of {len(ids)} failed")
