"""Chinese is what the pages are written in; the English catalogue says all of it."""

from __future__ import annotations

import polib

from tests.web.messages import MO, PO, compiled, said


def test_every_sentence_of_the_pages_has_its_english() -> None:
    catalogue = {entry.msgid: entry for entry in polib.pofile(str(PO))}
    missing = [msgid for msgid, _ in sorted(said()) if msgid not in catalogue]
    assert missing == []
    silent = [msgid for msgid, entry in catalogue.items() if not entry.translated()]
    assert silent == []


def test_the_catalogue_holds_nothing_that_no_page_says() -> None:
    spoken = {msgid for msgid, _ in said()}
    assert [entry.msgid for entry in polib.pofile(str(PO)) if entry.msgid not in spoken] == []


def test_the_compiled_catalogue_is_that_of_the_text() -> None:
    assert MO.read_bytes() == compiled(PO), "run: python -m tests.web.messages"


def test_a_translation_fills_the_same_gaps_as_its_sentence() -> None:
    for entry in polib.pofile(str(PO)):
        wanted = sorted(part.split(")")[0] for part in entry.msgid.split("%(")[1:])
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text:
                assert sorted(part.split(")")[0] for part in text.split("%(")[1:]) == wanted, entry.msgid
