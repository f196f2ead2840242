from django.apps import AppConfig
from django.db.models.signals import class_prepared

from console.names import translate_names, translate_rooms


class ConsoleAppConfig(AppConfig):
    name = "console"
    verbose_name = "Console"

    def ready(self) -> None:
        translate_rooms()


# Configurations are read before the models of any app, so this hears of each of them.
class_prepared.connect(translate_names, dispatch_uid="console.names")
