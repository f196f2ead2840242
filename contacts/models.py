"""People, the identifiers that name them, and the ordered rules by which events find them: docs/rules.md, section 2."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Left, Lower, Now

from contacts.kind_names import kind_name
from contract.encoding import ExactJSONDecoder, ExactJSONEncoder

INDEXED_NAME_LENGTH = 100  # characters of a name, by which contacts of a name are found


class NormalForm(models.TextChoices):
    """How two values of a kind are compared."""

    EXACT = "exact", "exactly, case included"
    EMAIL = "email", "as an e-mail address, case ignored"
    PHONE = "phone", "as a phone number, in E.164"


class IdentifierKind(models.Model):
    """A kind of identifier: the six that the product knows, and those that staff declare from a contact field."""

    key = models.CharField(max_length=255, primary_key=True)
    name = models.CharField(max_length=255)
    normal_form = models.CharField(max_length=8, choices=NormalForm, default=NormalForm.EXACT)
    is_builtin = models.BooleanField(default=False, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(normal_form__in=NormalForm.values), name="identifier_kind_normal_form_known"
            )
        ]

    def __str__(self) -> str:
        return kind_name(self.key, self.name)


class Contact(models.Model):
    """A person. Events find contacts by their identifiers and never change them."""

    id = models.BigAutoField(primary_key=True)
    first_name = models.CharField(max_length=2000, blank=True)
    last_name = models.CharField(max_length=2000, blank=True)
    address = models.JSONField(default=dict, blank=True, encoder=ExactJSONEncoder, decoder=ExactJSONDecoder)
    # By the key of the contact field, or as it was named; those of a declared identifier kind also stand in Identifier.
    fields = models.JSONField(default=dict, blank=True, encoder=ExactJSONEncoder, decoder=ExactJSONDecoder)
    # The event that made the contact, where the account lets events do that. A plain number: events are a layer above.
    created_by_event_id = models.BigIntegerField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        indexes = [
            # The list of contacts by their ids, and how many there are: contacts/contact_list.py.
            models.Index(fields=["id"], condition=Q(deleted_at=None), name="contact_kept"),
            # The contacts with a value in a field: segments.
            GinIndex(
                fields=["fields"],
                opclasses=["jsonb_path_ops"],
                condition=Q(deleted_at=None),
                name="contact_by_field",
            ),
            # The contacts of a name by their ids. An index row has no room for a name of 2,000 characters.
            models.Index(
                Left(Lower("first_name"), INDEXED_NAME_LENGTH),
                "id",
                condition=Q(deleted_at=None),
                name="contact_by_first_name",
            ),
            models.Index(
                Left(Lower("last_name"), INDEXED_NAME_LENGTH),
                "id",
                condition=Q(deleted_at=None),
                name="contact_by_last_name",
            ),
            # The same by the beginning of a name, as it is typed into a search box.
            *(
                models.Index(
                    OpClass(Left(Lower(f"{which}_name"), INDEXED_NAME_LENGTH), name="text_pattern_ops"),
                    condition=Q(deleted_at=None),
                    name=f"contact_by_{which}_name_begin",
                )
                for which in ("first", "last")
            ),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.first_name, self.last_name))) or f"contact {self.pk}"


class Group(models.Model):
    """A name that contacts are gathered under. One never seen before makes a new row (contacts/groups.py)."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=255, unique=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="group_name_not_empty")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """That a contact is in a group. The key serves the members of a group, by id; the index a contact's groups."""

    pk = models.CompositePrimaryKey("group", "contact")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="memberships")

    def __str__(self) -> str:
        return f"contact {self.contact_id} in group {self.group_id}"


class FieldType(models.TextChoices):
    """What the values of a contact field are: contacts/field_types.py."""

    TEXT = "text", "text"
    INTEGER = "integer", "whole number"
    DECIMAL = "decimal", "number with decimals"
    BOOLEAN = "boolean", "yes or no"
    DATE = "date", "day"
    DATETIME = "datetime", "moment"


class ContactField(models.Model):
    """A contact field that staff declared, with the type of its values. Fields that nobody declared hold any value.

    The id is chosen or given out: a shop that moves over names its fields by the ids that they had.
    """

    id = models.PositiveBigIntegerField(primary_key=True)
    key = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=255)
    type = models.CharField(max_length=8, choices=FieldType, default=FieldType.TEXT)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id__gt=0), name="contact_field_id_positive"),
            models.CheckConstraint(condition=~Q(key=""), name="contact_field_key_not_empty"),
            models.CheckConstraint(condition=Q(type__in=FieldType.values), name="contact_field_type_known"),
        ]

    def __str__(self) -> str:
        return self.name


class PushChannel(models.TextChoices):
    """The channel of a push token; the original's names."""

    MOBILE_PUSH = "mobilepush", "mobile push"
    WEB_PUSH = "webpush", "web push"


class Identifier(models.Model):
    """A (kind, value) that names exactly one contact. The contact's own id is an identifier that needs no row."""

    id = models.BigAutoField(primary_key=True)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identifiers")
    kind = models.ForeignKey(IdentifierKind, on_delete=models.PROTECT, db_column="kind", db_index=False)
    value = models.CharField(max_length=2000, help_text="As it was given.")
    normalized = models.CharField(max_length=2000, help_text="As it is compared: contacts/identifiers.py.")
    push_channel = models.CharField(
        max_length=10,
        choices=PushChannel,
        blank=True,
        default="",
        db_default="",
        help_text="Which channel a push token is for; empty for every other kind.",
    )

    class Meta:
        constraints = [
            # Serves every look-up of matching: one index scan for each (kind, value) of a batch.
            models.UniqueConstraint(fields=["kind", "normalized"], name="identifier_names_one_contact"),
            models.CheckConstraint(condition=~Q(normalized=""), name="identifier_not_empty"),
            models.CheckConstraint(
                condition=Q(push_channel__in=["", *PushChannel.values]), name="identifier_push_channel_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind_id} {self.value}"


class MatchingRule(models.Model):
    """“Parameter X identifies a contact by kind Y.” Without an event type it stands in the account's one list."""

    id = models.BigAutoField(primary_key=True)
    position = models.PositiveIntegerField(help_text="Rules are walked from the lowest to the highest.")
    parameter = models.CharField(max_length=255, help_text="Compared without regard to case.")
    kind = models.ForeignKey(IdentifierKind, on_delete=models.PROTECT, related_name="matching_rules")
    is_enabled = models.BooleanField("enabled", default=True)
    event_type_key = models.CharField(
        "event type",
        max_length=255,
        blank=True,
        default="",
        help_text="Empty: part of the account's list. Else: the rule that this event type tries first, alone.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event_type_key"], condition=~Q(event_type_key=""), name="matching_rule_one_for_an_event_type"
            ),
            models.CheckConstraint(condition=~Q(parameter=""), name="matching_rule_parameter_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.parameter} → {self.kind_id}"


class ErasureStage(models.TextChoices):
    """What is erased next. The stages follow each other in this order."""

    ORDERS = "orders", "the person's orders and their events"
    EVENTS = "events", "the person's other events"
    LOG = "log", "events of others that name the person"
    REST = "rest", "everything else that was kept of requests"
    DONE = "done", "done"


class Erasure(models.Model):
    """That a contact is erased, and how far it is. `values` is what is looked for; it goes when all is done."""

    contact = models.OneToOneField(Contact, on_delete=models.PROTECT, primary_key=True)
    requested_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    stage = models.CharField(max_length=8, choices=ErasureStage, default=ErasureStage.ORDERS)
    position = models.BigIntegerField(default=0, help_text="The last row that the stage has been through.")
    # The last event that the erasure looks at; null until it has begun. A later one is a new message.
    last_event_id = models.BigIntegerField(null=True)
    values = models.JSONField(default=dict, encoder=ExactJSONEncoder, decoder=ExactJSONDecoder)
    events = models.PositiveBigIntegerField(default=0, help_text="Events that something was erased in.")
    orders = models.PositiveBigIntegerField(default=0, help_text="Orders that something was erased in.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(stage=ErasureStage.DONE) | Q(values={}, finished_at__isnull=False),
                name="erasure_keeps_no_value_when_done",
            ),
            models.CheckConstraint(condition=Q(stage__in=ErasureStage.values), name="erasure_stage_known"),
        ]
        indexes = [
            # The erasures that are under way: few of many.
            models.Index(fields=["stage", "position"], condition=~Q(stage=ErasureStage.DONE), name="erasure_under_way"),
        ]

    def __str__(self) -> str:
        return f"erasure of contact {self.pk}"


class ImportStatus(models.TextChoices):
    """How far an import is; the original's words."""

    STARTED = "STARTED", "waiting for its turn"
    IMPORTING = "IMPORTING", "under way"
    FINISHED = "FINISHED", "finished"
    ERROR = "ERROR", "given up"


class ContactImport(models.Model):
    """A list of contacts that was taken, and how far it is: contacts/imports.py. Worked off in the order of the ids.

    Of what was sent, only the ids that it came to and the refusals are kept once it is finished: neither holds a value
    of a person.
    """

    id = models.BigAutoField(primary_key=True)
    session_id = models.UUIDField(unique=True)
    # Whose key it came with, and how the audit log calls them. A plain number: sources are a layer above.
    source_id = models.BigIntegerField()
    actor = models.CharField(max_length=400)
    body = models.TextField(blank=True)  # as it was sent; empty once it is finished
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    contact_ids = ArrayField(models.BigIntegerField(), default=list)  # of those done, in their order; 0: refused
    refused = models.JSONField(default=list)  # [{"index", "errors", "contactIds"}]
    status = models.CharField(max_length=9, choices=ImportStatus, default=ImportStatus.STARTED)
    description = models.TextField(blank=True)
    received_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ImportStatus.values), name="contact_import_status_known"),
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="contact_import_done_within_total"),
        ]
        indexes = [
            # The next import to work on.
            models.Index(fields=["id"], condition=Q(finished_at=None), name="contact_import_unfinished"),
            # The removal of old ones.
            models.Index(fields=["finished_at"], condition=~Q(finished_at=None), name="contact_import_by_age"),
        ]

    def __str__(self) -> str:
        return f"import {self.session_id}"
