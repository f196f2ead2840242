"""Segments: people chosen by conditions on their orders, events, contact and RFM (docs/segments.md).

The road of a segment: JSON → reading.py (the tree of conditions.py, or every problem with its pointer) → compiling.py
(one SELECT of contact ids, parameters apart) → people.py (count, sample, why) and refreshing.py (who is in it, stored).
The first three are pure.
"""
