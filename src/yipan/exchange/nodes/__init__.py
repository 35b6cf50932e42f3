"""Other installations: their cards and keys, what leaves for them, what comes from them."""

from __future__ import annotations
