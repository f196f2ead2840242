"""Every address of the application."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from config.health import healthz
from console.palette import palette
from console.second_factor import setup_picture
from console.sign_in import CodeStep, PasswordStep
from events.metrics import MetricsView

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("healthz/", healthz, name="healthz-slash"),
    path("metrics", MetricsView.as_view(), name="metrics"),
    path("metrics/", MetricsView.as_view(), name="metrics-slash"),
    path("api/", include("config.api_urls")),
    path("admin/language/", set_language, name="set_language"),  # keeps it in a cookie, for who is not signed in too
    path("admin/login/", PasswordStep.as_view()),  # before Django's, at the same address
    path("admin/login/code/", CodeStep.as_view(), name="login_code"),
    path("admin/second-factor/picture/", admin.site.admin_view(setup_picture), name="second_factor_picture"),
    path("admin/search/", admin.site.admin_view(palette)),  # before Unfold's answer, which is at the same address
    path("admin/", admin.site.urls),
    path("admin", RedirectView.as_view(pattern_name="admin:index", query_string=True)),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]

handler400 = "contract.problems.bad_request"
handler403 = "contract.problems.permission_denied"
handler404 = "contract.problems.page_not_found"
handler500 = "contract.problems.server_error"
