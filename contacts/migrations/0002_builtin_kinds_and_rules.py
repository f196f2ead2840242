"""The identifier kinds that the product knows, and the matching rules that a new account starts with.

docs/rules.md, section 2, in its order.
"""

from django.db import migrations

KINDS = [
    ("contactId", "contact id", "exact"),
    ("externalCustomerId", "external customer id", "exact"),
    ("email", "email", "email"),
    ("phone", "phone", "phone"),
    ("pushToken", "push token", "exact"),
    ("contactKey", "contact key", "exact"),
]
RULES = [
    ("ContactId", "contactId"),
    ("Contact_id", "contactId"),
    ("externalCustomerId", "externalCustomerId"),
    ("Email", "email"),
    ("EmailAddress", "email"),
    ("UserEmail", "email"),
    ("ContactEmail", "email"),
    ("Phone", "phone"),
    ("SMS", "phone"),
    ("PhoneNumber", "phone"),
    ("PushToken", "pushToken"),
    ("ContactKey", "contactKey"),
    ("Contact_key", "contactKey"),
]


def create_defaults(apps, schema_editor):
    Kind = apps.get_model("contacts", "IdentifierKind")
    Rule = apps.get_model("contacts", "MatchingRule")
    Kind.objects.bulk_create(Kind(key=key, name=name, normal_form=form, is_builtin=True) for key, name, form in KINDS)
    Rule.objects.bulk_create(
        Rule(position=position, parameter=parameter, kind_id=kind)
        for position, (parameter, kind) in enumerate(RULES, start=1)
    )


class Migration(migrations.Migration):
    dependencies = [("contacts", "0001_initial")]
    operations = [migrations.RunPython(create_defaults, migrations.RunPython.noop)]
