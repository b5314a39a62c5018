"""What may be typed after `extractor serve`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from extractor.cli.usual_arguments import ConfigFile  # noqa: TC001 - typer reads the annotations


@dataclass(frozen=True, kw_only=True)
class ServeArguments:
    """Arguments and options of `extractor serve`."""

    host: Annotated[
        str, typer.Option(help="Address to listen at. Others than loopback are for behind a proxy that speaks TLS.")
    ] = "127.0.0.1"
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 = any that is free.")] = 8080
    config: ConfigFile = None
