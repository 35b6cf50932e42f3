"""The face for programs: parse, one verb, render."""

from __future__ import annotations
