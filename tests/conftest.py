"""A data folder for the tests, with a real server and migrated tables when a test asks for them."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import psycopg
import pytest

from tests.database.users import until_nobody_uses
from yipan import database

if TYPE_CHECKING:
    from collections.abc import Iterator


# How long an example takes says something of the machine and nothing of the law.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


@pytest.fixture(scope="session", autouse=True)
def yipan_home() -> Iterator[Path]:
    """Keep every test away from the data folder of whoever runs them; starts nothing."""
    folder = Path(tempfile.mkdtemp(prefix="yh-"))  # short: the socket's path has to fit
    for name in ("DATABASE_URL", "DATABASE_MIGRATE_URL", "YIPAN_HOSTS", "YIPAN_HTTPS"):
        os.environ.pop(name, None)
    os.environ["YIPAN_HOME"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "yipan.settings"
    yield folder
    database.leave()
    until_nobody_uses(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def home(yipan_home: Path) -> Path:
    """Give the data folder with its server running, its tables migrated and Django set up."""
    import django  # noqa: PLC0415 (only a test that asks for the database reads the settings)
    from django.core.management import call_command  # noqa: PLC0415

    database.ensure()
    django.setup(set_prefix=False)
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
