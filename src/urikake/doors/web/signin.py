"""Signing in: who may come in, how long a session holds, and the demo's one-click doors."""

from __future__ import annotations

from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from urikake.doors.demo_company.making import CODE as DEMO
from urikake.doors.demo_company.people import people as people_of_the_demo

STANDING: Final = "standing"


class Adapter(DefaultAccountAdapter):
    """Accounts are made by an administrator (利用者の登録), never by whoever comes along."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up."""
        return False


def ask(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back."""
    if "application/json" in request.headers.get("Accept", "") or request.headers.get("HX-Request"):
        return HttpResponse("サインインし直してください。", status=401, content_type="text/plain; charset=utf-8")
    return redirect(f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': request.get_full_path()})}")


def holds(request: HttpRequest, company_id: int, standing: tuple[int, str] | None) -> bool:
    """Whether the session still rests on the person's present role in the company; a change of role ends it.

    The first look at a company notes the fact that gives the role; a later one must find the same fact.
    """
    noted = request.session.get(STANDING, {})
    fact = standing[0] if standing else 0
    key = str(company_id)
    if key in noted:
        return bool(noted[key] == fact)
    request.session[STANDING] = {**noted, key: fact}
    return True


def account(name: str, shown: str = "", email: str = "") -> Any:
    """The sign-in account of that name, made without a usable password where there is none yet."""
    user, made = get_user_model().objects.get_or_create(username=name, defaults={"email": email, "last_name": shown})
    if made:
        user.set_unusable_password()
        user.save()
    return user


def invitation(request: HttpRequest, user: Any) -> str:
    """The address under which the person sets a password of their own; it works once, for a few days."""
    parts = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    path = reverse("account_reset_password_from_key", kwargs=parts)
    return request.build_absolute_uri(path)


def demo(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demo company's people: only where the installation serves the demo, and only as them."""
    if not settings.DEMO or request.method != "POST":
        raise Http404
    person = people_of_the_demo().get(request.POST.get("name", ""))
    if person is None:
        raise Http404
    request.session.flush()
    user = account(request.POST["name"], person.shown, person.email)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect(f"/{DEMO}/")


def people(request: HttpRequest) -> dict[str, Any]:
    """For templates: the demo company's people on the sign-in page of a demo, nobody elsewhere."""
    if not settings.DEMO:
        return {}
    from .desk import ROLES

    shown = [{"name": n, "shown": p.shown, "role_label": ROLES[p.role]} for n, p in people_of_the_demo().items()]
    return {"people": shown}
