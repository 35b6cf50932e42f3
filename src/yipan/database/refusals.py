"""What the cellar refuses, each with its way out."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar, Final

import psycopg

from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: As the server says it where an error has no code yet: while it starts, and while it lets somebody in.
_FULL: Final = "No space left on device"
#: The server was told to end; after a crash it says 57P02, and until it is back 57P03.
_GONE: Final = ("57P01", "57P02", "57P03")


class DatabaseError(YipanError):
    """The database cannot be used."""

    code: ClassVar[str] = "database"


class NoServerAccountError(DatabaseError):
    """PostgreSQL does not run as root, and no account for it could be made."""

    code: ClassVar[str] = "no-server-account"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "PostgreSQL 不能以 root 身份运行，而系统账户 {account} 建不成（{reason}）。",
        "en": "PostgreSQL does not run as root, and the system account {account} cannot be made ({reason}).",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请以普通用户运行 Yipan，或设置 DATABASE_URL 指向已有的 PostgreSQL。",
        "en": "Run Yipan as another user, or set DATABASE_URL to a PostgreSQL server you have.",
    }


class ForeignFolderError(DatabaseError):
    """The database folder belongs to another account."""

    code: ClassVar[str] = "foreign-folder"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "数据库目录 {folder} 属于账户 {account}。",
        "en": "The database folder {folder} belongs to the account {account}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请以 root 或该账户运行，或用 YIPAN_HOME 另指一个目录。",
        "en": "Run as root or as that account, or name another folder with YIPAN_HOME.",
    }


class StrangeFolderError(DatabaseError):
    """The database folder holds something else."""

    code: ClassVar[str] = "strange-folder"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "目录 {folder} 里有别的内容，不是本系统的数据库。",
        "en": "The folder {folder} holds something that is no database of this system.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请移走其中内容，或用 YIPAN_HOME 另指一个目录。",
        "en": "Move it away, or name another folder with YIPAN_HOME.",
    }


class OtherVersionError(DatabaseError):
    """The data was written by another major version of PostgreSQL."""

    code: ClassVar[str] = "other-version"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "目录 {folder} 的数据由 PostgreSQL {found} 写成，这里是 {ours}。",
        "en": "The data in {folder} was written by PostgreSQL {found}; this is {ours}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请用原版本导出（pg_dump），再导入新的目录。",
        "en": "Dump it with the old version (pg_dump) and load it into a new folder.",
    }


class ServerDidNotStartError(DatabaseError):
    """The embedded server did not start."""

    code: ClassVar[str] = "server-did-not-start"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "数据库服务没有启动。日志 {log} 的末尾：{tail}",
        "en": "The database server did not start. The end of its log {log}: {tail}",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请按日志处理后重试，或设置 DATABASE_URL 指向已有的 PostgreSQL。",
        "en": "Mend what the log says and try again, or set DATABASE_URL to a PostgreSQL server you have.",
    }


class UnreachableError(DatabaseError):
    """The database named by the environment does not answer, or turns us away."""

    code: ClassVar[str] = "database-unreachable"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "连不上 {variable} 所指的数据库：{reason}",
        "en": "The database named by {variable} cannot be used: {reason}",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请核对地址、账户和权限后重试。",
        "en": "Check its address, account and rights, then try again.",
    }


class DiskFullError(DatabaseError):
    """The database's disk is full: nothing of what was under way was kept, and all that was recorded before is."""

    code: ClassVar[str] = "disk-full"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "存放数据的磁盘已满，刚才的内容没有记下；以前记下的都在。",
        "en": "The disk of the database is full: this was not recorded, and all that was recorded before is there.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请腾出磁盘空间，然后重试。",
        "en": "Free some of it and try again.",
    }


class ConnectionLostError(DatabaseError):
    """The server went away in the middle: whether the last thing was kept, nobody has said."""

    code: ClassVar[str] = "connection-lost"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "与数据库的连接断了，最后一步有没有记下还不知道。",
        "en": "The database went away, and has not said whether the last step was recorded.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请再查看一次，没有记下的重做；数据库服务会自行恢复。",
        "en": "Look again, and do once more what is not there; the server comes back by itself.",
    }


def full_disk(error: BaseException) -> DiskFullError | None:
    """Return the refusal where an error of the server says that its disk is full."""
    is_full = isinstance(error, psycopg.errors.DiskFull) or _FULL in str(error)
    return DiskFullError() if is_full else None


def refusal_of(error: BaseException) -> DatabaseError | None:
    """Return what an error of the database means to whoever hears of it, if that can be told.

    Only a door asks: in between it stays what it is, so that nobody who expects a refusal takes it for one.
    """
    cause = error.__cause__ or error
    # What the client itself says of its line has no code; with a code the server says that it goes.
    is_gone = isinstance(cause, psycopg.OperationalError) and cause.sqlstate in (None, *_GONE)
    return full_disk(cause) or (ConnectionLostError() if is_gone else None)


@contextmanager
def said_as_refusals() -> Iterator[None]:
    """Turn what the database breaks on into a refusal: at a door, where somebody hears of it."""
    try:
        yield
    except YipanError:
        raise
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise refusal from error


class NoPostgresAddressError(DatabaseError):
    """The address given is none of PostgreSQL."""

    code: ClassVar[str] = "no-postgres-address"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{variable} 不是 PostgreSQL 的地址：{reason}",
        "en": "{variable} is not the address of a PostgreSQL database: {reason}",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "写作 postgresql://账户:口令@主机:端口/库名。",
        "en": "Write it as postgresql://account:password@host:port/database.",
    }


class OldServerError(DatabaseError):
    """The server is older than what Yipan is tested with."""

    code: ClassVar[str] = "old-server"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "PostgreSQL 版本 {found} 太旧，需要 {needed} 或更新。",
        "en": "PostgreSQL {found} is too old: {needed} or newer is needed.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请升级该服务，或不设 DATABASE_URL，使用内置服务。",
        "en": "Upgrade that server, or leave DATABASE_URL unset to use the embedded one.",
    }


class RolesTakenError(DatabaseError):
    """The two roles exist on the server, and their passwords are not here."""

    code: ClassVar[str] = "roles-taken"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "服务器上已有角色 {role}，而这里没有它的口令（{key}）。它属于另一处安装。",
        "en": "The role {role} exists on the server and its password is not here ({key}): "
        "it belongs to another installation.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请拷来那处的口令文件，或用 DATABASE_URL 和 DATABASE_MIGRATE_URL 给出两个角色，或换库名。",
        "en": "Bring that file from the other installation; or give both roles with DATABASE_URL and "
        "DATABASE_MIGRATE_URL; or use another database name.",
    }


class RoleTooStrongError(DatabaseError):
    """The role that works could go around the row-level policies."""

    code: ClassVar[str] = "role-too-strong"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "工作角色 {role} 能绕过行级安全：{reason}。",
        "en": "The working role {role} could go around row-level security: {reason}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请让 DATABASE_URL 用一个没有这种权力的角色，DATABASE_MIGRATE_URL 用表的所有者。",
        "en": "Give DATABASE_URL a role without that power, DATABASE_MIGRATE_URL the owner of the tables.",
    }


class NotPreparedError(DatabaseError):
    """The database lacks what its administrator has to set up."""

    code: ClassVar[str] = "database-not-prepared"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "数据库 {database} 尚未备好，缺：{missing}。",
        "en": "The database {database} is not prepared; it lacks: {missing}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请管理员补上（扩展用 CREATE EXTENSION），再试。",
        "en": "Have its administrator add that (CREATE EXTENSION for an extension), then try again.",
    }


class NotOursError(DatabaseError):
    """The passwords of the database are not for Yipan to change."""

    code: ClassVar[str] = "not-our-passwords"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "这里没有由本系统保管的数据库口令：内置数据库不用口令，另设的两个地址由管理员保管。",
        "en": "No database password is kept here: the embedded server asks for none, and two addresses are the operator's.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "自设的口令请用 ALTER ROLE 更改，并改 DATABASE_URL 与 DATABASE_MIGRATE_URL。",
        "en": "Change your own with ALTER ROLE, and in DATABASE_URL and DATABASE_MIGRATE_URL.",
    }
