"""The reading room: reads duties and counts, never writes."""

from __future__ import annotations
