"""A demo is served to this machine alone, whatever somebody asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.program import Program


@pytest.mark.parametrize(
    ("arguments", "hosts"),
    [
        (("--host", "0.0.0.0"), ""),  # noqa: S104  # the very thing that is refused
        (("--host", "::"), ""),
        (("--host", "192.0.2.7"), ""),
        ((), "yipan.example"),
        ((), "localhost yipan.example"),
    ],
)
def test_a_demo_that_others_could_reach_is_refused_before_anything_is_made(
    yipan: Program, arguments: tuple[str, ...], hosts: str
) -> None:
    refused = yipan.run("demo", "--people", "0", *arguments, YIPAN_HOSTS=hosts)
    assert refused.code == 2
    assert "YIPAN_HOSTS" in refused.err
    assert not (yipan.home / "demo.json").exists()


def test_a_folder_that_holds_a_demo_is_served_to_nobody_else_either(yipan: Program) -> None:
    (yipan.home / "demo.json").write_text("{}", encoding="utf-8")
    try:
        refused = yipan.run("serve", "--host", "0.0.0.0", "--sweep-every", "0")  # noqa: S104  # the same
    finally:
        (yipan.home / "demo.json").unlink()
    assert refused.code == 2
    assert "demo" in refused.err or "演示" in refused.err
