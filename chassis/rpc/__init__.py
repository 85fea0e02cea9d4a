"""Requests and replies: the server's entrypoints, the gateway's client, and what travels beside a request."""
