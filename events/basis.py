"""The basis of a decision: the account settings and matching rules at that moment, as one immutable, stored value.

Every outcome names its basis. So a trace can say which rules were looked at, and the ledger can be folded again, after
staff have changed the rules or the time zone. A basis is found again by the SHA-256 of its canonical JSON.
"""

import hashlib
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import transaction

from account.current import AccountSettings, load_account
from contacts.matching import Rule, RuleList, load_rules
from events.models import Basis


@dataclass(frozen=True, slots=True)
class DecisionBasis:
    """What decisions are made with. `id` is None for rules that are only tried out, and never stored."""

    id: int | None
    time_zone: ZoneInfo
    default_currency: str
    phone_region: str
    creates_missing_contacts: bool
    rules: RuleList


_last: tuple[str, DecisionBasis] | None = None


def current_basis() -> DecisionBasis:
    """The basis as the settings and rules stand now: two queries, and a third when they have changed.

    Read for each batch and never from a cache of a certain age: who saves a rule and replays must meet the new rule.
    """
    settings = to_settings(load_account(), load_rules())
    digest = _digest(settings)
    if _last is not None and _last[0] == digest:
        return _last[1]
    basis = from_settings(_find_or_store(digest, settings), settings)
    # Not before the commit: the id of a row that was rolled back must not stay in the memory of the process.
    transaction.on_commit(lambda: _remember(digest, basis))
    return basis


def basis_to_try() -> DecisionBasis:
    """The basis as it stands now, for decisions that are not stored: writes nothing, and has no id."""
    return from_settings(None, to_settings(load_account(), load_rules()))


def _remember(digest: str, basis: DecisionBasis) -> None:
    global _last
    _last = (digest, basis)


def load_bases(ids: set[int]) -> dict[int, DecisionBasis]:
    """Stored bases by their ids: one query."""
    return {row.id: from_settings(row.id, row.settings) for row in Basis.objects.filter(id__in=ids)}


def forget_basis() -> None:
    """Empties the cache (tests that empty the tables)."""
    global _last
    _last = None


def to_settings(account: AccountSettings, rules: RuleList) -> dict[str, Any]:
    """The canonical JSON form of a basis."""
    return {
        "timeZone": account.time_zone.key,
        "defaultCurrency": account.default_currency,
        "phoneRegion": account.phone_region,
        "createsMissingContacts": account.creates_missing_contacts,
        "rules": [_rule_to_list(rule) for rule in rules.general],
        "ownRules": {key: _rule_to_list(rule) for key, rule in sorted(rules.by_event_type.items())},
    }


def from_settings(basis_id: int | None, settings: dict[str, Any]) -> DecisionBasis:
    """The value that `to_settings` described."""
    return DecisionBasis(
        id=basis_id,
        time_zone=ZoneInfo(settings["timeZone"]),
        default_currency=settings["defaultCurrency"],
        phone_region=settings["phoneRegion"],
        creates_missing_contacts=settings["createsMissingContacts"],
        rules=RuleList(
            general=tuple(Rule(*rule) for rule in settings["rules"]),
            by_event_type={key: Rule(*rule) for key, rule in settings["ownRules"].items()},
        ),
    )


def _rule_to_list(rule: Rule) -> list[str]:
    return [rule.parameter, rule.kind, rule.normal_form]


def _digest(settings: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(settings, order="sorted")).hexdigest()


def _find_or_store(digest: str, settings: dict[str, Any]) -> int:
    basis, _ = Basis.objects.get_or_create(digest=digest, defaults={"settings": settings})
    return int(basis.pk)
