"""Random small shops and random segments about them: few different values, so that they meet."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st

from insights.rfm.cells import segment_of
from tests.insights.segment_world import NOW, TODAY, Event, Item, Order, Person

ITEMS, CATEGORIES, CURRENCIES = ["100", "200", "it'em %s"], ["shoes", "hats"], ["UAH", "EUR", "JPY"]
STATUSES = ["INITIALIZED", "IN_PROGRESS", "DELIVERED", "CANCELLED", "ABANDONED_SHOPPING_CART"]
TYPES, GROUPS, KINDS = ["viewed", "rated"], ["VIP", "Кияни"], ["email", "phone", "externalCustomerId"]
TEXTS = ["Kyiv", "kyiv", "Київ", "київська", "10", "9.50", "a'b%", "", "true", "{}"]
NUMBERS = [-1, 0, 5, 9, 10, Decimal("9.5"), Decimal("9.50"), Decimal("10.25")]
PARAMETERS, MEMBERS = ["what", "price", "items"], ["id", "cost"]
DAYS = [(TODAY - timedelta(days=days)).isoformat() for days in (0, 1, 2, 3, 7, 30, 40)]

# Hours before now: on both sides of a day's border, of the change of the clocks and of a week, and in the future.
moments = st.sampled_from([-30, -1, 0, 1, 14, 15, 16, 38, 39, 40, 61, 62, 63, 84, 181, 182, 183, 700, 960]).map(
    lambda hours: NOW - timedelta(hours=hours)
)
scalars = st.one_of(st.sampled_from(TEXTS), st.sampled_from(NUMBERS), st.booleans(), st.none())
objects = st.dictionaries(st.sampled_from(MEMBERS), st.one_of(scalars, st.lists(scalars, max_size=1)), max_size=2)
values = st.one_of(scalars, objects, st.lists(st.one_of(scalars, objects), max_size=3))
params = st.one_of(
    st.dictionaries(st.sampled_from(PARAMETERS), values, max_size=3),
    st.lists(st.fixed_dictionaries({"name": st.sampled_from(PARAMETERS)}, optional={"value": values}), max_size=4),
)
money = st.sampled_from([Decimal(text) for text in ("0", "10", "99.99", "100", "1000.0001")])
orders = st.builds(
    Order,
    status=st.sampled_from(STATUSES),
    currency=st.sampled_from(CURRENCIES),
    total=money,
    date=moments,
    items=st.lists(st.builds(Item, st.sampled_from(ITEMS), st.sampled_from([None, *CATEGORIES])), max_size=2),
)
events = st.builds(
    Event,
    event_type=st.sampled_from(["viewed", *TYPES]),
    params=params,
    received_at=moments.filter(lambda moment: moment <= NOW),
    occurred_at=st.one_of(st.none(), moments),
    status=st.sampled_from(["applied", "applied", "ignored"]),
)
days = st.sampled_from(DAYS)
scores = st.tuples(*[st.integers(1, 5)] * 3).map(lambda three: (*three, segment_of(three[0], three[1]).value))
people = st.builds(
    Person,
    first_name=st.sampled_from(TEXTS),
    created_at=moments,
    is_deleted=st.sampled_from([False, False, False, True]),
    fields=st.fixed_dictionaries(
        {},
        optional={
            "city": st.sampled_from(TEXTS).filter(bool),
            "age": st.integers(0, 3),
            "points": st.sampled_from(NUMBERS),
            "vip": st.booleans(),
            "birthday": days,
            "lastVisit": days.map(lambda day: f"{day}T00:30:00+02:00"),
        },
    ),
    groups=st.lists(st.sampled_from(GROUPS), unique=True),
    kinds=st.lists(st.sampled_from(KINDS), unique=True),
    orders=st.lists(orders, max_size=4),
    events=st.lists(events, max_size=4),
    scores=st.dictionaries(st.sampled_from(CURRENCIES), scores, max_size=2),
)
worlds = st.lists(people, min_size=1, max_size=5)


def one_or_some(pool):
    return st.one_of(st.sampled_from(pool), st.lists(st.sampled_from(pool), min_size=1, max_size=2, unique=True))


windows = st.one_of(
    st.builds(lambda number: {"lastDays": number}, st.sampled_from([0, 1, 2, 7, 30])),
    st.tuples(days, days).map(lambda two: {"from": min(two), "to": max(two)}),
)
open_windows = st.one_of(st.just({}), windows, days.map(lambda day: {"from": day}), days.map(lambda day: {"to": day}))


def bounds(numbers):
    return st.one_of(
        st.builds(lambda least: {"atLeast": least}, numbers),
        st.builds(lambda most: {"atMost": most}, numbers),
        st.tuples(numbers, numbers).map(lambda two: {"atLeast": min(two), "atMost": max(two)}),
    )


counts = st.one_of(st.just({}), bounds(st.integers(0, 3)).map(lambda count: {"count": count}))


def merged(*parts):
    return st.tuples(*parts).map(lambda several: {name: each for part in several for name, each in part.items()})


order_conditions = merged(
    st.fixed_dictionaries(
        {}, optional={"item": one_or_some(ITEMS), "category": one_or_some(CATEGORIES), "status": one_or_some(STATUSES)}
    ),
    open_windows,
    counts,
    st.one_of(
        st.just({}),
        st.builds(lambda currency: {"currency": currency}, st.sampled_from(CURRENCIES)),
        st.builds(
            lambda currency, total: {"currency": currency, "sum": total}, st.sampled_from(CURRENCIES), bounds(money)
        ),
    ),
)
texts, numbers = st.sampled_from(TEXTS).filter(bool), st.sampled_from(NUMBERS)
equal_to = st.one_of(texts, numbers, st.booleans())
comparisons = st.one_of(
    st.builds(lambda value: {"equals": value}, st.one_of(equal_to, st.lists(equal_to, min_size=1, max_size=2))),
    texts.map(lambda text: {"contains": text}),
    numbers.map(lambda number: {"greater": number}),
    st.tuples(numbers, numbers).map(lambda two: {"greater": min(two), "less": max(two)}),
    st.booleans().map(lambda wanted: {"exists": wanted}),
)
tests_of_parameters = merged(
    st.fixed_dictionaries({"parameter": st.sampled_from(PARAMETERS)}, optional={"member": st.sampled_from(MEMBERS)}),
    comparisons,
)
event_conditions = merged(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["viewed", *TYPES])},
        optional={"where": st.lists(tests_of_parameters, min_size=1, max_size=2)},
    ),
    windows,
    counts,
)


def of_field(name, *several):
    return st.one_of(*several, st.booleans().map(lambda wanted: {"exists": wanted})).map(
        lambda comparison: {"field": name, **comparison}
    )


def by_day(name):
    return of_field(
        name,
        days.map(lambda day: {"equals": day}),
        days.map(lambda day: {"greater": day}),
        days.map(lambda day: {"less": day}),
        st.sampled_from([0, 2, 7]).map(lambda number: {"lastDays": number}),
    )


contact_conditions = st.one_of(
    one_or_some(GROUPS).map(lambda names: {"group": names}),
    one_or_some(KINDS).map(lambda kinds: {"has": kinds}),
    *(
        of_field(name, texts.map(lambda text: {"equals": text}), texts.map(lambda text: {"contains": text}))
        for name in ("firstName", "city")
    ),
    of_field("age", st.integers(0, 3).map(lambda age: {"equals": [age, 7]}), st.just({"greater": 0, "less": 3})),
    of_field("points", numbers.map(lambda points: {"equals": points}), numbers.map(lambda points: {"less": points})),
    of_field("vip", st.booleans().map(lambda value: {"equals": value})),
    by_day("birthday"),
    by_day("lastVisit"),
    by_day("createdAt"),
)
rfm_conditions = merged(
    st.builds(lambda currency: {"currency": currency}, st.sampled_from(CURRENCIES)),
    st.one_of(
        one_or_some([1, 3, 5]).map(lambda wanted: {"recency": wanted}),
        st.just({"segment": ["champions", "hibernating", "loyal"]}),
        st.just({"monetary": [1, 2, 3], "frequency": [1, 2]}),
    ),
)
conditions = st.one_of(
    order_conditions.map(lambda inner: {"orders": inner}),
    event_conditions.map(lambda inner: {"events": inner}),
    contact_conditions.map(lambda inner: {"contact": inner}),
    rfm_conditions.map(lambda inner: {"rfm": inner}),
)
segments = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)
