"""The baseline's tables: the same facts as ours, one row each, saved through the ORM."""

from django.db import models


class Contact(models.Model):
    first_name = models.CharField(max_length=255, blank=True)
    last_name = models.CharField(max_length=255, blank=True)
    external_customer_id = models.CharField(max_length=255, unique=True, null=True)  # noqa: DJ001
    email = models.CharField(max_length=255, unique=True, null=True)  # noqa: DJ001
    phone = models.CharField(max_length=255, unique=True, null=True)  # noqa: DJ001

    def __str__(self) -> str:
        return f"contact {self.pk}"


class Event(models.Model):
    event_type_key = models.CharField(max_length=255)
    key_value = models.CharField(max_length=255)
    params = models.JSONField()
    received_at = models.DateTimeField(auto_now_add=True)
    status = models.CharField(max_length=16, default="waiting", db_index=True)
    reason = models.CharField(max_length=64, blank=True)
    processed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"event {self.pk}"


class Order(models.Model):
    external_order_id = models.CharField(max_length=255, unique=True)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="orders")
    status = models.CharField(max_length=32)
    total_cost = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    date = models.DateTimeField(db_index=True)
    external_customer_id = models.CharField(max_length=255, blank=True)
    email = models.CharField(max_length=255, blank=True)
    phone = models.CharField(max_length=255, blank=True)
    custom_fields = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.external_order_id


class OrderItem(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    external_item_id = models.CharField(max_length=255)
    name = models.CharField(max_length=2000)
    quantity = models.DecimalField(max_digits=18, decimal_places=3)
    cost = models.DecimalField(max_digits=18, decimal_places=4)
    url = models.CharField(max_length=2048)
    image_url = models.CharField(max_length=2048)
    custom_fields = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.external_item_id


class OrderHistory(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="history")
    event = models.ForeignKey(Event, on_delete=models.CASCADE)
    at = models.DateTimeField(auto_now_add=True)
    changes = models.JSONField()

    def __str__(self) -> str:
        return f"change {self.pk}"
