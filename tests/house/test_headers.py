"""What every answer says to the browser, and what the settings make of the hosts they are given."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from tests.database.users import run


@pytest.mark.usefixtures("home")
def test_a_page_may_load_nothing_from_elsewhere_and_run_nothing_written_into_it() -> None:
    answer = Client(headers={"host": "localhost"}).get("/no-such-page")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.usefixtures("home")
def test_a_name_that_is_not_ours_is_not_answered() -> None:
    assert Client(headers={"host": "elsewhere.example"}).get("/").status_code == 400


SAY = """
import json
from yipan import settings
names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SECURE_PROXY_SSL_HEADER")
print(json.dumps([getattr(settings, name) for name in names]))
"""


@pytest.mark.parametrize(
    ("environment", "settings"),
    [
        ({}, [False, False, False, None]),
        ({"YIPAN_HOSTS": "yipan.example"}, [True, True, True, None]),
        ({"YIPAN_HOSTS": "yipan.example", "YIPAN_HTTPS": "no"}, [False, False, False, None]),
        (
            {"YIPAN_HOSTS": "yipan.example", "YIPAN_BEHIND_PROXY": "yes"},
            [True, True, True, ["HTTP_X_FORWARDED_PROTO", "https"]],
        ),
    ],
)
def test_cookies_travel_by_tls_alone_wherever_pages_leave_this_machine(
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str], settings: list[object]
) -> None:
    done = run(SAY, tmp_path_factory.mktemp("home"), environment)
    assert json.loads(done.stdout) == settings
