"""RFM: the worked example of docs/insights.md, and the same figures computed by other means over 10,000 people."""

import random
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
import time_machine
from django.db import connection

from account.current import forget_account
from account.models import Account
from contacts.models import Contact
from contract.postgres import copy_rows
from insights.rfm import refresh
from insights.rfm.boundaries import quintiles, score_of_amount, score_of_recency
from insights.rfm.cells import SCORES, Segment, cells_of, segment_of
from insights.rfm.models import RfmCell, RfmScore, RfmSnapshot, RfmThresholds
from insights.rfm.reading import share
from insights.rfm.scoring import month_before
from orders.models import Order
from tests.factories import make_contact, make_order

pytestmark = pytest.mark.django_db
KYIV = ZoneInfo("Europe/Kyiv")
DAY = date(2026, 5, 31)

# Who ordered when and for how much, all DELIVERED in UAH: the table of docs/insights.md.
EXAMPLE = {
    "Anna": ["2026-05-30 500", "2026-05-20 300", "2026-05-01 200", "2026-04-02 100", "2026-03-01 100"],
    "Borys": ["2026-05-31 100"],
    "Vira": ["2026-05-25 250", "2026-05-10 250"],
    "Hanna": ["2026-05-15 90"],
    "Dmytro": ["2026-05-10 80", "2026-04-01 80", "2026-03-01 80"],
    "Yeva": ["2026-04-20 60"],
    "Zakhar": ["2026-03-01 400", "2026-02-01 400", "2026-01-10 400", "2026-01-05 400"],
    "Ihor": ["2026-02-01 50"],
    "Kateryna": ["2026-01-01 70", "2025-12-20 70"],
    "Lev": ["2025-12-01 30"],
}
EXPECTED = {  # recency days, frequency, monetary, scores, segment
    "Anna": (1, 5, "1200", "555", "champions"),
    "Borys": (0, 1, "100", "513", "new_customers"),
    "Vira": (6, 2, "500", "434", "potential_loyalists"),
    "Hanna": (16, 1, "90", "412", "promising"),
    "Dmytro": (21, 3, "240", "344", "loyal"),
    "Yeva": (41, 1, "60", "312", "about_to_sleep"),
    "Zakhar": (91, 4, "1600", "255", "cannot_lose_them"),
    "Ihor": (119, 1, "50", "211", "hibernating"),
    "Kateryna": (150, 2, "140", "133", "at_risk"),
    "Lev": (181, 1, "30", "111", "hibernating"),
}


@pytest.fixture(autouse=True)
def _fresh_account():
    forget_account()
    yield
    forget_account()


def noon(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=KYIV) + timedelta(hours=12)


def delivered(contact, day: str, total: str, **columns) -> Order:
    number = Order.objects.count() + 1
    values = {"status": "DELIVERED", "date": noon(day), "contact": contact, **columns}
    return make_order(str(number), total=total, **values)


@pytest.fixture
def people() -> dict[str, Contact]:
    """The people of the worked example."""
    found = {}
    for name, orders in EXAMPLE.items():
        found[name] = make_contact(first_name=name)
        for order in orders:
            delivered(found[name], *order.split())
    return found


def scores(currency: str = "UAH") -> dict[str, tuple]:
    rows = RfmScore.objects.filter(currency=currency).select_related("contact")
    return {
        row.contact.first_name: (
            row.recency_days,
            row.frequency,
            f"{row.monetary.normalize():f}",
            f"{row.recency_score}{row.frequency_score}{row.monetary_score}",
            row.segment,
        )
        for row in rows
    }


# --- The worked example ---------------------------------------------------------------------------------------------


def test_the_worked_example_of_the_documentation(people):
    refresh.compute(DAY)
    assert scores() == EXPECTED
    boundaries = RfmSnapshot.objects.get().boundaries
    assert boundaries == {
        "UAH": {
            "scoredBy": "quintiles",
            "recency": [1, 16, 41, 119],
            "frequency": [1, 1, 2, 3],
            "monetary": [50, 90, 140, 500],
        }
    }


def test_what_does_not_count(people):
    cancelled = make_contact(first_name="cancelled after it was delivered")
    delivered(cancelled, "2026-05-30", "900", status="CANCELLED")
    delivered(None, "2026-05-30", "900")  # a guest's
    delivered(make_contact(first_name="deleted", is_deleted=True), "2026-05-30", "900")
    make_contact(first_name="never bought")
    delivered(people["Borys"], "2026-06-01", "900")  # after the day
    # Half past midnight on the next day in Kyiv, though still the 31st in UTC.
    delivered(people["Lev"], "2026-05-31", "900", date=datetime(2026, 5, 31, 21, 30, tzinfo=UTC))
    delivered(people["Lev"], "2026-05-31", "900", status="IN_PROGRESS")
    delivered(people["Lev"], "2026-05-31", "900", status="INITIALIZED", from_mobile_sdk=True)
    refresh.compute(DAY)
    assert scores() == EXPECTED


def test_currencies_are_never_mixed(people):
    delivered(people["Lev"], "2026-05-31", "1000", currency="JPY")
    refresh.compute(DAY)
    assert scores() == EXPECTED
    # A single customer is as recent and as rare as the most.
    assert scores("JPY") == {"Lev": (0, 1, "1000", "511", "new_customers")}


def test_an_order_counts_on_its_own_day_however_late_it_was_delivered(people):
    delivered(people["Lev"], "2026-05-31", "10", created_at=noon("2026-07-01"), updated_at=noon("2026-07-01"))
    refresh.compute(DAY)
    assert scores()["Lev"][:3] == (0, 2, "40")


def test_thresholds_of_staff_stand_in_the_place_of_the_quintiles(people):
    RfmThresholds.objects.create(
        currency="UAH", recency_days=[10, 30, 60, 120], frequency=[1, 2, 3, 4], monetary=[50, 100, 500, Decimal("1200")]
    )
    delivered(people["Lev"], "2026-05-31", "1000", currency="JPY")
    refresh.compute(DAY)
    assert {name: row[3] for name, row in scores().items()} == {
        "Anna": "554",  # exactly 1200: the lower side of the boundary
        "Borys": "512",
        "Vira": "523",
        "Hanna": "412",
        "Dmytro": "433",
        "Yeva": "312",
        "Zakhar": "245",
        "Ihor": "211",
        "Kateryna": "123",
        "Lev": "111",
    }
    assert {currency: told["scoredBy"] for currency, told in RfmSnapshot.objects.get().boundaries.items()} == {
        "UAH": "thresholds",
        "JPY": "quintiles",
    }


def test_the_cells_add_up_to_the_people_their_orders_and_their_money(people):
    refresh.compute(DAY)
    cells = RfmCell.objects.all()
    assert sum(cell.contacts for cell in cells) == 10
    assert sum(cell.orders for cell in cells) == 21
    assert sum(cell.revenue for cell in cells) == sum(order.total_cost for order in Order.objects.all())


def test_movements_are_since_the_same_day_of_the_month_before(people):
    refresh.compute(DAY)
    snapshot = RfmSnapshot.objects.get()
    assert snapshot.month_before == date(2026, 4, 30)
    then = dict(RfmScore.objects.values_list("contact__first_name", "came_from"))
    refresh.compute(snapshot.month_before)
    as_of_then = dict(
        RfmScore.objects.filter(snapshot__day=snapshot.month_before).values_list("contact__first_name", "segment")
    )
    assert then == {name: as_of_then.get(name, "") for name in EXAMPLE}
    assert then["Borys"] == ""  # had not bought yet
    assert then["Zakhar"] == "loyal"


@pytest.mark.parametrize(
    ("day", "before"),
    [("2026-05-31", "2026-04-30"), ("2024-03-31", "2024-02-29"), ("2026-01-15", "2025-12-15")],
)
def test_a_month_before_the_end_of_a_month(day, before):
    assert month_before(date.fromisoformat(day)) == date.fromisoformat(before)


# --- The grid -------------------------------------------------------------------------------------------------------

# The ten names by recency and frequency score, as RF tables are commonly written down.
FIELD = {
    r"[1-2][1-2]": "hibernating",
    r"[1-2][3-4]": "at_risk",
    r"[1-2]5": "cannot_lose_them",
    r"3[1-2]": "about_to_sleep",
    r"33": "need_attention",
    r"[3-4][4-5]": "loyal",
    r"41": "promising",
    r"51": "new_customers",
    r"[4-5][2-3]": "potential_loyalists",
    r"5[4-5]": "champions",
}


def field_segment(recency: int, frequency: int) -> str:
    [name] = [name for pattern, name in FIELD.items() if re.fullmatch(pattern, f"{recency}{frequency}")]
    return name


def test_every_cell_has_the_name_that_the_field_gives_it():
    assert {(r, f): segment_of(r, f) for r in SCORES for f in SCORES} == {
        (r, f): field_segment(r, f) for r in SCORES for f in SCORES
    }
    assert sorted(cell for segment in Segment for cell in cells_of(segment)) == [(r, f) for r in SCORES for f in SCORES]


# --- By other means -------------------------------------------------------------------------------------------------

PEOPLE = 10_000
COLUMNS = (
    *("id", "external_order_id", "contact_id", "status", "total_cost", "currency", "date"),
    *("external_customer_id", "email", "phone", "first_name", "last_name", "restore_url", "status_description"),
    *("store_id", "source", "delivery_method", "delivery_address", "payment_method", "additional_info"),
    *("custom_fields", "warnings", "from_mobile_sdk", "created_at", "updated_at"),
)


def fill(seed: int) -> pd.DataFrame:
    """10,000 people, two in a hundred of them deleted, with histories in three currencies; what was stored."""
    draw = random.Random(seed)
    first = 5_000_000
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contacts_contact (id, first_name, last_name, address, fields, deleted_at)"
            " SELECT n, '', '', '{}', '{}', CASE WHEN n %% 50 = 0 THEN now() END FROM generate_series(%s, %s) AS n",
            [first, first + PEOPLE - 1],
        )
    rows = []
    for contact in range(first, first + PEOPLE):
        home = draw.choices(["UAH", "EUR", "JPY"], [7, 2, 1])[0]
        for _ in range(draw.choices([0, 1, 2, 3, 5, 9], [10, 45, 20, 12, 9, 4])[0]):
            currency = home if draw.random() < 0.9 else "EUR"
            total = Decimal(draw.randrange(1, 3_000_000)).scaleb(0 if currency == "JPY" else -2)
            moment = datetime(2026, 6, 2, tzinfo=UTC) - timedelta(minutes=int(draw.expovariate(1 / 200_000)))
            status = draw.choices(["DELIVERED", "CANCELLED", "IN_PROGRESS"], [85, 10, 5])[0]
            rows.append((contact, status, total, currency, moment))
    copy_rows(
        "orders_order",
        COLUMNS,
        ((first + n, f"g{n}", *row, *[""] * 13, "{}", "[]", False, row[-1], row[-1]) for n, row in enumerate(rows)),
    )
    frame = pd.DataFrame(rows, columns=["contact", "status", "total", "currency", "date"])
    return frame[frame["contact"] % 50 != 0]


def in_pandas(orders: pd.DataFrame, day: date) -> pd.DataFrame:
    """The definitions of docs/insights.md, computed without any code of ours."""
    local = orders["date"].dt.tz_convert("Europe/Kyiv").dt.tz_localize(None).dt.normalize()
    counted = orders.assign(day=local, exact=[int(total.scaleb(2)) for total in orders["total"]])
    counted = counted[(counted["status"] == "DELIVERED") & (counted["day"] <= pd.Timestamp(day))]
    rfm = (
        counted.groupby(["contact", "currency"])
        .agg(last=("day", "max"), frequency=("day", "size"), monetary=("exact", "sum"))
        .reset_index()
    )
    rfm["recency"] = (pd.Timestamp(day) - rfm["last"]).dt.days
    for _, of_currency in rfm.groupby("currency"):
        for measure in ("recency", "frequency", "monetary"):
            cuts = np.quantile(of_currency[measure], [0.2, 0.4, 0.6, 0.8], method="inverted_cdf")
            above = np.searchsorted(cuts, of_currency[measure], side="left")  # how many cuts are below the value
            rfm.loc[of_currency.index, f"{measure}_score"] = 5 - above if measure == "recency" else 1 + above
    rfm["segment"] = [field_segment(int(r), int(f)) for r, f in zip(rfm["recency_score"], rfm["frequency_score"])]  # noqa: B905
    return rfm.set_index(["contact", "currency"])


def test_ten_thousand_people_have_the_scores_that_pandas_gives_them():
    orders = fill(seed=6)
    refresh.compute(DAY)
    expected = in_pandas(orders, DAY)
    before = in_pandas(orders, month_before(DAY))["segment"].to_dict()
    found = {
        (row.contact_id, row.currency): (
            *(row.recency_days, row.frequency, int(row.monetary.scaleb(2))),
            *(row.recency_score, row.frequency_score, row.monetary_score, row.segment, row.came_from),
        )
        for row in RfmScore.objects.all()
    }
    columns = ["recency", "frequency", "monetary", "recency_score", "frequency_score", "monetary_score", "segment"]
    assert len(found) > PEOPLE * 0.8
    assert found == {key: (*row, before.get(key, "")) for key, row in zip(expected.index, expected[columns].to_numpy())}  # noqa: B905
    assert {row[6] for row in found.values()} == {segment.value for segment in Segment}


def test_what_is_shared_with_rfm_summary_of_pymc_marketing(people):
    """With one order a day at most: recency and frequency are the same, and its mean times frequency is our sum."""
    refresh.compute(DAY)
    for row in RfmScore.objects.all():
        orders = pd.DataFrame(
            {
                "day": [order.date.astimezone(KYIV).date() for order in row.contact.orders.all()],
                "total": [float(order.total_cost) for order in row.contact.orders.all()],
            }
        )
        by_day = orders.groupby("day")["total"].sum()  # its transactions: one for each period
        assert (DAY - by_day.index.max()).days == row.recency_days
        assert len(by_day) == row.frequency
        assert by_day.mean() * row.frequency == pytest.approx(float(row.monetary))


def in_r(values: list[float]) -> list[int]:
    """The scores of R's rfm, from the lowest value: R/utils.R, bins(), and R/rfm-table-transaction.R."""
    bounds = np.quantile(values, [0.2, 0.4, 0.6, 0.8], method="linear") + 1
    return [1 + int((value >= bounds).sum()) for value in values]


def test_the_worked_example_has_the_scores_of_rs_rfm_but_for_the_one_that_is_named(people):
    refresh.compute(DAY)
    found = scores()
    measures = [in_r([float(row[place]) for row in found.values()]) for place in (0, 1, 2)]
    of_r = {name: f"{6 - r}{f}{m}" for name, r, f, m in zip(found, *measures, strict=True)}
    assert of_r == {**{name: row[3] for name, row in found.items()}, "Zakhar": "245"}


def test_shares_are_rounded_half_up():
    assert [str(share(part, 8_000)) for part in (0, 4, 12, 20, 8_000)] == ["0.0", "0.1", "0.2", "0.3", "100.0"]


def test_scores_in_python_are_those_of_the_database(people):
    refresh.compute(DAY)
    rows = list(RfmScore.objects.all())
    cuts = {name: quintiles([getattr(row, name) for row in rows]) for name in ("recency_days", "frequency", "monetary")}
    for row in rows:
        assert score_of_recency(row.recency_days, cuts["recency_days"]) == row.recency_score
        assert score_of_amount(row.frequency, cuts["frequency"]) == row.frequency_score
        assert score_of_amount(row.monetary, cuts["monetary"]) == row.monetary_score


# --- When it is computed --------------------------------------------------------------------------------------------


def test_changed_orders_are_in_the_figures_after_minutes_and_the_sooner_the_less_that_takes(people):
    with time_machine.travel(noon("2026-05-31"), tick=False) as clock:
        refresh.refresh_due()
        delivered(make_contact(first_name="Olha"), "2026-05-31", "10", updated_at=noon("2026-05-31"))
        Order.objects.update(updated_at=noon("2026-05-31") + timedelta(seconds=1))
        clock.shift(timedelta(minutes=2))
        assert refresh.refresh_due() == 0
        clock.shift(timedelta(seconds=1))
        assert refresh.refresh_due() == 1
        assert "Olha" in scores()
        RfmSnapshot.objects.update(seconds=Decimal("22.5"))
        Order.objects.update(updated_at=noon("2026-05-31") + timedelta(minutes=3))
        clock.shift(timedelta(minutes=15))
        assert refresh.refresh_due() == 0
        clock.shift(timedelta(seconds=1))
        assert refresh.refresh_due() == 1


def test_the_account_zone_decides_the_day():
    buyer = make_contact(first_name="Anna")
    delivered(buyer, "2026-05-31", "10", date=datetime(2026, 5, 31, 21, 30, tzinfo=UTC))
    refresh.compute(DAY)
    assert scores() == {}
    Account.objects.update(time_zone="America/New_York")
    refresh.compute(DAY)
    assert scores()["Anna"][:2] == (0, 1)
