"""The tables of this room, where Django looks for them."""

from __future__ import annotations

from yipan.offices.leave import Leave
from yipan.offices.naming import FormerName
from yipan.offices.office import Line, Organisation
from yipan.offices.officer import Officer, Posting
from yipan.offices.signing_in import FailedSignIn, LogIn
from yipan.offices.succession import Succession

__all__ = [
    "FailedSignIn",
    "FormerName",
    "Leave",
    "Line",
    "LogIn",
    "Officer",
    "Organisation",
    "Posting",
    "Succession",
]
