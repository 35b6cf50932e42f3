"""The room as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    """Third floor: evidence in; certificates, notices and letters out."""

    name = "yipan.documents"
    label = "documents"
