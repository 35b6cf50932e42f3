"""Evidence of arrival: the file that shows when something came, kept sealed under the digest the journal names."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID, uuid5

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from yipan.documents.filekinds import refuse_strange
from yipan.duties import sealing
from yipan.errors import YipanError

if TYPE_CHECKING:
    from datetime import datetime

#: A scanned slip or a page of a fax; a larger file is a mistake.
LARGEST: Final = 20 * 1024 * 1024
_NAMESPACE: Final = UUID("5d2f8b64-18c7-5d5a-9d67-2f54d7c3f0aa")


class EvidenceTooLargeError(YipanError):
    """The file is larger than evidence may be."""

    code: ClassVar[str] = "evidence-too-large"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "凭证文件超过 {limit} MB。",
        "en": "The evidence is larger than {limit} MB.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请降低扫描分辨率后再上传。",
        "en": "Scan it at a lower resolution and send it again.",
    }


class EmptyEvidenceError(YipanError):
    """The file has no content."""

    code: ClassVar[str] = "empty-evidence"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {"zh": "凭证文件是空的。", "en": "The evidence file is empty."}
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请选择扫描件或照片。",
        "en": "Choose the scan or the photograph.",
    }


class Evidence(models.Model):
    """One file, sealed with a key of its own, readable by the office that kept it and the parties it names."""

    id = models.UUIDField(primary_key=True)
    digest = models.TextField()
    name = models.TextField()
    kept_at = models.DateTimeField()
    seen_by = ArrayField(models.TextField())
    #: None where the file has ended with the person it was about.
    wrapped_key = models.BinaryField(null=True)
    kek_version = models.SmallIntegerField()
    ciphertext = models.BinaryField()

    class Meta:
        app_label = "documents"


def digest_of(content: bytes) -> str:
    """Return the digest by which the journal names a file.

    Raises:
        EmptyEvidenceError, EvidenceTooLargeError, NoScanError: the file cannot be evidence.
    """
    if not content:
        raise EmptyEvidenceError
    if len(content) > LARGEST:
        raise EvidenceTooLargeError(limit=LARGEST // 1024 // 1024)
    refuse_strange(content)
    return hashlib.sha256(content).hexdigest()


def keep(name: str, content: bytes, organisation: str, now: datetime) -> str:
    """Keep a file for an organisation, once, and return its digest. Its permit must be in force."""
    digest = digest_of(content)
    own_id = uuid5(_NAMESPACE, f"{organisation}:{digest}")
    made = sealing.new_subject_key(own_id)
    sealed = sealing.seal_bytes(made.key, own_id, content)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO documents_evidence (id, digest, name, kept_at, seen_by, wrapped_key, kek_version, ciphertext)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [own_id, digest, name, now, [organisation], made.wrapped, made.version, sealed],
        )
    return digest


def content_of(digest: str) -> bytes:
    """Return a kept file, as far as the permit in force may see it.

    Raises:
        Evidence.DoesNotExist: it is not there, or not for this office.
    """
    row = Evidence.objects.filter(digest=digest)[:1].get()
    key = sealing.unwrap(row.id, bytes(row.wrapped_key) if row.wrapped_key else None, row.kek_version)
    return sealing.open_bytes(key, row.id, bytes(row.ciphertext))
