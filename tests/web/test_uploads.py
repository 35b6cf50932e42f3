"""Files that are sent in: judged by what is in them, held in memory, refused in words."""

from __future__ import annotations

import io
import os
import zipfile
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.db import connections

from tests.proof.clerk import record_form, text_of
from tests.proof.smallworld import World
from yipan.documents.evidence import LARGEST, digest_of
from yipan.documents.filekinds import NoScanError, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KIND = "birth-registration.asked"


def archive() -> bytes:
    """Return an archive with another in it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as whole:
        whole.writestr("a.zip", b"PK\x03\x04")
    return made.getvalue()


STRANGE = {
    "a program": b"MZ\x90\x00" + bytes(60),
    "another program": b"\x7fELF" + bytes(60),
    "a script": b"#!/bin/sh\nrm -rf /\n",
    "a page": b"<html><script>alert(1)</script></html>",
    "a drawing that runs": b'  <svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>',
    "an archive": archive(),
    "a document with programs": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
    "bytes": bytes(range(256)),
}


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE.keys())
def test_what_is_no_scan_is_no_evidence_whatever_it_is_called(content: bytes) -> None:
    with pytest.raises(NoScanError) as refused:
        digest_of(content)
    assert all(refused.value.say(language) for language in ("zh", "en"))


def test_scans_photographs_and_plain_words_are() -> None:
    for content, kind in (
        (b"%PDF-1.7\n", "pdf"), (b"\xff\xd8\xff\xe0", "jpeg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"II*\x00rest", "tiff"),
        (b"\0\0\0\x18ftypheic", "heif"), (b"RIFF\0\0\0\0WEBPVP8 ", "webp"), ("挂号信，已签收".encode(), "text"),
    ):  # fmt: skip
        assert kind_of(content) == kind


@pytest.fixture
def world(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Give a desk and its clock."""
    from yipan.duties.ready import make_ready  # noqa: PLC0415  # Django is set up by `home`

    assert home.is_dir()
    made = World()
    make_ready(settings.RULEPACKS, made.now)
    monkeypatch.setattr(settings, "CLOCK", made, raising=False)
    yield made
    connections.close_all()


def send(world: World, content: bytes) -> tuple[int, str]:
    """Send a form with a file and nothing else, and return how it is answered."""
    desk = world.desk()
    form = record_form(text_of(desk.get(f"/record/{KIND}")))
    assert form
    said = form.values() | {"evidence": SimpleUploadedFile("回执.png", content, "image/png")}
    answer = desk.post(f"/record/{KIND}", said)
    return answer.status_code, text_of(answer)


def test_the_form_says_why_a_file_is_not_taken(world: World) -> None:
    status, page = send(world, STRANGE["a page"])
    assert status == 422
    assert "不是扫描件" in page
    status, page = send(world, b"%PDF-1.7" + bytes(LARGEST))
    assert status == 422
    assert "20 MB" in page


def test_a_file_on_its_way_in_never_lies_on_the_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        message = "a file was laid on the disk"
        raise AssertionError(message)

    monkeypatch.setattr(TemporaryUploadedFile, "__init__", refuse)
    status, _ = send(world, b"%PDF-1.7" + os.urandom(8 << 20))
    assert status == 422
