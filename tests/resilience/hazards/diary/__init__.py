"""The diary on the chassis: entries are written by request and heard of again as events."""
