"""Signing in to the console: the password, and a code for who has a second factor.

Nobody is signed in between the two: the session only remembers, for five minutes, whose password was right. A wrong
code counts as a wrong password does (django-axes), and while the name is locked out at an address no code is looked at.
"""

import time
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_lockout_response
from django import forms
from django.contrib import admin
from django.contrib.auth import login, signals
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.generic import View

from account.second_factor import has_factor, verify_code

KEY = "signing_in"  # of the session
SECONDS = 300
LONGEST_CODE = 64
WRONG_CODE = gettext_lazy(
    "This code is wrong or was used before, or it came too soon after a wrong one: wait for the next."
)

site: Any = admin.site


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=LONGEST_CODE,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false", "class": "ol-input"}
        ),
        help_text=gettext_lazy("Six digits of the app, or one of your recovery codes."),
    )


@method_decorator(never_cache, name="dispatch")
class PasswordStep(LoginView):
    """Unfold's login, except that the right password of somebody with a second factor leads to its code."""

    template_name = "admin/login.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "GET" and site.has_permission(request):
            return HttpResponseRedirect(self.get_success_url())
        self.authentication_form = site.login_form
        request.current_app = site.name
        return super().dispatch(request, *args, **kwargs)

    def get_default_redirect_url(self) -> str:
        return reverse("admin:index")

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if not has_factor(user):
            return super().form_valid(form)
        self.request.session.cycle_key()
        self.request.session[KEY] = {
            "user": user.pk,
            "backend": user.backend,
            "password": user.get_session_auth_hash(),
            "at": int(time.time()),
            "next": self.get_success_url(),
        }
        return HttpResponseRedirect(reverse("login_code"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = {
            **site.each_context(self.request),
            **super().get_context_data(**kwargs),
            "app_path": self.request.get_full_path(),
            "username": self.request.user.get_username(),
            "subtitle": None,
        }
        return {**context, "title": _("Log in"), self.redirect_field_name: self.get_success_url()}


@method_decorator([never_cache, csrf_protect], name="dispatch")
class CodeStep(View):
    """The code, for whose password was right a moment ago; anybody else is led to the password."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = _user_of(request)
        if user is None:
            request.session.pop(KEY, None)
            return HttpResponseRedirect(reverse("admin:login"))
        credentials = {"username": user.get_username()}
        if not AxesProxyHandler.is_allowed(request, credentials):
            return get_lockout_response(request, credentials=credentials)
        return super().dispatch(request, user)

    def get(self, request: HttpRequest, user: User) -> HttpResponse:
        return _page(request, CodeForm())

    def post(self, request: HttpRequest, user: User) -> HttpResponse:
        form = CodeForm(request.POST)
        if form.is_valid() and verify_code(user, form.cleaned_data["code"]):
            pending = request.session.pop(KEY)
            login(request, user, backend=pending["backend"])
            return HttpResponseRedirect(_safe(request, pending["next"]))
        if form.is_valid():
            credentials = {"username": user.get_username()}
            signals.user_login_failed.send(sender=__name__, credentials=credentials, request=request)
            if not AxesProxyHandler.is_allowed(request, credentials):
                return get_lockout_response(request, credentials=credentials)
            form.add_error("code", WRONG_CODE)
        return _page(request, form)


def _user_of(request: HttpRequest) -> User | None:
    """Whose password was right: still a member of the house, with the same password, and not too long ago."""
    pending = request.session.get(KEY)
    if pending is None or not 0 <= time.time() - pending["at"] < SECONDS:
        return None
    user = User.objects.filter(pk=pending["user"], is_active=True, is_staff=True).first()
    return user if user is not None and user.get_session_auth_hash() == pending["password"] else None


def _safe(request: HttpRequest, url: str) -> str:
    hosts = {request.get_host()}
    is_ours = url_has_allowed_host_and_scheme(url, allowed_hosts=hosts, require_https=request.is_secure())
    return url if is_ours else reverse("admin:index")


def _page(request: HttpRequest, form: CodeForm) -> HttpResponse:
    context = {**site.each_context(request), "title": _("Second factor"), "form": form}
    request.current_app = site.name
    return render(request, "console/login_code.html", context)
