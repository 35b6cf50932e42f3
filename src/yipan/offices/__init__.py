"""Offices: divisions, organisations and their lines, officers and postings, and the permits they act under."""

from __future__ import annotations
