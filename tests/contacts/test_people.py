"""Changes in batches of any size come to the same contacts, and to those of a plain model of the rules."""

from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.change import ContactChange, GivenGroup, GivenIdentifier
from contacts.people import People, Refused, Saved

KINDS = ("email", "phone", "externalCustomerId")
identifiers = st.lists(
    st.builds(
        lambda kind, value: GivenIdentifier(kind=kind, value=value, normalized=value, pointer=f"/{kind}"),
        st.sampled_from(KINDS),
        st.sampled_from("abc"),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda given: given.key,
)
changes = st.builds(
    lambda given, first_name, group, decides: ContactChange(
        identifiers=tuple(given),
        first_name=first_name,
        joins=() if group is None else (GivenGroup(name=group),),
        named_by=None if decides is None else (tuple(one for one in given if one.kind == decides) or tuple(given),),
    ),
    identifiers,
    st.none() | st.sampled_from(["Anna", "Olha"]),
    st.none() | st.sampled_from(["VIP", "News"]),
    st.none() | st.sampled_from(KINDS),
)


def numbers():
    count = iter(range(1, 1_000))
    return lambda: next(count)


def told(people):
    return {
        person.contact_id: (person.first_name, dict(person.identifiers), person.groups)
        for person in people.by_id.values()
    }


@settings(deadline=None)
@given(st.lists(changes, max_size=8), st.lists(st.integers(1, 8), max_size=8))
def test_batches_of_any_size_save_the_same_contacts(all_changes, sizes):
    whole, next_id = People([], numbers()), numbers()
    results = [whole.take(change) for change in all_changes]
    kept, in_batches, left = [], [], list(all_changes)
    for size in [*sizes, len(left)]:
        batch, left = left[:size], left[size:]
        people = People(kept, next_id)
        in_batches += [people.take(change) for change in batch]
        kept = list(people.by_id.values())
    assert [type(result) for result in in_batches] == [type(result) for result in results]
    assert in_batches == results
    assert told(People(kept, next_id)) == told(whole)


@settings(deadline=None)
@given(st.lists(changes, max_size=10))
def test_an_identifier_never_has_two_contacts_and_a_refusal_changes_nothing(all_changes):
    people = People([], numbers())
    for change in all_changes:
        before = told(people)
        result = people.take(change)
        if isinstance(result, Refused):
            assert told(people) == before
            assert result.problems
            assert set(result.contact_ids) <= before.keys()
        else:
            assert isinstance(result, Saved)
            held = people.by_id[result.contact_id].identifiers
            assert {one.key for one in change.identifiers} <= held.keys()
        holders = [key for _, identifiers, _ in told(people).values() for key in identifiers]
        assert len(holders) == len(set(holders))
        assert people.by_key == {key: person for person in people.by_id.values() for key in person.identifiers}
