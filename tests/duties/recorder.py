"""Records cases one by one and says the number of each when it is done; the test kills it at some moment."""

from __future__ import annotations

import sys
from uuid import UUID, uuid5

import django

django.setup(set_prefix=False)

from tests.duties.cast import at, permit  # noqa: E402  # after Django is set up
from yipan.duties.draft import Draft  # noqa: E402
from yipan.duties.record import record  # noqa: E402


def main(residence: str, her_home: str, his_home: str, start: str, end: str) -> None:
    """Record the cases from `start`, each with the id that its number gives it."""
    moment = at("2026-03-02T10:00")
    fields = {
        "her_home": her_home, "his_home": his_home, "her_name": "李秀兰", "papers": "complete",
        "her_agrees_verify": True, "his_agrees_verify": True,
    }  # fmt: skip
    for number in range(int(start), int(end)):
        draft = Draft(
            kind="birth-registration.asked", id=uuid5(UUID(int=int(residence)), str(number)), fields=fields
        )
        record([draft], permit=permit(residence, moment), clock=lambda: moment)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


main(*sys.argv[1:])
