"""docs/revenue.md works an example through: its orders are stored here, and each figure of it is read from the API."""

import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from account.current import forget_account
from events.keys import forget_keys
from orders import customer_counts, split_summaries, summaries
from orders.revenue_models import ExchangeRate
from tests.callers import bearer, make_key
from tests.factories import make_contact, make_order

DOCUMENT = Path(__file__).parents[2] / "docs" / "revenue.md"
KYIV = ZoneInfo("Europe/Kyiv")


def table_below(heading: str) -> list[dict[str, str]]:
    """The rows of the first table below a heading of the document, by the names of its columns."""
    section = DOCUMENT.read_text().split(f"### {heading}\n", 1)[1]
    lines = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE).group(0).splitlines()
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.fixture
def answer(db):
    people = {name: make_contact(first_name=name) for name in ("Anna", "Bohdan")}
    for row in table_below("The orders"):
        items = [
            {"cost": Decimal(cost), "quantity": Decimal(quantity), "custom_fields": {"category": category}}
            for quantity, cost, category in re.findall(r"(\S+) × (\S+) (\w+)", row["items"])
        ]
        make_order(
            row["order"],
            total=row["total"].split(" ")[0],
            currency=row["total"].split(" ")[1],
            status=row["status"],
            date=datetime.fromisoformat(row["date"]).replace(tzinfo=KYIV),
            contact=people.get(row["contact"]),
            store_id=row["store"],
            from_mobile_sdk=row["mobile SDK"] == "yes",
            items=items,
        )
    ExchangeRate.objects.create(currency="UAH", reporting_currency="EUR", day=date(2026, 5, 1), rate=Decimal("0.02"))
    forget_account()
    forget_keys()
    summaries.rebuild_all()
    customer_counts.rebuild(counts_all=True)
    split_summaries.rebuild_all_marked()
    query = "from=2026-04-01&to=2026-05-31&by=month&compare=true&in=EUR"
    client = Client(headers=bearer(make_key()))

    def read(split: str) -> dict:
        response = client.get(f"/api/v1/revenue?{query}&split={split}")
        assert response.status_code == 200, response.content
        return response.json()

    return read


def test_the_months_of_the_document_are_those_of_the_api(answer):
    names = {
        "revenue": "revenue",
        "orders": "orders",
        "average": "averageOrder",
        "customers": "customers",
        "new": "newCustomers",
        "returning": "returningCustomers",
        "mobile SDK": "mobileSdkInitializedRevenue",
    }
    told = [
        {
            "month": result["period"][:7],
            "currency": result["currency"],
            **{name: str(result[member]) for name, member in names.items()},
            "month before": result["periodBefore"]["revenue"],
            "in EUR": result["inReportingCurrency"]["revenue"] or "missing",
        }
        for result in answer("store")["results"]
    ]
    assert told == table_below("The months")


@pytest.mark.parametrize("split", ["store", "category"])
def test_the_parts_of_the_document_are_those_of_the_api_and_add_up(answer, split):
    found = answer(split)
    told = [
        {
            "month": part["period"][:7],
            split: "not in items" if part["isNotInItems"] else part["value"] or "not named",
            "revenue": f"{part['revenue']} {part['currency']}",
        }
        for part in found["parts"]
        if part["period"] == "2026-05-01"
    ]
    assert told == table_below(f"May by {split}")
    [may] = [Decimal(row["revenue"]) for row in found["results"] if row["period"] == "2026-05-01"]
    assert sum(Decimal(row["revenue"].split(" ")[0]) for row in told) == may
