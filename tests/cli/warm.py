"""A warm program: everything imported and the law read once, then one fork of it for each command.

A command that a test runs is the whole program all the same: its own process, arguments, streams, exit code and ending.
Only what every start would do again, importing, is done before. `python tests/cli/warm.py SOCKET`.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
import threading
from pathlib import Path

#: These do something when they are imported, or no command needs them at its start.
_NOT_IMPORTED = (
    "yipan.wsgi",
    "yipan.cli.__main__",
    "yipan.urls",
    "yipan.web",
    "yipan.api",
    "yipan.statistics",
)
_STREAMS = 2


def warm() -> None:
    """Import the program, read law and places as a process that serves pages would have, and let go of the database."""
    import django  # noqa: PLC0415  # after the path is set

    import yipan  # noqa: PLC0415  # the same

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yipan.settings")
    django.setup()
    for module in pkgutil.walk_packages(yipan.__path__, "yipan."):
        if not module.name.startswith(_NOT_IMPORTED) and ".migrations" not in module.name:
            importlib.import_module(module.name)
    from django.db import connections  # noqa: PLC0415  # after Django is set up

    from yipan import database  # noqa: PLC0415  # the same
    from yipan.duties.lawbook import lawbook  # noqa: PLC0415  # the same
    from yipan.offices.placeindex import read_gazetteer  # noqa: PLC0415  # the same
    from yipan.registry.names import reading  # noqa: PLC0415  # the same

    database.ensure()
    lawbook()
    read_gazetteer()
    reading("仇")
    connections.close_all()
    database.leave()


def serve(address: str) -> None:
    """Run one command for each caller until nobody holds our input open."""
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(address)
    server.listen(8)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sys.stdout.write("warm\n")
    sys.stdout.flush()
    if not os.fork():  # whoever started us has ended: so do we
        sys.stdin.read()
        os.kill(os.getppid(), signal.SIGTERM)
        os._exit(0)
    while True:
        caller, _ = server.accept()
        if not os.fork():
            server.close()
            if _answer(caller):
                return
        caller.close()


def _answer(caller: socket.socket) -> bool:
    """Fork the program, wait for it and say how it ended; True in the fork that is to become the program."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    text, streams, _, _ = socket.recv_fds(caller, 1 << 20, _STREAMS)
    if child := os.fork():
        for stream in streams:
            os.close(stream)
        _, status = os.waitpid(child, 0)
        caller.sendall(str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    caller.close()
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.argv[1:] = json.loads(text)
    return True


def leave(code: object) -> None:
    """End with what every program does at its end, but for giving back each value: all of them lie in pages that are shared."""
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001  # as the end of a program calls it
    atexit._run_exitfuncs()  # noqa: SLF001  # the same
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file: a fresh start does not have it
    warm()
    serve(sys.argv[1])
    # Only a fork that is to be the program comes here: from now on it is `python -m yipan.cli`.
    import yipan.cli.__main__

    sys.argv[0] = str(Path(yipan.cli.__main__.__file__))
    __package__ = "yipan.cli"
    try:
        yipan.cli.__main__.run()
    except SystemExit as end:
        leave(end.code)
