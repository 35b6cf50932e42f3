"""What templates may say."""

from __future__ import annotations
