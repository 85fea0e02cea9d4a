"""Who calls: registered clients, their tokens, and what a token may do."""
