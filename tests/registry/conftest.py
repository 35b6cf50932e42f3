"""The tests of the register that need an installation share the heart's."""

from __future__ import annotations

from tests.duties.conftest import installation

__all__ = ["installation"]
