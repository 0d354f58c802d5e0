"""Django's settings. Everything a site changes comes from the environment (see ``environment``)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from huikuan.config import environment

PACKAGE = Path(__file__).resolve().parents[1]
HUIKUAN_HOME = environment.home_path()
MIRROR_DIR = HUIKUAN_HOME / "mirror"
# Each day's head of the hash chain is written here: best a folder on another machine.
HEADS_DIR = Path(os.environ.get("HUIKUAN_HEADS_DIR") or HUIKUAN_HOME / "heads")
# Folders files are imported from must lie below one of these (separated as in PATH); without one, none is watched.
WATCH_DIRS = [
    Path(name).expanduser().resolve() for name in os.environ.get("HUIKUAN_WATCH_DIR", "").split(os.pathsep) if name
]
# Scheduled reports and backups: best folders that people, and another machine, can reach.
REPORTS_DIR = Path(os.environ.get("HUIKUAN_REPORTS_DIR") or HUIKUAN_HOME / "reports")
BACKUP_DIR = Path(os.environ.get("HUIKUAN_BACKUP_DIR") or HUIKUAN_HOME / "backups")

KEEP_DAYS = os.environ.get("HUIKUAN_KEEP_DAYS", "")

DEBUG = environment.flag("HUIKUAN_DEBUG")
SECRET_KEY = environment.secret_key(HUIKUAN_HOME)
# Django names it; a public address is added by the site: HUIKUAN_ALLOWED_HOSTS=ar.example.com
ALLOWED_HOSTS = [*environment.words("HUIKUAN_ALLOWED_HOSTS"), "127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = environment.words("HUIKUAN_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "huikuan.store",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
]

MIDDLEWARE = [
    "huikuan.config.requests.RequestMiddleware",
    "huikuan.api.problems.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "huikuan.config.security.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "huikuan.config.sessions.SessionActivityMiddleware",
    "huikuan.config.second_factor.SecondFactorMiddleware",
    "huikuan.config.addresses.FormAddressMiddleware",
]

ROOT_URLCONF = "huikuan.config.urls"
WSGI_APPLICATION = "huikuan.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "huikuan.web.templating.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            # The pages are no Django app: their tags are named here.
            "libraries": {"huikuan": "huikuan.web.tags"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES = {"default": environment.database_settings(os.environ.get("DATABASE_URL"), HUIKUAN_HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# In the database, so that limits of sign-in attempts hold in all server processes together.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "huikuan_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
SESSION_ENGINE = "huikuan.config.session_store"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# -- who may come in ------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "store.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 10}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "huikuan.config.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# "Your password was changed" and the like; printed into the log they would only tell whoever reads it.
ACCOUNT_EMAIL_NOTIFICATIONS = "HUIKUAN_EMAIL_BACKEND" in os.environ
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/300s/key"}
ACCOUNT_SESSION_REMEMBER = None
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if environment.flag("HUIKUAN_BEHIND_PROXY") else 0

# A second factor: an authenticator app, with recovery codes. HUIKUAN_REQUIRE_MFA=1 makes everybody set one up.
MFA_ADAPTER = "huikuan.config.accounts.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are given by who manages people, not claimed by the person
MFA_TOTP_ISSUER = "huikuan"
MFA_TOTP_TOLERANCE = 1  # clocks differ: the code before and after will do
REQUIRE_MFA = environment.flag("HUIKUAN_REQUIRE_MFA")
USERSESSIONS_TRACK_ACTIVITY = True
# Single sign-on by OpenID Connect, for people who have an account here with the address the provider vouches for.
SOCIALACCOUNT_ADAPTER = "huikuan.config.accounts.SocialAccountAdapter"
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = environment.oidc_provider()

# -- languages, time ------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [PACKAGE / "locale"]
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# -- files of the pages ---------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = HUIKUAN_HOME / "static"
STATICFILES_DIRS = [PACKAGE / "web" / "static"]
# Collected, hashed and compressed by `huikuan run`; before that (tests, a first look) served from where they lie.
STATIC_COLLECTED = not DEBUG and environment.flag(
    "HUIKUAN_STATIC_COLLECTED", default=(STATIC_ROOT / "staticfiles.json").is_file()
)
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not STATIC_COLLECTED
WHITENOISE_MANIFEST_STRICT = False
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
MEDIA_ROOT = HUIKUAN_HOME / "files"
FILE_UPLOAD_TEMP_DIR = None
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

# -- safety ---------------------------------------------------------------------------------------------------------
HTTPS = environment.flag("HUIKUAN_HTTPS")
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked by this machine, without a certificate
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if environment.flag("HUIKUAN_BEHIND_PROXY") else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "huikuan_session"
CSRF_COOKIE_NAME = "huikuan_csrf"

# -- programs that come in, programs that are told --------------------------------------------------------------------
API_REQUESTS_PER_MINUTE = int(os.environ.get("HUIKUAN_API_REQUESTS_PER_MINUTE") or 600)
# For a bench or a network of one's own: addresses without TLS, and addresses that are not on the open internet.
ALLOW_HTTP_WEBHOOKS = environment.flag("HUIKUAN_ALLOW_HTTP_WEBHOOKS")
ALLOW_PRIVATE_WEBHOOKS = environment.flag("HUIKUAN_ALLOW_PRIVATE_WEBHOOKS")

# -- background work, mail, log -------------------------------------------------------------------------------------
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
HUIKUAN_TASKS = {
    "import.check": "huikuan.jobs.tasks.check_import",
    "import.publish": "huikuan.jobs.tasks.publish_import",
    "match.run": "huikuan.jobs.tasks.match_lines",
    "bank.upload": "huikuan.jobs.tasks.import_bank_files",
}
# An upload of more bytes is checked and posted by the worker while the page shows how far it is.
HUIKUAN_BACKGROUND_BYTES = int(os.environ.get("HUIKUAN_BACKGROUND_BYTES") or 2_000_000)
EMAIL_BACKEND = os.environ.get("HUIKUAN_EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
DEFAULT_FROM_EMAIL = os.environ.get("HUIKUAN_FROM_EMAIL", "huikuan@localhost")

# HUIKUAN_LOG_FORMAT=json: one object a line, with a line for each request; else plain text for people.
LOG_REQUESTS = os.environ.get("HUIKUAN_LOG_FORMAT", "").lower() == "json"
# Who may read /metrics from elsewhere: without a token, only this machine.
METRICS_TOKEN = os.environ.get("HUIKUAN_METRICS_TOKEN", "")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "json": {"()": "huikuan.config.requests.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json" if LOG_REQUESTS else "plain"}},
    "root": {"handlers": ["console"], "level": os.environ.get("HUIKUAN_LOG_LEVEL", "WARNING")},
    "loggers": {"huikuan": {"level": os.environ.get("HUIKUAN_LOG_LEVEL", "INFO")}},
}
