"""The tables of this room, where Django looks for them."""

from __future__ import annotations

from yipan.offices.calls import ApiCalls
from yipan.offices.leave import Leave
from yipan.offices.naming import FormerName
from yipan.offices.office import Line, Organisation
from yipan.offices.officer import Officer, Posting
from yipan.offices.recovering import Door, PaperCode
from yipan.offices.signing_in import FailedSignIn, LogIn, UsedCode
from yipan.offices.succession import Succession
from yipan.offices.tokens import ApiToken

__all__ = [
    "ApiCalls",
    "ApiToken",
    "Door",
    "FailedSignIn",
    "FormerName",
    "Leave",
    "Line",
    "LogIn",
    "Officer",
    "Organisation",
    "PaperCode",
    "Posting",
    "Succession",
    "UsedCode",
]
