"""The public API, a module per service; each route is one call to the service that owns the data."""
