from django.apps import AppConfig


class NaiveAppConfig(AppConfig):
    name = "benchmarks.naive"
    label = "naive"
