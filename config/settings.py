"""Django's settings, made from the typed environment of config/environment.py."""

from typing import Any

from kombu import Queue

from config.api_guide import GUIDE, TAGS
from config.console import UNFOLD  # noqa: F401 - read by django-unfold
from config.database import database_settings
from config.environment import BASE_DIR, ENVIRONMENT
from config.logs import configure, logging_settings
from config.protection import (
    CONTENT_SECURITY_POLICY,
    COOL_OFF,
    FAILURE_LIMIT,
    HSTS_SECONDS,
    SESSION_SECONDS,
)
from config.secret_key import secret_key
from console.language import LANGUAGES  # noqa: F401 - the languages that there are


def listed(text: str) -> list[str]:
    """The parts between the commas, without the empty ones."""
    return [part.strip() for part in text.split(",") if part.strip()]


DEBUG = ENVIRONMENT.debug
SECRET_KEY = secret_key(ENVIRONMENT)
ALLOWED_HOSTS = listed(ENVIRONMENT.allowed_hosts)
CSRF_TRUSTED_ORIGINS = listed(ENVIRONMENT.csrf_trusted_origins)
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "config",
    "account",
    "console",
    "contacts",
    "orders",
    "events",
    "insights",
    "webhooks",
]

MIDDLEWARE = [
    "config.requests_log.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.protection.ContentSecurityPolicyMiddleware",
    "config.middleware.SessionMiddleware",
    "config.middleware.CommonMiddleware",
    "config.middleware.CsrfViewMiddleware",
    "config.middleware.AuthenticationMiddleware",
    "config.middleware.MessageMiddleware",
    "config.middleware.XFrameOptionsMiddleware",
    "console.language.ConsoleLanguageMiddleware",
    "console.zone.AccountZoneMiddleware",
    "config.middleware.AxesMiddleware",
]

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
            ]
        },
    }
]

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = FAILURE_LIMIT
AXES_COOLOFF_TIME = COOL_OFF
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "config.protection.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False  # `manage.py axes_reset_username NAME` lets somebody in again
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code"]  # no attempt keeps the code of a second factor
OTP_TOTP_ISSUER = "Orderloom"

# The longest form there is: 500 matching rules of six inputs each (events/matching_form.py).
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4_000
SECURE_CSP = CONTENT_SECURITY_POLICY
SESSION_COOKIE_AGE = SESSION_SECONDS
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = ENVIRONMENT.https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.https else None
SECURE_HSTS_SECONDS = HSTS_SECONDS if ENVIRONMENT.https else 0
# Load balancers and Prometheus ask the server itself, past the proxy that holds the certificate.
SECURE_REDIRECT_EXEMPT = ["^healthz/?$", "^metrics/?$"]
SILENCED_SYSTEM_CHECKS = [
    # One shop's console is no reason to promise https for all other names below its own.
    "security.W005",
    "security.W021",
    # These three middleware are there, under names of config.middleware that the checks do not know.
    "security.W002",
    "security.W003",
    "axes.W002",
]

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

STATIC_URL = "/static/"
# Static files are served from where the packages have them: there is no step between installing and starting.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

DATABASES = {"default": database_settings(ENVIRONMENT)}

MAX_WAITING_REQUESTS = ENVIRONMENT.max_waiting_requests  # events/waits.py

RATE_LIMIT_REDIS_URL = ENVIRONMENT.redis_url  # contract/ratelimit.py; empty: in memory

WEBHOOK_ALLOWED_NETWORKS = ENVIRONMENT.allowed_networks  # webhooks/destinations.py

IDEMPOTENCY_KEEPER = "events.idempotency.keeper"  # contract/idempotency.py

LOGGING = logging_settings(ENVIRONMENT)
configure(ENVIRONMENT)

# Celery: config/celery.py says why its messages may be lost. Sweeps that nobody took in time are not worth keeping.
CELERY_BROKER_URL = ENVIRONMENT.redis_url or "memory://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    # A broker that does not answer holds up the publishing thread for this long at most, and never a request.
    {"socket_connect_timeout": 0.3, "socket_timeout": 0.3, "retry_on_timeout": False}
    if ENVIRONMENT.redis_url
    else {"polling_interval": 0.005}  # seconds between two looks at the in-memory queue
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_DEFAULT_QUEUE = "orderloom"
# Taken off the broker for good when it is handed over: a wake-up is worth no acknowledgement, and a worker that was
# acknowledging one when Redis went away was seen to wait for ever on a connection that nobody answers.
CELERY_TASK_QUEUES = [Queue("orderloom", no_ack=True), Queue("background", no_ack=True)]
# Events wait for none of these: config/workers.py.
CELERY_TASK_ROUTES = {
    "insights.*": {"queue": "background"},
    "webhooks.*": {"queue": "background"},
    "orders.note_item_names": {"queue": "background"},
    "events.count_intake": {"queue": "background"},
    "orders.rebuild_parts": {"queue": "background"},
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONSUMER = "config.workers:PatientConsumer"
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "find events whose wake-up was lost": {"task": "events.sweep", "schedule": 2.0, "options": {"expires": 6}},
    "find events that were stored late": {
        "task": "events.sweep",
        "schedule": 30.0,
        "kwargs": {"thorough": True},
        "options": {"expires": 60},
    },
    "carry on erasures": {"task": "events.advance_erasures", "schedule": 2.0, "options": {"expires": 6}},
    "carry on deletions of orders": {"task": "events.delete_orders", "schedule": 2.0, "options": {"expires": 6}},
    "count what became of events": {"task": "events.count_intake", "schedule": 2.0, "options": {"expires": 6}},
    "carry on replays": {"task": "events.advance_replays", "schedule": 1.0, "options": {"expires": 3}},
    "remove old idempotency keys": {
        "task": "events.remove_old_idempotency_keys",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "work on imports of contacts": {"task": "contacts.work_off_imports", "schedule": 2.0, "options": {"expires": 6}},
    "remove what is told of old imports": {
        "task": "contacts.remove_old_imports",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "send what is due to webhooks": {"task": "webhooks.send_due", "schedule": 1.0, "options": {"expires": 3}},
    "try again what failed at webhooks": {
        "task": "webhooks.send_due",
        "schedule": 2.0,
        "kwargs": {"failing": True},
        "options": {"expires": 6},
    },
    "remove what is told of old deliveries": {
        "task": "webhooks.remove_old",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "note the names of items": {"task": "orders.note_item_names", "schedule": 10.0, "options": {"expires": 30}},
    "compute marked days again": {"task": "orders.rebuild_summaries", "schedule": 2.0, "options": {"expires": 6}},
    "compute marked parts again": {"task": "orders.rebuild_parts", "schedule": 5.0, "options": {"expires": 10}},
    "compute RFM that is due": {"task": "insights.refresh_rfm", "schedule": 10.0, "options": {"expires": 30}},
    "refresh segments that are due": {
        "task": "insights.refresh_segments",
        "schedule": 15.0,
        "options": {"expires": 45},
    },
    "count events": {"task": "insights.count_events", "schedule": 60.0, "options": {"expires": 60}},
    "compute reports of orders": {"task": "insights.compute_reports", "schedule": 5.0, "options": {"expires": 15}},
}

# Views of contract.http.ApiView neither parse nor render through REST framework: these are what its own classes need.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "events.keys.ApiKeyAuthentication",
        "contract.scopes.SessionReadAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["contract.scopes.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "contract.openapi.ApiSchema",
    "EXCEPTION_HANDLER": "contract.problems.exception_handler",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Orderloom",
    "DESCRIPTION": GUIDE,
    "TAGS": TAGS,
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "PREPROCESSING_HOOKS": ["contract.openapi.drop_slash_twins"],
    "POSTPROCESSING_HOOKS": [
        "contract.openapi.add_components",
        "config.api_examples.add_examples",
        "config.api_docs.add_machine_addresses",
    ],
    "SCHEMA_PATH_PREFIX": "/api/v[0-9]",
    "COMPONENT_SPLIT_REQUEST": True,
}
