"""What the endpoints of event analytics answer: the shapes of the OpenAPI document."""

from typing import Literal, TypedDict

from contract.openapi import Day, ExactNumber, Moment, Money

_Span = TypedDict("_Span", {"from": Day, "to": Day, "timeZone": str})


class _Computed(_Span):
    computedAt: Moment  # noqa: N815
    isBeingComputed: bool  # noqa: N815


class ReportComputingShape(_Span):
    status: Literal["computing"]


FunnelStepShape = TypedDict(
    "FunnelStepShape",
    {"from": str, "to": str, "orders": int, "medianSeconds": ExactNumber, "p90Seconds": ExactNumber},
)
FunnelStepShape.__doc__ = "From when an order first had the one status to when it first had the other."


class FunnelShape(_Computed):
    """`reached`: had the status of the stage, or of a later one. `now`: the status that they have."""

    orders: int
    reached: dict[str, int]
    now: dict[str, int]
    cancelledAfterDelivery: int  # noqa: N815
    steps: list[FunnelStepShape]


class CartFateShape(TypedDict):
    """`value`: what was in the carts. `revenue`: DELIVERED orders that came of them."""

    carts: int
    value: Money
    revenue: Money


class CartsOfCurrencyShape(TypedDict):
    currency: str
    bought: CartFateShape
    boughtElse: CartFateShape
    cancelled: CartFateShape
    lost: CartFateShape
    unknown: CartFateShape


class CartsShape(_Computed):
    withinDays: int  # noqa: N815
    results: list[CartsOfCurrencyShape]


class SoldItemShape(TypedDict):
    """`withoutCost`: how many of its lines carry no cost, and so add nothing to the revenue."""

    externalItemId: str
    name: str | None
    orders: int
    quantity: ExactNumber
    revenue: Money
    withoutCost: int


class SoldItemsShape(TypedDict):
    """`items`: how many different ones were sold."""

    currency: str
    items: int
    byRevenue: list[SoldItemShape]
    byQuantity: list[SoldItemShape]


class TopItemsShape(_Computed):
    results: list[SoldItemsShape]
