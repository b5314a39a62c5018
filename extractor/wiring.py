"""Which adapter answers which port. The one place that turns settings into objects."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from extractor import log, pipeline
from extractor.document import ReadingLimits
from extractor.errors import (
    DeadlineExceeded,
    ExtractionError,
    InvalidSettings,
    NoModel,
    StoreUnavailable,
    UnexpectedError,
)
from extractor.forecasting import forecast
from extractor.local import Lanes, MemoryCancel, MemoryJournal, MemoryPace, MemoryPermits, MemoryPurse
from extractor.model import ChatModel, Endpoint, Facts, OfflineModel
from extractor.model.prices import FREE
from extractor.model.profiles import Profile
from extractor.ports import Ports
from extractor.prompt import read_back, with_draft
from extractor.records import DEFAULT_MODEL, OFFLINE_MODEL, Bought, Rates
from extractor.schema import Registry
from extractor.store import StoreLimits, embedded
from extractor.submit import Door

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from extractor.forecasting import Forecast
    from extractor.ports import Cancel, Journal, Model, Pace
    from extractor.records import CallKey, Completion, Job, Json, Result
    from extractor.settings import Settings

#: What endpoints were found to refuse, kept as long as the process, so that it is asked once.
_FACTS = Facts()
#: When endpoints take requests again, kept likewise by rates, so that a cool-down and a rate hold for every engine.
_LANES: dict[tuple[Rates, Rates], Lanes] = {}


def choose_model(settings: Settings, chosen: str | None = None) -> str:
    """Return the model to ask: the one chosen, else the operator's, else the default.

    Raises:
        NoModel: it needs a key and there is none. The offline model is never a fallback: it must be chosen.
    """
    model = chosen or settings.model or DEFAULT_MODEL
    if model == OFFLINE_MODEL or settings.key_for_model() is not None or not settings.is_openrouter:
        return model
    raise NoModel(
        f"There is no key to ask {model} with. Set OPENROUTER_API_KEY, or point EXTRACTOR_BASE_URL at another "
        f"OpenAI-compatible server. To try without a language model, choose {OFFLINE_MODEL} (simple rules)."
    )


def door_from(settings: Settings, *, tenant: str | None = None) -> Door:
    """Return what a door of this process allows.

    Args:
        settings: The operator's settings.
        tenant: Whose its submissions are; None = the operator's choice.

    Raises:
        InvalidSettings: the list of models or of schemas cannot be used.
    """
    listed = [name for name in (part.strip() for part in (settings.models or "").split(",")) if name]
    default_model = settings.model or (listed[0] if listed else DEFAULT_MODEL)
    models = frozenset(listed or (default_model, OFFLINE_MODEL))
    if default_model not in models:
        raise InvalidSettings(f"EXTRACTOR_MODEL: {default_model!r} is not among EXTRACTOR_MODELS. Add it there.")
    return Door(
        tenant=tenant or settings.tenant,
        models=models,
        default_model=default_model,
        max_attempts=settings.max_attempts,
        deadline_s=settings.deadline_s,
        limits=limits_from(settings),
        registry=Registry.from_spec(settings.schemas),
    )


def store_url(settings: Settings) -> str:
    """Return the URL of the Redis server: the operator's, else that of the server that `extractor dev` runs now.

    Raises:
        StoreUnavailable: there is neither.
    """
    if settings.redis_url is not None:
        return settings.redis_url.get_secret_value()
    url = embedded.running_url(settings.data_folder)
    if url is None:
        raise StoreUnavailable(
            "There is no Redis server: REDIS_URL is not set, and `extractor dev` does not run here. Set REDIS_URL, or "
            "start `extractor dev`, which brings a server of its own."
        )
    return url


def store_limits(settings: Settings) -> StoreLimits:
    """Return how long things last in the store, and what a tenant may spend."""
    return StoreLimits(
        lease_s=settings.lease_s,
        result_ttl_s=settings.result_ttl_s,
        tenant_budget_usd=settings.tenant_budget_usd,
    )


def limits_from(settings: Settings) -> ReadingLimits:
    """Return what a document may be at most."""
    return ReadingLimits(max_bytes=settings.max_file_bytes, max_characters=settings.max_characters)


def rates_from(settings: Settings) -> tuple[Rates, Rates]:
    """Return requests and tokens per minute: of each model, and of each model for each tenant."""
    return Rates.read(settings.rates), Rates.read(settings.tenant_rates)


def lanes_from(settings: Settings) -> Lanes:
    """Return what this process has learned of the lanes under these rates."""
    rates = rates_from(settings)
    if rates not in _LANES:
        _LANES[rates] = Lanes(MemoryPermits(rates[0], tenant_rates=rates[1]))
    return _LANES[rates]


class Engine:
    """The pipeline with its ports, for any number of jobs in one event loop."""

    def __init__(self, settings: Settings, *, budget_usd: float | None = None, pace: Pace | None = None) -> None:
        self._settings = settings
        self._pace: Pace = MemoryPace(lanes_from(settings), tenant=settings.tenant) if pace is None else pace
        self._purse = MemoryPurse(budget_usd)
        self._models: dict[str, Model] = {}
        self._endpoint = Endpoint(
            base_url=settings.base_url,
            key=settings.key_for_model(),
            app_url=settings.app_url,
            app_title=settings.app_title,
            timeout_s=settings.timeout_s,
            idle_s=settings.idle_s,
            content_idle_s=settings.content_idle_s,
            ca_file=settings.ca_file,
            speaks_openrouter=settings.openrouter_compatible,
        )
        self._limits = limits_from(settings)

    @property
    def spent_usd(self) -> float:
        """US dollars booked by every job so far, also by those that did not finish."""
        return self._purse.spent_usd

    async def run(
        self,
        job: Job,
        *,
        journal: Journal | None = None,
        kept: Sequence[tuple[CallKey, Completion]] = (),
        cancel: Cancel | None = None,
        pace: Pace | None = None,
    ) -> Result[Json]:
        """Run one job, until its deadline. A defect in our own code fails that job alone.

        Args:
            job: The document, the target, the options.
            journal: Its books, which hold its money as well; None = in memory, and the result has what was bought.
            kept: Where it is a re-run: the replies that a journal in memory starts from.
            cancel: Whether its result is still wanted; None = it is.
            pace: When its requests may go out; None = as the engine's.

        Raises:
            ExtractionError: with `stops_run`; see `pipeline.run`.
        """
        journal = MemoryJournal(self._purse_of(job), kept=kept) if journal is None else journal
        ports = Ports(
            model=self._model(job.options.model),
            journal=journal,
            pace=self._pace if pace is None else pace,
            cancel=MemoryCancel() if cancel is None else cancel,
        )
        result = await self._run_safely(job, ports)
        if not isinstance(journal, MemoryJournal):
            return result
        bought = Bought(schema_digest=job.target.digest, options=job.options, replies=journal.replies)
        return replace(result, bought=bought)

    async def forecast(self, jobs: Sequence[Job]) -> Forecast:
        """Return what jobs of one target, with the same options, will probably cost.

        The model's host may be asked for its prices, also without a key. No document is sent.
        """
        options = jobs[0].options
        if options.model == OFFLINE_MODEL:
            return await forecast(jobs, profile=Profile(thinks=False, price=FREE), limits=self._limits)
        chat = ChatModel(self._endpoint, options.model, facts=_FACTS)
        try:
            profile = await chat.profile(options.provider)
        finally:
            await chat.aclose()
        return await forecast(jobs, profile=profile, limits=self._limits)

    async def aclose(self) -> None:
        """Close every connection."""
        for model in self._models.values():
            if isinstance(model, ChatModel):
                await model.aclose()

    async def _run_safely(self, job: Job, ports: Ports) -> Result[Json]:
        try:
            return await self._run_until_deadline(job, ports)
        except ExtractionError:
            raise
        except Exception as error:  # noqa: BLE001 - one document never stops the others
            log.logger().error("unexpected error", job=job.id, **log.trace(error))
            defect = UnexpectedError("A defect of the extractor stopped this document; the log has the details.")
            return pipeline.not_asked(job, defect, engine=ports.model.engine)

    async def _run_until_deadline(self, job: Job, ports: Ports) -> Result[Json]:
        with anyio.move_on_after(job.options.deadline_s):
            return await pipeline.run(job, ports=ports, limits=self._limits)
        late = DeadlineExceeded(
            f"The extraction had not ended after {job.options.deadline_s:g} s. What was asked until then is not in "
            "this result, though it may have cost something. Raise `deadline_s`, or choose a faster model."
        )
        return pipeline.not_asked(job, late, engine=ports.model.engine)

    def _purse_of(self, job: Job) -> MemoryPurse:
        cap = job.options.max_cost_usd
        return self._purse if cap is None else MemoryPurse(cap, parent=self._purse)

    def _model(self, slug: str) -> Model:
        if slug not in self._models:
            self._models[slug] = OfflineModel(read_back) if slug == OFFLINE_MODEL else self._chat_model(slug)
        return self._models[slug]

    def _chat_model(self, slug: str) -> Model:
        choose_model(self._settings, slug)
        return ChatModel(self._endpoint, slug, facts=_FACTS, with_draft=with_draft)


@asynccontextmanager
async def open_engine(
    settings: Settings, *, budget_usd: float | None = None, pace: Pace | None = None
) -> AsyncIterator[Engine]:
    """Give an engine, and close its connections at the end.

    Args:
        settings: The operator's settings.
        budget_usd: Cap on all jobs together, US dollars; None = no cap.
        pace: When requests may go out; None = as this process has learned it.
    """
    engine = Engine(settings, budget_usd=budget_usd, pace=pace)
    try:
        yield engine
    finally:
        await engine.aclose()
