"""The command line: parse, call one verb, print. One file per room below."""

from __future__ import annotations

from yipan.cli.main import main

__all__ = ["main"]
