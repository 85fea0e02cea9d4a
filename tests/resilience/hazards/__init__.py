"""The thirty hazards of stock nameko, each tried on the chassis and on stock nameko with the same test."""
