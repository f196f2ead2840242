"""What the orders, events and contacts together say: RFM, segments, event analytics and the open `reporting` schema."""
