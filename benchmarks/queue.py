"""What the queue costs per document, and what it can hold. The work is done in `queue_cost.py`.

    python benchmarks/queue.py [--documents 2000]

This file bears the name of a module of the standard library, and the folder of a script comes first where modules are
looked for. So whoever imports `queue` beside it is given the standard one.
"""

from __future__ import annotations

import sys
import sysconfig
from importlib.machinery import PathFinder
from importlib.util import module_from_spec


def stand_aside() -> None:
    """Put the standard module in the place of this one."""
    found = PathFinder.find_spec("queue", [sysconfig.get_path("stdlib")])
    assert found
    assert found.loader
    sys.modules["queue"] = module_from_spec(found)
    found.loader.exec_module(sys.modules["queue"])


if __name__ == "queue":
    stand_aside()

if __name__ == "__main__":
    from queue_cost import main

    sys.exit(main())
