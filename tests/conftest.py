"""A data folder for the tests, with a real server and migrated tables when a test asks for them."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import hypothesis
import psycopg
import pytest
from django.core.management import call_command
from django.db import connections

from tests import setup_once
from tests.database.users import until_nobody_uses
from yipan import database

if TYPE_CHECKING:
    from collections.abc import Iterator


# Before anything of ours is imported: every test is kept away from the data folder of whoever runs them. Setting
# Django up reads the settings and starts nothing.
HOME = Path(tempfile.mkdtemp(prefix="yh-"))  # short: the socket's path has to fit
for _name in (
    "DATABASE_URL",
    "DATABASE_MIGRATE_URL",
    *(each for each in os.environ if each.startswith("YIPAN_")),
):
    os.environ.pop(_name, None)
os.environ["YIPAN_HOME"] = str(HOME)
# Root keys lie outside the data folder, in the configuration folder: in one of this run.
CONFIG = Path(tempfile.mkdtemp(prefix="yc-"))
os.environ["XDG_CONFIG_HOME"] = str(CONFIG)
if setup_once.is_worker():
    # With others it pays to have the folder set up once for all, before anything is read of this one.
    setup_once.set_up().copy(HOME, CONFIG)
os.environ["DJANGO_SETTINGS_MODULE"] = "yipan.settings"
django.setup(set_prefix=False)

# A run begun in the background of a shell is deaf to SIGINT, and so would be what it starts; tests break commands off.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says something of the machine and nothing of the law.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

#: What comes first: what takes longest, so that at the end of a run no process waits long for another, and what reads
#: a whole journal again and again, as long as little is in it. What fills it with thousands comes late.
FIRST = (
    "matrix/test_matrix.py", "exchange/test_three_provinces.py", "cli/test_demo.py", "duties/test_proof.py", "duties/test_journal_attacks.py",
    "duties/test_succession_proof.py", "registry/test_erasing.py", "registry/test_keeping.py", "registry/test_readseal.py",
    "duties/test_keys.py", "duties/test_succession.py", "duties/test_checkpoints.py", "duties/test_record.py",
    "statistics/test_simulate.py", "exchange", "cli/test_import_roster.py",
    "duties/test_kill.py", "cli/test_backup.py", "whole", "proof", "matrix", "cli/test_services.py", "procedures",
    "web", "cli", "registry", "duties", "registry/test_import_kill.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put in front what is to come first."""
    tests = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(tests)
        named = [each for each in FIRST if path.is_relative_to(each)]
        return FIRST.index(max(named, key=len)) if named else len(FIRST)

    items.sort(key=place)


def pytest_unconfigure() -> None:
    """Take away what all processes of the run had copies of."""
    setup_once.take_away()


@pytest.fixture(scope="session", autouse=True)
def yipan_home() -> Iterator[Path]:
    """Give the data folder of this run, and take it away at the end; starts nothing."""
    yield HOME
    connections.close_all()
    database.leave()
    until_nobody_uses(HOME)
    shutil.rmtree(HOME)
    shutil.rmtree(CONFIG)


@pytest.fixture(scope="session")
def home(yipan_home: Path) -> Path:
    """Give the data folder with its server running and its tables migrated."""
    database.ensure()
    database.migrate()
    call_command("collectstatic", interactive=False, verbosity=0)
    return yipan_home


@pytest.fixture
def app(home: Path) -> Iterator[psycopg.Connection[Any]]:
    """Give a connection of the working role; what it did is rolled back."""
    assert home.is_dir()
    with psycopg.connect(**database.connect_info("app")) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def owner(home: Path) -> Iterator[psycopg.Connection[Any]]:
    """Give a connection of the owner of the tables; what it did is rolled back."""
    assert home.is_dir()
    with psycopg.connect(**database.connect_info("owner")) as connection:
        yield connection
        connection.rollback()
