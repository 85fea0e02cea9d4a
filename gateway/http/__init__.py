"""HTTP as the API speaks it: reading requests, records, lists, conditional requests, problems."""
