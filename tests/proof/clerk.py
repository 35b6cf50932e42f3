"""A clerk without eyes: signs in, opens pages, finds the forms on them, fills them in and sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.test import Client

if TYPE_CHECKING:
    from collections.abc import Mapping

SHANGHAI = ZoneInfo("Asia/Shanghai")
PASSWORD = "a-long-password-for-proofs"  # noqa: S105  # opens nothing but the tests' own folder


@dataclass(kw_only=True)
class Box:
    """One thing on a form: how it is filled in, what stands in it, what may be chosen."""

    kind: str
    value: str = ""
    choices: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Form:
    """A form of a page."""

    method: str
    action: str
    boxes: dict[str, Box] = field(default_factory=dict)

    def values(self) -> dict[str, str]:
        """Return what would be sent were it sent as it is."""
        return {name: box.value for name, box in self.boxes.items() if box.kind != "file"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.inside: Form | None = None
        self.select: Box | None = None
        self.area: Box | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        elif tag == "form":
            self.inside = Form(method=said.get("method", "get").lower(), action=said.get("action", ""))
            self.forms.append(self.inside)
        elif self.inside and tag in ("input", "select", "textarea", "button") and said.get("name"):
            self._box(self.inside, tag, said)
        elif tag == "option" and self.select:
            self.select.choices.append(said.get("value", ""))
            if "selected" in said:
                self.select.value = said.get("value", "")

    def _box(self, form: Form, tag: str, said: Mapping[str, str]) -> None:
        kind = said.get("type", "text") if tag == "input" else tag
        if tag == "button" and not said.get("value"):
            return
        box = form.boxes.setdefault(said["name"], Box(kind=kind))
        if kind in ("radio", "checkbox", "button"):
            box.choices.append(said.get("value", "on"))
            if "checked" in said:
                box.value = said.get("value", "on")
        elif tag == "select":
            self.select = box
        elif tag == "textarea":
            self.area = box
        else:
            box.value = said.get("value", "")

    def handle_data(self, data: str) -> None:
        if self.area:
            self.area.value += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea":
            self.area = None


def read(page: str) -> tuple[list[Form], list[str]]:
    """Return the forms and the links of a page."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms, reader.links


def officer(name: str, office: str, role: str) -> Client:
    """Return a browser in which an officer with a post has signed in; makes her account where there is none."""
    from yipan.offices.office import organisation  # noqa: PLC0415  # Django is set up
    from yipan.offices.officer import Officer, Posting  # noqa: PLC0415  # the same

    user = get_user_model().objects.filter(username=name).first()
    if user is None:
        user = get_user_model().objects.create_user(name, password=PASSWORD)
        made = Officer.objects.create(user=user, name=name)
        Posting.objects.create(
            officer=made, organisation=organisation(office), role=role, from_on=date(2020, 1, 1)
        )
    client = Client(SERVER_NAME="localhost", raise_request_exception=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def record_form(page: str) -> Form | None:
    """Return the form on which something is recorded, if the page has it."""
    return next((each for each in read(page)[0] if "entry" in each.boxes), None)


def text_of(answer: Any) -> str:  # noqa: ANN401  # Django's test answer
    """Return what an answer says."""
    if getattr(answer, "streaming", False):
        return b"".join(answer.streaming_content).decode(errors="replace")
    return str(answer.content.decode(errors="replace"))


def noon(day: str) -> datetime:
    """Return a moment of a day."""
    return datetime.fromisoformat(f"{day}T10:05:00").replace(tzinfo=SHANGHAI)
