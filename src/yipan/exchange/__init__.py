"""The outside world: other nodes, other departments' monthly returns, offices reached by letter."""

from __future__ import annotations
