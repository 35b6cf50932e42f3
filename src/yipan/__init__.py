"""Yipan (一盘棋): casework that keeps offices to what they owe the people they serve."""

from __future__ import annotations

__version__ = "0.1.0"
