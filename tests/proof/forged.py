"""Forged and shifted ids against pages and interface, by each of the cast: nothing of anybody else, and no server error.

    python -m tests.proof.forged [HOW_MANY] [SEED]

Makes the world of the matrix in a folder of its own, and asks HOW_MANY times (10,000): own ids with a digit changed, ids of
others, ids of nobody and what is no id at all, in every place of every address.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.matrix.world import World

#: What is no id: ends of paths, other alphabets, queries, very long.
_MALFORMED: Final = (
    "0", "-1", "1e9", "null", "undefined", "%00", "..%2f..%2fetc%2fpasswd", "' OR '1'='1", "𠮷野家", "a" * 3000, "{thread}", "%ff%fe",
    "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "<script>", "1;DROP TABLE duties_event",
)  # fmt: skip
_FAILED: Final = 500
_PLACES: Final = (f"{at // 65536}.{at // 256 % 256}.{at % 256}" for at in itertools.count(1))
_HEX: Final = "0123456789abcdef"


@dataclass(kw_only=True)
class Found:
    """What came of it."""

    asked: int = 0
    leaks: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def said(self) -> str:
        """Return it in a line."""
        return f"forged ids: {self.asked} asked, {len(self.leaks)} leaks, {len(self.errors)} server errors"


def attack(world: World, many: int, seed: int) -> Found:
    """Ask so many times with ids that are not the asker's own, and return what came of it."""
    from tests.matrix.playing import ENDS, leaks, patterns  # noqa: PLC0415  # Django is set up
    from tests.matrix.test_matrix import table  # noqa: PLC0415  # the same
    from tests.matrix.world import COLUMNS  # noqa: PLC0415  # the same

    dice = random.Random(seed)  # noqa: S311  # a seed, so that what was found is found again
    known = [each for each in world.things.values() if _is_id(each)]
    places = [
        (name, _shape(pattern), list(getattr(pattern.pattern, "converters", {})))
        for name, pattern in patterns()
        if name not in ENDS and getattr(pattern.pattern, "converters", {}) and not name.startswith("account")
    ]
    found = Found()
    while found.asked < many:
        actor = dice.choice(COLUMNS)
        name, shape, wanted = dice.choice(places)
        path = shape
        for each in wanted:
            path = path.replace(f"<{each}>", _forged(dice, known, world), 1)
        way = dice.choice(("get", "get", "post"))
        answer = _ask(world, name, path, way, actor)
        found.asked += 1
        row = table()["pages"].get(name, {})
        may = frozenset((*table()["sees"].get(actor, ()), *row.get("shows", ())))
        text = _text(answer)
        if answer.status_code >= _FAILED:
            found.errors.append(f"{actor} {way} {path[:120]}")
        # An address that was typed comes back in a page as it was typed; whose facts those are is not said by it.
        if held := leaks(text, may):
            found.leaks.append(f"{actor} {way} {path[:120]}: {held}")
    return found


def _shape(pattern: Any) -> str:  # noqa: ANN401  # Django's
    """Return an address with a mark for each id."""
    import re  # noqa: PLC0415  # once

    text = str(pattern.pattern)
    prefix = "/api/" if "uuidstr" in text or pattern.lookup_str.startswith("yipan.api") else "/"
    if "ninja" in pattern.lookup_str or "api" in getattr(pattern, "lookup_str", ""):
        prefix = "/api/"
    return prefix + re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", text)


def _forged(dice: random.Random, known: Sequence[str], world: World) -> str:
    sort = dice.randrange(10)
    if sort < 3:  # three in ten: another digit in an id that there is
        text = list(dice.choice(known))
        at = dice.choice([place for place, each in enumerate(text) if each in _HEX])
        text[at] = dice.choice([each for each in _HEX if each != text[at]])
        return "".join(text)
    if sort < 7:  # four in ten: an id that is somebody's
        return dice.choice(known)
    if sort < 8:  # one in ten: nobody's
        return str(
            UUID(int=dice.getrandbits(128), version=dice.choice((4, 7)) if sys.version_info >= (3, 14) else 4)
        )
    return dice.choice((*_MALFORMED, *world.offices.values(), world.things["number"]))


def _ask(world: World, name: str, path: str, way: str, actor: str) -> Any:  # noqa: ANN401  # the test client's own class
    in_room = name.startswith("api:")
    client = world.client("out" if in_room else actor)
    headers = {"authorization": f"Bearer {world.tokens[actor]}"} if in_room and actor in world.tokens else {}
    # Who knocks without a token too often rests: each knock from another place.
    there: dict[str, Any] = {"REMOTE_ADDR": f"10.{next(_PLACES)}"}
    if way == "get":
        return client.get(path, headers=headers, **there)
    if in_room:
        return client.post(path, "{}", content_type="application/json", headers=headers, **there)
    return client.post(path, {}, **there)


def _text(answer: Any) -> str:  # noqa: ANN401  # a streamed answer has no content
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode("utf-8", "replace")


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def main() -> int:
    """Make the world in a folder of its own, attack it, print a line."""
    home = Path(tempfile.mkdtemp(prefix="yh-"))
    # Root keys lie outside the data folder: in one of this run.
    keys = Path(tempfile.mkdtemp(prefix="yc-"))
    os.environ |= {
        "YIPAN_HOME": str(home), "XDG_CONFIG_HOME": str(keys), "DJANGO_SETTINGS_MODULE": "yipan.settings",
    }  # fmt: skip
    import django  # noqa: PLC0415  # the folder is said first

    django.setup()
    from django.conf import settings  # noqa: PLC0415  # Django is set up
    from django.core.management import call_command  # noqa: PLC0415  # the same

    from tests.matrix.world import NOW, make_world, standing_still  # noqa: PLC0415  # the same
    from yipan import database  # noqa: PLC0415  # the same
    from yipan.duties.ready import make_ready  # noqa: PLC0415  # the same

    try:
        make_ready(settings.RULEPACKS, NOW)
        call_command("collectstatic", interactive=False, verbosity=0)
        said = sys.argv[1:]
        with standing_still():
            world = make_world()
            found = attack(world, int(said[0]) if said else 10_000, int(said[1]) if len(said) > 1 else 1)
        for each in (*found.leaks, *found.errors)[:20]:
            sys.stderr.write(each + "\n")
        sys.stdout.write(found.said() + "\n")
        return 1 if found.leaks or found.errors else 0
    finally:
        from django.db import connections  # noqa: PLC0415  # the same

        connections.close_all()
        database.leave()
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(keys, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
