"""Settings, all from the environment; safe by default. The list with meanings: portal/docs/settings.md."""

from importlib.util import find_spec
from pathlib import Path

import bootstrap_wrapper
import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from portal import embedded
from portal.mode import LOCAL_ENV

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()
if LOCAL_ENV.exists():
    env.read_env(LOCAL_ENV)  # the real environment wins

MODE = env.str("PORTAL_MODE", "production")
if MODE not in {"production", "local", "test"}:
    raise ImproperlyConfigured(f"PORTAL_MODE is '{MODE}': write production, local or test.")
IN_PRODUCTION = MODE == "production"
DEBUG = False


def required(name: str, otherwise: str) -> str:
    """Return a setting that production must be given, and that a local start may do without."""
    value = env.str(name, "")
    if not value and IN_PRODUCTION:
        raise ImproperlyConfigured(
            f"{name} is not set. Production needs it; for a local portal run `make demo`."
        )
    return value or otherwise


SECRET_KEY = required("SECRET_KEY", "only-for-tests-and-local-consoles")
ALLOWED_HOSTS = required("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- Database: two roles. The app serves with `default`; only `migrate` and tests use `owner`. ---

DATABASE_URL = required("DATABASE_URL", "")
EMBEDDED_SERVER = None
OWNER_URL = env.str("DATABASE_OWNER_URL", "")
if not DATABASE_URL:
    EMBEDDED_SERVER = embedded.default_server(BASE_DIR, fast=MODE == "test")
    private_urls = embedded.urls(EMBEDDED_SERVER)
    DATABASE_URL, OWNER_URL = private_urls["DATABASE_URL"], private_urls["DATABASE_OWNER_URL"]


SESSION = (
    "lock_timeout=10s",
    "statement_timeout=120s",
    "idle_in_transaction_session_timeout=300s",
    "jit=off",  # compiling took longer than any of the queries it was meant for
    # A host behind a cut wire holds its locks no longer than this: the server asks whether it lives.
    *("tcp_keepalives_idle=10", "tcp_keepalives_interval=5", "tcp_keepalives_count=2"),
    "tcp_user_timeout=20s",
)


def database(url: str) -> dict:
    config = environ.Env.db_url_config(url)
    if not config["ENGINE"].endswith("postgresql"):
        raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL 15 (or later) server.")
    options = config.setdefault("OPTIONS", {})
    config["HOST"] = options.pop("host", config["HOST"])  # a socket's folder comes as ?host=
    config["OPTIONS"].setdefault("connect_timeout", 5)
    config["OPTIONS"].setdefault("options", " ".join(f"-c {one}" for one in SESSION))
    for name, seconds in {"keepalives_idle": 10, "keepalives_interval": 5}.items():
        config["OPTIONS"].setdefault(name, seconds)
    config["OPTIONS"].setdefault("keepalives_count", 3)
    config["OPTIONS"].setdefault("tcp_user_timeout", 20_000)
    return config | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


DATABASES = {"default": database(DATABASE_URL)}
if OWNER_URL:
    DATABASES["owner"] = database(OWNER_URL)
    DATABASES["owner"]["CONN_MAX_AGE"] = 0
    # The owner creates and migrates the test database; every test then runs as the app's role.
    DATABASES["default"]["TEST"] = {"MIRROR": "owner"}
DATABASE_ROUTERS = ["tenants.routers.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Applications ---

INSTALLED_APPS = [
    "portal",
    "reports",
    "tickets",
    "contracts",
    "tenants",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_standardized_errors",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "lucide",
]

MIDDLEWARE = [
    "portal.logs.RequestLogMiddleware",
    "portal.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenants.middleware.TokenMiddleware",
    "tenants.middleware.PersonMiddleware",
    "tenants.middleware.ScopeMiddleware",
    "tenants.account_middleware.AccountMiddleware",
    "portal.middleware.RefusalMiddleware",
]

if MODE == "test" and find_spec("zeal"):  # an N+1 query fails the test
    INSTALLED_APPS.append("zeal")
    MIDDLEWARE.insert(0, "zeal.middleware.zeal_middleware")
    ZEAL_ALLOWLIST = [{"model": "*", "field": "get()"}]  # a command locks its one row

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
# `lucide` is ours on purpose: it draws each icon of the package once a process.
SILENCED_SYSTEM_CHECKS = ["templates.W003"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"lucide": "portal.templatetags.icons"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "portal.context_processors.shell",
            ],
        },
    }
]

# --- People ---

AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if MODE == "test":
    PASSWORD_HASHERS.insert(0, "django.contrib.auth.hashers.MD5PasswordHasher")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- Single sign-on by OpenID Connect; off without an issuer (ADR 21) ---

OIDC_ISSUER = env.str("OIDC_ISSUER", "")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", "")
OIDC_NAME = env.str("OIDC_NAME", "OpenID Connect")  # on the button
if OIDC_ISSUER and not (OIDC_CLIENT_ID and OIDC_CLIENT_SECRET):
    raise ImproperlyConfigured("OIDC_ISSUER is set: set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET too.")

# --- Languages and time: stored in UTC, shown in the reader's language and zone ---

LANGUAGES = [("en", _("English")), ("ja", _("Japanese")), ("vi", _("Vietnamese"))]
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files ---

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [("bootstrap", bootstrap_wrapper.get_bootstrap_dir())]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if MODE == "test"
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Files on tickets: outside every folder that is served ---

ATTACHMENTS_DIR = Path(env.str("PORTAL_ATTACHMENTS_DIR", str(VAR_DIR / "attachments"))).resolve()
ATTACHMENTS_MOST_BYTES = env.int("PORTAL_ATTACHMENTS_MOST_MB", 20) * 1_000_000
ATTACHMENTS_MOST_FILES = 10  # with one message
ATTACHMENTS_TENANT_BYTES = env.int("PORTAL_ATTACHMENTS_TENANT_GB", 20) * 1_000_000_000
ATTACHMENTS_TYPES = env.list(
    "PORTAL_ATTACHMENTS_TYPES",
    default=[
        *("csv", "docx", "eml", "gif", "gz", "har", "jpeg", "jpg", "json", "log", "md", "msg"),
        *("pdf", "png", "pptx", "sql", "txt", "webp", "xlsx", "xml", "yaml", "yml", "zip"),
    ],
)
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "tickets.uploads.BoundedUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# --- Lists as files ---

EXPORT_MOST_ROWS = env.int("EXPORT_MOST_ROWS", 200_000)
BULK_MOST_BYTES = env.int("BULK_MOST_MB", 5) * 1_000_000  # of a file that is imported
BULK_MOST_ROWS = env.int("BULK_MOST_ROWS", 5_000)
BULK_MOST_CELL = env.int("BULK_MOST_CELL", 20_000)  # characters

# --- Background work: the database is the record, the broker only a bell (ADR 3) ---

REDIS_URL = env.str("REDIS_URL", "")
CELERY_BROKER_URL = REDIS_URL or ("memory://" if MODE == "test" else "filesystem://localhost//")
QUEUE_DIR = Path(env.str("PORTAL_QUEUE_DIR", str(VAR_DIR / "queue")))
if REDIS_URL:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 3600,
        "socket_connect_timeout": 2,  # seconds; a Redis behind a cut wire says nothing at all
        "socket_timeout": 10,
        "socket_keepalive": True,
        "max_retries": 0,  # a request does not wait for its bell
    }
elif MODE != "test":
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(QUEUE_DIR / "messages"),
        "data_folder_out": str(QUEUE_DIR / "messages"),
        "control_folder": str(QUEUE_DIR / "control"),
        "store_processed": False,
        "polling_interval": 0.1,
    }
CLOCK_MOST_SKEW = env.int("CLOCK_MOST_SKEW", 0 if MODE == "test" else 60)  # seconds; 0: not asked
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 1800  # below the visibility timeout, or Redis would deliver twice
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_PUBLISH_RETRY = False  # the tick finds what the bell did not ring for
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(QUEUE_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "tenants.tasks.tick", "schedule": 5.0},
    "forget": {"task": "tenants.tasks.forget", "schedule": 3600.0},
}

if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1, "retry": None},
        }
    }

# --- E-mail: console, files or SMTP by one address; links lead to PORTAL_URL ---

MAIL_DIR = VAR_DIR / "mail"
SOMEWHERE = "smtp://localhost:25" if IN_PRODUCTION else f"filemail:///{MAIL_DIR}"
vars().update(env.email_url("EMAIL_URL", default=SOMEWHERE))
EMAIL_TIMEOUT = 20  # seconds: a worker holds the row of what it sends
_host = ALLOWED_HOSTS[0].lstrip(".") if IN_PRODUCTION else ""
PORTAL_URL = env.str("PORTAL_URL", f"https://{_host}" if _host else "http://127.0.0.1:8000")
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", f"portal@{_host or 'localhost'}")

# --- Security ---

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_ENGINE = "tenants.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
FRESH_MINUTES = env.int("FRESH_MINUTES", 30)  # a proof of who one is (tenants/fresh.py)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IN_PRODUCTION
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", IN_PRODUCTION)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 31536000 if IN_PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IN_PRODUCTION
BEHIND_TLS_PROXY = env.bool("BEHIND_TLS_PROXY", False)
PROXY_HOPS = env.int("PROXY_HOPS", 1 if BEHIND_TLS_PROXY else 0)
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
CSRF_FAILURE_VIEW = "portal.views.errors.csrf_failed"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000  # a contract of 200 clauses, each a row of the editor

# --- API (portal/docs/api.md) ---

API_RATE = env.str("API_RATE", "" if MODE == "test" else "600/minute")  # empty: no limit
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tenants.api.authentication.TokenAuthentication",
        "tenants.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.api.permissions.MayDo"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tenants.api.parsers.BoundedJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["tenants.api.throttles.PersonThrottle"],
    "DEFAULT_THROTTLE_RATES": {"person": API_RATE or None},
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "portal.api.schema.Schema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
DRF_STANDARDIZED_ERRORS = {"EXCEPTION_HANDLER_CLASS": "portal.api.errors.Handler"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Outsourcing portal",
    "DESCRIPTION": "Every step of the pages, as JSON. Make a token in your menu: API tokens.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["tenants.api.permissions.MayDo"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ContractStatus": "contracts.models.ContractStatus",
        "PeriodState": "contracts.models.PeriodState",
        "DecisionKind": "tickets.models.Decision.Kind",
        "TicketType": "tickets.models.choices.TicketType",
        "TicketStatus": "tickets.models.choices.Status",
        "Priority": "tickets.models.choices.Priority",
        "Level": "tickets.models.choices.Level",
        "Channel": "tickets.models.choices.Channel",
        "WorkStream": "tickets.models.choices.WorkStream",
        "Activity": "tickets.models.choices.Activity",
        "Outcome": "tickets.models.choices.Outcome",
        "ObligationKind": "tickets.models.choices.ObligationKind",
        "ClockState": "tickets.models.choices.ClockState",
        "PauseCause": "tickets.models.choices.PauseCause",
        "HandoffState": "tickets.models.choices.HandoffState",
        "Lane": "tickets.models.choices.Lane",
        "EstimateStatus": "tickets.models.choices.EstimateStatus",
        "AuthorityKind": "tickets.models.choices.AuthorityKind",
        "Cause": "tickets.api.bodies.CAUSES",
        "DecidedOutcome": "tickets.api.bodies.DECIDED",
        "ImportSource": "tickets.models.bulk.BulkSource",
        "ImportOutcome": "tickets.models.bulk.BulkOutcome",
        "NoticeKind": "tickets.models.notice.NoticeKind",
        "NoticeChannel": "tickets.models.notice.NoticeChannel",
        "LinkKind": "tickets.models.LinkKind",
        "RosterTier": "tickets.models.oncall.Tier",
        "ReleaseKind": "tickets.models.release.ReleaseKind",
        "ImportKind": "tickets.models.bulk.BulkKind",
        "RoutineKind": "tickets.models.routine.RoutineKind",
        "JobState": "tenants.models.JobState",
        "FindingSource": "tickets.models.security.FindingSource",
        "FindingState": "tickets.models.security.FindingState",
        "Severity": "tickets.models.security.Severity",
        "FaqStatus": "tickets.models.faq.FaqStatus",
        "Role": "tenants.roles.Role",
        "Verb": "tenants.models.Verb",
    },
}

# --- Doors for machines (portal/docs/guides/alerts.md) ---

HOOK_RATE = env.int("HOOK_RATE", 1200)  # messages of one source a minute; 0: no limit
HOOK_MOST_BYTES = env.int("HOOK_MOST_KB", 1000) * 1000  # of one message

MAIL_MOST_BYTES = env.int("MAIL_MOST_MB", 25) * 1_000_000  # of one letter that comes in

# Hosts inside that webhooks may be sent to and mail be fetched from; all others must be of the open internet.
OUTBOUND_PRIVATE_HOSTS = env.list("OUTBOUND_PRIVATE_HOSTS", default=[])

METRICS_TOKEN = env.str("METRICS_TOKEN", "")  # empty: /metrics is not there

LOG_FORMAT = env.str("LOG_FORMAT", "json" if IN_PRODUCTION else "line")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "portal.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "WARNING")},
    "loggers": {"portal.request": {"level": "INFO" if IN_PRODUCTION else "WARNING"}},
}
