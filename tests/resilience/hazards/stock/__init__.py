"""The diary in stock nameko: entries are written by request and heard of again as events."""
