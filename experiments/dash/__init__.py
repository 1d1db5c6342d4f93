"""A dashboard: a run, live or finished, in the browser of whoever started it."""
