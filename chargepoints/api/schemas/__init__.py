"""What the API takes and gives. Energy in Wh, power in W, times in UTC (RFC 3339); null is "not known"."""
