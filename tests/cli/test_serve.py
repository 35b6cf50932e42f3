"""`serve`: an empty folder, several workers at once, and nothing left when it is told to stop."""

from __future__ import annotations

import shutil
import signal
import socket
import time
import urllib.request
from typing import TYPE_CHECKING

import psutil

from tests.database.users import LIMIT_SECONDS

if TYPE_CHECKING:
    from tests.cli.program import Program


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _answer(address: str) -> str:
    give_up_at = time.monotonic() + LIMIT_SECONDS
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310  # our own server
                text: str = answer.read().decode()
                return text
        except OSError:
            assert time.monotonic() < give_up_at, "nobody answered"
            time.sleep(0.1)


def test_four_workers_share_a_folder_without_static_files_and_end_with_their_sweeper(yipan: Program) -> None:
    shutil.rmtree(yipan.home / "static", ignore_errors=True)
    port = _free_port()
    server = yipan.start("serve", "--port", str(port), "--workers", "4")
    page = _answer(f"http://127.0.0.1:{port}/sign-in")
    assert "登录" in page
    style = next(part for part in page.split('"') if part.endswith(".css"))
    assert "--line" in _answer(f"http://127.0.0.1:{port}{style}")
    family = psutil.Process(server.pid).children(recursive=True)
    assert any("sweep" in each.cmdline() for each in family)
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=LIMIT_SECONDS)
    _, left = psutil.wait_procs(family, timeout=30)
    assert [each.pid for each in left] == []
