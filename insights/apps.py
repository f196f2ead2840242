from django.apps import AppConfig


class InsightsAppConfig(AppConfig):
    name = "insights"
    verbose_name = "Insights"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from contacts.departures import listen
        from insights.segments.leaving import leave_segments

        listen(leave_segments)
