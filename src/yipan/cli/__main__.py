"""`python -m yipan.cli`, and the command `yipan`: one command from its start to its end."""

from __future__ import annotations

import gc
import sys


def run() -> None:
    """Run the command of this process's arguments, and end with its exit code.

    Python looks for dead circles neither while the program is read nor when it ends: there are none worth the look, which
    would be a fifth to a third of what a short command takes.
    """
    gc.disable()
    from yipan.cli.main import main  # noqa: PLC0415  # what it takes is spent here

    gc.freeze()
    gc.enable()
    try:
        main()
    finally:
        _let_go()
        gc.freeze()


def _let_go() -> None:
    """Close what the command opened of the database, if it came so far."""
    if "django.apps" not in sys.modules:
        return
    from django.apps import apps  # noqa: PLC0415  # read already

    if apps.ready:
        from django.db import connections  # noqa: PLC0415  # the same

        connections.close_all()


if __name__ == "__main__":
    run()
