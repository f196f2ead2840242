"""What the frame around every page says. Named in config/console.py by its path, for settings load before models."""

from django.http import HttpRequest

from account.current import current_account


def account_name(request: HttpRequest) -> str:
    """The line below the product's name."""
    return current_account().name
