"""RFM: how lately, how often and for how much each contact bought (docs/rules.md, section 4; docs/insights.md, RFM).

What it means, for one currency and one day of the account's time zone:

- Who: contacts that are not deleted and have a DELIVERED order in the currency, dated on that day or before. Any source
  counts. An order counts by its date and its status *of today*: one that was cancelled after it was delivered is gone
  from every day, and a late delivery stands on the day of its order.
- recency_days: days from the local date of the last such order to the day (0: on that day). frequency: how many such
  orders. monetary: the sum of their totals.
- Scores from 1 to 5, 5 the best, from four boundaries for each measure: the quintiles of the people themselves, or
  what staff set for the currency. A value equal to a boundary belongs to the lower side of it, so equal values always
  have equal scores.
- The segment follows from the scores of recency and frequency alone (cells.py): 25 cells, ten segments, no gap.

For the rooms beside this one:

- The scores stand in `insights_rfmscore` (models.py), one row for each contact and currency that it bought in.
  `membership(condition)` of membership.py gives SQL that selects the `contact_id`s of a condition, with its parameters,
  for use as `contact_id IN (…)` or as a join; each contact comes once.
- The condition in JSON is `{"rfm": {"currency": "UAH", "segment": "champions"}}`. Its members, all of which must hold:
  `currency` (required); `segment` (one code of cells.Segment, or a list of them); `recency`, `frequency`, `monetary` (a
  score from 1 to 5, or a list of them). At least one beside the currency.
- `condition.parse_condition(value, pointer)` reads what stands under "rfm", and gives an RfmCondition or all of its
  Problems with pointers; `condition.holds(condition, scores)` evaluates it in Python; `words.in_words(condition)`
  says it to a person; `membership.load_scores(contact_ids, currency)` has the scores that it holds by.
- Membership is as of `membership.computed_at()`: the scores are computed anew in the background (refresh.py), and are
  empty until they first were.
- “Save as a segment” on the RFM page leads to the builder of segments with the condition in the address:
  `?conditions=` and the JSON of `{"rfm": …}`.
- Pages and endpoints of this room take the permission `insights.view_insights`: Marketers and Administrators have it.
"""
