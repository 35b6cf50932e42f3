"""Where each face of the house hangs its pages."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("yipan.web.urls")),
    path("api/", include("yipan.api.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
