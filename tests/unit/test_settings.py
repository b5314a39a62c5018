"""Settings: typed, frozen, and silent about secrets."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from extractor.errors import InvalidSettings
from extractor.settings import Settings

KEY = "sk-or-v1-0123456789abcdef"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch, tmp_path):
    import os

    for name in list(os.environ):
        if name.startswith(("EXTRACTOR_", "OPENROUTER_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_without_any_setting_the_default_endpoint_is_openrouter_and_no_model_is_chosen():
    settings = Settings.load()

    assert (settings.base_url, settings.model, settings.is_openrouter) == ("https://openrouter.ai/api/v1", None, True)


def test_the_openrouter_key_goes_to_openrouter_only(monkeypatch):
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    monkeypatch.setenv("EXTRACTOR_BASE_URL", "http://127.0.0.1:8000/v1")

    assert Settings.load().key_for_model() is None


def test_the_other_key_goes_to_the_other_host_only(monkeypatch):
    monkeypatch.setenv("EXTRACTOR_API_KEY", KEY)

    assert Settings.load().key_for_model() is None

    monkeypatch.setenv("EXTRACTOR_BASE_URL", "http://127.0.0.1:8000/v1/")

    settings = Settings.load()
    assert settings.base_url == "http://127.0.0.1:8000/v1"
    assert settings.key_for_model().get_secret_value() == KEY


@pytest.mark.parametrize("host", ["openrouter.ai.evil.example", "evil.example/openrouter.ai", "notopenrouter.ai"])
def test_a_host_that_looks_like_openrouter_is_not_openrouter(monkeypatch, host):
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    monkeypatch.setenv("EXTRACTOR_BASE_URL", f"https://{host}/api/v1")

    assert Settings.load().key_for_model() is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("EXTRACTOR_CONCURRENCY", "many", id="not a number"),
        pytest.param("EXTRACTOR_CONCURRENCY", "0", id="too small"),
        pytest.param("EXTRACTOR_BASE_URL", "openrouter.ai", id="no scheme"),
        pytest.param("EXTRACTOR_BASE_URL", "file:///etc/passwd", id="not the web"),
        pytest.param("EXTRACTOR_BASE_URL", "http://openrouter.ai/api/v1", id="the key in the clear"),
        pytest.param("EXTRACTOR_LOG_LEVEL", "LOUD", id="not a level"),
    ],
)
def test_an_unusable_value_is_named_by_its_variable_and_not_quoted(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(InvalidSettings) as error:
        Settings.load()

    assert name in error.value.message
    assert repr(value) not in error.value.message


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("EXTRACTOR_SERVER_KEY", "s3cret", "EXTRACTOR_SERVER_KEY: must have at least 16 characters."),
        ("EXTRACTOR_TENANT", "a b", "EXTRACTOR_TENANT: must be 1 to 64 letters, digits, `_` and `-`."),
    ],
)
def test_what_a_value_must_be_is_said_in_words(monkeypatch, name, value, says):
    monkeypatch.setenv(name, value)

    with pytest.raises(InvalidSettings) as error:
        Settings.load()

    assert error.value.message == says


def test_a_file_can_be_named_by_the_environment_and_an_explicit_one_wins(monkeypatch, tmp_path):
    named, explicit = tmp_path / "named.toml", tmp_path / "explicit.toml"
    named.write_text("slots = 5\n")
    explicit.write_text("slots = 6\n")
    monkeypatch.setenv("EXTRACTOR_CONFIG", str(named))

    assert (Settings.load().slots, Settings.load(explicit).slots) == (5, 6)


def test_the_environment_wins_over_the_file(monkeypatch, tmp_path):
    folder = tmp_path / "config" / "extractor"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('model = "a/b"\nconcurrency = 3\n')
    monkeypatch.setenv("EXTRACTOR_CONCURRENCY", "5")

    settings = Settings.load()

    assert (settings.model, settings.concurrency) == ("a/b", 5)


def test_a_file_in_the_working_folder_is_not_read(monkeypatch, tmp_path):
    for name in ("config.toml", "extractor.toml", ".env"):
        (tmp_path / name).write_text('model = "evil/model"\n')
    (tmp_path / ".env").write_text("EXTRACTOR_MODEL=evil/model\n")
    monkeypatch.chdir(tmp_path)

    assert Settings.load().model is None


@pytest.mark.parametrize(
    ("content", "says"),
    [("model = ", "not TOML"), ('modle = "x"', "modle"), (None, "cannot be read")],
    ids=["not TOML", "unknown name", "missing"],
)
def test_an_explicit_file_that_cannot_be_used_is_refused(tmp_path, content, says):
    path = tmp_path / "my.toml"
    if content is not None:
        path.write_text(content)

    with pytest.raises(InvalidSettings, match=says):
        Settings.load(path)


def test_an_unknown_name_warns_with_the_nearest_known_one(monkeypatch, capsys):
    monkeypatch.setenv("EXTRACTOR_MODLE", "x")

    Settings.load()

    assert "EXTRACTOR_MODEL" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["EXTRACTOR_SERVICE_HOST", "EXTRACTOR_PORT", "EXTRACTOR_PORT_80_TCP_ADDR"])
def test_names_that_kubernetes_injects_are_passed_over_in_silence(monkeypatch, capsys, name):
    monkeypatch.setenv(name, "x")

    Settings.load()

    assert capsys.readouterr().err == ""


def test_settings_are_frozen_and_show_no_key(monkeypatch):
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    settings = Settings.load()

    with pytest.raises(ValidationError):
        settings.model = "x"

    assert KEY not in f"{settings!r} {settings} {settings.model_dump()}"


def test_a_key_under_a_name_that_is_warned_of_is_not_used(monkeypatch):
    monkeypatch.setenv("EXTRACTOR_OPENROUTER_API_KEY", KEY)

    assert Settings.load().key_for_model() is None


def test_a_level_may_be_written_small(monkeypatch):
    monkeypatch.setenv("EXTRACTOR_LOG_LEVEL", "debug")

    assert Settings.load().log_level == "DEBUG"


def test_the_file_may_hold_the_key(tmp_path):
    path = tmp_path / "my.toml"
    path.write_text(f'openrouter_api_key = "{KEY}"')

    assert Settings.load(path).key_for_model().get_secret_value() == KEY


def test_a_user_without_a_home_has_no_file_and_no_crash(monkeypatch):
    """In a container the user may have neither HOME nor an entry in /etc/passwd, and platformdirs gives up."""

    def no_home(_name):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("platformdirs.user_config_path", no_home)

    assert Settings.load().slots == 256
