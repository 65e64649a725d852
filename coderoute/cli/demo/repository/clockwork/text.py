"""Seconds as text."""

UNITS = (("h", 3600), ("m", 60), ("s", 1))


def duration(seconds: int) -> str:
    """`seconds` in hours, minutes and seconds, without units that are zero: 3661 -> "1h 1m 1s"."""
    parts = []
    for name, size in UNITS:
        count = seconds // size
        if seconds > size and count:
            parts.append(f"{count}{name}")
            seconds -= count * size
    return " ".join(parts)
