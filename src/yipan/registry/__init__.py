"""Registry: what may be read of a person, under which permit, with a line in the read log each time."""

from __future__ import annotations
