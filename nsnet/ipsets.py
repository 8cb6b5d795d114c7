"""ipsets as text: what `ipset restore` reads."""

from collections.abc import Iterable

from nsnet.state import IpSet, SetType

LARGEST = 65536  # members, as kube-proxy makes them


def filled(sets: Iterable[IpSet]) -> str:
    """Input for `ipset restore -exist`: each set is there, and holds its members and no others.

    A set that is there already is filled beside itself and swapped in: no packet meets half of it.
    """
    lines: list[str] = []
    for each in sets:
        kind = _kind(each)
        new = f"{each.name[:28]}.new"
        lines += [f"create {each.name} {kind}", f"create {new} {kind}", f"flush {new}"]
        lines += [f"add {new} {member}" for member in each.members]
        lines += [f"swap {new} {each.name}", f"destroy {new}"]
    return "".join(f"{line}\n" for line in lines)


def _kind(each: IpSet) -> str:
    if each.type is SetType.PORT:
        return "bitmap:port range 0-65535"
    family = "inet" if each.family == 4 else "inet6"
    return f"{each.type} family {family} hashsize 1024 maxelem {LARGEST}"
