"""Event analytics: what came in and became of it, how orders went on, abandoned carts, and what sells best.

docs/insights.md says what each figure means. Events are counted block by block (event_counts.py); the figures of orders
are reports, computed at once where that takes no longer than a page may, and else in the background (reports.py).
"""
