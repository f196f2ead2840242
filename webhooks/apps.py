from django.apps import AppConfig


class WebhooksAppConfig(AppConfig):
    name = "webhooks"
    verbose_name = "Webhooks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from events.listeners import listen
        from webhooks.outbox import note_deliveries

        listen(note_deliveries)
