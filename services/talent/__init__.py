"""talent: people, organisations, what each person is to each organisation, and the rosters that report it."""
