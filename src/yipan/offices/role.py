"""The posts that officers hold: what each may do, and where it may be held. The table is `data/roles.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import yaml
from django.conf import settings

from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from yipan.offices.office import Organisation

_TABLE: Final = Path(__file__).parent / "data" / "roles.yaml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """A post: its rights, the levels and kinds of organisation that have it, whether it bears no other beside it."""

    name: str
    title: Mapping[str, str]
    rights: frozenset[str]
    levels: frozenset[str]
    kinds: frozenset[str]
    not_kinds: frozenset[str]
    alone: bool

    def fits(self, where: Organisation) -> bool:
        """Tell whether an organisation can have this post."""
        of_kind = not self.kinds or where.kind in self.kinds
        return of_kind and where.kind not in self.not_kinds and where.level in self.levels


def _read() -> dict[str, Role]:
    return {
        raw["role"]: Role(
            name=raw["role"],
            title=raw["title"],
            rights=frozenset(raw["rights"]),
            levels=frozenset(raw["levels"]),
            kinds=frozenset(raw.get("kinds", ())),
            not_kinds=frozenset(raw.get("not_kinds", ())),
            alone=raw.get("alone", False),
        )
        for raw in yaml.safe_load(_TABLE.read_text(encoding="utf-8"))
    }


#: Every post there is, by name. A verb asks for one of the rights; both lists are closed.
TABLE: Final[Mapping[str, Role]] = _read()
#: What each post may do.
ROLES: Final[dict[str, frozenset[str]]] = {name: role.rights for name, role in TABLE.items()}


class UnknownRoleError(YipanError):
    """There is no such role."""

    code: ClassVar[str] = "unknown-role"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "没有名为“{role}”的岗位，可用：{known}。",
        "en": "There is no role {role!r}; there are: {known}.",
    }


class RoleDoesNotFitError(YipanError):
    """An organisation of that level and kind has no such post."""

    code: ClassVar[str] = "role-does-not-fit"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{office}没有“{role}”这样的岗位，可设：{known}。",
        "en": "{office} has no post of {role!r}; it can have: {known}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请改用适合该机构级别和类别的岗位，见文档“岗位”。",
        "en": "Choose a post that an organisation of this level and kind has: docs/reference/roles.md.",
    }


class RolesApartError(YipanError):
    """Whoever audits an office, or keeps its machine, holds no other post there."""

    code: ClassVar[str] = "roles-apart"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{officer}在{office}已有“{held}”岗位，不能同时任“{role}”：监督的人和保管系统的人不兼办业务。",
        "en": "{officer} is {held} at {office} and cannot be {role} there too: who audits or keeps the machine does nothing else.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请由另一人担任，或先结束原岗位。",
        "en": "Post somebody else, or end the other post first.",
    }


class RolesFileError(YipanError):
    """The deployment's file of posts says something else than it may."""

    code: ClassVar[str] = "roles-file"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{path} 有误：{what}。",
        "en": "{path} is wrong: {what}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "每项只写 role（岗位名）和 second_factor: required，见文档“岗位”。",
        "en": "Each entry says role, a post there is, and second_factor: required. See docs/reference/roles.md.",
    }


def second_factor_posts() -> frozenset[str]:
    """Return the posts for which this deployment asks for a second factor at sign-in; its file is named in the settings.

    Raises:
        RolesFileError: that file cannot be read, or says something else than it may.
    """
    return _asked_for(settings.ROLES_FILE) if settings.ROLES_FILE else frozenset()


@lru_cache(maxsize=4)
def _asked_for(path: str) -> frozenset[str]:
    try:
        said = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise RolesFileError(path=path, what=type(error).__name__) from error
    if not isinstance(said, list):
        raise RolesFileError(path=path, what="no list")
    for each in said:
        if not isinstance(each, dict) or each.keys() != {"role", "second_factor"}:
            raise RolesFileError(path=path, what=f"keys of {each!r}")
        if each["role"] not in TABLE or each["second_factor"] != "required":
            raise RolesFileError(path=path, what=f"{each['role']!r}: {each['second_factor']!r}")
    return frozenset(each["role"] for each in said)


def role_named(name: str) -> Role:
    """Return a role.

    Raises:
        UnknownRoleError: there is none of that name.
    """
    if name not in TABLE:
        raise UnknownRoleError(role=name, known=", ".join(TABLE))
    return TABLE[name]


def refuse_unfit(name: str, where: Organisation) -> None:
    """Refuse a post that an organisation of this level and kind does not have.

    Raises:
        UnknownRoleError, RoleDoesNotFitError: there is no such post, or not there.
    """
    if not role_named(name).fits(where):
        known = ", ".join(each.name for each in TABLE.values() if each.fits(where))
        raise RoleDoesNotFitError(office=where.id, role=name, known=known)


def refuse_together(name: str, held: Iterable[str], *, officer: str, office: str) -> None:
    """Refuse a post beside others that an officer holds in the same organisation in some of the same days.

    Raises:
        RolesApartError: one of them is held alone.
    """
    for other in held:
        if other != name and (TABLE[name].alone or TABLE[other].alone):
            raise RolesApartError(officer=officer, office=office, held=other, role=name)
