"""`python -m yipan.cli`."""

from __future__ import annotations

from yipan.cli.main import main

main()
