"""The root key: it seals every other key and password, and does not lie with the data.

It is, in this order, what `YIPAN_KEK_PASSPHRASE_FILE` holds (a passphrase; Argon2id makes the key of it), what
`YIPAN_KEK` names (a file), or a file of this installation in the configuration folder of whoever runs Yipan.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from argon2.low_level import Type, hash_secret_raw

from yipan.database.home import home, make_home
from yipan.database.keyrefusals import (
    RootFolderError,
    RootKindError,
    RootMissingError,
    RootUnreadableError,
    ShortPassphraseError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE: Final = "YIPAN_KEK"
PASSPHRASE: Final = "YIPAN_KEK_PASSPHRASE_FILE"  # noqa: S105  # the name of a variable
BYTES: Final = 32
#: What a root is: a file named by the operator, a passphrase, a file of our own, or the demo's, which hides nothing.
NAMED, TYPED, USUAL, DEMO = "file", "passphrase", "usual", "demo"
SHORTEST_PASSPHRASE: Final = 12
#: Argon2id, the second recommended choice of RFC 9106: for whoever has less than 2 GiB to spare.
_ARGON: Final = {"time_cost": 3, "memory_cost": 64 * 1024, "parallelism": 4}
_INSTALLATION: Final = "installation.json"
_SALTS: Final = "passphrase.json"
_HEAD: Final = "# The root key of a Yipan installation. Whoever has it and a copy of the data folder can read everything.\n"


@dataclass(frozen=True, kw_only=True)
class Root:
    """A root key and the name by which sealed files call it."""

    key: bytes

    @property
    def name(self) -> str:
        """Eight bytes of a digest: enough to tell roots apart, and nothing about the key."""
        return blake2b(self.key, digest_size=8, person=b"yipan-root").hexdigest()


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the root key is looked for; `path` is the file of the key or of the passphrase."""

    kind: str
    path: Path


def folder() -> Path:
    """Return the folder of sealed keys, made when it was absent."""
    made = make_home() / "keys"
    made.mkdir(mode=0o700, exist_ok=True)
    return made


def installation() -> dict[str, str]:
    """Return the id of this installation and what kind of root it was begun with; nothing before the first key."""
    try:
        said: dict[str, str] = json.loads((home() / "keys" / _INSTALLATION).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return said


def place() -> Place:
    """Return where the root key of this installation is."""
    if named := os.environ.get(PASSPHRASE):
        return Place(kind=TYPED, path=Path(named).absolute())
    if named := os.environ.get(FILE):
        return Place(kind=NAMED, path=Path(named).absolute())
    said = installation()
    if said.get("root") == DEMO:
        return Place(kind=DEMO, path=home() / "demo.kek")
    return Place(kind=USUAL, path=usual_path())


def usual_path() -> Path:
    """Return where the root key lies when the operator names no place."""
    return _usual_folder() / f"{installation().get('id', 'new')}.kek"


def new() -> Root:
    """Return a fresh root key."""
    return Root(key=secrets.token_bytes(BYTES))


def _usual_folder() -> Path:
    named = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(named) if named.startswith(os.sep) else Path("~/.config").expanduser()) / "yipan"


def begin(kind: str = "") -> None:
    """Give this installation its id and say what kind of root it has, unless it has both. The keys' lock is held."""
    if not installation():
        _write(
            folder() / _INSTALLATION, json.dumps({"id": secrets.token_hex(8), "root": kind or place().kind})
        )


def roots(*, make: bool = False) -> list[Root]:
    """Return the root keys, the newest first: there are two while one takes the other's place.

    Args:
        make: make one where there is none: nothing has been sealed yet.

    Raises:
        RootMissingError, RootKindError, RootUnreadableError: it cannot be had.
    """
    where = place()
    said = installation().get("root", where.kind)
    if where.kind == USUAL and said in (NAMED, TYPED):
        raise RootKindError(variable=FILE if said == NAMED else PASSPHRASE, folder=home())
    if where.kind == TYPED:
        return _of_passphrase(where.path, make=make)
    if make and not where.path.exists():
        write_file(where.path, [new()])
    return read_file(where.path)


def read_file(path: Path) -> list[Root]:
    """Return the root keys that a file holds, the newest first."""
    try:
        lines = path.read_text(encoding="ascii").split("\n")
        found = [Root(key=base64.b64decode(line, validate=True)) for line in lines if line and line[0] != "#"]
    except FileNotFoundError as error:
        raise RootMissingError(path=path) from error
    except (OSError, ValueError, binascii.Error) as error:
        raise RootUnreadableError(path=path, reason=type(error).__name__) from error
    if not found or any(len(each.key) != BYTES for each in found):
        raise RootUnreadableError(path=path, reason=f"no line of {BYTES} bytes in base64")
    return found


def write_file(path: Path, keys: list[Root]) -> None:
    """Write root keys, the newest first, readable by their owner alone."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, _HEAD + "".join(base64.b64encode(each.key).decode() + "\n" for each in keys))
    except OSError as error:
        raise RootFolderError(path=path, reason=error.strerror or type(error).__name__) from error


# ------------------------------------------------------------------------------------------- the passphrase


def passphrase_in(path: Path) -> bytes:
    """Return the passphrase that a file holds in its first line."""
    try:
        text = path.read_bytes().split(b"\n", 1)[0].rstrip(b"\r")
    except FileNotFoundError as error:
        raise RootMissingError(path=path) from error
    except OSError as error:
        raise RootUnreadableError(path=path, reason=error.strerror or "unreadable") from error
    if len(text.decode("utf-8", "replace")) < SHORTEST_PASSPHRASE:
        raise ShortPassphraseError(fewest=SHORTEST_PASSPHRASE)
    return text


def _of_passphrase(path: Path, *, make: bool) -> list[Root]:
    said = passphrase_in(path)
    if make and not salts():
        salt_for(said)
    derived = [(each, _derived(said, json.dumps(each, sort_keys=True))) for each in salts()]
    fitting = [root for each, root in derived if root.name == each["name"]]
    if not fitting:
        raise RootMissingError(path=path)
    return fitting


def salts() -> list[dict[str, Any]]:
    """Return the salts of passphrases, the newest first, with how the key is made and what it is called."""
    try:
        found: list[dict[str, Any]] = json.loads((home() / "keys" / _SALTS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return found


def salt_for(passphrase: bytes) -> Root:
    """Write down a new salt in front of the others, and return the key that the passphrase makes with it."""
    new: dict[str, Any] = {"salt": secrets.token_hex(16), **_ARGON}
    made = _derived(passphrase, json.dumps(new, sort_keys=True))
    keep_salts([{**new, "name": made.name}, *salts()])
    return made


def keep_salts(kept: list[dict[str, Any]]) -> None:
    """Write down which salts there are."""
    _write(folder() / _SALTS, json.dumps(kept))


@lru_cache(maxsize=4)
def _derived(passphrase: bytes, how: str) -> Root:
    """Derive once per process: it is slow by intent."""
    said = json.loads(how)
    cost = {name: int(said[name]) for name in _ARGON}
    raw = hash_secret_raw(passphrase, bytes.fromhex(said["salt"]), hash_len=BYTES, type=Type.ID, **cost)
    return Root(key=raw)


def now_is(kind: str) -> None:
    """Write down that another kind of root is used from now on."""
    _write(folder() / _INSTALLATION, json.dumps({**installation(), "root": kind}))


def _write(path: Path, text: str) -> None:
    with _replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a file that takes another's place at once when it is written; mode 0600."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
