"""The console's pages of webhooks."""

from webhooks.admin.delivery import DeliveryAdmin
from webhooks.admin.subscription import SubscriptionAdmin

__all__ = ["DeliveryAdmin", "SubscriptionAdmin"]
