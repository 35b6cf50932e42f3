"""`doctor`: says plainly what is safe and what is not, each with the next step."""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from yipan.cli.console import Console, json_option, now, set_up, show_json
from yipan.errors import YipanError

if TYPE_CHECKING:
    from collections.abc import Iterator

SAFE, NOT_SAFE, UNKNOWN = "safe", "not-safe", "unknown"
#: Folders where backups lie, so that it can be said whether the key lies with them.
BACKUPS: Final = "YIPAN_BACKUPS"
_SWEPT_WITHIN: Final = timedelta(hours=1)
_SIGNED_WITHIN: Final = timedelta(hours=2)
_BACKED_UP_WITHIN: Final = timedelta(days=2)
_CLOCKS_APART: Final = timedelta(seconds=5)
_FREE_BYTES: Final = 2 * 1024**3
_FREE_SHARE: Final = 0.05
#: Tables without policies, each with its reason in docs/reference/keys.md: what is everybody's to read, and what is read
#: before it is known who is there.
_OPEN_TABLES: Final = (
    "duties_thread", "duties_lawtext", "django_migrations", "django_content_type",
    "offices_organisation", "offices_line", "offices_formername", "offices_succession",
    "auth_user", "auth_group", "auth_permission", "auth_group_permissions", "auth_user_groups", "auth_user_user_permissions",
    "offices_officer", "offices_posting", "django_session", "mfa_authenticator", "account_emailaddress",
    "account_emailconfirmation", "offices_door", "offices_failedsignin", "offices_papercode", "offices_usedcode",
    "offices_firstpassword",
)  # fmt: skip
_UNLOCKED: Final = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
   AND NOT (c.relrowsecurity AND c.relforcerowsecurity) AND c.relname <> ALL(%s) ORDER BY 1
"""
#: Words that somebody might leave as a password, tried with the name of each account.
_LAZY: Final = ("yipan", "password", "admin", "12345678", "123456", "yipan123", "demo")
_ACCOUNTS_TRIED: Final = 20


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at: its state, what was found, and what to do where it is not safe."""

    check: str
    state: str
    said: dict[str, str]
    next_step: dict[str, str] = field(default_factory=dict)


def _finding(
    check: str, ok: bool | None, zh: str, en: str, do_zh: str = "", do_en: str = ""  # noqa: FBT001  # a verdict
) -> Finding:  # fmt: skip
    state = UNKNOWN if ok is None else SAFE if ok else NOT_SAFE
    steps = {} if ok else {"zh": do_zh, "en": do_en}
    return Finding(check=check, state=state, said={"zh": zh, "en": en}, next_step=steps)


# ------------------------------------------------------------------------------------------------ the keys


def keys() -> Iterator[Finding]:
    """Say where the root key lies, who can read it, and whether every key opens."""
    from yipan.database import home, root, vault  # noqa: PLC0415  # light, and as below

    place = root.place()
    inside = place.path.resolve().is_relative_to(home().resolve())
    kind_zh, kind_en = ("口令文件", "passphrase file") if place.kind == root.TYPED else ("根密钥", "root key")
    yield _finding(
        "root-apart", not inside,
        f"{kind_zh}{'在数据文件夹里' if inside else '不在数据文件夹里'}：{place.path}",
        f"The {kind_en} lies {'inside' if inside else 'outside'} the data folder: {place.path}",
        "谁拷走数据文件夹，谁就能打开一切。请移出：yipan keys rotate root --to 另一处的文件",
        "Whoever copies the data folder opens everything. Move it: yipan keys rotate root --to FILE-ELSEWHERE",
    )  # fmt: skip
    loose = [each for each in (place.path, home() / "keys") if _readable_by_others(each)]
    yield _finding(
        "root-readable", not loose,
        "密钥只有本账户能读。" if not loose else f"别的账户也能读：{_list(loose)}",
        "Only this account can read the keys." if not loose else f"Other accounts can read {_list(loose)}",
        "请收回权限：chmod go-rwx 上述文件", "Take the rights back: chmod go-rwx on these",
    )  # fmt: skip
    plain = vault.plain_names()
    yield _finding(
        "keys-sealed", not plain,
        "数据文件夹里的密钥都已封存。" if not plain else f"数据文件夹里有未封存的密钥：{_list(plain)}",
        "Every key in the data folder is sealed." if not plain else f"Keys lie open in it: {_list(plain)}",
        "请运行 yipan keys seal，再逐一更换这些密钥", "Run yipan keys seal, then rotate each of them",
    )  # fmt: skip
    wrong = vault.check()
    yield _finding(
        "keys-open", not wrong,
        "密钥都打得开。" if not wrong else f"打不开的密钥：{_list(wrong)}",
        "Every key opens." if not wrong else f"These keys do not open: {_list(wrong)}",
        "请放回根密钥，或从备份恢复 keys 文件夹", "Put the root key back, or restore the folder keys",
    )  # fmt: skip


def _readable_by_others(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except OSError:
        return False


def _list(values: object) -> str:
    return ", ".join(map(str, values)) if isinstance(values, list) else str(values)


def keys_fit() -> Iterator[Finding]:
    """Say whether the key-encryption key is the one that the persons' keys in this database are wrapped under."""
    import psycopg  # noqa: PLC0415  # only where a database is asked

    from yipan import database  # noqa: PLC0415
    from yipan.duties import sealing  # noqa: PLC0415

    query = (
        "SELECT DISTINCT ON (kek_version) id, wrapped_key, kek_version FROM duties_subject"
        " WHERE wrapped_key IS NOT NULL ORDER BY kek_version, id"
    )
    with psycopg.connect(**database.connect_info("owner")) as owner:
        rows = owner.execute(query).fetchall()
    broken = []
    for own, wrapped, version in rows:
        try:
            sealing.unwrap(own, bytes(wrapped), version)
        except YipanError:
            broken.append(version)
    zh = "还没有封存的内容。" if not rows else "主密钥与数据库相符。"
    en = "Nothing is sealed yet." if not rows else "The key-encryption key fits the database."
    if broken:
        zh, en = (
            f"主密钥版本 {_list(broken)} 打不开数据库里的内容。",
            f"Versions that open nothing: {_list(broken)}",
        )
    yield _finding(
        "keys-fit", not broken, zh, en,
        "请恢复与这个数据库同时备份的 keys 文件夹", "Restore the folder keys that was backed up with this database",
    )  # fmt: skip


# ----------------------------------------------------------------------------------- what leaves the machine


def checkpoints() -> Iterator[Finding]:
    """Say whether checkpoints leave the machine, and whether they still do."""
    from yipan.duties import checkpoint  # noqa: PLC0415  # after Django is set up
    from yipan.duties.event import ChainHead  # noqa: PLC0415

    away = checkpoint.leaves_the_machine()
    yield _finding(
        "checkpoints-away", away,
        f"检查点写到 {checkpoint.folder()}" if away else "检查点留在数据文件夹里，谁拥有这台机器谁就能改写。",
        f"Checkpoints go to {checkpoint.folder()}"
        if away else "Checkpoints stay in the data folder: whoever owns the machine can write them anew.",
        "请把 YIPAN_CHECKPOINTS 设为另一台机器上的文件夹", "Set YIPAN_CHECKPOINTS to a folder on another machine",
    )  # fmt: skip
    signed = checkpoint.read_all()
    heads = {each.organisation: each.seq for each in ChainHead.objects.filter(seq__gt=0)}
    last = signed.said[-1] if signed.said else None
    covered = {name: said[0] for name, said in last["heads"].items()} if last else {}
    at = datetime.fromisoformat(last["taken_at"]) if last else None
    recent = heads == covered or (at is not None and datetime.now(UTC) - at < _SIGNED_WITHIN)
    when = at.isoformat(timespec="minutes") if at else "—"
    ok = (recent or not heads) and not signed.faults
    yield _finding(
        "checkpoints-recent", ok,
        f"最后一个检查点：{when}；{_list(signed.faults) or '签名都对'}",
        f"The last checkpoint: {when}; {_list(signed.faults) or 'every signature holds'}",
        "请运行 yipan journal checkpoint，并查明巡检进程为何没有写", "Run yipan journal checkpoint, and see why the sweep does not",
    )  # fmt: skip


def backups() -> Iterator[Finding]:
    """Say where backups lie: with the data, with the key, or old; and whether erasures are kept apart from them."""
    from yipan.database import home, root  # noqa: PLC0415  # light

    named = [Path(each).resolve() for each in os.environ.get(BACKUPS, "").split(os.pathsep) if each]
    if not named:
        yield _finding(
            "backups", None,
            "不知道备份放在哪里。", "It is not known where backups lie.",
            f"请用 {BACKUPS} 指明放备份的文件夹，这里才能核对", f"Name their folder with {BACKUPS}, so that it can be looked at",
        )  # fmt: skip
        return
    key = root.place().path.resolve()
    with_key = [each for each in named if key.is_relative_to(each)]
    yield _finding(
        "backups-without-key", not with_key,
        "备份里没有根密钥。" if not with_key else f"根密钥和备份在同一个文件夹：{_list(with_key)}",
        "The root key does not lie with the backups." if not with_key else f"The root key lies with the backups: {_list(with_key)}",
        "请分放两处，由两个人保管", "Keep the two apart, in two hands",
    )  # fmt: skip
    inside = [each for each in named if each.is_relative_to(home().resolve())]
    newest = max(
        (
            file.stat().st_mtime
            for each in named
            if each.is_dir()
            for file in each.rglob("*")
            if file.is_file()
        ),
        default=0.0,
    )
    age = datetime.now(UTC) - datetime.fromtimestamp(newest, UTC)
    when = datetime.fromtimestamp(newest, UTC).date().isoformat() if newest else "—"
    yield _finding(
        "backups-recent", not inside and age < _BACKED_UP_WITHIN,
        f"最近的备份：{when}" + (f"；备份在数据文件夹里：{_list(inside)}" if inside else ""),
        f"The newest backup: {when}" + (f"; backups lie in the data folder: {_list(inside)}" if inside else ""),
        "请在别处每天备份（docs/how-to/back-up-and-restore.md）", "Back up daily, elsewhere (docs/how-to/back-up-and-restore.md)",
    )  # fmt: skip


def erasures() -> Iterator[Finding]:
    """Say whether the list of erasures lies where a restored backup does not take it back."""
    from yipan.database import home  # noqa: PLC0415  # light
    from yipan.duties import checkpoint  # noqa: PLC0415  # after Django is set up

    folder = checkpoint.folder()
    kept = any(folder.glob("erasures*")) if folder.is_dir() else False
    apart = not folder.resolve().is_relative_to(home().resolve())
    with_erased = _erased()
    ok = not with_erased or (kept and apart)
    yield _finding(
        "erasures-apart", ok,
        "没有人要求删除过。" if not with_erased else f"删除名录{'在备份之外' if ok else '没有放在备份之外'}。",
        "Nobody has been erased yet." if not with_erased
        else f"The list of erasures is {'kept apart from backups' if ok else 'not kept apart from backups'}.",
        "恢复备份会把已删除的人带回来：请设置 YIPAN_CHECKPOINTS 并运行 yipan sweep",
        "A restored backup brings the erased back: set YIPAN_CHECKPOINTS and run yipan sweep",
    )  # fmt: skip


def _erased() -> int:
    import psycopg  # noqa: PLC0415  # only where a database is asked

    from yipan import database  # noqa: PLC0415

    with psycopg.connect(**database.connect_info("owner")) as owner:
        row = owner.execute("SELECT count(*) FROM duties_subject WHERE erased_at IS NOT NULL").fetchone()
    return int(row[0]) if row else 0


# -------------------------------------------------------------------------------------------- the database


def locks() -> Iterator[Finding]:
    """Say whether the policies bind: forced on every table, and on the role that works."""
    from django.db import connection  # noqa: PLC0415  # after Django is set up

    from yipan import database  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(_UNLOCKED, [list(_OPEN_TABLES)])
        unlocked = [row[0] for row in cursor.fetchall()]
    yield _finding(
        "rows-locked", not unlocked,
        "行级安全对每张表强制。" if not unlocked else f"没有强制行级安全的表：{_list(unlocked)}",
        "Row-level security is forced on every table." if not unlocked else f"It is not forced on {_list(unlocked)}",
        "有人改过表：ALTER TABLE … FORCE ROW LEVEL SECURITY，并查明是谁", "Somebody changed them: ALTER TABLE … FORCE ROW LEVEL SECURITY; see who did",
    )  # fmt: skip
    told = {"zh": "工作角色受行级安全约束。", "en": "The working role is bound by the policies."}
    bound = True
    try:
        database.ensure(again=True)
    except YipanError as error:
        bound, told = False, {each: error.say(each) for each in told}
    yield _finding(
        "role-bound", bound, told["zh"], told["en"],
        "请换用没有这种权力的角色", "Use a role without that power",
    )  # fmt: skip


def clock() -> Iterator[Finding]:
    """Say whether this machine's clock and the database's agree, and when the sweep last came by."""
    from yipan.duties import done, rotating  # noqa: PLC0415  # after Django is set up

    theirs, ours = rotating.moment(), datetime.now(UTC)
    apart = abs(theirs - ours)
    yield _finding(
        "clock", apart < _CLOCKS_APART,
        f"本机与数据库的时钟相差 {apart.total_seconds():.1f} 秒。",
        f"The clocks of this machine and of the database are {apart.total_seconds():.1f} s apart.",
        "请让两台机器用同一个时间服务：期限按时刻计算", "Let both use one time server: deadlines are counted by moments",
    )  # fmt: skip
    swept = done.last(done.SWEEP)
    when = swept.isoformat(timespec="minutes") if swept else "—"
    yield _finding(
        "sweep", swept is not None and theirs - swept < _SWEPT_WITHIN,
        f"最近一次巡检：{when}", f"The last sweep: {when}",
        "请运行 yipan serve，或每15分钟运行 yipan sweep", "Run yipan serve, or yipan sweep every 15 minutes",
    )  # fmt: skip


def disk() -> Iterator[Finding]:
    """Say how much room there is."""
    from yipan.database import make_home  # noqa: PLC0415  # light

    usage = shutil.disk_usage(make_home())
    ok = usage.free > _FREE_BYTES and usage.free > usage.total * _FREE_SHARE
    gib = usage.free / 1024**3
    yield _finding(
        "disk", ok, f"数据所在的磁盘还剩 {gib:.1f} GiB。", f"{gib:.1f} GiB are free where the data lie.",
        "请腾出空间：写满后什么都记不了", "Make room: nothing can be recorded on a full disk",
    )  # fmt: skip


def passwords() -> Iterator[Finding]:
    """Say whether the newest accounts have a password that anybody would try, and whether demo accounts are served."""
    from django.conf import settings  # noqa: PLC0415  # after Django is set up
    from django.contrib.auth import get_user_model  # noqa: PLC0415

    from yipan.database import home  # noqa: PLC0415

    accounts = get_user_model().objects.filter(is_active=True).order_by("-id")[:_ACCOUNTS_TRIED]
    lazy = [
        each.get_username()
        for each in accounts
        if each.has_usable_password() and any(each.check_password(word) for word in (*_LAZY, each.get_username()))
    ]  # fmt: skip
    yield _finding(
        "passwords", not lazy,
        f"最近 {len(accounts)} 个账号没有常见口令。" if not lazy else f"口令人人会猜的账号：{_list(lazy)}",
        f"None of the newest {len(accounts)} accounts has a common password." if not lazy else f"Anybody would guess the password of {_list(lazy)}",
        "请让本人马上换口令", "Have them change it at once",
    )  # fmt: skip
    demo = (home() / "demo.json").exists()
    outside = not set(settings.ALLOWED_HOSTS) <= set(settings.LOOPBACK)
    yield _finding(
        "demo-inside", not (demo and outside),
        "演示账号没有对外。" if not (demo and outside) else "这是演示数据，却对外提供网页。",
        "No demo account is served to others." if not (demo and outside) else "This is the demo, and it is served to others.",
        "请不要设置 YIPAN_HOSTS，或换用正式的数据文件夹", "Unset YIPAN_HOSTS, or use another data folder",
    )  # fmt: skip


def law() -> Iterator[Finding]:
    """Say whether the packs that came with the program are those that are adopted: a new release may bring new texts."""
    from yipan.database import rule_packs  # noqa: PLC0415  # light, and as below
    from yipan.duties.adopting import packs_on_disk  # noqa: PLC0415  # after Django is set up
    from yipan.duties.lawbook import lawbook  # noqa: PLC0415  # the same

    adopted = {each.pack.name: each.pack.digest for each in lawbook().adoptions()}
    # One whose document names no place is compared where its place is set.
    here = {each.name: each.digest for each in packs_on_disk(rule_packs()) if each.scope}
    behind = sorted(name for name, digest in adopted.items() if here.get(name, digest) != digest)
    yield _finding(
        "packs-adopted", not behind,
        "采用的规则包就是随程序而来的文本。" if not behind else f"随程序来了新文本、尚未采用的规则包：{_list(behind)}",
        "The packs that came with the program are adopted." if not behind else f"Not adopted yet as they came with the program: {_list(behind)}",
        f"请读其 CHANGELOG.md，再运行 yipan packs adopt {' '.join(behind)}",
        f"Read their CHANGELOG.md, then run yipan packs adopt {' '.join(behind)}",
    )  # fmt: skip


#: In the order in which somebody would mend what is wrong.
CHECKS: Final = (keys, keys_fit, checkpoints, erasures, backups, locks, passwords, law, clock, disk)


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Say plainly what is safe and what is not, each with the next step. Nobody's facts are read.

    Example: yipan doctor --json
    """
    console = Console()
    set_up(console)
    found = [each for check in CHECKS for each in check()]
    wrong = [each for each in found if each.state == NOT_SAFE]
    if as_json:
        show_json({"safe": not wrong, "at": now(), "findings": [asdict(each) for each in found]})
    else:
        words = {SAFE: ("安全", "safe"), NOT_SAFE: ("不安全", "NOT SAFE"), UNKNOWN: ("未知", "unknown")}
        for each in found:
            zh, en = words[each.state]
            console.say(f"[{zh}] {each.said['zh']}", f"[{en}] {each.said['en']}")
            if each.next_step:
                click.echo(f"    → {console.pick(each.next_step)}")
        console.say(
            f"{len(found)} 项，{len(wrong)} 项不安全。", f"{len(found)} looked at, {len(wrong)} not safe."
        )
    if wrong:
        raise click.exceptions.Exit(1)


COMMANDS = (doctor,)
