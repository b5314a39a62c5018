"""The commands and environments of docker-compose.yml, run as processes: Redis, a worker, the API, one document."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from extractor.store.embedded import server_program

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

PATIENCE_S = 60.0
ENV_FILE = {
    "REDIS_PASSWORD": "0f1e2d3c4b5a",
    "EXTRACTOR_SERVER_KEY": "a-key-for-callers",
    "OPENROUTER_API_KEY": "",
    "EXTRACTOR_MODEL": "offline/heuristic",
}
REQUEST = {
    "document": {"text": "Invoice number: HB-2087\nTotal: 134.23 EUR"},
    "schema": {
        "type": "object",
        "properties": {"invoice_number": {"type": "string"}, "total": {"type": "number"}},
        "required": ["invoice_number", "total"],
    },
}


def interpolated(value: str) -> str:
    """Fill in variables as Compose does: `${NAME}`, `${NAME:-default}`, `${NAME:?error}`, `$$` for `$`."""

    def fill(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        value = ENV_FILE.get(found[1], "")
        if found[2] == "?":
            assert value
        return value or (found[3] if found[2] == "-" else "")

    return re.sub(r"\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}", fill, value)


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return str(probe.getsockname()[1])


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


class Containers:
    """Services of the compose file as processes of this host: what differs there is mapped, nothing else."""

    def __init__(self, services: dict[str, Any], folder: Path, dockerfile: str) -> None:
        self._services = services
        self._folder = folder
        #: Environment of the image.
        self._image = dict(re.findall(r"(PYTHON\w+)=(\S+)", dockerfile.rpartition("FROM ")[2]))
        self._redis_port, self.api_port = free_port(), free_port()
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def mapped(self, words: str) -> str:
        """Name this host's places where a container has its own: host names, ports, the volume."""
        redis = f"port {self._redis_port}\nbind 127.0.0.1\nEND"
        for there, here in {
            "@redis:6379/": f"@127.0.0.1:{self._redis_port}/",
            "0.0.0.0": "127.0.0.1",
            "8080": self.api_port,
            "dir /data": f"dir {self._folder}",
            "\nEND\n": f"\n{redis}\n",
        }.items():
            words = words.replace(there, here)
        return words

    def environment_of(self, name: str) -> dict[str, str]:
        stated = {key: self.mapped(interpolated(value)) for key, value in self._services[name]["environment"].items()}
        path = f"{self._folder}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {"PATH": path, "HOME": "/nonexistent", **self._image, **stated}

    def up(self, name: str) -> None:
        words = [self.mapped(interpolated(word)) for word in self._services[name]["command"]]
        program = [] if name == "redis" else ["extractor"]
        self.running[name] = subprocess.Popen(
            [*program, *words], env=self.environment_of(name), cwd=self._folder, start_new_session=True
        )

    def is_healthy(self, name: str) -> bool:
        test = self._services[name]["healthcheck"]["test"]
        command = ["sh", "-c", test] if isinstance(test, str) else test[1:]
        done = subprocess.run(
            [self.mapped(word).replace("redis-cli", f"redis-cli -p {self._redis_port}") for word in command],
            env=self.environment_of(name),
            cwd=self._folder,
            capture_output=True,
            check=False,
            timeout=PATIENCE_S,
        )
        return done.returncode == 0

    def down(self, name: str) -> int:
        self.running[name].send_signal(signal.SIGTERM)
        return self.running.pop(name).wait(PATIENCE_S)


@pytest.fixture
def containers(repository: Path, tmp_path: Path) -> Generator[Containers]:
    (tmp_path / "redis-server").symlink_to(server_program())
    services = yaml.safe_load((repository / "docker-compose.yml").read_text("utf-8"))["services"]
    made = Containers(services, tmp_path, (repository / "Dockerfile").read_text("utf-8"))
    yield made
    for running in made.running.values():
        os.killpg(running.pid, signal.SIGKILL)
        running.wait(PATIENCE_S)


def test_what_compose_starts_extracts_a_document(containers: Containers) -> None:
    if shutil.which("redis-cli") is None:
        pytest.skip("redis-cli, which the health check of Redis runs, is absent")
    containers.up("redis")
    wait_for(lambda: containers.is_healthy("redis"))
    containers.up("worker")
    containers.up("api")
    wait_for(lambda: containers.is_healthy("api"))

    accepted = call(containers, "", "-H", "Content-Type: application/json", "-d", json.dumps(REQUEST))
    result = call(containers, f"/{accepted['id']}?wait=60")

    assert result["record"] == {"invoice_number": "HB-2087", "total": 134.23}
    assert [containers.down(name) for name in ("api", "worker", "redis")] == [0, 0, 0]
    assert list(containers._folder.glob("appendonlydir/*.aof"))


def call(containers: Containers, path: str, *arguments: str) -> dict[str, Any]:
    address = f"http://127.0.0.1:{containers.api_port}/v1/extractions{path}"
    key = f"Authorization: Bearer {ENV_FILE['EXTRACTOR_SERVER_KEY']}"
    done = subprocess.run(["curl", "-sS", address, "-H", key, *arguments], capture_output=True, check=True)
    return json.loads(done.stdout)
