"""Lets one office take the place of another in small steps; the test kills it at some moment."""

from __future__ import annotations

import sys

import django

django.setup(set_prefix=False)

from tests.duties.cast import at, permit  # noqa: E402  # after Django is set up
from yipan.duties import reorganising  # noqa: E402

# Small batches, so that there is something between them to be killed at.
reorganising.AT_ONCE = 3  # type: ignore[misc]  # the very name the verb counts by


def main(old: str, new: str, deciding: str) -> None:
    """End the old office by the decision of the one above."""
    moment = at("2026-03-05T10:00")
    sys.stdout.write("succeeding\n")
    sys.stdout.flush()
    said = permit(deciding, moment, "supervisor")
    reorganising.succeed(old, new, because="merged", permit=said, clock=lambda: moment)


main(*sys.argv[1:])
