"""Settings. Everything that differs between machines comes from the environment; README lists it."""

from datetime import timedelta
from pathlib import Path

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from hub.env import broker, database, email, env, files_url, roles, unknown_chargers

# QuerySet[Site], Paginator[Site] and the like at run time, not only for the type checker.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.bool("HUB_DEBUG", default=False)
DEMO = env.bool("HUB_DEMO", default=False)
# Known to everybody, so good for loopback only; `make run` gives another one where others can reach it.
DEMO_PASSWORD = env.str("HUB_DEMO_PASSWORD", default="demo")
SECRET_KEY = env.str("HUB_SECRET_KEY", default="")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "HUB_SECRET_KEY is not set. Use `make run`, or set it to 50 random characters and keep it secret."
    )
DATA_DIR = Path(env.str("HUB_DATA", default=str(BASE_DIR / ".hub")))
ROLES = roles(env.str("HUB_ROLES", default="web,gateway"))
ALLOWED_HOSTS = env.list("HUB_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
OCPP_URL = env.str("HUB_OCPP_URL", default=f"ws://127.0.0.1:{env.str('HUB_PORT', default='8000')}/ocpp")

# Gateway limits; the defaults are those of SECURITY advice for a central system.
OCPP_MAX_MESSAGE_BYTES = env.int("HUB_OCPP_MAX_MESSAGE_BYTES", default=1024 * 1024)
OCPP_MAX_NEW_MESSAGE_BYTES = env.int("HUB_OCPP_MAX_NEW_MESSAGE_BYTES", default=128 * 1024)
# Handshakes and messages, each limit for one gateway process; 0 is no limit.
OCPP_FAILED_PER_MINUTE = env.float("HUB_OCPP_FAILED_PER_MINUTE", default=10.0)
OCPP_FAILED_PER_IDENTITY = env.float("HUB_OCPP_FAILED_PER_IDENTITY", default=5.0)
OCPP_UNAUTHENTICATED_PER_MINUTE = env.float("HUB_OCPP_UNAUTHENTICATED_PER_MINUTE", default=200.0)
OCPP_REPLACEMENTS_PER_MINUTE = env.float("HUB_OCPP_REPLACEMENTS_PER_MINUTE", default=6.0)
OCPP_HANDSHAKES_WAITING = env.int("HUB_OCPP_HANDSHAKES_WAITING", default=10_000)
OCPP_HANDSHAKE_TIMEOUT = env.int("HUB_OCPP_HANDSHAKE_TIMEOUT", default=15)
OCPP_MESSAGES_PER_SECOND = env.float("HUB_OCPP_MESSAGES_PER_SECOND", default=20.0)
OCPP_MESSAGES_BURST = env.float("HUB_OCPP_MESSAGES_BURST", default=200.0)
OCPP_CALL_TIMEOUT = env.float("HUB_OCPP_CALL_TIMEOUT", default=30.0)
# 0: three pings or two heartbeats and a minute, whichever is more (T5).
OCPP_SILENCE_TIMEOUT = env.float("HUB_OCPP_SILENCE_TIMEOUT", default=0.0)
OCPP_PING_INTERVAL = env.float("HUB_OCPP_PING_INTERVAL", default=30.0)
OCPP_HEARTBEAT_INTERVAL = env.int("HUB_OCPP_HEARTBEAT_INTERVAL", default=300)
# Seconds until the next boot of a charger that is pending or rejected, and for the boot that a new one was asked for.
OCPP_BOOT_RETRY_INTERVAL = env.int("HUB_OCPP_BOOT_RETRY_INTERVAL", default=60)
OCPP_BOOT_PATIENCE = env.float("HUB_OCPP_BOOT_PATIENCE", default=60.0)
# Chargers that nobody has registered: refuse, pending or accept; and how many at most wait for a person's decision.
UNKNOWN_CHARGERS = unknown_chargers(env.str("HUB_UNKNOWN_CHARGERS", default="refuse"))
UNKNOWN_LIMIT = env.int("HUB_UNKNOWN_LIMIT", default=50)
# A command wakes its gateway when it is stored; off: a worker does that, as for what could not be dispatched at once.
COMMANDS_DIRECT = env.bool("HUB_COMMANDS_DIRECT", default=True)
EFFECT_TIMEOUT_SCALE = env.float("HUB_EFFECT_TIMEOUT_SCALE", default=1.0)
LIVE_HEARTBEAT = env.float("HUB_LIVE_HEARTBEAT", default=15.0)
# REST API, all processes together: requests of one key, and requests with a wrong key from one address; 0 is no limit.
API_PER_MINUTE = env.int("HUB_API_PER_MINUTE", default=600)
API_FAILED_PER_MINUTE = env.int("HUB_API_FAILED_PER_MINUTE", default=30)

# Files that go to chargers and come from them: where their bytes are, and the address at which chargers reach them.
FILES_DIR = Path(env.str("HUB_FILES_DIR", default=str(DATA_DIR / "files")))
FILES_URL = env.str("HUB_FILES_URL", default=files_url(OCPP_URL)).rstrip("/")
FIRMWARE_MAX_BYTES = env.int("HUB_FIRMWARE_MAX_BYTES", default=512 * 1024 * 1024)
DIAGNOSTICS_MAX_BYTES = env.int("HUB_DIAGNOSTICS_MAX_BYTES", default=256 * 1024 * 1024)
DIAGNOSTICS_DAYS = env.int("HUB_DIAGNOSTICS_DAYS", default=90)
PHOTOS_DAYS = env.int("HUB_PHOTOS_DAYS", default=0)
# Webhooks: whether addresses of private networks may be called, and how long a receiver may take (s).
WEBHOOK_PRIVATE = env.bool("HUB_WEBHOOK_PRIVATE", default=False)
WEBHOOK_TIMEOUT = env.float("HUB_WEBHOOK_TIMEOUT", default=10.0)

# The operator's certificate authority for chargers (security profile 3); no name: no certificates are signed.
CA_DIR = Path(env.str("HUB_CA_DIR", default=str(DATA_DIR / "ca")))
CA_ORGANISATION = env.str("HUB_CA_ORGANISATION", default="")
CA_LEAF_DAYS = env.int("HUB_CA_LEAF_DAYS", default=365)
CA_REQUEST_INTERVAL = env.int("HUB_CA_REQUEST_INTERVAL", default=3600)
CA_DELAY = env.float("HUB_CA_DELAY", default=5.0)
CLIENT_CERT_HEADER = env.str("HUB_CLIENT_CERT_HEADER", default="")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "django_htmx",
    "template_partials",
    "csp",
    "hub",
    "hub.teams",
    "hub.audit",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
    "hub.account",
    "chargepoints",
    "installer",
    "ocpp_gateway",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hub.account.middleware.LoginMiddleware",
    "hub.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "hub.urls"
ASGI_APPLICATION = "hub.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "hub.context.desk",
            ],
            "builtins": ["hub.templatetags.desk", "template_partials.templatetags.partials"],
        },
    }
]

DATABASES = {"default": database(env.str("DATABASE_URL", default="postgres://localhost/hub"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.str("REDIS_URL", default="redis://localhost:6379/0")

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "hub"}
}

# Console by default: what would be mailed is printed. smtp://user:password@host:587/?tls=True sends.
EMAIL_TIMEOUT = 20
vars().update(email(env.str("EMAIL_URL", default="consolemail://")))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("HUB_EMAIL_FROM", default="Hub <hub@localhost>")

CELERY_BROKER_URL = broker(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_BEAT_SCHEDULER = "hub.beat:Clock"
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "commands.*": {"queue": "urgent"},
    "live.*": {"queue": "live"},
    "webhooks.*": {"queue": "webhooks"},
    # Somebody stands in the rain and looks at the phone.
    "jobs.tests_advance": {"queue": "live"},
}
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600, "polling_interval": 0.1}
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

AUTH_USER_MODEL = "teams.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

AUTHENTICATION_BACKENDS = ["hub.account.backends.Backend"]
PASSWORD_RESET_TIMEOUT = 3600
OTP_TOTP_ISSUER = "Hub"
# Throttled login. `hub.account.sign_in` asks axes before it looks at a password; so there is no backend and no
# middleware of axes, which would ask a second time.
LOGIN_FAILURES_PER_ADDRESS = 50
AXES_HANDLER = "hub.account.lockout.Lockout"
AXES_FAILURE_LIMIT = 5
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "hub.account.lockout.address_of"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
SILENCED_SYSTEM_CHECKS = ["axes.W002", "axes.W003"]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("HUB_STATIC_ROOT", default=str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
# Without a collected manifest (make run, tests) files are served by finder under their plain names.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
_HASHED = "whitenoise.storage.CompressedManifestStaticFilesStorage"
_PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _HASHED if (STATIC_ROOT / "staticfiles.json").exists() else _PLAIN},
}

TLS = env.bool("HUB_TLS", default=False)
if TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000
    CSRF_TRUSTED_ORIGINS = [f"https://{host.lstrip('.')}" for host in ALLOWED_HOSTS if host != "*"]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "hub.logs.LineFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("HUB_LOG_LEVEL", default="INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "daphne": {"level": "WARNING"},
        "axes": {"level": "ERROR"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
    },
}
