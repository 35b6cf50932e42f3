"""Whatever a desk begins with, an empty form comes back with every box that is missing, in the reader's language, and what was typed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client

from tests.procedures.forms import Page
from tests.procedures.playing import BEGINS, CLOCK, Stage, a_township
from yipan.duties.lawbook import lawbook
from yipan.law.keeping import ERASED_KIND
from yipan.offices.office import lines_of
from yipan.web.forms import Setting, shown_fields, shown_roles

if TYPE_CHECKING:
    from pathlib import Path

    from yipan.law.kind import Kind

#: What stays as it was typed.
TYPED = "写到一半的话 <b>&"
_CHINESE = re.compile("[\u4e00-\u9fff]")


def _needed(kind: Kind) -> set[str]:
    """Return the boxes that a kind cannot do without."""
    fields = {each.name for each in shown_fields(kind, Setting()) if each.required}
    return fields | {role for role in shown_roles(kind, Setting()) if kind.roles[role].required}


@pytest.mark.usefixtures("playground")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_empty_form_says_box_by_box_what_is_missing_and_keeps_what_was_typed(
    language: str, tmp_path: Path
) -> None:
    CLOCK.now = BEGINS
    township = a_township("page")
    stage = Stage(offices={}, folder=tmp_path)
    tried: set[str] = set()
    kinds = lawbook().kinds(BEGINS.date())
    for office in (township, lines_of([township])[township]["county"]):
        client = Client(SERVER_NAME="localhost")
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en" if language == "en" else "zh-hans"
        client.force_login(get_user_model().objects.get(username=stage.account(office, "")))
        begins = {
            href.rpartition("/")[2]
            for href, _ in Page(client.get("/").content).links
            if href.startswith("/record/")
        }
        for name in sorted(begins - tried):
            tried.add(name)
            needed = _needed(kinds[name])
            form = Page(client.get(f"/record/{name}").content).form_with("entry")
            assert form, name
            long = [each.name for each in kinds[name].fields.values() if each.type == "long-text"][:1]
            answer = client.post(f"/record/{name}", {**form.values, **dict.fromkeys(long, TYPED)})
            missing = needed - set(long)
            if not missing:
                continue
            assert answer.status_code == 422, name
            page = Page(answer.content)
            said = {href.removeprefix("#f-") for href, _ in page.links if href.startswith("#f-")}
            assert missing <= said, (name, missing - said)
            back = page.form_with("entry")
            assert back, name
            assert [back.values[each] for each in long] == [TYPED] * len(long), name
            # In English not one Chinese character is left, whatever the pack says.
            assert bool(_CHINESE.search(page.wrong)) == (language == "zh"), (name, page.wrong)
    assert len(tried) > 40
    assert ERASED_KIND not in tried
