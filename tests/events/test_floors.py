"""A claim starts where nothing lower can still come, and at the beginning while that is not known."""

from events.floors import Floors


def test_nothing_is_known_of_a_lane_at_first():
    assert Floors().floor(3, now=1000.0) == 0


def test_the_first_position_of_a_minute_ago_is_where_a_claim_starts():
    floors = Floors()
    for second in range(0, 200, 10):
        floors.saw_first(3, position=1000 + second, now=float(second))
    assert floors.floor(3, now=59.0) == 0
    assert floors.floor(3, now=60.0) == 1000
    assert floors.floor(3, now=75.0) == 1010
    assert floors.floor(3, now=10_000.0) == 1190
    assert floors.floor(4, now=10_000.0) == 0


def test_samples_are_few_however_often_a_lane_is_drained():
    floors = Floors()
    for milliseconds in range(0, 120_000, 10):
        floors.saw_first(3, position=milliseconds, now=milliseconds / 1000)
        floors.floor(3, now=milliseconds / 1000)
    assert len(floors._samples[3]) <= 14
