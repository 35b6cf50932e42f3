"""Duties: the journal, what is owed, `record()`, `sweep()`, `replay()`. The heart."""

from __future__ import annotations
