"""The law: rules, calendars, deadlines and the fold. Pure: no Django, no clock, no file opened at import."""

from __future__ import annotations
