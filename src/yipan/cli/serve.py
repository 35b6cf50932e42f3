"""`serve`: the pages, by gunicorn, until stopped."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

import click

from yipan.cli.console import Console, set_up

#: How many minutes lie between two sweeps of a served installation.
SWEEP_EVERY: Final = 15


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
    console = Console()
    set_up(console)
    console.say(f"网页：http://{host}:{port}/", f"Pages: http://{host}:{port}/")
    run_server(host, port, workers, sweep_every)


def run_server(host: str, port: int, workers: int, sweep_every: int) -> None:
    """Become the web server, with a sweeper beside it that ends when the server does."""
    if sweep_every:
        subprocess.Popen([sys.executable, "-m", "yipan.cli", "sweep", "--every", str(sweep_every)])  # noqa: S603  # our own program
    sys.stdout.flush()
    arguments = [
        "gunicorn",
        "--bind",
        f"{host}:{port}",
        "--workers",
        str(workers),
        "--no-control-socket",
        "--preload",
    ]
    os.execv(sys.executable, [sys.executable, "-m", *arguments, "yipan.wsgi:application"])  # noqa: S606  # our own interpreter


COMMANDS = (serve,)
