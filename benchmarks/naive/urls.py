from django.urls import path

from benchmarks.naive.api import EventView

urlpatterns = [path("api/v1/event", EventView.as_view())]
