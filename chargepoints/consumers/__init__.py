"""Live pages for browsers: one websocket per tab, fed by `hub.bus`, healed by a cursor."""
