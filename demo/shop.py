"""The sample shop: eighteen months of a small shop's messages, the same for the same seed, anchor day and time zone.

Three systems send. The *archive* (import) brings the orders of the shop's old system, each with its final status. The
*app* (mobile SDK) makes orders that stay INITIALIZED until the website's backend delivers or cancels them. The
*website* (backend) sends everything else. Their messages are posted in that order, each system's in the order of its
own clock, the last ones of the website one by one. All of it lies before the midnight that begins the anchor day.

Beside every message stands the shop's own note of it (demo/record.py). The dirt is deliberate and counted: customers
who were never imported, an app release that called the e-mail `clientMail`, required parameters left out, values that
cannot be taken, totals that do not match their items, deliveries repeated, updates that come too late.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from demo import wire
from demo.goods import CITIES, FIRST_NAMES, LAST_NAMES, PRODUCTS, Product
from demo.record import Act, Channel, Flaw, Naming

SEED = 20200514
MONTHS = 18
ARCHIVE_MONTHS = 6  # the old system's share, at the beginning
APP_MONTHS = 8  # how long there has been an app, up to now
ARCHIVE_ORDERS = 620
WEBSITE_ORDERS = 980
APP_ORDERS = 340
KNOWN_CUSTOMERS = 359  # imported; with the one of the article's example 360
UNKNOWN_CUSTOMERS = 14
SINGLES = 48  # the website's newest messages, posted one by one
RENAMED_DAYS = (75, 40)  # the app release with `clientMail`: from … to … days before the anchor

ARTICLE_CONTACT = {
    "firstName": "Олександр",
    "lastName": "Петренко",
    "externalCustomerId": "AV13760",
    "channels": [{"type": "sms", "value": "380501234567"}],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A person as the shop knows them; `phone` in E.164."""

    first_name: str
    last_name: str
    email: str
    phone: str
    external_id: str
    currency: str
    is_imported: bool

    @property
    def naming(self) -> Naming:
        return Naming.KNOWN if self.is_imported else Naming.UNKNOWN

    def as_contact(self) -> dict[str, Any]:
        """The body of POST /api/v1/contact."""
        return {
            "firstName": self.first_name,
            "lastName": self.last_name,
            "externalCustomerId": self.external_id,
            "channels": [{"type": "email", "value": self.email}, {"type": "sms", "value": self.phone}],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    product: Product
    quantity: int
    cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """One order as the shop means it. `placed_at` is aware, in the account's zone, in whole minutes."""

    order: str
    customer: Customer
    channel: Channel
    placed_at: datetime
    lines: tuple[Line, ...]
    shipping: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        goods = sum((line.cost * line.quantity for line in self.lines), Decimal("0.00"))
        return goods + self.shipping - self.discount


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is posted (`body`, JSON bytes), and the shop's note of it. `api_version` is 0 for those posted in bulk."""

    act: Act
    body: bytes
    api_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """Everything that `make demo` posts: contacts first, then the messages in this order."""

    contacts: tuple[dict[str, Any], ...]
    messages: tuple[Message, ...]
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A message before it has its place: `sent_at` orders it among those of its channel."""

    sent_at: datetime
    act: Act
    envelope: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Calendar:
    """The days the shop was open, and how likely each is: trade grows, weekends are slower, December is high."""

    anchor: date
    zone: ZoneInfo

    @property
    def opening(self) -> date:
        return _months_before(self.anchor, MONTHS)

    @property
    def closing_at(self) -> datetime:
        return self.midnight(self.anchor)

    def midnight(self, day: date) -> datetime:
        """The midnight that begins `day`."""
        return datetime.combine(day, time(), self.zone)

    def moments(self, rng: Random, count: int, first: date, end: date) -> list[datetime]:
        """`count` moments of [first, end), sorted. The hour from 3 to 4 is left out: clocks change in it."""
        days = [first + timedelta(days=offset) for offset in range((end - first).days)]
        weights = [self._weight(day) for day in days]
        chosen = rng.choices(days, weights, k=count)
        return sorted(self._within(rng, day) for day in chosen)

    def _weight(self, day: date) -> int:
        growth = 100 + (day - self.opening).days // 4
        weekend = 70 if day.weekday() >= 5 else 100
        season = {11: 150, 12: 180, 1: 80}.get(day.month, 100)
        return growth * weekend * season

    def _within(self, rng: Random, day: date) -> datetime:
        hour = rng.choice([0, 1, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 20, 21, 21, 22, 23])
        return datetime.combine(day, time(hour, rng.randrange(60)), self.zone)


def open_shop(anchor: date, zone: ZoneInfo, seed: int = SEED) -> Shop:
    """The shop as it stood at the midnight that begins `anchor` in `zone`."""
    calendar_ = _Calendar(anchor=anchor, zone=zone)
    customers = _customers(_generator(seed, "customers"))
    story = _Story(calendar=calendar_, customers=customers, seed=seed)
    channels = [story.archive(), story.app(), story.website()]
    drafts = [draft for channel in channels for draft in sorted(channel, key=lambda draft: draft.sent_at)]
    return Shop(
        contacts=(ARTICLE_CONTACT, *(person.as_contact() for person in customers if person.is_imported)),
        messages=tuple(_finish(drafts)),
        first_day=calendar_.opening,
        last_day=anchor,
    )


def _finish(drafts: list[_Draft]) -> Iterator[Message]:
    """Bulk messages carry `occurred` where their act says so; the newest go singly, through the three versions."""
    first_single = len(drafts) - SINGLES
    for number, draft in enumerate(drafts):
        act, body = draft.act, draft.envelope
        if number >= first_single:
            yield Message(act=replace(act, occurred=None), body=wire.to_bytes(body), api_version=1 + number % 3)
            continue
        if act.occurred is not None:
            body = {**body, "occurred": act.occurred.isoformat()}
        yield Message(act=act, body=wire.to_bytes(body))


def _generator(seed: int, part: str) -> Random:
    """Each part of the shop draws from its own sequence, so that changing one leaves the others as they were."""
    return Random(f"{seed}/{part}")  # noqa: S311 the same shop again, not a secret


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _customers(rng: Random) -> list[Customer]:
    """The imported ones first; a fifth pays in euros. Numbers and addresses are ones that nobody has."""
    people = []
    for number in range(1, KNOWN_CUSTOMERS + UNKNOWN_CUSTOMERS + 1):
        currency = "EUR" if rng.randrange(5) == 0 else "UAH"
        first_name, first = rng.choice(FIRST_NAMES[currency])
        last_name, last = rng.choice(LAST_NAMES[currency])
        phone = f"+38050{number:07d}" if currency == "UAH" else f"+48500{number:06d}"
        people.append(
            Customer(
                first_name=first_name,
                last_name=last_name,
                email=f"{first}.{last}{number}@example.com",
                phone=phone,
                external_id=f"C-{10000 + number}",
                currency=currency,
                is_imported=number <= KNOWN_CUSTOMERS,
            )
        )
    return people


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """Tells what each system sent."""

    calendar: _Calendar
    customers: list[Customer]
    seed: int

    # The old system: orders as they ended, with `occurred`.

    def archive(self) -> Iterator[_Draft]:
        rng = _generator(self.seed, "archive")
        first, end = self.calendar.opening, _months_before(self.calendar.anchor, MONTHS - ARCHIVE_MONTHS)
        for number, moment in enumerate(self.calendar.moments(rng, ARCHIVE_ORDERS, first, end), start=1):
            purchase = self._purchase(rng, f"OLD-{number:05d}", Channel.ARCHIVE, moment)
            status = rng.choices(["DELIVERED", "CANCELLED"], [85, 15])[0]
            created = self._created(rng, purchase, status, moment)
            yield created
            if 200 <= number < 225:  # one night's export was imported twice
                yield replace(created, sent_at=self.calendar.midnight(end))

    # The app: orders begin here and are finished by the website.

    def app(self) -> Iterator[_Draft]:
        rng = _generator(self.seed, "app")
        for purchase in self._app_purchases():
            created = self._created(rng, purchase, "INITIALIZED", purchase.placed_at, occurs=False)
            yield created
            if rng.randrange(15) == 0:  # no answer in the underground: the app sends again
                yield replace(created, sent_at=created.sent_at + timedelta(minutes=2))
        yield from self._visits(_generator(self.seed, "app visits"), Channel.APP, 640, APP_MONTHS)

    def _app_purchases(self) -> list[Purchase]:
        rng = _generator(self.seed, "app purchases")
        first = _months_before(self.calendar.anchor, APP_MONTHS)
        moments = self.calendar.moments(rng, APP_ORDERS, first, self.calendar.anchor)
        return [self._purchase(rng, f"APP-{number:05d}", Channel.APP, at) for number, at in enumerate(moments, start=1)]

    # The website: its own orders, what becomes of the app's, and what people look at.

    def website(self) -> Iterator[_Draft]:
        rng = _generator(self.seed, "website")
        first = _months_before(self.calendar.anchor, MONTHS - ARCHIVE_MONTHS)
        moments = self.calendar.moments(rng, WEBSITE_ORDERS, first, self.calendar.anchor)
        drafts: list[_Draft] = []
        for number, moment in enumerate(moments, start=7_000_001):
            drafts += self._website_order(rng, self._purchase(rng, str(number), Channel.WEBSITE, moment))
        for purchase in self._app_purchases():
            drafts += self._ending(rng, purchase)
        drafts += self._visits(_generator(self.seed, "website visits"), Channel.WEBSITE, 1_350, MONTHS - ARCHIVE_MONTHS)
        return (draft for draft in drafts if draft.sent_at < self.calendar.closing_at)

    def _website_order(self, rng: Random, purchase: Purchase) -> Iterator[_Draft]:
        """From basket to parcel: created (or first heard of by an update), perhaps changed, then its ending."""
        at = purchase.placed_at
        beginning = rng.choices(["INITIALIZED", "ABANDONED_SHOPPING_CART", "IN_PROGRESS"], [72, 16, 12])[0]
        event = "orderUpdated" if rng.randrange(25) == 0 else "orderCreated"
        created = self._created(rng, purchase, beginning, at, event=event)
        yield created
        if rng.randrange(18) == 0:  # the queue of the backend delivers some messages again, even weeks later
            yield replace(created, sent_at=at + timedelta(days=rng.choice([0, 1, 20]), minutes=1))
        if beginning == "ABANDONED_SHOPPING_CART" and rng.randrange(3) > 0:
            return
        if rng.randrange(6) == 0:
            purchase = replace(purchase, lines=self._lines(rng, purchase.customer.currency))
            yield self._changed_items(rng, purchase, at + timedelta(minutes=rng.randrange(5, 90)))
        if rng.randrange(4) > 0:
            yield self._updated(rng, purchase, at + timedelta(hours=rng.randrange(2, 30)))
        yield from self._ending(rng, purchase)

    def _ending(self, rng: Random, purchase: Purchase) -> Iterator[_Draft]:
        """Delivered, delivered and sent back, cancelled, or still open; now and then said twice or too late."""
        ending = rng.choices(["delivered", "returned", "cancelled", "open"], [72, 4, 14, 10])[0]
        if ending == "open":
            return
        at = purchase.placed_at + timedelta(days=rng.randrange(2, 12), minutes=rng.randrange(1440))
        final = self._ended(rng, purchase, "orderCancelled" if ending == "cancelled" else "orderDelivered", at)
        yield final
        if rng.randrange(25) == 0:
            yield replace(final, sent_at=at + timedelta(minutes=3))
        if rng.randrange(30) == 0:  # “we are packing it”, said before it left and heard after it arrived
            yield self._updated(rng, purchase, at + timedelta(hours=3), occurred=at - timedelta(hours=9))
        if ending == "returned":
            yield self._ended(rng, purchase, "orderCancelled", at + timedelta(days=rng.randrange(3, 14)))

    # Single messages.

    def _created(
        self,
        rng: Random,
        purchase: Purchase,
        status: str,
        at: datetime,
        event: str = "orderCreated",
        occurs: bool = True,
    ) -> _Draft:
        naming, identifiers = self._identifiers(rng, purchase)
        parameters, flaw = _with_flaw(rng, {**identifiers, **_order_parameters(rng, purchase, status)})
        act = Act(
            channel=purchase.channel,
            event=event,
            order=purchase.order,
            names=naming,
            flaw=flaw.kind,
            status=status,
            total=purchase.total + flaw.overcharge,
            currency=purchase.customer.currency,
            placed_on=purchase.placed_at.date(),
            adds_up=not flaw.overcharge,
            occurred=at if occurs else None,
        )
        key_value = purchase.customer.phone[1:] if rng.randrange(4) == 0 else ""
        return _Draft(
            sent_at=at, act=act, envelope=wire.envelope(event, key_value, parameters, as_object=rng.randrange(5) == 0)
        )

    def _changed_items(self, rng: Random, purchase: Purchase, at: datetime) -> _Draft:
        parameters = {
            "externalOrderId": purchase.order,
            "totalCost": wire.money_as_sent(rng, purchase.total),
            **_extras(purchase),
            "items": [_item(rng, line) for line in purchase.lines],
        }
        act = Act(
            channel=Channel.WEBSITE,
            event="orderUpdated",
            order=purchase.order,
            total=purchase.total,
            adds_up=True,
            occurred=at,
        )
        return _Draft(sent_at=at, act=act, envelope=wire.envelope("orderUpdated", purchase.order, parameters))

    def _updated(self, rng: Random, purchase: Purchase, at: datetime, occurred: datetime | None = None) -> _Draft:
        """Only what is new: the status, and how it travels."""
        parameters = {
            "externalOrderId": purchase.order,
            "status": "IN_PROGRESS",
            "statusDescription": rng.choice(["packing", "handed to the courier", "waiting for the customer"]),
            "deliveryMethod": rng.choice(["courier", "pickup point", "post"]),
            "trackingNumber": f"2045{rng.randrange(10**10):010d}",
        }
        act = Act(
            channel=Channel.WEBSITE,
            event="orderUpdated",
            order=purchase.order,
            status="IN_PROGRESS",
            occurred=occurred or at,
        )
        return _Draft(sent_at=at, act=act, envelope=wire.envelope("orderUpdated", "", parameters))

    def _ended(self, rng: Random, purchase: Purchase, event: str, at: datetime) -> _Draft:
        # The website's own numbers go out as JSON numbers here and as text elsewhere, as careless code does.
        number = (
            int(purchase.order) if purchase.channel is Channel.WEBSITE and rng.randrange(5) == 0 else purchase.order
        )
        act = Act(channel=Channel.WEBSITE, event=event, order=purchase.order, occurred=at)
        return _Draft(sent_at=at, act=act, envelope=wire.envelope(event, "", {"externalOrderId": number}))

    def _visits(self, rng: Random, channel: Channel, count: int, months: int) -> Iterator[_Draft]:
        """Custom events: what people look at, put in their basket, and say."""
        first = _months_before(self.calendar.anchor, months)
        for at in self.calendar.moments(rng, count, first, self.calendar.anchor):
            person = rng.choice(self.customers)
            event, about = _visit(rng, person.currency)
            is_anonymous = rng.randrange(9) == 0
            if is_anonymous:
                naming, identifiers, key = Naming.NOBODY, {}, f"visitor-{rng.randrange(10**9)}"
            elif channel is Channel.APP and self._is_renamed(at):
                naming, identifiers, key = Naming.UNREADABLE, {"clientMail": person.email}, person.email
            else:
                naming, key = person.naming, person.external_id
                identifiers = {"email": wire.email_as_typed(rng, person.email)}
            act = Act(channel=channel, event=event, names=naming, occurred=at)
            yield _Draft(sent_at=at, act=act, envelope=wire.envelope(event, key, {**identifiers, **about}))

    # Pieces of messages.

    def _purchase(self, rng: Random, order: str, channel: Channel, at: datetime) -> Purchase:
        # Some customers come often and most come once or twice: the smaller of two draws.
        place = min(rng.randrange(len(self.customers)), rng.randrange(len(self.customers)))
        customer = self.customers[(place * 17) % len(self.customers)]
        is_parcel = rng.randrange(3) == 0
        shipping = {"UAH": Decimal("95.00"), "EUR": Decimal("4.90")}[customer.currency] if is_parcel else Decimal(0)
        discount = (
            {"UAH": Decimal("50.00"), "EUR": Decimal("2.50")}[customer.currency]
            if rng.randrange(8) == 0
            else Decimal(0)
        )
        return Purchase(
            order=order,
            customer=customer,
            channel=channel,
            placed_at=at,
            lines=self._lines(rng, customer.currency),
            shipping=shipping,
            discount=discount,
        )

    def _lines(self, rng: Random, currency: str) -> tuple[Line, ...]:
        products = rng.sample(PRODUCTS, rng.choices([1, 2, 3, 4], [50, 30, 15, 5])[0])
        quantities = rng.choices([1, 2, 3], [80, 15, 5], k=len(products))
        return tuple(
            Line(product=product, quantity=quantity, cost=product.prices[currency])
            for product, quantity in zip(products, quantities, strict=True)
        )

    def _identifiers(self, rng: Random, purchase: Purchase) -> tuple[Naming, dict[str, Any]]:
        """How this message names its customer; now and then a shared phone names somebody else as well."""
        person = purchase.customer
        if purchase.channel is Channel.APP and self._is_renamed(purchase.placed_at):
            return Naming.UNREADABLE, {"clientMail": person.email}
        email, phone = wire.email_as_typed(rng, person.email), wire.phone_as_typed(rng, person.phone)
        draw = rng.randrange(100)
        if draw == 0 and person.is_imported:
            other = next(other for other in self.customers if other != person)
            return Naming.CONFLICTING, {"email": email, "phone": other.phone}
        if draw < 35:
            return person.naming, {"email": email}
        if draw < 65:
            return person.naming, {"phone": phone}
        if draw < 75:
            return person.naming, {"externalCustomerId": person.external_id}
        return person.naming, {
            "externalCustomerId": person.external_id,
            "email": email,
            "phone": phone,
            "firstName": person.first_name,
            "lastName": person.last_name,
        }

    def _is_renamed(self, at: datetime) -> bool:
        """Whether the app release that was out at this moment called the e-mail `clientMail`."""
        first, last = RENAMED_DAYS
        return first >= (self.calendar.anchor - at.date()).days >= last


def _visit(rng: Random, currency: str) -> tuple[str, dict[str, Any]]:
    """A custom event's name and what it tells."""
    event = rng.choices(
        ["productViewed", "cartUpdated", "wishlistAdded", "reviewLeft", "searched"], [55, 20, 10, 5, 10]
    )[0]
    product = rng.choice(PRODUCTS)
    if event == "searched":
        return event, {"query": product.category, "found": rng.randrange(12)}
    price = product.prices[currency]
    about = {"productId": product.item_id, "productName": product.name, "price": price, "currency": currency}
    if event == "cartUpdated":
        return event, {"items": [{"productId": product.item_id, "quantity": rng.randrange(1, 4), "price": price}]}
    if event == "reviewLeft":
        return event, {**about, "stars": rng.randrange(1, 6)}
    return event, about


def _order_parameters(rng: Random, purchase: Purchase, status: str) -> dict[str, Any]:
    items: Any = [_item(rng, line) for line in purchase.lines]
    if rng.randrange(6) == 0:  # the article's own form: a JSON string of the array
        items = wire.to_bytes(items).decode()
    restore = {"restoreUrl": f"https://shop.example.com/cart/{purchase.order}"}
    return {
        "externalOrderId": purchase.order,
        "totalCost": wire.money_as_sent(rng, purchase.total),
        "status": status,
        "date": wire.date_as_sent(rng, purchase.placed_at),
        "currency": purchase.customer.currency,
        **(restore if status == "ABANDONED_SHOPPING_CART" else {}),
        **_extras(purchase),
        "storeId": "main",
        "source": purchase.channel.name.lower(),
        "paymentMethod": rng.choice(["card", "cash on delivery", "bank transfer"]),
        "deliveryAddress": rng.choice(CITIES),
        **({"coupon": f"SALE{rng.randrange(5, 30)}"} if rng.randrange(7) == 0 else {}),
        "items": items,
    }


def _extras(purchase: Purchase) -> dict[str, str]:
    named = {"shipping": purchase.shipping, "discount": purchase.discount}
    return {name: str(amount) for name, amount in named.items() if amount}


def _item(rng: Random, line: Line) -> dict[str, Any]:
    product = line.product
    return {
        "externalItemId": product.item_id,
        "name": product.name,
        "category": product.category,
        "quantity": line.quantity,
        "cost": wire.money_as_sent(rng, line.cost),
        "url": f"https://shop.example.com/item/{product.item_id}",
        "imageUrl": f"https://shop.example.com/item/{product.item_id}/image.png",
        **({"attributes": {"colour": rng.choice(["white", "green", "graphite"])}} if rng.randrange(5) == 0 else {}),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spoiling:
    """What was done to a message's parameters; `overcharge` is by how much the total exceeds the items."""

    kind: Flaw = Flaw.NONE
    overcharge: Decimal = Decimal(0)


def _with_flaw(rng: Random, parameters: dict[str, Any]) -> tuple[dict[str, Any], _Spoiling]:
    """The parameters, spoiled in six of a hundred messages."""
    draw = rng.randrange(100)
    if draw == 0:
        name = rng.choice(["totalCost", "date", "status"])
        return {key: value for key, value in parameters.items() if key != name}, _Spoiling(kind=Flaw.MISSING)
    if draw == 1:
        items = [{"externalItemId": "200600", "name": "Чайник", "quantity": 1, "cost": "1290.00"}]
        return {**parameters, "items": items}, _Spoiling(kind=Flaw.MISSING)
    if draw == 2:
        spoiled = rng.choice([{"status": "SHIPPED"}, {"date": "14.05.2025 10:11"}, {"totalCost": "1 290,00"}])
        return {**parameters, **spoiled}, _Spoiling(kind=Flaw.INVALID)
    if draw in (3, 4, 5):  # a fee that the shop adds to the total and to nothing else
        overcharge = Decimal("15.00")
        total = Decimal(str(parameters["totalCost"])) + overcharge
        return {**parameters, "totalCost": str(total)}, _Spoiling(overcharge=overcharge)
    return parameters, _Spoiling()
