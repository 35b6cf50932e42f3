"""Enrols people one by one at an office and says each number when she is in: `OFFICE PEOPLE`."""

from __future__ import annotations

import sys

import django

django.setup(set_prefix=False)

from tests.duties.cast import at, permit  # noqa: E402  # after Django is set up
from yipan.duties.draft import Draft  # noqa: E402
from yipan.registry.matching import check_digit  # noqa: E402
from yipan.registry.register import record_drafts  # noqa: E402


def main(office: str, people: str) -> None:
    """Enrol so many, each with a number and a telephone of her own."""
    moment = at("2026-03-02T09:00")
    for count in range(int(people)):
        body = f"36073119900{count // 900 + 1}12{count % 900:03d}"[:17]
        number = body + check_digit(body)
        fields = {
            "ground": "at-the-counter",
            "name": f"王{chr(0x4E00 + count)}",
            "identity_number": number,
            "phone": f"139{count:08d}",
        }
        draft = Draft(kind="person.enrolled", fields=fields)
        record_drafts([draft], permit=permit(office, moment), clock=lambda: moment)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


main(*sys.argv[1:])
