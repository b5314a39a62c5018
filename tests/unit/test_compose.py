"""docker-compose.yml, Dockerfile, .dockerignore and .env.example, as far as they can be read without an engine."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from extractor.settings import Settings, variable_of

if TYPE_CHECKING:
    from collections.abc import Callable

SECRETS = {"REDIS_PASSWORD": "hunter2", "EXTRACTOR_SERVER_KEY": "0123456789abcdef", "OPENROUTER_API_KEY": "sk-or-1"}
#: Instructions of a Dockerfile, their continuation lines joined.
INSTRUCTION = re.compile(r"^([A-Z]+)\s+(.*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def text(repository: Path) -> str:
    return (repository / "docker-compose.yml").read_text("utf-8")


@pytest.fixture(scope="module")
def services(text: str) -> dict[str, Any]:
    return yaml.safe_load(text)["services"]


@pytest.fixture(scope="module")
def dockerfile(repository: Path) -> list[tuple[str, str]]:
    joined = (repository / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    return INSTRUCTION.findall(joined)


@pytest.fixture(scope="module")
def copied(dockerfile: list[tuple[str, str]]) -> list[str]:
    """Everything that the Dockerfile takes from this folder."""
    copies = [words for name, words in dockerfile if name == "COPY" and not words.startswith("--from")]
    return [source for words in copies for source in words.split()[:-1]]


@pytest.fixture
def compose(repository: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`docker-compose config` in a folder that holds docker-compose.yml and the `.env` that is asked for."""
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is absent")
    shutil.copy(repository / "docker-compose.yml", tmp_path)

    def config(**env: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in env.items()), "utf-8")
        return subprocess.run(
            [program, "config"],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return config


def test_compose_takes_the_file(compose: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = compose(**SECRETS)

    assert done.returncode == 0, done.stderr
    read = yaml.safe_load(done.stdout)["services"]
    assert read["worker"]["environment"]["REDIS_URL"] == "redis://:hunter2@redis:6379/0"
    assert read["redis"]["environment"]["REDIS_MAXMEMORY"] == "1gb"


def test_without_a_password_nothing_starts(compose: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = compose(**(SECRETS | {"REDIS_PASSWORD": ""}))

    assert done.returncode != 0
    assert ".env.example" in done.stderr


@pytest.mark.parametrize("needed", ["REDIS_PASSWORD", "EXTRACTOR_SERVER_KEY"])
def test_what_has_no_default_must_be_stated(text: str, needed: str) -> None:
    assert f"${{{needed}:?see .env.example}}" in text


def test_only_the_api_is_published_and_only_on_this_host(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}

    assert published == {"api": ["127.0.0.1:8080:8080"]}


def test_every_service_is_locked_down_and_comes_back(services: dict[str, Any]) -> None:
    for service in services.values():
        assert service["read_only"] is True
        assert service["tmpfs"] == ["/tmp"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["restart"] == "unless-stopped"


def test_workers_can_be_many_and_may_finish_what_they_have(services: dict[str, Any]) -> None:
    worker = services["worker"]

    assert "container_name" not in worker
    assert "ports" not in worker
    assert worker["stop_grace_period"] == "5m"
    assert Settings.model_fields["drain_s"].default < 5 * 60


def test_redis_keeps_what_it_acknowledged_and_asks_for_a_password(services: dict[str, Any]) -> None:
    redis = services["redis"]
    lines = redis["command"][2].splitlines()

    assert {"appendonly yes", "appendfsync everysec", "maxmemory-policy noeviction"} <= set(lines)
    assert "requirepass $$REDIS_PASSWORD" in lines
    assert redis["volumes"] == ["redis:/data"]
    assert "redis-cli ping" in redis["healthcheck"]["test"]
    assert redis["user"].partition(":")[0] not in {"", "0", "root"}


def test_workers_and_api_wait_for_redis_and_the_api_is_checked(services: dict[str, Any]) -> None:
    for name in ("worker", "api"):
        assert services[name]["depends_on"] == {"redis": {"condition": "service_healthy"}}
    assert "/readyz" in " ".join(services["api"]["healthcheck"]["test"])


def test_each_part_knows_the_keys_that_it_needs_and_no_other(services: dict[str, Any]) -> None:
    knows = {name: set(service["environment"]) for name, service in services.items()}

    assert "OPENROUTER_API_KEY" in knows["worker"] - knows["api"] - knows["redis"]
    assert "EXTRACTOR_SERVER_KEY" in knows["api"] - knows["worker"] - knows["redis"]
    settings = {variable_of(name) for name in Settings.model_fields}
    assert (knows["worker"] | knows["api"]) <= settings


def test_the_example_names_every_variable_and_holds_no_secret(text: str, repository: Path) -> None:
    example = (repository / ".env.example").read_text("utf-8")
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", text))

    stated = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", example, re.MULTILINE))

    assert set(stated) == used
    assert [name for name in SECRETS if stated[name]] == []


def test_an_env_file_is_never_committed_nor_sent_to_a_build(repository: Path) -> None:
    assert ".env" in (repository / ".gitignore").read_text("utf-8").splitlines()
    assert not let_in(repository, ".env")
    assert not let_in(repository, ".git")


def let_in(repository: Path, path: str) -> bool:
    """Whether .dockerignore lets a path of the first level through; the last rule that fits decides."""
    is_in = True
    for rule in (repository / ".dockerignore").read_text("utf-8").splitlines():
        if rule and not rule.startswith("#") and fnmatch.fnmatch(path, rule.removeprefix("!")):
            is_in = rule.startswith("!")
    return is_in


def test_what_the_image_is_built_from_is_sent_and_nothing_else(repository: Path, copied: list[str]) -> None:
    sent = {path.name for path in repository.iterdir() if let_in(repository, path.name)}

    assert sent == set(copied)


def test_the_linter_finds_nothing_in_the_dockerfile(repository: Path) -> None:
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if program is None:
        pytest.skip("hadolint is absent")

    done = subprocess.run(
        [program, "--no-color", str(repository / "Dockerfile")], capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_runs_our_program_as_nobody_in_particular(dockerfile: list[tuple[str, str]]) -> None:
    last_stage = dockerfile[max(at for at, (name, _) in enumerate(dockerfile) if name == "FROM") :]
    stated = dict(last_stage)

    assert json.loads(stated["ENTRYPOINT"]) == ["extractor"]
    assert re.fullmatch(r"[1-9]\d{4,}:[1-9]\d{4,}", stated["USER"])
    assert "PYTHONUNBUFFERED=1" in stated["ENV"]
    assert "HEALTHCHECK" not in stated
    assert not re.search(r"apt|gcc|build-essential|pip", " ".join(words for name, words in last_stage if name == "RUN"))


def test_no_secret_reaches_a_layer(dockerfile: list[tuple[str, str]]) -> None:
    assert [words for name, words in dockerfile if name == "ARG"] == []
    assert [words for _, words in dockerfile if re.search(r"key|token|secret|password", words, re.IGNORECASE)] == []


def test_the_files_that_are_copied_make_a_whole_package(repository: Path, copied: list[str], tmp_path: Path) -> None:
    """A module or a script that the image lacks would show only when a container first needs it."""
    for name in copied:
        source = repository / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path)
    build = "from hatchling.build import build_wheel; print(build_wheel('.'))"

    done = subprocess.run(
        [sys.executable, "-c", build], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 0, done.stderr
    packed = set(zipfile.ZipFile(tmp_path / done.stdout.split()[-1]).namelist())
    ours = ("extractor", "schemas", "workers")
    files = {
        path.relative_to(tmp_path).as_posix()
        for name in ours
        for path in (tmp_path / name).rglob("*")
        if path.is_file()
    }
    assert files - packed == set()
