"""A page as a clerk sees it: the ways that lead on, the boxes of its form, the duties it lists. Needs no browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

_EMPTY: Final = frozenset({"input", "br", "meta", "link", "img", "hr", "wbr", "source"})
_CHOSEN: Final = frozenset({"radio", "checkbox"})


@dataclass(kw_only=True)
class Card:
    """One duty on a case's page: its id, how it stands, its words."""

    own: str
    stands: str
    words: str = ""


@dataclass(kw_only=True)
class Form:
    """A form: what each box holds, and what it may hold where it offers a choice."""

    values: dict[str, str] = field(default_factory=dict)
    choices: dict[str, set[str]] = field(default_factory=dict)
    boxes: set[str] = field(default_factory=set)


class Page(HTMLParser):
    """Read a page: `links` with their words, `forms`, `duties`, and what it says to be wrong."""

    def __init__(self, content: bytes) -> None:
        """Read it whole."""
        super().__init__(convert_charrefs=True)
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self.duties: list[Card] = []
        self.wrong = ""
        self._open: list[tuple[str, str]] = []
        self._select = ""
        self.feed(content.decode())

    def form_with(self, box: str) -> Form | None:
        """Return the form that has a box of this name."""
        return next((each for each in self.forms if box in each.values or box in each.choices), None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take up a link, a box, a duty."""
        said = {name: value or "" for name, value in attrs}
        role = ""
        if tag == "a" and "href" in said:
            self.links.append((said["href"], ""))
            role = "link"
        elif tag == "form":
            self.forms.append(Form())
        elif said.get("id", "").startswith("duty-"):
            stands = next((each[3:] for each in said["class"].split() if each.startswith("is-")), "")
            self.duties.append(Card(own=said["id"][5:], stands=stands))
            role = "duty"
        elif said.get("role") == "alert":
            role = "alert"
        self._take_box(tag, said)
        if tag not in _EMPTY:
            self._open.append((tag, role))

    def _take_box(self, tag: str, said: dict[str, str]) -> None:
        name = said.get("name", "")
        if not self.forms or not (name or tag == "option"):
            return
        form = self.forms[-1]
        if tag in ("textarea", "select"):
            form.boxes.add(name)
            self._select = name
            if tag == "select":
                form.choices[name] = set()
            else:
                form.values[name] = ""
        elif tag == "option" and self._select in form.choices:
            form.choices[self._select].add(said.get("value", ""))
            if "selected" in said:
                form.values[self._select] = said.get("value", "")
        elif tag == "input":
            _take_input(form, name, said)

    def handle_endtag(self, tag: str) -> None:
        """Close what is open."""
        if tag in ("textarea", "select"):
            self._select = ""
        while self._open:
            closed, _ = self._open.pop()
            if closed == tag:
                return

    def handle_data(self, data: str) -> None:
        """Add words to the link, duty or alert that they stand in."""
        roles = {role for _, role in self._open}
        if "link" in roles:
            href, words = self.links[-1]
            self.links[-1] = (href, words + data.strip())
        if "duty" in roles:
            self.duties[-1].words += f" {data.strip()}"
        if "alert" in roles:
            self.wrong += f" {data.strip()}"
        if self._open and self._open[-1][0] == "textarea" and self._select:
            self.forms[-1].values[self._select] += data


def _take_input(form: Form, name: str, said: dict[str, str]) -> None:
    sort, value = said.get("type", "text"), said.get("value", "")
    if sort in _CHOSEN:
        form.choices.setdefault(name, set()).add(value or "on")
    if "checked" in said or sort not in (*_CHOSEN, "file"):
        form.values[name] = value
    if sort != "hidden":
        form.boxes.add(name)
