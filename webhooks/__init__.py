"""What became of events and orders, told to other systems: signed messages to the addresses that they gave."""
