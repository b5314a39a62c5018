"""What the product imports comes with it: a development tool must not be what makes it run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, packages_distributions
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from pathlib import Path

#: The ways in, and what Celery imports only when it connects.
MODULES = (
    "extractor.inprocess",
    "extractor.client",
    "extractor.cli.app",
    "extractor.cli.developing",
    "extractor.cli.running",
    "extractor.cli.serving",
    "extractor.cli.simulate_serving",
    "extractor.cli.submitting",
    "extractor.store.store",
    "celery.bin.worker",
    "kombu.transport.redis",
    "celery.backends.redis",
    "workers.app",
    "workers.tasks",
)
IMPORT = (
    "import importlib, json, sys\n"
    "for name in sys.argv[1:]: importlib.import_module(name)\n"
    "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
)
#: Imported by libraries where they are installed, and not missed where they are not.
OPTIONAL = {
    "_distutils_hack",  # setuptools puts it into every process of its environment
    "cffi",  # cryptography's
    "cryptography",  # kombu and Celery, for signed messages
    "jsonpointer",  # jsonschema, for a format of its own; ours is in jsontext
    "yaml",  # kombu, for messages in YAML
}
#: The worker's module reads settings when it is imported. Nothing is connected to.
ENVIRONMENT = {"REDIS_URL": "redis://127.0.0.1:1/0", "EXTRACTOR_MODEL": "offline/heuristic"}


def installed_with(stated: list[str]) -> set[str]:
    """Names of the distributions that an installation of these requirements brings."""
    found: set[str] = set()
    left = stated
    while left:
        requirement = Requirement(left.pop())
        name = canonicalize_name(requirement.name)
        if name not in found and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            found.add(name)
            left += distribution(name).requires or ()
    return found


def test_everything_that_is_imported_is_a_dependency_of_ours(repository: Path) -> None:
    stated = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    ours = installed_with(stated) | {"extractor"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", IMPORT, *MODULES],
        env=os.environ | ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    homes = packages_distributions()
    imported = {name: homes[name] for name in json.loads(done.stdout) if name in homes}
    strangers = {
        name: homes for name, homes in imported.items() if not {canonicalize_name(one) for one in homes} & ours
    }

    assert {name: homes for name, homes in strangers.items() if name not in OPTIONAL} == {}
