"""Settings: the only reader of the environment and of `ronda.toml`; everything else is handed what it needs.

The environment wins over the file. The file is `ronda.toml` in the working directory, else in the data folder;
its keys are the names below without the prefix, in lower case (`city = "kupang"`). docs/settings.md lists them all.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from string import Template
from typing import Any, Final
from urllib.parse import urlsplit

from core.errors import ConfigError
from core.signing import key_of

PREFIX: Final = "RONDA_"
FILE: Final = "ronda.toml"
WEBHOOK_KEY_BYTES: Final = 24
LOG_LEAST_MB: Final = 64  # a fifth of it stays free for geo; a batch in flight takes a few MB of that
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, checked. An empty URL means: start an embedded server."""

    data_dir: Path
    city: str = "kupang"
    mqtt_url: str = field(default="", repr=False)
    redis_url: str = field(default="", repr=False)
    database_url: str = field(default="", repr=False)
    partitions: int = 4
    mqtt_host: str = "127.0.0.1"
    mqtt_port: int = 1883
    mqtt_tls_cert: str = ""
    mqtt_tls_key: str = ""
    http_host: str = "127.0.0.1"
    http_port: int = 8000
    public_url: str = ""
    oidc_issuer: str = ""
    map_style_url: str = ""
    auto_register: bool = False
    sms_url: str = field(default="", repr=False)
    sms_body: str = "to=$phone&text=$text"
    sms_authorization: str = field(default="", repr=False)
    sms_after_s: int = 20
    webhook_url: str = field(default="", repr=False)
    webhook_secret: str = field(default="", repr=False)
    push_contact: str = ""
    cap_url: str = ""
    log_max_mb: int = 0
    disk_min_mb: int = 200
    keep_fixes_days: int = 0
    keep_volunteers_days: int = 90
    keep_photos_days: int = 365
    close_days_after_min: int = 360
    trust_clock: bool = False
    demo: bool = False

    def __post_init__(self) -> None:
        _check(self)

    @property
    def link_base(self) -> str:
        """What every printed link and QR code starts with, without a slash at the end."""
        host = "127.0.0.1" if self.http_host in ("0.0.0.0", "::", "") else self.http_host  # noqa: S104 - compared, not bound
        return self.public_url.rstrip("/") or f"http://{_bracketed(host)}:{self.http_port}"

    def with_(self, **changes: Any) -> Settings:
        """A checked copy with some values changed."""
        return replace(self, **changes)


def load(
    environ: Mapping[str, str] | None = None, *, cwd: Path | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Settings from `overrides` (the command line), else the environment, else `ronda.toml`, else the defaults."""
    environ = os.environ if environ is None else environ
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    from_env = _from_environ(environ)
    data_dir = Path(given.get("data_dir") or from_env.get("data_dir") or default_data_dir(environ)).expanduser()
    from_file = _from_file([(cwd or Path.cwd()) / FILE, data_dir / FILE])
    file_dir = from_file.pop("data_dir", None)
    if file_dir and not given.get("data_dir") and "data_dir" not in from_env:
        data_dir = Path(file_dir).expanduser()
    merged = {**from_file, **from_env, **given, "data_dir": data_dir.absolute()}
    return Settings(**{name: _convert(name, value) for name, value in merged.items()})


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """`/var/lib/ronda` as root, else the user's data folder."""
    if os.geteuid() == 0:
        return Path("/var/lib/ronda")
    base = environ.get("XDG_DATA_HOME") or str(Path(environ.get("HOME") or Path.home()) / ".local" / "share")
    return Path(base) / "ronda"


def names() -> list[str]:
    """Every setting as an environment variable."""
    return [PREFIX + name.upper() for name in _KINDS]


def _from_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    given = {key: value for key, value in environ.items() if key.startswith(PREFIX) and not key.startswith(_OTHERS)}
    for key in given:
        _known(key.removeprefix(PREFIX).lower(), key, "the environment")
    return {key.removeprefix(PREFIX).lower(): value for key, value in given.items() if value != ""}


def _from_file(candidates: list[Path]) -> dict[str, Any]:
    path = next((p for p in candidates if p.is_file()), None)
    if path is None:
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML ({error}); correct it or move it away.") from error
    for key in values:
        _known(key, key, str(path))
    return values


def _known(name: str, shown: str, where: str) -> None:
    if name not in _KINDS:
        near = difflib.get_close_matches(name, _KINDS, 1)
        hint = f"; did you mean {PREFIX + near[0].upper()}?" if near else "; see docs/settings.md."
        raise ConfigError(f"{where} has an unknown setting {shown}{hint}")


def _boolean(value: Any) -> bool:
    text = str(value).strip().lower()
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    raise ValueError("write true or false")


def _convert(name: str, value: Any) -> Any:
    try:
        return _KINDS[name](value)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{PREFIX}{name.upper()} cannot be {value!r}: {error}.") from error


def _check(settings: Settings) -> None:
    """Refuse what cannot work, before anything starts."""
    _check_scheme("RONDA_MQTT_URL", settings.mqtt_url, ("mqtt", "mqtts"))
    _check_scheme("RONDA_REDIS_URL", settings.redis_url, ("redis", "rediss", "unix"))
    _check_scheme("RONDA_DATABASE_URL", settings.database_url, ("postgresql", "postgres"))
    _check_scheme("RONDA_PUBLIC_URL", settings.public_url, ("http", "https"))
    for name, port in (("RONDA_HTTP_PORT", settings.http_port), ("RONDA_MQTT_PORT", settings.mqtt_port)):
        if not 0 <= port <= 65535:
            raise ConfigError(f"{name} must be from 0 (any free port) to 65535, not {port}.")
    _check_amounts(settings)
    _check_channels(settings)
    public = urlsplit(settings.public_url)
    if public.scheme == "http" and public.hostname not in _LOOPBACK:
        raise ConfigError("RONDA_PUBLIC_URL must begin with https:// beyond this machine: links carry credentials.")
    if settings.http_host not in _LOOPBACK and not settings.public_url:
        raise ConfigError(
            "RONDA_HTTP_HOST beyond this machine needs RONDA_PUBLIC_URL, the https:// address of the proxy before it."
        )
    if bool(settings.mqtt_tls_cert) != bool(settings.mqtt_tls_key):
        raise ConfigError("RONDA_MQTT_TLS_CERT and RONDA_MQTT_TLS_KEY belong together; set both or neither.")


def _check_amounts(settings: Settings) -> None:
    if settings.log_max_mb and settings.log_max_mb < LOG_LEAST_MB:
        raise ConfigError(f"RONDA_LOG_MAX_MB must be 0 (chosen for this machine) or at least {LOG_LEAST_MB}.")
    if settings.keep_fixes_days < 0:
        raise ConfigError(f"RONDA_KEEP_FIXES_DAYS must be 0 (for ever) or more, not {settings.keep_fixes_days}.")
    if settings.keep_volunteers_days < 0:
        days = settings.keep_volunteers_days
        raise ConfigError(f"RONDA_KEEP_VOLUNTEERS_DAYS must be 0 (for ever) or more, not {days}.")
    if settings.keep_photos_days < 0:
        raise ConfigError(f"RONDA_KEEP_PHOTOS_DAYS must be 0 (for ever) or more, not {settings.keep_photos_days}.")
    if not -1 <= settings.close_days_after_min <= 1440:
        raise ConfigError("RONDA_CLOSE_DAYS_AFTER_MIN must be from 0 to 1440 minutes after midnight, or -1 (never).")
    if settings.disk_min_mb < 0:
        raise ConfigError(f"RONDA_DISK_MIN_MB cannot be negative, as {settings.disk_min_mb} is.")
    if not 1 <= settings.partitions <= 256:
        raise ConfigError(f"RONDA_PARTITIONS must be from 1 to 256, not {settings.partitions}.")


def _check_channels(settings: Settings) -> None:
    """Refuse what would only be found out when somebody is to be called."""
    _check_scheme("RONDA_SMS_URL", settings.sms_url, ("http", "https"))
    _check_scheme("RONDA_WEBHOOK_URL", settings.webhook_url, ("http", "https"))
    if settings.cap_url != "city":
        _check_scheme("RONDA_CAP_URL", settings.cap_url, ("http", "https"))
    _check_scheme("RONDA_PUSH_CONTACT", settings.push_contact, ("mailto", "https"))
    template = Template(settings.sms_body)
    if not template.is_valid() or not {"phone", "text"} <= set(template.get_identifiers()) <= {"phone", "text", "id"}:
        raise ConfigError("RONDA_SMS_BODY needs $phone and $text, may have $id, and writes a dollar sign as $$.")
    if settings.sms_after_s < 0:
        raise ConfigError(f"RONDA_SMS_AFTER_S cannot be negative, as {settings.sms_after_s} is.")
    if bool(settings.webhook_url) != bool(settings.webhook_secret):
        raise ConfigError("RONDA_WEBHOOK_URL and RONDA_WEBHOOK_SECRET belong together; set both or neither.")
    if settings.webhook_secret and len(_webhook_key(settings.webhook_secret)) < WEBHOOK_KEY_BYTES:
        raise ConfigError(f"RONDA_WEBHOOK_SECRET needs {WEBHOOK_KEY_BYTES} bytes: whsec_ and base64, or plain text.")


def _webhook_key(secret: str) -> bytes:
    try:
        return key_of(secret)
    except ValueError:
        return b""


def _check_scheme(name: str, url: str, schemes: tuple[str, ...]) -> None:
    if url and urlsplit(url).scheme not in schemes:
        shown = (s + (":" if s == "mailto" else "://") for s in schemes)
        raise ConfigError(f"{name} must begin with {' or '.join(shown)}.")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


_BY_TYPE: Final[dict[str, Callable[[Any], Any]]] = {"str": str, "int": int, "bool": _boolean, "Path": Path}
_KINDS: Final = {f.name: _BY_TYPE[str(f.type)] for f in fields(Settings)}
_OTHERS: Final = ("RONDA_REQUIRE_", "RONDA_TEST_")  # the test suite's own, not the program's
