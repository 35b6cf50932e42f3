"""Where each page is. Addresses hold ids and names of kinds, never anything about a person."""

from __future__ import annotations

from django.urls import path

from yipan.web import documents, duties, offices

urlpatterns = [
    path("", duties.today, name="today"),
    path("cases/<uuid:thread>", duties.case, name="case"),
    path("cases/<uuid:thread>/record/<str:kind>", documents.record_in_case, name="record"),
    path("record/<str:kind>", documents.record_new, name="record-new"),
    path("sign-in", offices.sign_in, name="sign-in"),
    path("sign-out", offices.sign_out, name="sign-out"),
    path("office", offices.office, name="office"),
    path("offices/search", offices.search, name="office-search"),
]
