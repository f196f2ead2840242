"""A shop whose texts are as hostile and as long as docs/rules.md lets them be: markup, template syntax, formulas, marks
that turn the direction of writing, 100,000 characters; in every text field of an event, and in whatever is named there.
"""

from django.contrib.auth.models import User
from django.utils import timezone

from account.audit import AuditAction, record_audit
from contacts.models import ContactField
from events.keys import issue_key
from events.models import Source
from events.replay_jobs import start_replay
from insights.analytics.event_counts import count_due
from insights.rfm.refresh import compute as compute_rfm
from insights.segments.models import Segment
from insights.segments.refreshing import refresh
from orders.summaries import rebuild_all
from tests.events.building import ITEM, created, drain, make_source, post
from tests.factories import make_contact, make_kind

MARK = "zq9"  # stands in each hostile text and in nothing of ours
RTL = "\u202e"
MARKUP = f'"></script></pre></textarea><script>alert("{MARK}")</script><img src={MARK} onerror=alert(2)>'
TEMPLATE = f"{{{{ 7|add:7 }}}}{MARK}{{% now 'Y' %}}${{7*7}}#{{7*7}}"
FORMULA = f'=HYPERLINK("https://elsewhere.example/{MARK}")'
HOSTILE = f"{MARKUP}{TEMPLATE}'`{RTL}\u2066"
SHORT = f"'><script>alert('{MARK}')</script>{{{{ 7|add:7 }}}}{RTL}"  # where fewer characters are taken
LONGEST = f"{HOSTILE}{'long-' * 20_000}"[:100_000]
ORDER_ID = f"{HOSTILE}"[:255]
TEXTS = ("firstName", "lastName", "restoreUrl", "statusDescription", "storeId", "source", "deliveryMethod")
TEXTS += ("deliveryAddress", "paymentMethod", "additionalInfo")


def make_hostile_shop() -> None:
    """One of each thing that has a page, with hostile texts wherever a sender may put one."""
    make_contact(
        external_customer_id="C1", email="olha@example.com", first_name=SHORT, last_name=HOSTILE, groups=[SHORT]
    )
    make_kind(key="loyaltyCard")
    ContactField.objects.create(id=1, key="city", name=SHORT)
    User.objects.create(username="olena", first_name=SHORT[:100], is_staff=True)
    source = make_source(SHORT[:100])
    today = timezone.localtime().replace(microsecond=0).isoformat()
    texts = dict.fromkeys(TEXTS, f"{HOSTILE}{'long-' * 300}")
    texts |= {
        "additionalInfo": FORMULA,
        "restoreUrl": f"javascript:alert('{MARK}')",
    }
    item = {**ITEM, "name": HOSTILE, "url": f"javascript:alert('{MARK}')", "imageUrl": f"data:text/html,{MARKUP}"}
    items = [{**item, HOSTILE[:200]: {HOSTILE: [HOSTILE, FORMULA]}}, {**ITEM, "externalItemId": HOSTILE[:255]}]
    custom = {HOSTILE[:255]: HOSTILE, "=1+1": FORMULA, "long": LONGEST, "deep": {HOSTILE: {HOSTILE: HOSTILE}}}
    post("orderCreated", _order(items=items, date=today, **texts, **custom), source, keyValue=HOSTILE[:255])
    post(
        "orderUpdated", {"externalOrderId": ORDER_ID, "status": "DELIVERED", "totalCost": "99999999999999.9999"}, source
    )
    post("orderUpdated", {"externalOrderId": ORDER_ID, "firstName": FORMULA, "email": SHORT, "phone": SHORT}, source)
    wrong = dict.fromkeys(("totalCost", "status", "date", "currency", "items"), HOSTILE)
    post("orderCreated", {"externalOrderId": HOSTILE, "externalCustomerId": LONGEST, **wrong}, source)
    created("1002", externalCustomerId=None, **{SHORT: HOSTILE, "clientMail": "olha@example.com"})
    post(HOSTILE[:255], {HOSTILE[:255]: LONGEST, "email": "olha@example.com"}, source, keyValue=RTL)
    drain()
    rebuild_all()
    compute_rfm(timezone.localdate())
    count_due()
    issue_key(Source.objects.get(pk=source.pk))
    start_replay({"keyValue": HOSTILE[:255], "source": HOSTILE, "outcome": "ignored"}, f"user {SHORT}")
    record_audit(f"user {SHORT}", AuditAction.ORDERS_DELETED, HOSTILE)
    hostile = {"orders": {"item": [ITEM["externalItemId"], HOSTILE[:255]]}}, {"contact": {"group": SHORT}}
    viewed = {"events": {"type": HOSTILE[:255], "lastDays": 7, "where": [{"parameter": HOSTILE[:255], "exists": True}]}}
    elsewhere = {"not": {"contact": {"field": "city", "equals": HOSTILE[:255]}}}
    conditions = {"all": [{"any": [*hostile, viewed]}, elsewhere]}
    refresh(Segment.objects.create(name=SHORT[:100], conditions=conditions, created_by=f"user {SHORT}").pk)


def _order(**params: object) -> dict[str, object]:
    return {
        "externalOrderId": ORDER_ID,
        "externalCustomerId": "C1",
        "totalCost": "19.90",
        "status": "INITIALIZED",
        "currency": "UAH",
        **params,
    }
