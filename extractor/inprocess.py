"""The import door: `extract` and `aextract`, a source and a schema in, a result out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from pydantic import BaseModel

from extractor import portal, wiring
from extractor.document import source_from
from extractor.keeping import again
from extractor.options import options_from
from extractor.records import Job, Result
from extractor.schema import asked_for, instance_of, target_from
from extractor.settings import Settings
from extractor.submit import new_id

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from extractor.records import CallKey, Completion, Json, JsonObject, Target

M = TypeVar("M", bound=BaseModel)


@overload
def extract(
    source: os.PathLike[str] | bytes | str,
    schema: type[M],
    *,
    records: Literal["many"],
    media_type: str | None = ...,
    name: str | None = ...,
    retry_of: Result[Any] | None = ...,
    **options: Any,
) -> Result[list[M]]: ...
@overload
def extract(
    source: os.PathLike[str] | bytes | str,
    schema: type[M],
    *,
    media_type: str | None = ...,
    name: str | None = ...,
    retry_of: Result[Any] | None = ...,
    **options: Any,
) -> Result[M]: ...
@overload
def extract(
    source: os.PathLike[str] | bytes | str,
    schema: JsonObject | os.PathLike[str],
    *,
    media_type: str | None = ...,
    name: str | None = ...,
    retry_of: Result[Any] | None = ...,
    **options: Any,
) -> Result[Json]: ...
def extract(
    source: os.PathLike[str] | bytes | str,
    schema: type[BaseModel] | JsonObject | os.PathLike[str],
    *,
    media_type: str | None = None,
    name: str | None = None,
    retry_of: Result[Any] | None = None,
    **options: Any,
) -> Result[Any]:
    """Extract one record, or many, and wait for it. Works in a script and in a notebook; `aextract` is the coroutine.

    Args:
        source: A `Path` = a file, bytes = a file's content, `str` = text.
        schema: A pydantic class, a JSON Schema as a dict, or the path of a `.json` file.
        media_type: Media type of `source` where its content does not tell.
        name: Name of `source` in results and messages.
        retry_of: A result of this process, of the same document, schema and options, that is not whole: what was
            bought for it is kept, and is not on the new bill, and only what is missing is asked for.
        **options: Any of `records.Options`: `model`, `max_attempts`, `max_cost_usd`, `temperature` …

    Returns:
        A result for whatever the document or the model did. `record` is an instance of the class, when a class was
        given and `status` is `succeeded`; with `records="many"` it is a list of records, or of instances.

    Raises:
        CallerError: the schema, an option, a setting or the source argument is wrong, or `retry_of` is of something
            else; nothing was sent.
        ModelError: the key or the account was refused.
    """
    return portal.run(partial(aextract, source, schema, media_type=media_type, name=name, retry_of=retry_of, **options))


@overload
async def aextract(
    source: os.PathLike[str] | bytes | str,
    schema: type[M],
    *,
    records: Literal["many"],
    media_type: str | None = ...,
    name: str | None = ...,
    retry_of: Result[Any] | None = ...,
    **options: Any,
) -> Result[list[M]]: ...
@overload
async def aextract(
    source: os.PathLike[str] | bytes | str,
    schema: type[M],
    *,
    media_type: str | None = ...,
    name: str | None = ...,
    retry_of: Result[Any] | None = ...,
    **options: Any,
) -> Result[M]: ...
@overload
async def aextract(
    source: os.PathLike[str] | bytes | str,
    schema: JsonObject | os.PathLike[str],
    *,
    media_type: str | None = ...,
    name: str | None = ...,
    retry_of: Result[Any] | None = ...,
    **options: Any,
) -> Result[Json]: ...
async def aextract(
    source: os.PathLike[str] | bytes | str,
    schema: type[BaseModel] | JsonObject | os.PathLike[str],
    *,
    media_type: str | None = None,
    name: str | None = None,
    retry_of: Result[Any] | None = None,
    **options: Any,
) -> Result[Any]:
    """Extract one record, or many. `extract` has the arguments, the result and the errors."""
    settings = Settings.load()
    target = target_from(schema)
    stated = {"max_attempts": settings.max_attempts} | options
    job = Job(
        id=new_id(),
        source=source_from(source, media_type=media_type, name=name),
        target=target,
        options=options_from(stated | {"model": wiring.choose_model(settings, options.get("model"))}),
    )
    kept: Sequence[tuple[CallKey, Completion]] = ()
    if retry_of is not None:
        job, kept = again(job, retry_of)
    async with wiring.open_engine(settings) as engine:
        result = await engine.run(job, kept=kept)
    return _with_instance(result, asked_for(target, job.options.records))


def _with_instance(result: Result[Json], target: Target) -> Result[Any]:
    if target.model_class is None or result.status != "succeeded":
        return result
    return replace(result, record=instance_of(result.record, target.model_class))
