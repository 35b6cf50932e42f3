"""A program beside goes on with a roster, so that nobody waits for it; a file goes to it through a pipe and lies nowhere."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from uuid import UUID

    from yipan.offices.permit import Permit

#: Programs that go on with a roster; looked after so that none lies about when it has ended.
_BESIDE: Final[list[subprocess.Popen[bytes]]] = []


def still_beside() -> int:
    """Return how many programs that this one began are still at work."""
    for each in [each for each in _BESIDE if each.poll() is not None]:
        _BESIDE.remove(each)
    return len(_BESIDE)


def go_on_beside(permit: Permit, intake: UUID, content: bytes | None = None) -> None:
    """Let a program of its own go on with a roster of an office, with its file where it has not been read to its end."""
    still_beside()
    words = ["import", "continue", str(intake), "--office", permit.organisation, "--as", permit.officer]
    process = subprocess.Popen(  # noqa: S603  # our own program; its words are an id, a code and an account's name
        [sys.executable, "-m", "yipan.cli", *words, *(["--file", "-"] if content is not None else [])],
        stdin=subprocess.PIPE if content is not None else subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _BESIDE.append(process)
    if content is not None and process.stdin:
        try:
            process.stdin.write(content)
            process.stdin.close()
        except BrokenPipeError:
            return  # it ended before it took the file: whoever asks is told that the roster was not read to its end
