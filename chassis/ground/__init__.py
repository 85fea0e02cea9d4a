"""What everything stands on: time, ids, settings, logs, metrics, traces, and the names of the lanes."""
