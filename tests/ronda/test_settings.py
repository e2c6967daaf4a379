"""Settings: where they come from, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from ronda.settings import Settings, load, names

ROOT = Path(__file__).parents[2]


def test_defaults(tmp_path: Path) -> None:
    """Nothing set: everything embedded, on this machine only."""
    settings = load({"HOME": str(tmp_path)}, cwd=tmp_path)

    assert (settings.city, settings.http_host, settings.http_port) == ("kupang", "127.0.0.1", 8000)
    assert (settings.redis_url, settings.database_url, settings.mqtt_url) == ("", "", "")
    assert settings.auto_register is False


def test_command_line_before_environment_before_file(tmp_path: Path) -> None:
    """Each source gives way to the one before it."""
    (tmp_path / "ronda.toml").write_text('city = "a"\nhttp_port = 1\npartitions = 8\n')
    environ = {"RONDA_CITY": "b", "RONDA_HTTP_PORT": "2"}

    settings = load(environ, cwd=tmp_path, overrides={"city": "c", "http_port": None})

    assert (settings.city, settings.http_port, settings.partitions) == ("c", 2, 8)


def test_file_in_the_data_folder(tmp_path: Path) -> None:
    """The data folder's file counts where the working directory has none."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ronda.toml").write_text("partitions = 2\n")

    assert load({"RONDA_DATA_DIR": str(tmp_path / "data")}, cwd=tmp_path).partitions == 2


def test_unknown_name_is_refused_with_the_nearest(tmp_path: Path) -> None:
    """A slip of the pen never silently starts an embedded server."""
    with pytest.raises(ConfigError, match=r"RONDA_REDIS_ULR; did you mean RONDA_REDIS_URL\?"):
        load({"RONDA_REDIS_ULR": "redis://x"}, cwd=tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("RONDA_HTTP_PORT", "eighty", "RONDA_HTTP_PORT cannot be 'eighty'"),
        ("RONDA_HTTP_PORT", "70000", "from 0 "),
        ("RONDA_PARTITIONS", "0", "from 1 to 256"),
        ("RONDA_CLOSE_DAYS_AFTER_MIN", "2000", "from 0 to 1440"),
        ("RONDA_AUTO_REGISTER", "perhaps", "write true or false"),
        ("RONDA_MQTT_URL", "http://broker", "mqtt:// or mqtts://"),
        ("RONDA_PUBLIC_URL", "http://ronda.example", "https://"),
        ("RONDA_HTTP_HOST", "0.0.0.0", "RONDA_PUBLIC_URL"),
        ("RONDA_MQTT_TLS_CERT", "/tmp/c.pem", "belong together"),
        ("RONDA_SMS_URL", "ftp://gateway", "http:// or https://"),
        ("RONDA_CAP_URL", "bmkg", "http:// or https://"),
        ("RONDA_SMS_BODY", "to=$phone", r"\$phone and \$text"),
        ("RONDA_SMS_BODY", "to=$phone&text=$text&by=$who", r"may have \$id"),
        ("RONDA_SMS_BODY", "to=$phone&text=$text&cost=9$", r"dollar sign as \$\$"),
        ("RONDA_SMS_AFTER_S", "-1", "cannot be negative"),
        ("RONDA_KEEP_PHOTOS_DAYS", "-1", "or more"),
        ("RONDA_WEBHOOK_URL", "https://hook", "RONDA_WEBHOOK_SECRET"),
        ("RONDA_PUSH_CONTACT", "ani@kota", "mailto:"),
    ],
)
def test_impossible_values_are_refused(tmp_path: Path, name: str, value: str, message: str) -> None:
    """What cannot work is said before anything starts, by the setting's name."""
    with pytest.raises(ConfigError, match=message):
        load({name: value, "HOME": str(tmp_path)}, cwd=tmp_path)


@pytest.mark.parametrize("secret", ["short", "whsec_MfKQ9r8G", "whsec_not base64"])
def test_a_webhook_needs_a_real_secret(tmp_path: Path, secret: str) -> None:
    """Else anybody could call the volunteers through it."""
    with pytest.raises(ConfigError, match="24 bytes"):
        Settings(data_dir=tmp_path, webhook_url="https://hook", webhook_secret=secret)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    """A printed Settings has no URL that carries a password."""
    settings = Settings(data_dir=tmp_path, database_url="postgresql://u:hush@h/d", sms_authorization="hush")

    assert "hush" not in repr(settings)


def test_links_begin_with_the_public_url(tmp_path: Path) -> None:
    """Every link is what the outside can reach."""
    assert Settings(data_dir=tmp_path).link_base == "http://127.0.0.1:8000"
    assert Settings(data_dir=tmp_path, public_url="https://ronda.example/").link_base == "https://ronda.example"


def test_every_setting_is_documented() -> None:
    """docs/settings.md has each setting once as a row, and no others."""
    rows = [
        line.split("`")[1] for line in (ROOT / "docs/settings.md").read_text().splitlines() if line.startswith("| `")
    ]

    assert sorted(rows) == sorted(names())
