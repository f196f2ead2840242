from django.apps import AppConfig


class AccountAppConfig(AppConfig):
    name = "account"
    verbose_name = "Account"
    default_auto_field = "django.db.models.BigAutoField"
