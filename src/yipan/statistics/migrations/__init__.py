"""The tables of the reading room, step by step."""

from __future__ import annotations
