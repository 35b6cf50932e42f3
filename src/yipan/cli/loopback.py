"""Whether pages leave this machine: what a demo may not do."""

from __future__ import annotations

import ipaddress
import os
from typing import ClassVar, Final

from yipan.database import home
from yipan.errors import YipanError

#: In the data folder of a demo: what was played there.
PLAYED: Final = "demo.json"


class DemoStaysHomeError(YipanError):
    """A demo's accounts and people are made up, and its passwords stand on a screen: it serves this machine alone."""

    code: ClassVar[str] = "demo-stays-home"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "演示只在本机打开，不能对外（{named}）：它的账号和密码就写在屏幕上。",
        "en": "A demo is served to this machine alone, not under {named}: its accounts and passwords stand on the screen.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "去掉 --host 和 YIPAN_HOSTS；正式使用请另建数据文件夹：YIPAN_HOME=另一个文件夹 yipan serve",
        "en": "Leave --host and YIPAN_HOSTS out; for real work take another folder: YIPAN_HOME=another-folder yipan serve",
    }


def refuse_beyond_this_machine(host: str) -> None:
    """Refuse to serve a demo under any address or name but those of this machine itself.

    Raises:
        DemoStaysHomeError: it names what others can reach.
    """
    for named in (host, *os.environ.get("YIPAN_HOSTS", "").split()):
        if not is_loopback(named):
            raise DemoStaysHomeError(named=named)


def refuse_demo_beyond_this_machine(host: str) -> None:
    """Refuse the same where the data folder holds a demo, whatever command serves it.

    Raises:
        DemoStaysHomeError: as above.
    """
    if (home() / PLAYED).exists():
        refuse_beyond_this_machine(host)


def is_loopback(named: str) -> bool:
    """Tell whether a name or an address is this machine's own."""
    bare = named.strip("[]")
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False
