"""The most that one lab can have. A larger lab is refused before its parts are created, because
they could be many more than what the file has room to write: `replicas: 2147483647`.

What a smaller lab needs of this host is computed from its State (lab.needs).
"""

from typing import Final

MOST_NODES: Final = 5_000
MOST_PODS: Final = 20_000
MOST_ENDPOINTS: Final = 200_000  # of all ports of all Services


def over(most: int, things: str) -> str:
    """Return the message that refuses a lab with more of these things."""
    return f"with this, the lab has over {most:,} {things}, which is the most that nsnet builds"
