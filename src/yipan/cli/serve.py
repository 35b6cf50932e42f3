"""`serve`: the pages, by gunicorn, until stopped."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

import click

from yipan.cli.console import Console, set_up
from yipan.cli.keys import unlock
from yipan.cli.loopback import refuse_demo_beyond_this_machine

#: How many minutes lie between two sweeps of a served installation.
SWEEP_EVERY: Final = 15
#: Who asks for an access log gets one without what follows a question mark, and without where a reader came from.
_ACCESS_LOG: Final = '%(h)s %(t)s "%(m)s %(U)s" %(s)s %(B)s'


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=int, help="The port to listen on.")
@click.option("--workers", default=2, show_default=True, type=int, help="How many processes answer.")
@click.option(
    "--sweep-every",
    default=SWEEP_EVERY,
    show_default=True,
    metavar="MINUTES",
    help="0: somebody else sweeps.",
)
def serve(host: str, port: int, workers: int, sweep_every: int) -> None:
    """Serve the pages, and sweep beside them. Stop with Ctrl-C.

    Example: yipan serve --port 8000
    """
    refuse_demo_beyond_this_machine(host)
    console = Console()
    unlock()
    set_up(console)
    console.say(f"网页：http://{host}:{port}/", f"Pages: http://{host}:{port}/")
    run_server(host, port, workers, sweep_every)


def _passphrase() -> tuple[int, ...]:
    """Return the descriptor of a passphrase that was typed: what is started beside the server needs it too."""
    said = os.environ.get("YIPAN_KEK_PASSPHRASE_FILE", "")
    return (int(said.rpartition("/")[2]),) if said.startswith("/proc/self/fd/") else ()


def run_server(host: str, port: int, workers: int, sweep_every: int) -> None:
    """Become the web server, with a sweeper beside it that ends when the server does."""
    if sweep_every:
        sweeper = [sys.executable, "-m", "yipan.cli", "sweep", "--every", str(sweep_every)]
        subprocess.Popen(sweeper, pass_fds=_passphrase())  # noqa: S603  # our own program
    sys.stdout.flush()
    arguments = [
        "gunicorn",
        "--bind",
        f"{host}:{port}",
        "--workers",
        str(workers),
        "--access-logformat",
        _ACCESS_LOG,
        "--no-control-socket",
        "--preload",
    ]
    os.execv(sys.executable, [sys.executable, "-m", *arguments, "yipan.wsgi:application"])  # noqa: S606  # our own interpreter


COMMANDS = (serve,)
