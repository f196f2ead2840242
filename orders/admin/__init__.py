"""The console's pages about what was bought."""

from orders.admin import of_contact, palette
from orders.admin.account_settings import AccountSettingsAdmin
from orders.admin.order import OrderAdmin
from orders.admin.rates import ExchangeRateAdmin

__all__ = ["AccountSettingsAdmin", "ExchangeRateAdmin", "OrderAdmin", "of_contact", "palette"]
