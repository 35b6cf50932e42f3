"""Files on their way in: they stay in memory, and never lie on the disk in the clear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from django.core.files.uploadhandler import MemoryFileUploadHandler

from yipan.documents.evidence import LARGEST

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

#: Of a file that is larger than any may be, one byte more is kept than is allowed: whoever takes it says so.
MOST: Final = LARGEST + 1


class InMemory(MemoryFileUploadHandler):
    """Keeps what is sent in memory whatever its size, and of what is too large the front."""

    _received = 0

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # as Django hands it over
        """Take every file: nothing else may lay it on the disk."""
        super().handle_raw_input(*args, **kwargs)
        self.activated = True

    def new_file(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # the same
        """Begin to count anew, and go on as Django does."""
        self._received = 0
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Keep a piece, as far as there is room."""
        room = MOST - self._received
        self._received += len(raw_data)
        return cast("bytes | None", super().receive_data_chunk(raw_data[: max(0, room)], start))  # type: ignore[redundant-cast,unused-ignore]  # Django's own type differs by version

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        """Hand over what was kept."""
        return super().file_complete(min(file_size, MOST))
