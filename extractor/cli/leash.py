"""Run a command no longer than its owner lives: `python -m extractor.cli.leash GRACE_S COMMAND …`.

Standard input is the leash, a pipe whose other end the owner holds and never writes to. However the owner ends, by
SIGKILL too, that end closes; the command then gets SIGTERM, and SIGKILL with all it started when GRACE_S are over.
It leads a process group of its own: a Ctrl-C in the terminal is the owner's to pass on, and one signal ends them all.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def main() -> None:
    """Run the command and exit as it did."""
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave_it_to_the_owner)  # not SIG_IGN, which the command would inherit
    command = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL)  # noqa: S603 - what the owner gave
    threading.Thread(target=_end_with_owner, args=(command, float(sys.argv[1])), daemon=True).start()
    code = command.wait()
    sys.exit(code if code >= 0 else 128 - code)


def _end_with_owner(command: subprocess.Popen[bytes], grace_s: float) -> None:
    while os.read(0, 1):
        pass
    command.terminate()
    threading.Event().wait(grace_s)
    os.killpg(0, signal.SIGKILL)


def _leave_it_to_the_owner(_number: int, _frame: object) -> None:
    pass


if __name__ == "__main__":
    main()
