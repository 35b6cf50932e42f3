"""A room knows only the rooms below it: in what it imports, and in what its tables point at."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from django.apps import apps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.db import models

ROOT: Final = Path(__file__).parents[2]


def floors() -> dict[str, int]:
    """Return the floor of each room, the ground being the highest number, as import-linter is told."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (plan,) = (each for each in told["tool"]["importlinter"]["contracts"] if each["type"] == "layers")
    return {room.strip(): floor for floor, layer in enumerate(plan["layers"]) for room in layer.split("|")}


def room_of(model: type[models.Model]) -> str | None:
    """Return the room a model lives in, None for those of Django and of other packages."""
    package, _, rest = model.__module__.partition(".")
    return rest.partition(".")[0] if package == "yipan" else None


def upward(relations: Iterable[tuple[str, str | None, str | None]]) -> Iterator[str]:
    """Yield the relations that point from a room to one above or beside it."""
    floor = floors()
    for name, here, there in relations:
        if here and there and here != there and floor[there] <= floor[here]:
            yield f"{name} points from {here} to {there}"


def relations() -> Iterator[tuple[str, str | None, str | None]]:
    """Yield each relation as declared: its name, the room it leaves from, the room it goes to."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields(include_parents=False, include_hidden=True):  # noqa: SLF001 (Django's documented door)
            target = field.related_model
            if field.is_relation and not field.auto_created and isinstance(target, type):
                yield f"{model.__name__}.{field.name}", room_of(model), room_of(target)


def test_imports_go_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    source = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, env=source, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.usefixtures("home")
def test_no_relation_points_upward() -> None:
    assert list(upward(relations())) == []


def test_a_relation_that_points_upward_or_beside_would_be_found() -> None:
    made_up = [
        ("Duty.person", "duties", "registry"),
        ("Table.batch", "statistics", "exchange"),
        ("Person.duty", "registry", "duties"),
        ("Event.follows", "duties", "duties"),
        ("Officer.user", "offices", None),
    ]
    assert list(upward(made_up)) == [
        "Duty.person points from duties to registry",
        "Table.batch points from statistics to exchange",
    ]


def test_every_room_says_its_purpose_in_a_line() -> None:
    for package in (ROOT / "src" / "yipan").glob("*/__init__.py"):
        first = package.read_text(encoding="utf-8").split("\n", 1)[0]
        assert first.startswith('"""'), package.parent.name
