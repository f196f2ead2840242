"""What people of the console keep for themselves."""

from django.conf import settings
from django.db import models

from contract.encoding import ExactJSONDecoder, ExactJSONEncoder


class SavedView(models.Model):
    """Filters and ordering of a list under a name, of one user's own or for all who see the list."""

    id = models.BigAutoField(primary_key=True)
    list_name = models.CharField(max_length=100)  # “orders.order”: the kind of thing that the list is of
    name = models.CharField(max_length=80)
    # {parameter of the list's address: [values]}. As JSON, so that an erasure finds whoever is named in a value.
    parameters = models.JSONField(encoder=ExactJSONEncoder, decoder=ExactJSONDecoder, default=dict)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        permissions = [("share_savedview", "Can share saved views")]
        indexes = [models.Index(fields=["list_name", "name"], name="saved_view_by_list")]  # those of a list

    def __str__(self) -> str:
        return self.name
