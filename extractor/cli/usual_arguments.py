"""Options that many commands take, in the words of one."""

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Configuration file (TOML) instead of the one in your configuration folder."),
]
Debug = Annotated[
    bool, typer.Option("--debug", metavar="", help="Show every log event, and the traceback of an unexpected error.")
]
