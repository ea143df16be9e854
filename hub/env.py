"""What the environment says. Every setting has a name, a type and a sentence for a wrong value."""

from urllib.parse import parse_qs, unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

# What libpq waits for a server that neither answers nor refuses: seconds to connect, and until a connection whose
# other end has vanished counts as broken (15 minutes otherwise). The URL may say otherwise.
PATIENCE = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
ROLES = frozenset({"web", "gateway"})
UNKNOWN_CHARGERS = ("refuse", "pending", "accept")


def database(url: str) -> dict[str, object]:
    """Django's DATABASES entry for a `postgres://` URL; `?host=/dir` names a Unix socket directory."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            f"DATABASE_URL must start with postgres://, not {parts.scheme}://. Hub runs on PostgreSQL only."
        )
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = query.pop("host", parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "hub",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": {**PATIENCE, **query},
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


def broker(url: str) -> str:
    """The Celery broker URL for a Redis URL; Celery spells Unix sockets its own way."""
    return "redis+socket://" + url.removeprefix("unix://") if url.startswith("unix://") else url


def files_url(ocpp_url: str) -> str:
    """Where chargers fetch and bring files: the host of their OCPP address, over HTTP."""
    scheme, _, rest = ocpp_url.partition("://")
    return f"{'https' if scheme == 'wss' else 'http'}://{rest.partition('/')[0]}/files"


def roles(value: str) -> frozenset[str]:
    """Which routes this process serves: `web`, `gateway` or both, separated by commas."""
    chosen = frozenset(part.strip() for part in value.split(",") if part.strip())
    if not chosen or chosen - ROLES:
        raise ImproperlyConfigured(f"HUB_ROLES must be web, gateway or web,gateway, not {value!r}.")
    return chosen


def unknown_chargers(value: str) -> str:
    """What happens to chargers that nobody has registered: `refuse`, `pending` or `accept`."""
    if value not in UNKNOWN_CHARGERS:
        raise ImproperlyConfigured(f"HUB_UNKNOWN_CHARGERS must be refuse, pending or accept, not {value!r}.")
    return value


def email(url: str) -> dict[str, object]:
    """Django's EMAIL_... settings for an address such as `smtp://user:password@host:587/?tls=True`."""
    try:
        return dict(environ.Env.email_url_config(url))
    except KeyError as error:
        raise ImproperlyConfigured(
            f"EMAIL_URL must start with smtp://, smtp+tls://, smtp+ssl:// or consolemail://; {error} is not known."
        ) from error
