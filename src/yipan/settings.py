"""Django's settings, read from the environment; `docs/reference/settings.md` lists every variable.

Reading them starts no server and touches no database.
"""

from __future__ import annotations

import os
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key
from django.utils.translation import gettext_lazy as _

from yipan.database import home, read_or_make_key, rule_packs

PACKAGE = Path(__file__).resolve().parent


RULEPACKS = rule_packs()

# ---------------------------------------------------------------------------------------- the program

DEBUG = False
SECRET_KEY = read_or_make_key("django.key", lambda: get_random_secret_key().encode()).decode()
ROOT_URLCONF = "yipan.urls"
WSGI_APPLICATION = "yipan.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "yipan.offices",
    "yipan.duties",
    "yipan.registry",
    "yipan.documents",
    "yipan.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "yipan.web.language.ChosenLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
            ],
        },
    }
]

# --------------------------------------------------------------------------------------- the database

# Two doors: everything works through `default`, under row-level security; `owner` only migrates.
DATABASES = {
    alias: {
        "ENGINE": "yipan.database.backend",
        "NAME": "yipan",
        "ROLE": role,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # The policies cost more to plan than to run: a statement asked for the third time is kept planned.
        "OPTIONS": {"server_side_binding": True, "prepare_threshold": 3},
    }
    for alias, role in (("default", "app"), ("owner", "owner"))
}

# ------------------------------------------------------------------------------------ time and language

USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [PACKAGE / "locale"]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"

# ----------------------------------------------------------------------------------------- static files

STATIC_URL = "static/"
# Gathered by `yipan.wsgi` when it starts, under names that hold the digest of the content.
STATIC_ROOT = home() / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --------------------------------------------------------------------------------------------- the door

LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = os.environ.get("YIPAN_HOSTS", "").split() or LOOPBACK
# A page served to this machine alone may come without TLS; any other may not, unless the deployment says so.
HTTPS = os.environ.get("YIPAN_HTTPS", "no" if set(ALLOWED_HOSTS) <= set(LOOPBACK) else "yes") == "yes"

# Printed on certificates: where anybody verifies them. Pages know their own address; the command line does not.
PUBLIC_ADDRESS = os.environ.get("YIPAN_ADDRESS", "").rstrip("/")

# Where messages to persons are handed over, and with which word of admission; nothing is sent where none is set.
MESSAGE_GATEWAY = os.environ.get("YIPAN_MESSAGE_GATEWAY", "")
MESSAGE_TOKEN = os.environ.get("YIPAN_MESSAGE_TOKEN", "")

# Where a public page looks for a place: `{place}` stands for its address. Empty: no page links to a map.
MAP_ADDRESS = os.environ.get("YIPAN_MAP", "https://uri.amap.com/search?keyword={place}")

SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# The header is believed only where a deployment says that its own proxy sets it: anybody else could forge it.
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if os.environ.get("YIPAN_BEHIND_PROXY") == "yes" else None
)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Desks are shared: a session ends with the browser, and with the working day.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 10 * 60 * 60
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Nothing from another site, nothing inline: what somebody managed to write into a page does not run.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
