"""The pages as served: a live server with a clock that the test sets, and a real Chromium in front of it."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, TypeVar
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, StorageState, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from uuid import UUID

T = TypeVar("T")
SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 3, 2, 10, 5, tzinfo=SHANGHAI)
PASSWORD = "a-long-password-for-tests"  # noqa: S105  # opens nothing but the tests' own folder
DESK, COUNTY_ABOVE = "440106004", "440106"
HER_HOME, HIS_HOME = "500101001", "450922101"
#: A clerk, one with a second post, a clerk of his home, a clerk of nowhere near, one without a post.
CAST = {
    "limin": ("李敏", ((DESK, "clerk"),)),
    "zhao": ("赵红", ((DESK, "clerk"), (COUNTY_ABOVE, "supervisor"))),
    "huang": ("黄玉兰", ((HIS_HOME, "clerk"),)),
    "wang": ("王强", (("440104001", "clerk"),)),
    # Whose password one test guesses at until the account rests: no other test may need it.
    "luo": ("罗成", (("440104001", "clerk"),)),
    # Keeps the installation: sees heads, peers and rules, and no person.
    "fan": ("范宁", (("00", "data-officer"),)),
    "nobody": ("周平", ()),
}
#: Chromium without a window is the same for a page, and a third of the work to open.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser")
#: What Chromium says of every answer that is not 2xx: a form that comes back with faults is one.
_NO_NEWS = "Failed to load resource: the server responded with a status of 4"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def process_request_thread(self, request: object, client_address: object) -> None:
        """Serve one request, and close what its thread opened: nobody else can use it."""
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]  # as it was handed over
        finally:
            _close_connections()


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Say nothing: pytest's output is for findings."""


@dataclass(kw_only=True)
class House:
    """The served house: where it is, what its clock says, and what a browser complained of."""

    address: str
    browser: Browser
    worker: ThreadPoolExecutor
    now: datetime = MONDAY
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)
    #: The cookies of who has signed in before: hashing a password is meant to be slow.
    known: dict[str, StorageState] = field(default_factory=dict)

    def tick(self) -> datetime:
        """Return the moment it is, a little later each time: of two things one came first."""
        self.now += timedelta(milliseconds=10)
        return self.now

    def elsewhere(self, work: Callable[[], T]) -> T:
        """Do work on the database in a thread of its own: Playwright's loop runs in this one."""
        return self.worker.submit(work).result()

    def visitor(
        self,
        language: str = "zh-CN",
        *,
        screen: tuple[int, int] = (1366, 768),
        javascript: bool = True,
        known_as: str = "",
    ) -> Page:
        """Open a browser, with the cookies of who signed in before or with nothing in it."""
        context = self.browser.new_context(
            locale=language,
            base_url=self.address,
            viewport={"width": screen[0], "height": screen[1]},
            java_script_enabled=javascript,
            storage_state=self.known.get(known_as),
        )
        context.set_default_timeout(10_000)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self._hear(said.type, said.text))
        return page

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not text.startswith(_NO_NEWS):
            self.complaints.append(text)

    def signed_in(
        self,
        name: str,
        language: str = "zh-CN",
        *,
        screen: tuple[int, int] = (1366, 768),
        javascript: bool = True,
    ) -> Page:
        """Open a browser, at the worklist, in which an officer has signed in."""
        page = self.visitor(language, screen=screen, javascript=javascript, known_as=name)
        page.goto("/")
        if name not in self.known:
            sign_in(page, name, PASSWORD)
            self.known[name] = page.context.storage_state()
        return page


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[House]:
    """Serve the house with its cast, once for the tests of a file.

    No longer: while Playwright's loop runs in this thread, Django lets no test here ask the database itself.
    """
    from django.conf import settings  # noqa: PLC0415  # Django is set up by `home`
    from django.core.handlers.wsgi import WSGIHandler  # noqa: PLC0415  # the same

    from yipan.duties.ready import make_ready  # noqa: PLC0415  # the same
    from yipan.offices.placeindex import read_gazetteer  # noqa: PLC0415  # the same

    assert home.is_dir()
    worker = ThreadPoolExecutor(1)
    worker.submit(make_ready, settings.RULEPACKS, MONDAY).result()
    worker.submit(_post_the_cast).result()
    before = worker.submit(_lengths).result()
    read_gazetteer()  # as `yipan.wsgi` does before it serves
    server = make_server("127.0.0.1", 0, WSGIHandler(), server_class=_Server, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=next(filter(None, map(shutil.which, BROWSERS)), None),
            args=["--no-sandbox", "--disable-gpu"],
        )
        yield House(address=f"http://127.0.0.1:{server.server_port}", browser=browser, worker=worker)
        browser.close()
    server.shutdown()
    server.server_close()
    thread.join()
    # What all the pages wrote is proved again from the journal.
    differences = worker.submit(_replayed, before).result()
    worker.submit(_close_connections).result()
    worker.shutdown()
    assert differences == []


def _post_the_cast() -> None:
    from django.contrib.auth import get_user_model  # noqa: PLC0415  # Django is set up by `home`

    from yipan.offices.office import organisation  # noqa: PLC0415  # the same
    from yipan.offices.officer import Officer, Posting  # noqa: PLC0415  # the same

    for name, (person, posts) in CAST.items():
        if Officer.objects.filter(user__username=name).exists():
            continue
        user = get_user_model().objects.create_user(name, password=PASSWORD)
        officer = Officer.objects.create(user=user, name=person)
        for office, role in posts:
            Posting.objects.create(
                officer=officer, organisation=organisation(office), role=role, from_on=date(2026, 1, 1)
            )


def _lengths() -> dict[UUID, int]:
    """Return how many entries each case has."""
    from django.db import connection, transaction  # noqa: PLC0415  # Django is set up by `home`

    from yipan.offices.permit import set_acting  # noqa: PLC0415  # the same

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(id) FROM duties_thread")
        threads = cursor.fetchall()[0][0] or []
        set_acting("", "replay", threads)
        cursor.execute("SELECT thread_id, count(*) FROM duties_event GROUP BY thread_id")
        return dict(cursor.fetchall())


def _replayed(before: Mapping[UUID, int]) -> list[str]:
    """Replay the cases that have grown, and return every difference from the table."""
    from yipan.duties.replay import replay  # noqa: PLC0415  # Django is set up by `home`

    grown = sorted(thread for thread, count in _lengths().items() if count != before.get(thread))
    return replay(grown).differences


def _close_connections() -> None:
    from django.db import connections  # noqa: PLC0415  # Django is set up by `home`

    connections.close_all()


@pytest.fixture
def house(served: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Give the served house with its clock at a Monday morning; fail if a browser complained of anything."""
    from django.conf import settings  # noqa: PLC0415  # Django is set up by `home`

    served.now = MONDAY
    served.complaints.clear()
    monkeypatch.setattr(settings, "CLOCK", served.tick, raising=False)
    yield served
    for context in served.contexts:
        context.close()
    served.contexts.clear()
    assert served.complaints == []


def follow(page: Page, what: Locator) -> None:
    """Click what leads to another page, and wait for that page."""
    with page.expect_navigation():
        what.click()


def link(page: Page, name: str) -> None:
    """Follow a link by its words."""
    follow(page, page.get_by_role("link", name=name))


def button(page: Page, name: str) -> None:
    """Press a button by its words."""
    follow(page, page.get_by_role("button", name=name))


def sign_in(page: Page, name: str, password: str) -> None:
    """Fill in the sign-in."""
    page.fill("#username", name)
    page.fill("#password", password)
    follow(page, page.locator("main form button").first)


def take_in(page: Page, *, his_notice: str = "no") -> str:
    """Take in the couple's registration at the desk, and return the address of the case."""
    link(page, "受理生育登记")
    page.fill("#f-her_name", "陈丽华")
    page.fill("#f-her_home", HER_HOME)
    page.fill("#f-his_name", "梁志强")
    page.fill("#f-his_home", HIS_HOME)
    for name in ("her_agrees_verify", "his_agrees_verify", "her_agrees_notice"):
        page.check(f"input[name={name}][value=yes]")
    page.check(f"input[name=his_agrees_notice][value={his_notice}]")
    page.check("input[name=papers][value=complete]")
    button(page, "提交并记录")
    assert "/cases/" in page.url, page.inner_text("main")
    return page.url
