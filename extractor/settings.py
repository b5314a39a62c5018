"""Settings: from the environment and one file, read once by a door, frozen afterwards.

The environment wins over the file. The file is `config.toml` in the operating system's configuration folder for
`extractor`, or the one named by `--config` or EXTRACTOR_CONFIG; a file in the working folder is never read, because
whoever fills that folder must not choose where documents are sent. The page docs/reference/settings.md is generated
from here.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from extractor import log
from extractor.errors import InvalidRequest, InvalidSettings
from extractor.records import DEFAULT_TENANT, MAX_CHARACTERS, MAX_FILE_BYTES, OPENROUTER_HOST, Rates

#: Names with these beginnings are put into the environment by Kubernetes and are never settings.
INJECTED = ("EXTRACTOR_SERVICE_", "EXTRACTOR_PORT")
#: How a tenant is written: it is part of Redis keys.
TENANT_FORM = r"^[A-Za-z0-9_-]{1,64}$"
#: What the value of a field must be, where pydantic would speak of items or quote a pattern.
_FORMS = {
    "server_key": "must have at least 16 characters",
    "tenant": "must be 1 to 64 letters, digits, `_` and `-`",
}


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _rates(value: str | None) -> str | None:
    Rates.read(value)
    return value


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address that starts with http:// or https://")
    if parts.hostname == OPENROUTER_HOST and parts.scheme != "https":
        raise ValueError(f"must use https for {OPENROUTER_HOST}: the key would be readable on the way")
    return value.rstrip("/")


class Settings(BaseSettings):
    """What an operator decides, as against what one request asks for."""

    model_config = SettingsConfigDict(env_prefix="EXTRACTOR_", env_ignore_empty=True, frozen=True, extra="forbid")

    #: Prefix of every environment variable but OPENROUTER_API_KEY and REDIS_URL.
    prefix: ClassVar[str] = "EXTRACTOR_"

    openrouter_api_key: SecretStr | None = Field(
        default=None, validation_alias="OPENROUTER_API_KEY", description="Key for openrouter.ai; sent nowhere else."
    )
    api_key: SecretStr | None = Field(
        default=None, description="Key for the host of EXTRACTOR_BASE_URL where that is not openrouter.ai."
    )
    base_url: Annotated[str, AfterValidator(_web_address)] = Field(
        default=f"https://{OPENROUTER_HOST}/api/v1",
        description="Address of an OpenAI-compatible API, without `/chat/completions`.",
    )
    openrouter_compatible: bool | None = Field(
        default=None,
        description="Whether that address understands OpenRouter's own parameters and lists its endpoints. Unset = "
        "only openrouter.ai itself.",
    )
    model: str | None = Field(
        default=None, description="Model slug for requests that name none; unset = the product's default model."
    )
    concurrency: int = Field(default=8, ge=1, le=1000, description="Documents in flight at once, of one run.")
    max_attempts: int = Field(default=3, ge=1, le=10, description="Answers asked for per document at most.")
    timeout_s: float = Field(
        default=600.0, gt=0, le=3600, description="Seconds that one request to a model may take, thinking included."
    )
    idle_s: float = Field(
        default=120.0, gt=0, description="Seconds without a byte after which a streamed reply is given up."
    )
    content_idle_s: float = Field(
        default=240.0,
        gt=0,
        description="Seconds without a piece of answer or reasoning after which a streamed reply is given up, though "
        "the gateway says that it is still there.",
    )
    ca_file: Path | None = Field(
        default=None,
        description="Certificates (PEM) that the model's address is trusted by beside the usual ones, for a server or "
        "proxy with a certificate of your own.",
    )
    max_file_bytes: int = Field(default=MAX_FILE_BYTES, gt=0, description="Bytes that a document may have at most.")
    max_characters: int = Field(
        default=MAX_CHARACTERS, gt=0, description="Characters that a document's text may have at most."
    )
    app_url: str | None = Field(
        default=None, description="Attribution at OpenRouter: your address. It creates a public page; off when unset."
    )
    app_title: str | None = Field(default=None, description="Attribution at OpenRouter: your application's name.")
    redis_url: SecretStr | None = Field(
        default=None,
        validation_alias="REDIS_URL",
        description="Redis or Valkey, 7.0 or newer: `redis://`, `rediss://`, `unix://` or "
        "`sentinel://HOST:PORT,HOST:PORT/SERVICE`. Unset = the server that `extractor dev` runs.",
    )
    tenant: str = Field(
        default=DEFAULT_TENANT,
        pattern=TENANT_FORM,
        description="Whose the extractions are that come through this process's doors.",
    )
    models: str | None = Field(
        default=None,
        description="Models that a caller of the queue may choose, by comma; where EXTRACTOR_MODEL is unset, the first "
        "is the default. Unset = the one in EXTRACTOR_MODEL (or the product's default) and offline/heuristic.",
    )
    rates: Annotated[str | None, AfterValidator(_rates)] = Field(
        default=None,
        description="Requests and tokens that each model may take per minute, `MODEL=REQUESTS/TOKENS` by comma; `*` is "
        "each model that is not named, and either number may be left out. All workers together keep to it.",
    )
    tenant_rates: Annotated[str | None, AfterValidator(_rates)] = Field(
        default=None, description="The same for each tenant by itself."
    )
    schemas: str | None = Field(
        default=None,
        description="Schemas that callers may name, `name=module:Class` by comma. Unset = invoice, receipt, resume, "
        "contract, paper.",
    )
    server_key: SecretStr | None = Field(
        default=None, min_length=16, description="Bearer key that `extractor serve` accepts; never sent to a model."
    )
    slots: int = Field(default=256, ge=1, le=2000, description="Extractions in flight at once, of one worker process.")
    deadline_s: float = Field(
        default=86_400.0, ge=1, le=30 * 86_400.0, description="Seconds by which an extraction ends, whatever happens."
    )
    result_ttl_s: float = Field(
        default=7 * 86_400.0,
        ge=1,
        le=3650 * 86_400.0,
        description="Seconds that a result is kept after its end, or its batch's end.",
    )
    lease_s: float = Field(
        default=60.0,
        ge=0.5,
        le=3600,
        description="Seconds after which an extraction is taken from a worker that gives no sign of life. It gives one "
        "in every quarter of that.",
    )
    tenant_budget_usd: float | None = Field(
        default=None,
        ge=0,
        le=1e6,
        description="US dollars that the calls of each tenant may cost on one UTC day, all workers together; set it "
        "alike at all of them and at the doors. Unset = no cap.",
    )
    drain_s: float = Field(
        default=240.0,
        ge=0,
        description="Seconds that a worker told to stop waits for what it has in flight; then it gives it back.",
    )
    visibility_timeout_s: float = Field(
        default=300.0, ge=1, description="Seconds after which Celery delivers a message again that nobody acknowledged."
    )
    config: Path | None = Field(
        default=None,
        description="Configuration file (TOML) instead of the one in the operating system's configuration folder, for "
        "what is not started with `--config`.",
    )
    data_folder: Path | None = Field(
        default=None,
        description="Folder of the Redis server that `extractor dev` runs. Unset = the operating system's data folder.",
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper)] = Field(
        default="WARNING", description="Events of this level and above go to stderr."
    )

    @classmethod
    def load(cls, config: Path | None = None) -> Settings:
        """Read the file, then the environment over it.

        Raises:
            InvalidSettings: the file is missing or not TOML, or a value cannot be used. Values are not quoted.
        """
        named = os.environ.get(variable_of("config"))
        from_file = _read_file(config or (Path(named) if named else None))
        try:
            settings = cls(**(from_file | EnvSettingsSource(cls)()))
        except ValidationError as error:
            raise InvalidSettings(_say_what_is_wrong(error)) from None
        _warn_of_unknown_names(cls)
        return settings

    @classmethod
    def load_for(cls, *, redis_url: str | None, tenant: str | None) -> Settings:
        """Do as `load` does, with the Redis and the tenant that a program states in place of the operator's.

        Raises:
            InvalidSettings: as `load`.
            InvalidRequest: this is no tenant.
        """
        stated: dict[str, Any] = {}
        if redis_url is not None:
            stated["redis_url"] = SecretStr(redis_url)
        if tenant is not None:
            if not re.fullmatch(TENANT_FORM, tenant):
                raise InvalidRequest("A tenant is 1 to 64 letters, digits, `_` and `-`.")
            stated["tenant"] = tenant
        return cls.load().model_copy(update=stated)

    def key_for_model(self) -> SecretStr | None:
        """Return the key bound to the host of `base_url`, None where there is none."""
        return self.openrouter_api_key if self.is_openrouter else self.api_key

    @property
    def is_openrouter(self) -> bool:
        """Whether requests go to openrouter.ai."""
        return urlsplit(self.base_url).hostname == OPENROUTER_HOST


def variable_of(field: str) -> str:
    """Return the environment variable of a settings field."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"{Settings.prefix}{field.upper()}"


def _read_file(config: Path | None) -> dict[str, Any]:
    path = config or _usual_file()
    if path is None or (config is None and not path.is_file()):
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidSettings(f"The configuration file {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise InvalidSettings(f"The configuration file {path} is not TOML: {error}.") from None
    unknown = sorted(set(values) - set(Settings.model_fields))
    if unknown:
        known = ", ".join(sorted(Settings.model_fields))
        raise InvalidSettings(f"The configuration file {path} sets {unknown[0]!r}, which is not one of: {known}.")
    return {_input_name(name): value for name, value in values.items()}


def _usual_file() -> Path | None:
    """Return where the configuration file is looked for; None for a user without a home, in a container say."""
    try:
        return platformdirs.user_config_path("extractor") / "config.toml"
    except RuntimeError:
        return None


def _input_name(field: str) -> str:
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else field


def _say_what_is_wrong(error: ValidationError) -> str:
    by_alias = {"OPENROUTER_API_KEY": "openrouter_api_key", "REDIS_URL": "redis_url"}
    lines = []
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        name = str(problem["loc"][0])
        says = _FORMS.get(name, problem["msg"].removeprefix("Value error, "))
        lines.append(f"{variable_of(by_alias.get(name, name))}: {says}.")
    return " ".join(lines)


def _warn_of_unknown_names(cls: type[Settings]) -> None:
    known = {variable_of(name) for name in cls.model_fields}
    for name in sorted(os.environ):
        if not name.startswith(cls.prefix) or name in known or name.startswith(INJECTED):
            continue
        nearest = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.0)
        log.logger().warning("unknown setting in the environment", name=name, nearest=nearest[0])
