"""Ask the real default model, once, under a cap, and write docs/live.md with what came of it. This is `make live`.

    OPENROUTER_API_KEY=… python benchmarks/live.py

First the probe: one streamed request that asks the gateway to echo what it sends upstream, to see what becomes of
`response_format` for a thinking model. Then 20 labelled documents, scored by field. Nothing is sent without a key.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from probe import Probe, probe

from extractor import bulk, wiring
from extractor.errors import ExtractionError
from extractor.model.endpoints import Endpoint
from extractor.records import DEFAULT_MODEL, Job, Options, Source
from extractor.schema import lower, target_from
from extractor.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from extractor.records import Json, JsonObject, Result

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared"
PAGE = REPOSITORY / "docs" / "live.md"

#: US dollars on everything together.
CAP_USD = 0.50
#: Of these, set aside for the probe, which takes a fifth of it.
PROBE_USD = 0.01
DOCUMENTS = 20
CONCURRENCY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What 20 documents came to."""

    results: tuple[Result[Json], ...]
    #: What `score.py` printed.
    printed: str


def main() -> int:
    """Probe, score, write the page; return the exit code."""
    settings = Settings.load()
    gold = SHARED / "data" / "eval_dev.jsonl"
    if settings.openrouter_api_key is None or not settings.is_openrouter:
        sys.exit("make live needs OPENROUTER_API_KEY, and EXTRACTOR_BASE_URL unset. Nothing was sent.")
    if not gold.is_file():
        sys.exit(f"make live needs the labelled documents in {gold}. Nothing was sent.")
    rows = choose(map(json.loads, gold.read_text("utf-8").splitlines()), count=DOCUMENTS)
    try:
        page = asyncio.run(go_live(settings, rows))
    except ExtractionError as error:
        sys.exit(f"{error.code}: {error.message}")
    PAGE.write_text(page, "utf-8")
    print(page)
    return 0


async def go_live(settings: Settings, rows: Sequence[JsonObject]) -> str:
    """Return the page."""
    seen = await probe(Endpoint(settings.base_url, key=settings.key_for_model()))
    results = await extract_all(settings, rows, budget_usd=CAP_USD - PROBE_USD)
    return page_of(seen, Score(results=results, printed=score(rows, results)), base_url=settings.base_url)


def choose(rows: Iterable[JsonObject], *, count: int) -> list[JsonObject]:
    """Return `count` labelled documents, from each source of documents in turn, skipping schemas that are refused."""
    by_source: dict[str, list[JsonObject]] = {}
    for row in rows:
        by_source.setdefault(row["id"].split("-")[0], []).append(row)
    chosen: list[JsonObject] = []
    turns = [list(filter(is_supported, source)) for source in by_source.values()]
    while len(chosen) < count and any(turns):
        chosen += [source.pop(0) for source in turns if source]
    return chosen[:count]


def is_supported(row: JsonObject) -> bool:
    """Say whether the row's schema can be lowered."""
    try:
        lower(row["schema"])
    except ExtractionError:
        return False
    return True


async def extract_all(settings: Settings, rows: Sequence[JsonObject], *, budget_usd: float) -> tuple[Result[Json], ...]:
    """Extract every row with the default model, under one budget."""
    async with wiring.open_engine(settings, budget_usd=budget_usd) as engine:
        finished = bulk.run_all(jobs(rows), run=engine.run, concurrency=CONCURRENCY)
        return tuple([result async for result in finished])


def jobs(rows: Sequence[JsonObject]) -> Iterator[Job]:
    """Yield the job of each row."""
    for row in rows:
        source = Source(content=row["text"], name=row["id"])
        yield Job(id=row["id"], source=source, target=target_from(row["schema"]), options=Options(model=DEFAULT_MODEL))


def score(rows: Sequence[JsonObject], results: Sequence[Result[Json]]) -> str:
    """Return what `score.py` prints for these records."""
    with tempfile.TemporaryDirectory() as folder:
        gold, records = Path(folder, "gold.jsonl"), Path(folder, "records.jsonl")
        gold.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        records.write_text("".join(json.dumps(result.as_json()) + "\n" for result in results), "utf-8")
        command = [sys.executable, str(SHARED / "tools" / "score.py"), str(gold), str(records)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def page_of(seen: Probe, measured: Score, *, base_url: str) -> str:
    """Return docs/live.md."""
    today = dt.datetime.now(dt.UTC).date()
    return "\n".join(
        [
            "# Against the live model",
            f"Run on {today} with `{DEFAULT_MODEL}` at {base_url}, by `make live`.",
            "",
            *probe_section(seen),
            "",
            *score_section(measured),
            "",
        ]
    )


def probe_section(seen: Probe) -> list[str]:
    """Return what is said about the probe."""
    return [
        "## The probe",
        "One streamed request: `response_format: json_schema`, strict, thinking on.",
        "",
        f"- status {seen.status}, finish reason `{seen.finish_reason or 'none'}`, {dollars(seen.cost_usd)}",
        f"- reasoning: {len(seen.reasoning)} characters; answer: `{seen.content or 'none'}`",
        f"- error: `{json.dumps(seen.error)}`" if seen.error else "- no error",
        "",
        "What went upstream, messages left out:" if seen.upstream else "The gateway did not echo what went upstream.",
        *(["", "```json", json.dumps(seen.upstream, indent=2), "```"] if seen.upstream else []),
    ]


def score_section(measured: Score) -> list[str]:
    """Return what is said about the labelled documents."""
    results = measured.results
    cost = sum(result.cost_usd for result in results)
    tokens = sum(result.usage.completion_tokens for result in results)
    rungs = sorted({result.enforcement.rung or "none" for result in results})
    codes = sorted({result.error.code for result in results if result.error})
    facts = [
        f"{len(results)} labelled documents",
        f"{sum(result.status == 'succeeded' for result in results)} succeeded",
        dollars(cost),
        f"{sum(len(result.attempts) for result in results)} attempts",
        f"{tokens} tokens out",
        f"median {statistics.median(result.timings.ask_s for result in results):.1f} s",
    ]
    return [
        "## The score",
        f"{', '.join(facts)}.",
        f"Rungs: {', '.join(rungs)}. Errors: {', '.join(codes) or 'none'}.",
        "",
        "```",
        measured.printed.rstrip(),
        "```",
    ]


def dollars(usd: float | None) -> str:
    """Return an amount as it is printed."""
    return "price not stated" if usd is None else f"{usd:.4f} dollars"


if __name__ == "__main__":
    sys.exit(main())
