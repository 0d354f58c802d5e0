"""The product's settings, with passwords that are quick to check. For tests and the servers they start."""

from huikuan.config.settings import *  # noqa: F403
from huikuan.config.settings import MIDDLEWARE
from tests.slow import SLOW_MS

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ACCOUNT_RATE_LIMITS = {}
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if SLOW_MS:
    MIDDLEWARE = ["tests.slow.SlowMiddleware", *MIDDLEWARE]
