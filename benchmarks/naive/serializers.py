"""The baseline's validation: DRF serializers for the envelope and for the order in its parameters."""

from rest_framework import serializers

from benchmarks.naive.models import Event

STATUSES = ["INITIALIZED", "IN_PROGRESS", "DELIVERED", "CANCELLED", "ABANDONED_SHOPPING_CART"]


class ParameterSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=255)
    value = serializers.JSONField()


class EventSerializer(serializers.ModelSerializer):
    eventTypeKey = serializers.CharField(source="event_type_key", max_length=255)  # noqa: N815
    keyValue = serializers.CharField(source="key_value", max_length=255)  # noqa: N815
    params = ParameterSerializer(many=True)

    class Meta:
        model = Event
        fields = ["id", "eventTypeKey", "keyValue", "params"]

    def create(self, validated_data: dict) -> Event:
        return Event.objects.create(**validated_data)


class ItemSerializer(serializers.Serializer):
    externalItemId = serializers.CharField(max_length=255)  # noqa: N815
    name = serializers.CharField(max_length=2000)
    quantity = serializers.DecimalField(max_digits=18, decimal_places=3)
    cost = serializers.DecimalField(max_digits=18, decimal_places=4)
    url = serializers.CharField(max_length=2048)
    imageUrl = serializers.CharField(max_length=2048)  # noqa: N815


class OrderSerializer(serializers.Serializer):
    externalOrderId = serializers.CharField(max_length=255)  # noqa: N815
    totalCost = serializers.DecimalField(max_digits=18, decimal_places=4)  # noqa: N815
    status = serializers.ChoiceField(STATUSES)
    date = serializers.DateTimeField()
    currency = serializers.CharField(max_length=3, default="UAH")
    externalCustomerId = serializers.CharField(max_length=255, default="")  # noqa: N815
    email = serializers.CharField(max_length=255, default="")
    phone = serializers.CharField(max_length=255, default="")
    items = ItemSerializer(many=True, default=list)
