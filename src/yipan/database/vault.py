"""Keys and passwords: files in `keys` of the data folder, each sealed under the root key, which lies elsewhere.

A copy of the data folder therefore opens nothing. A key with a number in its name has versions; the newest is used, the
others open what they sealed until nothing is sealed under them any more.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from yipan.database import root
from yipan.database.home import home
from yipan.database.keyrefusals import KeyBrokenError, KeyMissingError, RootMissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SEALED: Final = ".sealed"
_FORM: Final = b"yipan-sealed-1"
_NONCE: Final = 12
_SECOND: Final = 1_000_000_000
#: What lay here before keys were sealed: still read, and `yipan doctor` says what to do about it.
_PLAIN: Final = re.compile(r"[a-z]+(-\d+)?\.key|database\.json")
#: The names in a folder of keys, by folder, with the moment of the folder they were read at.
_listed: dict[Path, tuple[int, frozenset[str]]] = {}


def read_or_make_key(name: str, make: Callable[[], bytes]) -> bytes:
    """Return a key, made with `make()` when there is none, and kept sealed.

    Of several processes that make it at once one wins, and all return what it wrote.
    """
    if (found := read_key(name)) is not None:
        return found
    with _locked():
        if (found := read_key(name)) is None:
            found = make()
            _keep(name, found)
    return found


def read_key(name: str) -> bytes | None:
    """Return a key, or None when there is none.

    Raises:
        RootMissingError: the root that it is sealed under is not here.
        KeyBrokenError: the file was changed.
    """
    folder = home() / "keys"
    try:
        text = (folder / (name + SEALED)).read_bytes()
    except FileNotFoundError:
        try:
            return (folder / name).read_bytes()
        except FileNotFoundError:
            return None
    return _open(name, text)


def read_or_make_public(name: str, make: Callable[[], bytes]) -> bytes:
    """Return a file of the same folder that holds nothing secret, made with `make()` when it is not there."""
    path = root.folder() / name
    if not path.exists():
        with _locked():
            if not path.exists():
                replace_public(name, make())
    return path.read_bytes()


def replace_public(name: str, content: bytes) -> None:
    """Put such a file in the place of another, at once."""
    root._write(root.folder() / name, content.decode())  # noqa: SLF001  # one room, one way to write


def write_beside(path: Path, content: bytes) -> None:
    """Write a file at once or not at all, readable by its owner alone."""
    with root._replacing(path) as temporary:  # noqa: SLF001  # one room, one way to write
        temporary.write_bytes(content)


def add_key(name: str, content: bytes) -> None:
    """Keep a new key; there must be none of that name."""
    with _locked():
        if exists(name):
            raise KeyBrokenError(name=name)
        _keep(name, content)


def replace_key(name: str, content: bytes) -> None:
    """Put a key in the place of another, at once."""
    with _locked():
        _keep(name, content)
        (home() / "keys" / name).unlink(missing_ok=True)


def remove_key(name: str) -> None:
    """Remove a key: what is sealed under it can be opened no more."""
    with _locked():
        for ending in (SEALED, ""):
            (home() / "keys" / (name + ending)).unlink(missing_ok=True)


def exists(name: str) -> bool:
    """Tell whether there is such a key."""
    return any((home() / "keys" / (name + ending)).exists() for ending in (SEALED, ""))


def versions(name: str) -> list[int]:
    """Return which versions there are of a key with a number, the oldest first. `name.key` is the first."""
    return list(_versions(name, _names()))


@lru_cache(maxsize=32)
def _versions(name: str, names: frozenset[str]) -> tuple[int, ...]:
    pattern = re.compile(rf"{name}(?:-(\d+))?\.key({re.escape(SEALED)})?")
    matched = (pattern.fullmatch(each) for each in names)
    return tuple(sorted({int(each[1] or 1) for each in matched if each}))


def file_of(name: str, version: int, *, first: str = "") -> str:
    """Return the name of one version of a key; `first` is what the first version has always been called."""
    return first if first and version == 1 else f"{name}-{version}.key"


def _names() -> frozenset[str]:
    """Return the names in the folder. Read again when it changed: asked for each batch of entries, so it must cost nothing."""
    folder = home() / "keys"
    try:
        changed = folder.stat().st_mtime_ns
    except FileNotFoundError:
        return frozenset()
    known = _listed.get(folder)
    if known is None or known[0] != changed:
        names = frozenset(os.listdir(folder))  # noqa: PTH208  # names alone
        # Two changes of one tick of the file system's clock look like one: such a folder is read again next time.
        _listed[folder] = (changed if time.time_ns() - changed > _SECOND else 0, names)
        return names
    return known[1]


# --------------------------------------------------------------------------------------- sealed under the root


def _keep(name: str, content: bytes) -> None:
    anything = any(each.endswith(SEALED) for each in _names())
    if not anything:
        root.begin()
    newest = root.roots(make=not anything)[0]
    _write_sealed(name, content, newest)


def _write_sealed(name: str, content: bytes, under: root.Root) -> None:
    nonce = os.urandom(_NONCE)
    sealed = nonce + AESGCM(under.key).encrypt(nonce, content, name.encode())
    with root._replacing(root.folder() / (name + SEALED)) as temporary:  # noqa: SLF001  # one room, one way to write
        temporary.write_bytes(b"\n".join((_FORM, under.name.encode(), sealed)))


def _parts(name: str, text: bytes) -> tuple[str, bytes]:
    try:
        form, under, sealed = text.split(b"\n", 2)
    except ValueError as error:
        raise KeyBrokenError(name=name) from error
    if form != _FORM:
        raise KeyBrokenError(name=name)
    return under.decode("ascii", "replace"), sealed


def _open(name: str, text: bytes) -> bytes:
    under, sealed = _parts(name, text)
    for each in root.roots():
        if each.name == under:
            try:
                return AESGCM(each.key).decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())
            except InvalidTag as error:
                raise KeyBrokenError(name=name) from error
    raise RootMissingError(path=root.place().path)


def sealed_names() -> list[str]:
    """Return the names of the sealed keys."""
    return sorted(each.removesuffix(SEALED) for each in _names() if each.endswith(SEALED))


def plain_names() -> list[str]:
    """Return the names of keys that lie open in the data folder, as they did before keys were sealed."""
    return sorted(each for each in _names() if _PLAIN.fullmatch(each))


def seal_plain() -> list[str]:
    """Seal what lies open, and return the names. A copy that was made before stays open: rotate those keys too."""
    named = plain_names()
    for name in named:
        with _locked():
            path = home() / "keys" / name
            if path.exists():
                _keep(name, path.read_bytes())
                path.unlink()
    return named


def reseal(under: root.Root) -> int:
    """Seal every key under another root that is already where it will be looked for; return how many."""
    count = 0
    with _locked():
        for name in sealed_names():
            path = root.folder() / (name + SEALED)
            text = path.read_bytes()
            if _parts(name, text)[0] != under.name:
                _write_sealed(name, _open(name, text), under)
                count += 1
    return count


def begin_demo() -> None:
    """Let a folder that has no keys yet have its root in itself: what is played in it is made up."""
    if not any(os.environ.get(each) for each in (root.FILE, root.PASSPHRASE)):
        with _locked():
            if not sealed_names():
                root.begin(root.DEMO)


def rotate_root(*, to: Path | None = None, passphrase: Path | None = None) -> root.Place:
    """Seal every key under a new root, and return where it is. Stopped and run again, it goes on.

    Args:
        to: another file that the root is to be in from now on; made when it is not there.
        passphrase: a file with the passphrase that is to make the root from now on.

    What is sealed under the old root in backups still needs it.
    """
    read_or_make_key(
        "django.key", lambda: os.urandom(_NONCE * 2).hex().encode()
    )  # there is something to seal
    where = root.place()
    if passphrase is not None:
        new = root.salt_for(root.passphrase_in(passphrase))
        reseal(new)
        root.keep_salts([each for each in root.salts() if each["name"] == new.name])
        root.now_is(root.TYPED)
        return root.Place(kind=root.TYPED, path=passphrase)
    if to is None and where.kind in (root.DEMO, root.TYPED):
        to = root.usual_path()
    if to is None:
        known = root.read_file(where.path)
        if len(known) == 1:
            known = [root.new(), *known]
            root.write_file(where.path, known)
        reseal(known[0])
        root.write_file(where.path, known[:1])
        return where
    if not to.exists():
        root.write_file(to, [root.new()])
    reseal(root.read_file(to)[0])
    kind = root.USUAL if to == root.usual_path() else root.NAMED
    root.now_is(kind)
    return root.Place(kind=kind, path=to)


def check() -> list[str]:
    """Return the names of sealed keys that do not open."""
    wrong = []
    for name in sealed_names():
        try:
            read_key(name)
        except (KeyBrokenError, RootMissingError):
            wrong.append(name)
    return wrong


def require_key(name: str) -> bytes:
    """Return a key that must be there.

    Raises:
        KeyMissingError: it is not.
    """
    if (found := read_key(name)) is None:
        raise KeyMissingError(name=name)
    return found


@contextmanager
def _locked() -> Iterator[None]:
    """Let one process at a time write keys: none may be sealed under a root that is about to go."""
    descriptor = os.open(root.folder() / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
