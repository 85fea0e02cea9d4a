"""events: activities, registrations, check-ins."""
