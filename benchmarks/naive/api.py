"""The baseline's door: validate, save, publish one Celery message for the event."""

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.naive.serializers import EventSerializer
from benchmarks.naive.tasks import process_event


class EventView(APIView):
    def post(self, request: Request) -> Response:
        serializer = EventSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        event = serializer.save()
        transaction.on_commit(lambda: process_event.delay(event.pk))
        return Response({"id": str(event.pk), "status": "accepted"})
