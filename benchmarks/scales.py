"""How large each measure is: `default` takes a quarter of an hour, `full` adds the large sets, `tiny` is the tests'."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    name: str
    rounds: int  # every measure of a ratio is taken this often, ours and the others in turn; medians are compared
    contacts: int
    single_seconds: float  # of each round, for ours, the naive app and the empty view
    bulk_events: int  # of each round
    applied_orders: int  # of each round
    naive_orders: int  # of each round
    imported_contacts: int  # of each round
    capacity_seconds: float  # finds the rate that `sustained` is then offered
    sustained_seconds: float
    latency_seconds: float
    small_orders: int
    large_orders: int
    growth_events: int  # of each round
    read_orders: int
    reads: int  # of each kind
    insights_orders: int  # of five years
    insights_contacts: int
    previewed_events: int  # of each of five types, for a change of the matching rules
    queue_seconds: float  # each shape of the queue, undisturbed
    snapshot_seconds: float  # each shape of the queue, with a snapshot held open


DEFAULT = Scale(
    name="default",
    rounds=3,
    contacts=20_000,
    single_seconds=4,
    bulk_events=20_000,
    applied_orders=20_000,
    naive_orders=300,
    imported_contacts=30_000,
    capacity_seconds=10,
    sustained_seconds=60,
    latency_seconds=15,
    small_orders=100_000,
    large_orders=1_000_000,
    growth_events=10_000,
    read_orders=200_000,
    reads=40,
    insights_orders=200_000,
    insights_contacts=20_000,
    previewed_events=10_000,
    queue_seconds=8,
    snapshot_seconds=30,
)
FULL = Scale(
    name="full",
    rounds=5,
    contacts=100_000,
    single_seconds=8,
    bulk_events=50_000,
    applied_orders=50_000,
    naive_orders=2_000,
    imported_contacts=90_000,
    capacity_seconds=20,
    sustained_seconds=60,
    latency_seconds=60,
    small_orders=100_000,
    large_orders=5_000_000,
    growth_events=20_000,
    read_orders=10_000_000,
    reads=200,
    insights_orders=10_000_000,
    insights_contacts=1_000_000,
    previewed_events=10_000,
    queue_seconds=20,
    snapshot_seconds=120,
)
TINY = Scale(
    name="tiny",
    rounds=1,
    contacts=50,
    single_seconds=0.2,
    bulk_events=2_000,
    applied_orders=100,
    naive_orders=10,
    imported_contacts=100,
    capacity_seconds=0.5,
    sustained_seconds=1,
    latency_seconds=0.5,
    small_orders=100,
    large_orders=300,
    growth_events=100,
    read_orders=300,
    reads=3,
    insights_orders=300,
    insights_contacts=50,
    previewed_events=20,
    queue_seconds=0.3,
    snapshot_seconds=0.3,
)
SCALES = {scale.name: scale for scale in (DEFAULT, FULL, TINY)}
