"""Networks as small frozen descriptions: ``stacked`` train many at once, ``alone`` one at a time."""
