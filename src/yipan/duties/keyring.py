"""Every key of an installation by its name: which versions there are, where it lies, since when, and what it does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from yipan.database import home, root, vault

if TYPE_CHECKING:
    from pathlib import Path

    from yipan.duties.views import Said

#: What `yipan keys` calls each, and what it is for. `root` seals the others and lies elsewhere.
NAMES: Final[dict[str, Said]] = {
    "root": {"zh": "根密钥：封存其余各钥", "en": "the root key: seals all others"},
    "kek": {"zh": "主密钥：包裹每个人、每份凭证的密钥", "en": "wraps the key of each person and each piece of evidence"},
    "lookup": {"zh": "查找密钥：号码、电话的摘要", "en": "makes the digests under which numbers are found"},
    "lasting": {"zh": "长期摘要密钥：纸条上的号码", "en": "makes the digests of numbers that only a slip has"},
    "checkpoint": {"zh": "检查点密钥：签署日志各链的末端", "en": "signs checkpoints"},
    "django": {"zh": "会话密钥：签署登录会话和表单", "en": "signs sessions and form tokens"},
    "database": {"zh": "数据库两个角色的口令", "en": "the passwords of the two roles of the database"},
    "certificate": {"zh": "证明密钥：签发证明", "en": "signs certificates"},
    "figures": {"zh": "统计盐：统计表中案件和职责的代号", "en": "the salt of cases and duties in the folder of figures"},
}  # fmt: skip
#: What the names of the keys of offices begin with; behind it stands the office's code.
OF_AN_OFFICE: Final = "office-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """One key as it is: `sealed` is None for the root, which nothing seals."""

    name: str
    versions: tuple[int, ...]
    path: Path
    since: datetime | None
    sealed: bool | None


def listed() -> list[Key]:
    """Return the keys that there are. None is opened, and none is made."""
    found = [_root()] if root.installation() else []
    for name in dict.fromkeys((*NAMES, *_others())):
        versions = tuple(vault.versions(name))
        file = (
            "database.json" if name == "database" else vault.file_of(name, versions[-1]) if versions else ""
        )
        if name != "root" and file:
            files = (file, f"{name}.key") if versions == (1,) else (file,)
            found += [key for each in files if (key := _key(name, versions or (1,), each))][:1]
    return found


def about(name: str) -> Said:
    """Return what a key is for; of one that a room above made for itself only its name is known here."""
    if name.startswith(OF_AN_OFFICE):
        return {"zh": "机构密钥：签署该机构的报表", "en": "signs the reports of that office"}
    return NAMES.get(name, {"zh": name, "en": name})


def _others() -> list[str]:
    files = [each for each in (*vault.sealed_names(), *vault.plain_names()) if each.endswith(".key")]
    return sorted({re.sub(r"(-\d+)?\.key$", "", each) for each in files})


def _root() -> Key:
    path = root.place().path
    return Key(name="root", versions=(1,), path=path, since=_since(path), sealed=None)


def _key(name: str, versions: tuple[int, ...], file: str) -> Key | None:
    for ending, sealed in ((vault.SEALED, True), ("", False)):
        path = home() / "keys" / (file + ending)
        if path.exists():
            return Key(name=name, versions=versions, path=path, since=_since(path), sealed=sealed)
    return None


def _since(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return None
