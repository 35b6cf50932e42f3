"""A disk with no room for another entry: the server says of each what it says of a write to a full disk."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from yipan import database

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no entry be written until the end."""
    with psycopg.connect(**database.connect_info("owner"), autocommit=True) as owner:
        owner.execute(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
        )
        owner.execute(
            "CREATE TRIGGER no_room BEFORE INSERT ON duties_event FOR EACH STATEMENT EXECUTE FUNCTION no_room()"
        )
        try:
            yield
        finally:
            owner.execute("DROP FUNCTION no_room CASCADE")
