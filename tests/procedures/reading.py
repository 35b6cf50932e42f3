"""The procedures as data: who does what, one step after another, and what every office owes afterwards.

`*.yaml` beside this file. A step is `{by, kind, say}`; `$home` means the office that plays home, `{month}` the month at hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER: Final = Path(__file__).parent
_STEP_KEYS: Final = frozenset({
    "by", "kind", "say", "case", "party", "behalf", "at", "paper", "wait", "owes", "role", "other", "only",
})  # fmt: skip
_KEYS: Final = frozenset({"procedure", "heading", "offices", "opened", "steps", "then"})


@dataclass(frozen=True, kw_only=True)
class Step:
    """One entry, or a wait until a moment (`wait`).

    `party`: whom of several it is about, `{role: office}`. `behalf`: the office whose act is written down for it.
    `at`: the moment it happened, with `paper` as evidence. `case`: in which of the procedure's cases.
    `owes`: what offices owe in that case right after it. `role`: the post of who records it.
    """

    by: str = ""
    kind: str = ""
    say: Mapping[str, str] = field(default_factory=dict)
    case: str = "case"
    party: Mapping[str, str] = field(default_factory=dict)
    behalf: str = ""
    at: str = ""
    paper: bool = False
    wait: str = ""
    owes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    role: str = ""
    #: Whether the form asks nothing but what is said here, and when it happened: nobody's name can be written down.
    only: bool = False
    #: A field that takes the case of an earlier step by its label.
    other: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Procedure:
    """One procedure. `then`: by case and office every duty that the office owes there at the end, and how it stands."""

    name: str
    heading: str
    offices: Mapping[str, str]
    opened: tuple[str, ...]
    steps: tuple[Step, ...]
    then: Mapping[str, Mapping[str, Mapping[str, str]]]


def procedures() -> list[Procedure]:
    """Read all of them, in the order of the files."""
    return [_read(raw) for path in sorted(FOLDER.glob("*.yaml")) for raw in _documents(path)]


def played_elsewhere() -> Mapping[str, Mapping[str, str]]:
    """Return the kinds that no procedure plays, each with the test of its `page` and of its `command`, or why it has `no_command`."""
    found: dict[str, dict[str, str]] = yaml.safe_load((FOLDER / "elsewhere.yml").read_text("utf-8"))
    return found


def _documents(path: Path) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(path.read_text("utf-8")) if each]


def _read(raw: dict[str, Any]) -> Procedure:
    assert not raw.keys() - _KEYS, raw.keys() - _KEYS
    for each in raw["steps"]:
        assert not each.keys() - _STEP_KEYS, each
    return Procedure(
        name=raw["procedure"],
        heading=raw["heading"],
        offices=raw["offices"],
        opened=tuple(raw.get("opened", ())),
        steps=tuple(Step(**{**each, "say": _texts(each.get("say", {}))}) for each in raw["steps"]),
        then=raw.get("then", {}),
    )


def _texts(said: Mapping[str, Any]) -> dict[str, str]:
    """Return what is typed as it is typed: YAML takes some of it for numbers."""
    return {name: str(value) for name, value in said.items()}
