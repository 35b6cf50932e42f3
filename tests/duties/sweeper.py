"""Sweeps in small steps and says each office when it is done; the test kills it at some moment."""

from __future__ import annotations

import sys

import django

django.setup(set_prefix=False)

from tests.duties.cast import at  # noqa: E402  # after Django is set up
from yipan.duties import sweep as sweeping  # noqa: E402

# Small batches, so that there is something between them to be killed at.
sweeping.BATCH = 20  # type: ignore[attr-defined]  # the very name the sweep counts by
sys.stdout.write("sweeping\n")
sys.stdout.flush()
sweeping.sweep(at("2026-04-10T09:00"))
