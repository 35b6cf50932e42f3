"""The list of erasures as a file: written beside the checkpoints, signed with their key, apart from every backup.

A restored database knows less than the file did: what the file says already stays in it.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from yipan.duties import attesting
from yipan.duties.erasure import Erased, erasures_since
from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_EVER = datetime(1900, 1, 1, tzinfo=UTC)


class NoErasureListError(YipanError):
    """The file is no list of erasures, or nobody here signed it."""

    code: ClassVar[str] = "no-erasure-list"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{path}不是本系统签名的删除清单。",
        "en": "{path} is no list of erasures that this installation signed.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请从存放检查点的文件夹取 erasures.list；keys 文件夹应与清单同一套系统。",
        "en": "Take erasures.list from the folder of the checkpoints; the keys must be those of the same installation.",
    }


def known(path: Path) -> list[Erased]:
    """Return what was erased, by the tables and by the file of before, the earliest first."""
    listed = {each.subject: each for each in read(path)} if path.is_file() else {}
    listed |= {each.subject: each for each in erasures_since(_EVER)}
    return sorted(listed.values(), key=lambda each: (each.erased_at, each.subject))


def write(now: datetime, path: Path) -> None:
    """Write the list anew, what it said before included; nothing where nobody was ever erased."""
    listed = known(path)
    if not listed:
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    said = {
        "written_at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "erasures": [_line(each) for each in listed],
    }
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(attesting.sign(said), sort_keys=True), encoding="utf-8")
    partial.rename(path)


def read(path: Path) -> list[Erased]:
    """Return what a list says.

    Raises:
        NoErasureListError: it is none, or was not signed here.
    """
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        signed = attesting.is_signed(said, attesting.public_keys())
        found = [_read(each) for each in said["erasures"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoErasureListError(path=path) from error
    if not signed:
        raise NoErasureListError(path=path)
    return found


def as_json(listed: Iterable[Erased]) -> list[dict[str, str]]:
    """Return lines as the file has them."""
    return [_line(each) for each in listed]


def _line(each: Erased) -> dict[str, str]:
    return {
        "subject": str(each.subject),
        "organisation": each.organisation,
        "erased_at": each.erased_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "event": str(each.event),
        "kept_until": each.kept_until.isoformat() if each.kept_until else "",
    }


def _read(line: dict[str, str]) -> Erased:
    return Erased(
        subject=UUID(line["subject"]),
        organisation=line["organisation"],
        erased_at=datetime.fromisoformat(line["erased_at"]),
        event=UUID(line["event"]),
        kept_until=date.fromisoformat(line["kept_until"]) if line["kept_until"] else None,
    )
