"""A user's own page about their second factor: set it up, see that it holds, get new recovery codes, turn it off."""

from base64 import b32encode
from io import BytesIO
from typing import Any, cast

import segno
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView
from unfold.views import UnfoldSiteViewMixin

from account.second_factor import (
    begin_setup,
    disable_factor,
    enable_factor,
    factor_of,
    has_factor,
    replace_recovery_codes,
    verify_code,
)
from console.sign_in import WRONG_CODE, CodeForm


@method_decorator(never_cache, name="dispatch")
class SecondFactorPage(UnfoldSiteViewMixin, TemplateView):
    title = gettext_lazy("Second factor")
    permission_required = ()
    template_name = "console/second_factor.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._show(CodeForm())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """`do` says what: enable, replace or disable. Each takes a code, so that an open screen is not enough."""
        action = {"enable": self._enable, "replace": self._replace, "disable": self._disable}.get(
            request.POST.get("do", "")
        )
        form = CodeForm(request.POST)
        if action is None or not form.is_valid():
            return self._show(form)
        return action(form)

    def _enable(self, form: CodeForm) -> HttpResponse:
        codes = enable_factor(_user(self.request), form.cleaned_data["code"])
        return self._show_codes(codes) if codes is not None else self._refuse(form)

    def _replace(self, form: CodeForm) -> HttpResponse:
        if not verify_code(_user(self.request), form.cleaned_data["code"]):
            return self._refuse(form)
        return self._show_codes(replace_recovery_codes(_user(self.request)))

    def _disable(self, form: CodeForm) -> HttpResponse:
        if not verify_code(_user(self.request), form.cleaned_data["code"]):
            return self._refuse(form)
        disable_factor(_user(self.request))
        messages.success(self.request, _("The second factor is off: the password alone signs you in."))
        return HttpResponseRedirect(reverse("admin:second_factor"))

    def _refuse(self, form: CodeForm) -> HttpResponse:
        form.add_error("code", WRONG_CODE)
        return self._show(form)

    def _show(self, form: CodeForm) -> HttpResponse:
        user = _user(self.request)
        factor = factor_of(user)
        secret = None if factor else _grouped(begin_setup(user).bin_key)
        return self.render_to_response(self.get_context_data(form=form, factor=factor, secret=secret))

    def _show_codes(self, codes: list[str]) -> HttpResponse:
        """The only time that they are shown."""
        return self.render_to_response(self.get_context_data(codes=codes, text="\n".join(codes)))


@never_cache
def setup_picture(request: HttpRequest) -> HttpResponse:
    """The secret as a QR code: an image with an address of its own, as the policy of config/protection.py wants."""
    user = _user(request)
    if has_factor(user):  # its secret is never shown again
        return HttpResponse(status=404)
    image = BytesIO()
    segno.make(begin_setup(user).config_url, error="m").save(image, kind="svg", scale=6, light="#fff", xmldecl=False)
    return HttpResponse(image.getvalue(), content_type="image/svg+xml")


def _grouped(key: bytes) -> str:
    """The secret as apps take it when it is typed: base32, in groups of four."""
    text = b32encode(key).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)  # the site lets in nobody else
