"""The two doors to the database, as the environment says.

- Nothing set: the embedded server of the data folder, database `yipan`.
- `DATABASE_URL`: an administrator's door, used only to make the database and the two roles.
- `DATABASE_URL` with `DATABASE_MIGRATE_URL`: the working role's and the owner's door, used as they are.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from typing import Any, Final, Literal

import psycopg
from psycopg.conninfo import conninfo_to_dict

from yipan.database import embedded
from yipan.database.home import home, make_home
from yipan.database.refusals import (
    NoPostgresAddressError,
    NotOursError,
    NotPreparedError,
    UnreachableError,
    full_disk,
)
from yipan.database.roles import MAINTENANCE, Roles, check_working_role, new_password, prepare
from yipan.database.vault import exists, read_or_make_key, replace_key

Role = Literal["app", "owner"]
Door = dict[str, Any]

WORKING: Final = "DATABASE_URL"
MIGRATING: Final = "DATABASE_MIGRATE_URL"
DATABASE: Final = "yipan"
RETRIES: Final = 3
PASSWORDS: Final = "database.json"


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Where each role enters: connection parameters as libpq names them."""

    app: Door
    owner: Door


class KeptPasswords:
    """The passwords of the two roles in `keys/database.json`; while they are changed, those that come `next` too."""

    def known(self) -> bool:
        """Tell whether they are here."""
        return exists(PASSWORDS)

    def of(self, role: Role) -> str:
        """Return one of them, made when they were not here."""
        return self._read()[role]

    def coming(self) -> KeptPasswords | None:
        """Return those that a change which did not end has perhaps set already."""
        return _Coming(self._read()) if self.known() and "next_app" in self._read() else None

    def _read(self) -> dict[str, str]:
        passwords: dict[str, str] = json.loads(read_or_make_key(PASSWORDS, _make_passwords))
        return passwords


class _Coming(KeptPasswords):
    def __init__(self, said: dict[str, str]) -> None:
        self._said = {role: said[f"next_{role}"] for role in ("app", "owner")}

    def _read(self) -> dict[str, str]:
        return self._said


def _make_passwords() -> bytes:
    return json.dumps({role: secrets.token_urlsafe(32) for role in ("app", "owner")}).encode()


def rotate_passwords() -> None:
    """Give both roles new passwords. Stopped and run again, it goes on; who works meanwhile finds the new ones.

    Raises:
        NotOursError: nobody asks for passwords here, or the operator keeps them.
    """
    if is_embedded() or os.environ.get(MIGRATING):
        raise NotOursError
    kept = KeptPasswords()
    said = {role: kept.of("app" if role == "app" else "owner") for role in ("app", "owner")}
    doors = _doors()
    if (coming := kept.coming()) is None:
        new: dict[str, str] = json.loads(_make_passwords())
        replace_key(PASSWORDS, json.dumps({**said, **{f"next_{k}": v for k, v in new.items()}}).encode())
    else:
        new = {"app": coming.of("app"), "owner": coming.of("owner")}
    for door, password in ((doors.app, new["app"]), (doors.owner, new["owner"])):
        new_password(door, password)
    replace_key(PASSWORDS, json.dumps(new).encode())
    _found.clear()


#: The doors found, by what they were found from: a process asks once, not at each connection.
_found: dict[tuple[str, ...], Doors] = {}


def ensure(*, again: bool = False) -> None:
    """Make sure that the database is there and that the working role is bound by its policies.

    Starts the embedded server when no `DATABASE_URL` is set. Cheap when done before in this process, unless
    `again`; many processes may do it at once. Raises a DatabaseError that says what is wrong.
    """
    _doors(again=again)


def connect_info(role: Role = "app") -> Door:
    """Return the connection parameters of `role` under libpq's names (host, dbname, user ...)."""
    doors = _doors()
    return dict(doors.app if role == "app" else doors.owner)


def is_embedded() -> bool:
    """Tell whether the database is the embedded one."""
    return not os.environ.get(WORKING)


def leave() -> None:
    """Let go of the embedded server before this process ends; the next connection asks for it again."""
    embedded.leave(home())
    _found.clear()


def _doors(*, again: bool = False) -> Doors:
    key = (str(home()), os.environ.get(WORKING, ""), os.environ.get(MIGRATING, ""))
    if again or key not in _found:
        _found[key] = _find()
    return _found[key]


def _find() -> Doors:
    if is_embedded():
        if os.environ.get(MIGRATING):
            raise NoPostgresAddressError(variable=WORKING, reason=f"it is not set, {MIGRATING} is")
        return _embedded_doors()
    if os.environ.get(MIGRATING):
        return _given_doors()
    return _administered_doors()


def _embedded_doors() -> Doors:
    for _ in range(RETRIES):
        try:
            return _open(embedded.use(make_home()), Roles(database=DATABASE), None)
        except UnreachableError:
            # Killed between its answer and our entering. Whoever comes next starts it anew: that is us.
            continue
    return _open(embedded.use(make_home()), Roles(database=DATABASE), None)


def _administered_doors() -> Doors:
    admin = _address(WORKING)
    named = admin.get("dbname", MAINTENANCE)
    roles, kept = Roles(database=DATABASE if named == MAINTENANCE else named), KeptPasswords()
    if coming := kept.coming():
        return _of_either(admin, roles, kept, coming)
    return _open(admin, roles, kept)


def _of_either(admin: Door, roles: Roles, kept: KeptPasswords, coming: KeptPasswords) -> Doors:
    """Return the doors while passwords are being changed: for each role with the password that opens."""
    found = {}
    for role in ("app", "owner"):
        found[role] = _door(admin, roles, role, coming)
        try:
            psycopg.connect(**found[role]).close()
        except psycopg.OperationalError:
            found[role] = _door(admin, roles, role, kept)
    check_working_role(found["app"], owner=roles.owner)
    return Doors(app=found["app"], owner=found["owner"])


def _given_doors() -> Doors:
    doors = Doors(app=_address(WORKING), owner=_address(MIGRATING))
    try:
        check_working_role(doors.app, owner=doors.owner.get("user", ""))
    except psycopg.Error as error:
        raise full_disk(error) or UnreachableError(variable=WORKING, reason=error) from error
    return doors


def _open(admin: Door, roles: Roles, passwords: KeptPasswords | None) -> Doors:
    """Return the doors of the two roles; prepare the database first when the working one does not open."""
    try:
        if passwords is None or passwords.known():
            return _checked(admin, roles, passwords)
    except (psycopg.OperationalError, NotPreparedError):
        pass  # the roles, the database or an extension are not there yet: the administrator's door tells
    try:
        prepare(admin, roles, passwords)
        return _checked(admin, roles, passwords)
    except psycopg.Error as error:
        raise full_disk(error) or UnreachableError(variable=WORKING, reason=error) from error


def _checked(admin: Door, roles: Roles, passwords: KeptPasswords | None) -> Doors:
    doors = Doors(app=_door(admin, roles, "app", passwords), owner=_door(admin, roles, "owner", passwords))
    check_working_role(doors.app, owner=roles.owner)
    return doors


def _door(admin: Door, roles: Roles, role: Role, passwords: KeptPasswords | None) -> Door:
    user = roles.app if role == "app" else roles.owner
    door = {**admin, "dbname": roles.database, "user": user}
    return door if passwords is None else {**door, "password": passwords.of(role)}


def _address(variable: str) -> Door:
    """Return the parameters of a URL. What is wrong with it is not quoted: it holds a password."""
    text = os.environ[variable]
    if not text.startswith(("postgres://", "postgresql://")):
        raise NoPostgresAddressError(variable=variable, reason="it does not begin with postgresql://")
    try:
        return dict(conninfo_to_dict(text))
    except psycopg.ProgrammingError:
        raise NoPostgresAddressError(variable=variable, reason="it cannot be read") from None
