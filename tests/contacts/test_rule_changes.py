"""What differs between two lists of rules, told as what somebody did."""

from hypothesis import given
from hypothesis import strategies as st

from contacts.rule_changes import ChangeKind, changes_between
from contacts.rule_list import RuleEntry

A, B, C, D = (RuleEntry(parameter=name, kind="email") for name in ("a", "b", "c", "d"))
OF_VIP = RuleEntry(parameter="card", kind="contactKey", event_type_key="vip")


def told(before, after) -> list[str]:
    return [str(change) for change in changes_between(before, after)]


def test_the_same_lists_differ_in_nothing():
    assert told([A, B, OF_VIP], [OF_VIP, A, B]) == []


def test_rules_that_come_and_go_are_told_and_those_that_make_way_are_not():
    assert told([A, B, C], [D, A, C]) == ["removed b → email", "added d → email"]
    assert changes_between([A, B, C], [D, A, C])[1].to_place == 1


def test_one_rule_that_is_taken_up_is_the_one_that_moved():
    assert told([A, B, C, D], [D, A, B, C]) == ["moved d → email from 4 to 1"]


def test_switching_and_rules_of_event_types_are_told():
    off = RuleEntry(parameter="A", kind="email", is_enabled=False)
    assert told([A, B], [off, B, OF_VIP]) == ["added card → contactKey for vip", "switched off A → email"]
    assert told([off], [A]) == ["switched on a → email"]


entries = st.lists(st.builds(RuleEntry, parameter=st.sampled_from("abcdef"), kind=st.just("email")), unique=True)


@given(entries, entries)
def test_what_is_told_accounts_for_every_rule_that_came_or_went(before, after):
    changes = changes_between(before, after)
    added = {change.entry.parameter for change in changes if change.kind is ChangeKind.ADDED}
    removed = {change.entry.parameter for change in changes if change.kind is ChangeKind.REMOVED}
    was, now = ({entry.parameter for entry in entries} for entries in (before, after))
    assert (added, removed) == (now - was, was - now)
    is_same_order = [e for e in before if e.parameter in now] == [e for e in after if e.parameter in was]
    assert any(change.kind is ChangeKind.MOVED for change in changes) is not is_same_order
