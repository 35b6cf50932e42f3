"""The whole house: the pages as served, with the clock that the test sets."""

from __future__ import annotations

from tests.web.conftest import house, served

__all__ = ["house", "served"]
