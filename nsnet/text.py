"""How something is said to people."""


def number_of(things: int, word: str) -> str:
    """As in 1 pod, 3 pods."""
    return f"{things} {word}{'' if things == 1 else 's'}"
