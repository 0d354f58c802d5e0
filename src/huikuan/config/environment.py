"""What the environment says: the home folder, the database, the secret key. Read once, when settings load."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

CHECKOUT = Path(__file__).resolve().parents[3]


def home_path() -> Path:
    """The folder of everything the product keeps: ``HUIKUAN_HOME``, else ``var`` in a checkout, else ``~/.huikuan``."""
    given = os.environ.get("HUIKUAN_HOME")
    if given:
        return Path(given).expanduser().resolve()
    if (CHECKOUT / "pyproject.toml").is_file() and (CHECKOUT / "src" / "huikuan").is_dir():
        return CHECKOUT / "var"
    return Path.home() / ".huikuan"


def secret_key(home: Path) -> str:
    """``HUIKUAN_SECRET_KEY``, else the key kept in the home folder (made on first use, readable by the owner only)."""
    given = os.environ.get("HUIKUAN_SECRET_KEY")
    if given:
        return given
    path = home / "secret.key"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    home.mkdir(parents=True, exist_ok=True)
    key = secrets.token_urlsafe(48)
    # Written aside and linked into place, so that two processes starting at once agree on one whole key.
    draft = home / f".secret.{os.getpid()}.{secrets.token_hex(4)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
    try:
        os.link(draft, path)
    except FileExistsError:
        key = path.read_text().strip()
    finally:
        draft.unlink()
    return key


SQLITE_WAIT = 180
"""Seconds a writer waits for another: a million rows are posted in one transaction of a minute or two, and whoever
posts meanwhile is to wait, not to be told that the database is locked."""


def sqlite_settings(path: Path | str) -> dict[str, Any]:
    """Django's settings for one SQLite file: write-ahead log, immediate transactions, foreign keys enforced.

    ``synchronous=FULL``: an accepted posting outlives a power cut, as it does on PostgreSQL. ``recursive_triggers``:
    without it REPLACE would slip past the triggers that refuse deletion.
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": SQLITE_WAIT,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
                "PRAGMA recursive_triggers=ON; PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY; "
                "PRAGMA mmap_size=268435456;"
            ),
        },
    }


def postgres_settings(url: str) -> dict[str, Any]:
    """Django's settings for ``postgres://user:password@host:port/name?option=value``.

    ``?host=/path`` names a socket folder. Options are passed to libpq.
    """
    parts = urlsplit(url)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ImproperlyConfigured("DATABASE_URL names no database: postgres://user:password@host:5432/NAME")
    options.setdefault("application_name", "huikuan")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(options.pop("port", "") or parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def database_settings(url: str | None, home: Path) -> dict[str, Any]:
    """The ``default`` database of ``DATABASE_URL``; without one, SQLite in the home folder."""
    if not url:
        home.mkdir(parents=True, exist_ok=True)
        return sqlite_settings(home / "huikuan.db")
    scheme = urlsplit(url).scheme
    if scheme in {"postgres", "postgresql"}:
        return postgres_settings(url)
    if scheme == "sqlite":
        return sqlite_settings(unquote(url.removeprefix("sqlite://")))
    raise ImproperlyConfigured(f"DATABASE_URL must start with postgres:// or sqlite://, not {scheme}://")


def flag(name: str, default: bool = False) -> bool:
    """An on/off variable: ``1``, ``true``, ``yes`` and ``on`` are on."""
    value = os.environ.get(name)
    return default if value is None else value.strip().lower() in {"1", "true", "yes", "on"}


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated variable as a list."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def oidc_provider() -> dict[str, Any]:
    """The provider of single sign-on: ``HUIKUAN_OIDC_URL`` (its issuer address), ``HUIKUAN_OIDC_CLIENT_ID``,
    ``HUIKUAN_OIDC_SECRET`` and ``HUIKUAN_OIDC_NAME`` (what the button says). Nothing without an address."""
    url = os.environ.get("HUIKUAN_OIDC_URL", "")
    if not url:
        return {}
    app = {
        "provider_id": "sso",
        "name": os.environ.get("HUIKUAN_OIDC_NAME", "SSO"),
        "client_id": os.environ.get("HUIKUAN_OIDC_CLIENT_ID", ""),
        "secret": os.environ.get("HUIKUAN_OIDC_SECRET", ""),
        "settings": {"server_url": url, "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"APPS": [app]}}
