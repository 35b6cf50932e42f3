"""Django's PostgreSQL backend, entering through our two doors."""

from __future__ import annotations
