"""Argon2 at its least cost: for codes of a world that nobody attacks, whose hundred hashes would cost a minute."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """The same kind of hash, made quickly."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
