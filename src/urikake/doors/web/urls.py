"""The addresses of the web application; those of a company come from the book of pages."""

from __future__ import annotations

from django.urls import include, path

from urikake.doors.api import routes as api

from . import book, home, opened, parts, signin

urlpatterns = [
    path("", home.root),
    path("accounts/", include("allauth.urls")),
    path("demo/signin", signin.demo),
    path("dev/parts", parts.page),
    *api.urls(),
    *opened.urls(),
    *book.urls(),
]
handler404 = "urikake.doors.web.failed.missing"
handler500 = "urikake.doors.web.failed.broken"
