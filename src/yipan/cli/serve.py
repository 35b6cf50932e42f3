"""`serve`: the pages, by gunicorn, until stopped."""

from __future__ import annotations

import os
import sys

import click

from yipan.cli.console import Console, set_up


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=int, help="The port to listen on.")
@click.option("--workers", default=2, show_default=True, type=int, help="How many processes answer.")
def serve(host: str, port: int, workers: int) -> None:
    """Serve the pages. Stop with Ctrl-C.

    Example: yipan serve --port 8000
    """
    console = Console()
    set_up(console)
    console.say(f"网页：http://{host}:{port}/", f"Pages: http://{host}:{port}/")
    run_server(host, port, workers)


def run_server(host: str, port: int, workers: int) -> None:
    """Become the web server: this process ends with it."""
    sys.stdout.flush()
    arguments = ["gunicorn", "--bind", f"{host}:{port}", "--workers", str(workers), "--no-control-socket"]
    os.execv(sys.executable, [sys.executable, "-m", *arguments, "yipan.wsgi:application"])  # noqa: S606  # our own interpreter


COMMANDS = (serve,)
