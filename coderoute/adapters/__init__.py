"""The world behind the ports: one module per implementation; only the wiring imports them."""
