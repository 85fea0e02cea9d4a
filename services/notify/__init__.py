"""notify: templates, preferences, messages, deliveries."""
