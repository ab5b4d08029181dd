"""Many cells by one call: on one core or several, on several devices, or on a cluster."""
