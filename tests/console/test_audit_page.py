"""The audit log in the console: every entry, newest first, narrowed to one action, and changed by nobody."""

from account.audit import AuditAction, record_audit
from account.models import AuditEntry
from tests.console.reading import links, page_text, table_rows

ADDRESS = "/admin/account/auditentry/"


def test_the_log_lists_who_did_what_newest_first_and_can_be_narrowed(admin):
    record_audit("user olha", AuditAction.CONTACTS_DELETED, "contact 7")
    record_audit("key 1 of source “<b>shop</b>”", AuditAction.ORDERS_DELETED, "externalOrderId=1001", 1_200)
    first, second = AuditEntry.objects.order_by("pk").values_list("pk", flat=True)
    assert [row[:5] for row in table_rows(admin.get(ADDRESS))] == [
        [str(second), "orders.deleted", "externalOrderId=1001", "1,200", "key 1 of source “<b>shop</b>”"],
        [str(first), "contacts.deleted", "contact 7", "1", "user olha"],
    ]
    assert [row[0] for row in table_rows(admin.get(ADDRESS, {"action": "contacts.deleted"}))] == [str(first)]
    assert links(admin.get("/admin/"), "history Audit log") == [ADDRESS]


def test_the_page_of_an_entry_tells_all_of_it(admin):
    record_audit("user olha", AuditAction.ORDERS_DELETED, "externalOrderId=1001", 1)
    words = page_text(admin.get(f"{ADDRESS}{AuditEntry.objects.get().pk}/change/"))
    assert "Action orders.deleted What externalOrderId=1001 Count 1 Who user olha" in words


def test_an_empty_log_says_so(admin):
    assert "Nobody has changed anything yet Each such action leaves a row here" in page_text(admin.get(ADDRESS))
