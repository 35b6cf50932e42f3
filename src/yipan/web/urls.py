"""Where each page is. Addresses hold ids and names of kinds, never anything about a person."""

from __future__ import annotations

from django.urls import path

from yipan.web import documents, duties, headcounts, offices, people, rosters

urlpatterns = [
    path("", duties.today, name="today"),
    path("cases/<uuid:thread>", duties.case, name="case"),
    path("cases/<uuid:thread>/record/<str:kind>", documents.record_in_case, name="record"),
    path("record/<str:kind>", documents.record_new, name="record-new"),
    path("people", people.people, name="people"),
    path("people/questions", people.questions, name="questions"),
    path("people/questions/decide", people.decide, name="decide"),
    path("people/<uuid:thread>", people.person, name="person"),
    path("people/<uuid:thread>/withdraw", people.withdraw, name="withdraw"),
    path("people/<uuid:thread>/undo", people.undo, name="undo-merge"),
    path("rosters", rosters.rosters, name="rosters"),
    path("rosters/<uuid:intake>", rosters.roster, name="roster"),
    path("rosters/<uuid:intake>/enter", rosters.enter, name="roster-enter"),
    path("rosters/<uuid:intake>/stop", rosters.stop, name="roster-stop"),
    path("rosters/<uuid:intake>/give-up", rosters.give_up, name="roster-give-up"),
    path("rosters/<uuid:intake>/rows", rosters.rows_that_go_back, name="roster-rows"),
    path("rosters/<uuid:intake>/forget", rosters.forget, name="roster-forget"),
    path("head-counts", headcounts.headcounts, name="headcounts"),
    path("sign-in", offices.sign_in, name="sign-in"),
    path("sign-out", offices.sign_out, name="sign-out"),
    path("office", offices.office, name="office"),
    path("offices/search", offices.search, name="office-search"),
]
