"""The pages: each reads what was typed, calls one verb, and shows what it answers."""

from __future__ import annotations
