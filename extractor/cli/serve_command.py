"""`extractor serve`, and nothing that costs time before its words are read."""

from __future__ import annotations

from extractor.cli.declaring import taking
from extractor.cli.serve_arguments import ServeArguments


@taking(ServeArguments)
def serve(arguments: ServeArguments) -> int:
    """Serve the HTTP API in front of the queue, until Ctrl-C or SIGTERM.

    Needs EXTRACTOR_SERVER_KEY, the key that its callers send, and a Redis: the one in REDIS_URL, else that of
    `extractor dev`.

    Exit codes: 0 stopped, 2 usage, 3 could not start.
    """
    from extractor.cli.serving import serve_api  # command start-up: fastapi and uvicorn cost 400 ms

    return serve_api(arguments)
