"""What may be typed after `extractor dev`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from extractor.records import DEFAULT_MODEL, OFFLINE_MODEL


@dataclass(frozen=True, kw_only=True)
class DevArguments:
    """Arguments and options of `extractor dev`."""

    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Port of the HTTP API on 127.0.0.1; 0 = any free one.")
    ] = 8080
    model: Annotated[
        str | None,
        typer.Option(
            metavar="M",
            help=f"Model of requests that name none; {OFFLINE_MODEL} = simple rules, no language model. Default: "
            f"EXTRACTOR_MODEL, else {DEFAULT_MODEL}.",
        ),
    ] = None
    data_folder: Annotated[
        Path | None,
        typer.Option(
            metavar="F",
            help="Folder of the Redis server that is started where REDIS_URL is not set. Default: "
            "EXTRACTOR_DATA_FOLDER, else your data folder.",
        ),
    ] = None
