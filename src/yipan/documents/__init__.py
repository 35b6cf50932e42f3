"""Papers: evidence that comes in, certificates, notices or letters that go out."""

from __future__ import annotations
