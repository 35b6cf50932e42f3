"""Django's settings, read from the environment; `docs/reference/settings.md` lists every variable.

Reading them starts no server and touches no database.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from yipan.database import home, rule_packs
from yipan.database.secretkey import secret_keys

PACKAGE = Path(__file__).resolve().parent


def _minutes(name: str, otherwise: int) -> int:
    """Return a number, of minutes or what else, that the environment names; what is no such number counts as not said."""
    said = os.environ.get(name, "")
    return int(said) if said.isascii() and said.isdigit() and int(said) > 0 else otherwise


RULEPACKS = rule_packs()

# ---------------------------------------------------------------------------------------- the program

DEBUG = False
SECRET_KEY, *SECRET_KEY_FALLBACKS = secret_keys()
ROOT_URLCONF = "yipan.urls"
WSGI_APPLICATION = "yipan.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "yipan.offices",
    "yipan.duties",
    "yipan.registry",
    "yipan.documents",
    "yipan.exchange",
    "yipan.statistics",
    "yipan.web",
]

MIDDLEWARE = [
    "yipan.web.middleware.SaidToTheBrowser",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "yipan.web.language.ChosenLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "yipan.web.middleware.WithoutControls",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "yipan.web.middleware.SessionsEnd",
    "allauth.account.middleware.AccountMiddleware",
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

# Tokens of programs: the longest they hold, in days; and how often one may call, an address, and who shows none, in a minute.
API_TOKEN_DAYS = _minutes("YIPAN_API_TOKEN_DAYS", 366)
API_CALLS = _minutes("YIPAN_API_CALLS", 600)
API_CALLS_OF_ADDRESS = _minutes("YIPAN_API_CALLS_OF_ADDRESS", 1200)
API_CALLS_OF_STRANGERS = _minutes("YIPAN_API_CALLS_OF_STRANGERS", 120)

# Printed on certificates: where anybody verifies them. Pages know their own address; the command line does not.
PUBLIC_ADDRESS = os.environ.get("YIPAN_ADDRESS", "").rstrip("/")

# Where messages to persons are handed over, and with which word of admission; nothing is sent where none is set.
MESSAGE_GATEWAY = os.environ.get("YIPAN_MESSAGE_GATEWAY", "")
MESSAGE_TOKEN = os.environ.get("YIPAN_MESSAGE_TOKEN", "")

# So long may an office that is no party look in need; a look at so many strangers is flagged for the auditor.
GLASS_HOURS = int(os.environ.get("YIPAN_GLASS_HOURS", "3"))
STRANGERS = int(os.environ.get("YIPAN_STRANGERS", "50"))

# So many working days before its deadline a duty is shown as due soon.
SOON = _minutes("YIPAN_SOON_DAYS", 5)

# Where a public page looks for a place: `{place}` stands for its address. Empty: no page links to a map.
MAP_ADDRESS = os.environ.get("YIPAN_MAP", "https://uri.amap.com/search?keyword={place}")

# Where a person's own page goes when she leaves it in a hurry: somewhere that anybody might be looking at.
QUICK_EXIT = os.environ.get("YIPAN_QUICK_EXIT", "https://www.weather.com.cn/")

# The deployment's file that says for which posts a second factor is asked at sign-in.
ROLES_FILE = os.environ.get("YIPAN_ROLES", "")

SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# The header is believed only where a deployment says that its own proxy sets it: anybody else could forge it.
BEHIND_PROXY = os.environ.get("YIPAN_BEHIND_PROXY") == "yes"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# What is sent in is held in memory: nothing lies on the disk in the clear, not for a moment.
FILE_UPLOAD_HANDLERS = ["yipan.web.uploads.InMemory"]
# A form has a few dozen boxes and one file; longer bodies are nobody's typing.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 4

# Kept under digests, so that a copy of the database opens no session.
SESSION_ENGINE = "yipan.web.sessions"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Desks are shared: a session ends with the browser, with the working day, and when nobody is there.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = _minutes("YIPAN_SESSION_MINUTES", 10 * 60) * 60
# In minutes; a person's own session, often on a borrowed telephone, ends sooner.
IDLE_MINUTES = _minutes("YIPAN_IDLE_MINUTES", 60)
IDLE_MINUTES_OF_PERSONS = _minutes("YIPAN_PERSON_IDLE_MINUTES", 20)
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

# The slow digests of earlier installations are read, and written anew at the next sign-in.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"] = {"min_length": 10}

# Second factors: what is used of allauth is its tables and its arithmetic; the pages and the verbs are ours.
MFA_ADAPTER = "yipan.offices.factors.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# A telephone's clock may be half a minute off; each code works once all the same.
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODE_COUNT = 8
MFA_RECOVERY_CODE_DIGITS = 10
# Without it, a passkey is made for this machine alone: `localhost`, which is no other's.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]

# Nothing from another site, nothing inline: what somebody managed to write into a page does not run.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

# ------------------------------------------------------------------------------------ what goes into logs

# The kind of an error and the lines it passed, never its words: those may quote what was typed or what was sealed.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"()": "yipan.web.errorlog.WithoutWords"}},
    "handlers": {"errors": {"class": "logging.StreamHandler", "formatter": "plain", "level": "ERROR"}},
    "loggers": {
        "django": {"handlers": ["errors"], "level": "ERROR", "propagate": False},
        "allauth": {"handlers": ["errors"], "level": "ERROR", "propagate": False},
    },
}
