"""The code on a certificate, read from the paper as a telephone reads it: the PDF made a picture, the picture decoded."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pypdfium2  # type: ignore[import-untyped]  # it ships without types
import zxingcpp
from django.test import Client, override_settings

from tests.documents.test_certificates import WHEN, ask, certificate
from tests.duties.cast import Cast, at
from yipan.documents import papers, signing

if TYPE_CHECKING:
    from yipan.documents.certificate import Held

ADDRESS = "https://yipan.example"
#: As fine as a telephone sees a sheet that it is held to.
DOTS_PER_INCH = 150


def read(one: Held, address: str) -> str:
    """Return what the one code on the first page of a certificate says."""
    with (
        closing(pypdfium2.PdfDocument(papers.certificate_pdf(one, address))) as paper,
        closing(paper[0]) as page,
    ):
        picture = page.render(scale=DOTS_PER_INCH / 72, grayscale=True).to_numpy()
        [found] = zxingcpp.read_barcodes(picture)
    return str(found.text)


def test_what_a_telephone_reads_on_the_paper_opens_the_public_page_and_says_that_it_is_valid(
    cast: Cast,
) -> None:
    one = certificate(cast, cast.her_home, ask(cast, cast.her_home))
    code = urlsplit(read(one, ADDRESS))
    assert f"{code.scheme}://{code.netloc}" == ADDRESS
    with override_settings(CLOCK=lambda: at(WHEN)):
        answer = Client(SERVER_NAME="localhost").get(code.path)
    said = answer.content.decode()
    assert (answer.status_code, "真实，有效" in said, one.statement.name in said) == (200, True, True)


def test_the_same_code_is_proved_offline_with_the_published_key_alone(cast: Cast) -> None:
    one = certificate(cast, cast.her_home, ask(cast, cast.her_home))
    keys = signing.public_keys(at(WHEN).date())
    token = urlsplit(read(one, ADDRESS)).fragment
    assert signing.check(token, keys) == one.statement
    # Without an address of its own an installation prints the signed text alone.
    assert signing.check(read(one, ""), keys) == one.statement
