"""The tables of this room, where Django looks for them."""

from __future__ import annotations

from yipan.offices.office import Line, Organisation
from yipan.offices.officer import Officer, Posting
from yipan.offices.signing_in import FailedSignIn

__all__ = ["FailedSignIn", "Line", "Officer", "Organisation", "Posting"]
