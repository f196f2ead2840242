"""The doors of the background worker: what Celery calls."""

from celery import shared_task

from webhooks import messages, sending


@shared_task(name="webhooks.send_due", ignore_result=True)
def send_due(failing: bool = False) -> None:
    """Sends what is due, to the subscriptions that take what they are sent or to those that do not."""
    sending.send_due(failing=failing)


@shared_task(name="webhooks.remove_old", ignore_result=True)
def remove_old() -> None:
    """Removes what is told of old deliveries, and secrets that sign along no longer."""
    sending.remove_old()
    messages.forget_previous_secrets()
