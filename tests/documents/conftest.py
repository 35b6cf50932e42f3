"""A home office that issues certificates, with the couple's case beside; afterwards what was touched is replayed."""

from __future__ import annotations

from tests.duties.conftest import cast, installation

__all__ = ["cast", "installation"]
