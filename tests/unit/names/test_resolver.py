"""Which questions the resolver of a host asks, and what becomes of the answers."""

import pytest

from nsnet.names.lookup import Rcode
from nsnet.names.resolver import (
    Answered,
    Failure,
    Resolution,
    ResolvConf,
    Silence,
    hosts_addresses,
    resolv_conf,
    resolve,
)
from nsnet.names.zones import Record, RecordType

A, AAAA = RecordType.A, RecordType.AAAA
NXDOMAIN, NO_DATA = Answered(Rcode.NXDOMAIN), Answered(Rcode.NOERROR)
SERVFAIL, REFUSED = Answered(Rcode.SERVFAIL), Answered(Rcode.REFUSED)
TIMEOUT, ERROR, UNROUTED, UNCONNECTED = Silence
SEARCH = ("default.svc.cluster.local", "svc.cluster.local", "cluster.local")
POD = ResolvConf(("10.96.0.10",), SEARCH, ndots=5)


def address(name: str, data: str, kind: RecordType = A) -> Answered:
    return Answered(Rcode.NOERROR, (Record(name, kind, 5, data),))


def resolved(
    name: str,
    answers: dict[str, Answered | Silence],
    conf: ResolvConf = POD,
    hosts: str = "",
) -> Resolution:
    """How the name resolves if servers answer so: by name, by SERVER/NAME, by NAME/TYPE, or by
    NAME/tcp; NXDOMAIN otherwise."""

    def ask(server: str, asked: str, kind: RecordType, stream: bool) -> Answered | Silence:
        keys = [f"{server}/{asked}", *([f"{asked}/tcp"] if stream else [])]
        keys += [f"{asked}/{kind}", asked, server, "*"]
        found = next((answers[each] for each in keys if each in answers), NXDOMAIN)
        if isinstance(found, Answered) and found.records:
            same = tuple(each for each in found.records if each.type in (kind, RecordType.CNAME))
            return found._replace(records=same)
        return found

    return resolve(conf, hosts, name, ask)


def names(found: Resolution) -> list[str]:
    """The names that were asked for, each once in a row."""
    asked = [each.name for each in found.asked if each.kind is A]
    return [each for number, each in enumerate(asked) if asked[number - 1 : number] != [each]]


WEB = "web.default.svc.cluster.local"
FOUND = address(WEB, "10.96.0.20")
OUTSIDE = "www.example.com"
LISTED = [f"{OUTSIDE}.{each}" for each in SEARCH]


@pytest.mark.parametrize(
    ("case", "name", "answers", "asked", "queries", "expected"),
    [
        ("first search domain", "web", {WEB: FOUND}, [WEB], 2, "10.96.0.20"),
        ("second", "web.default", {WEB: FOUND}, [f"web.default.{SEARCH[0]}", WEB], 4, "10.96.0.20"),
        (
            "ndots:5 amplifies",
            OUTSIDE,
            {OUTSIDE: address(OUTSIDE, "203.0.113.80")},
            [*LISTED, OUTSIDE],
            8,
            "203.0.113.80",
        ),
        (
            "a trailing dot does not",
            f"{OUTSIDE}.",
            {OUTSIDE: address(OUTSIDE, "203.0.113.80")},
            [OUTSIDE],
            2,
            "203.0.113.80",
        ),
        ("a trailing dot, and no such name", "web.", {WEB: FOUND}, ["web"], 2, Failure.NAME),
        ("no such name", "nix", {}, [f"nix.{each}" for each in SEARCH] + ["nix"], 8, Failure.NAME),
        (
            "NODATA goes on",
            "web",
            {WEB: NO_DATA, "web.svc.cluster.local": FOUND},
            [WEB, "web.svc.cluster.local"],
            4,
            "10.96.0.20",
        ),
        (
            "NODATA is remembered",
            "web",
            {WEB: NO_DATA},
            [f"web.{each}" for each in SEARCH] + ["web"],
            8,
            Failure.NO_DATA,
        ),
        ("only AAAA", "web", {WEB: address(WEB, "fd00::1", AAAA)}, [WEB], 2, "fd00::1"),
        (
            "an alias alone ends the search",
            "web",
            {WEB: Answered(Rcode.NOERROR, (Record(WEB, RecordType.CNAME, 5, "x"),))},
            [WEB],
            2,
            Failure.NO_DATA,
        ),
        # Both attempts, then the next search domain.
        (
            "SERVFAIL goes on",
            "web",
            {WEB: SERVFAIL, "web.svc.cluster.local": FOUND},
            [WEB, "web.svc.cluster.local"],
            6,
            "10.96.0.20",
        ),
        (
            "SERVFAIL is remembered",
            "web",
            {WEB: SERVFAIL},
            [f"web.{each}" for each in SEARCH] + ["web"],
            10,
            Failure.AGAIN,
        ),
        (
            "REFUSED stops, but not before the name as it is",
            "web",
            {WEB: REFUSED},
            [WEB, "web"],
            6,
            Failure.NAME,
        ),
        (
            "silence stops, but not before the name as it is",
            "web",
            {WEB: TIMEOUT, "web": FOUND},
            [WEB, "web"],
            6,
            "10.96.0.20",
        ),
        ("nothing but silence", "web", {"*": TIMEOUT}, [WEB, "web"], 8, Failure.AGAIN),
        ("every server refuses", "web", {"*": ERROR}, [WEB], 4, Failure.AGAIN),
        ("no route sends nothing", "web", {"*": UNROUTED}, [WEB], 0, Failure.AGAIN),
        ("FORMERR", "web.", {"web": Answered(Rcode.FORMERR)}, ["web"], 2, Failure.NAME),
        ("a label is too long", "x" * 64, {}, [], 0, Failure.NAME),
        (
            "a name is too long with its domain",
            "x." * 120 + "x",
            {"x." * 120 + "x": FOUND},
            ["x." * 120 + "x"],
            2,
            "10.96.0.20",
        ),
    ],
)
def test_a_name(
    case: str,
    name: str,
    answers: dict[str, Answered | Silence],
    asked: list[str],
    queries: int,
    expected: str | Failure,
) -> None:
    found = resolved(name, answers)
    assert (found.failure or ",".join(found.addresses)) == expected
    assert names(found) == asked
    assert found.queries == queries


AGAIN = Failure.AGAIN, 4, 0


def conf(text: str) -> ResolvConf:
    return resolv_conf(f"nameserver 10.0.0.1\nnameserver 10.0.0.2\nsearch a b\n{text}\n")


@pytest.mark.parametrize(
    ("case", "options", "name", "answers", "expected", "queries", "waited"),
    [
        ("the next server", "", "x.y", {"10.0.0.1/x.y": TIMEOUT, "x.y": FOUND}, "10.96.0.20", 4, 5),
        ("twice in turn", "", "x.y.", {"*": TIMEOUT}, Failure.AGAIN, 8, 20),
        (
            "timeout and attempts",
            "options timeout:1 attempts:3",
            "x.y.",
            {"*": TIMEOUT},
            Failure.AGAIN,
            12,
            6,
        ),
        (
            "one server is silent, one fails",
            "",
            "x.y.",
            {"10.0.0.1/x.y": TIMEOUT, "x.y": SERVFAIL},
            Failure.AGAIN,
            8,
            10,
        ),
        ("as it is comes first", "", "x.y", {"x.y.a": FOUND}, "10.96.0.20", 4, 0),
        ("and its failure counts", "", "x.y", {"x.y": NO_DATA}, Failure.NO_DATA, 6, 0),
        ("ndots:2", "options ndots:2", "x.y", {"x.y.b": FOUND}, "10.96.0.20", 4, 0),
        ("ndots:0", "options ndots:0", "x", {"x": FOUND}, "10.96.0.20", 2, 0),
        ("no-aaaa", "options no-aaaa", "x.y", {"x.y": FOUND}, "10.96.0.20", 1, 0),
        (
            "one after the other",
            "options single-request timeout:1",
            "x.y.",
            {"*": TIMEOUT},
            Failure.AGAIN,
            4,
            4,
        ),
        (
            "the other question after a failure is waited for, but not sent",
            "options single-request timeout:1",
            "x.y.",
            {"10.0.0.1/x.y": SERVFAIL, "x.y": REFUSED},
            Failure.AGAIN,
            4,
            4,
        ),
        (
            "a failure of the second one does not matter",
            "options single-request",
            "x.y.",
            {"x.y/A": FOUND, "x.y": SERVFAIL},
            "10.96.0.20",
            2,
            0,
        ),
        ("a single question", "options single-request no-aaaa", "x.", {"x": SERVFAIL}, *AGAIN),
        ("both of them", "options single-request", "x.y.", {"x.y": FOUND}, "10.96.0.20", 2, 0),
        ("no top-level domain", "options no-tld-query", "x", {"x": FOUND}, Failure.NAME, 4, 0),
        ("the root in the list", "search . a", "x", {"x": FOUND}, "10.96.0.20", 2, 0),
        ("the root is not asked twice", "search a .", "x", {}, Failure.NAME, 4, 0),
        (
            "a name that is too long ends the search before the root",
            f"search {'a.' * 126}a .",
            "xyz",
            {"xyz": FOUND},
            "10.96.0.20",
            2,
            0,
        ),
        ("no attempts", "options attempts:0", "x.y", {"*": FOUND}, Failure.AGAIN, 0, 0),
        ("nor over TCP", "options attempts:0 use-vc", "x.y", {"*": FOUND}, Failure.AGAIN, 0, 0),
        ("domain takes the place of search", "domain c", "x", {"x.c": FOUND}, "10.96.0.20", 2, 0),
        (
            "over TCP",
            "options use-vc",
            "x.y.",
            {"x.y/tcp": FOUND, "x.y": TIMEOUT},
            "10.96.0.20",
            2,
            0,
        ),
        (
            "a failure over TCP is final for its server",
            "options use-vc",
            "x.y",
            {"10.0.0.1/x.y": SERVFAIL, "x.y.b": FOUND},
            "10.96.0.20",
            6,
            0,
        ),
        ("so is a refusal", "options use-vc", "x.y.", {"x.y": REFUSED}, Failure.NAME, 2, 0),
        (
            "no connection: no question is sent",
            "options use-vc",
            "x.y.",
            {"10.0.0.1/x.y": UNCONNECTED, "x.y/tcp": FOUND},
            "10.96.0.20",
            2,
            0,
        ),
        (
            "too long for UDP",
            "",
            "x.y.",
            {"x.y/A": FOUND._replace(truncated=True), "x.y/tcp": FOUND},
            "10.96.0.20",
            4,
            0,
        ),
    ],
)
def test_options(
    case: str,
    options: str,
    name: str,
    answers: dict[str, Answered | Silence],
    expected: str | Failure,
    queries: int,
    waited: float,
) -> None:
    found = resolved(name, answers, conf(options))
    assert (found.failure or ",".join(found.addresses)) == expected
    assert (found.queries, found.seconds) == (queries, waited)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((56, 201), Failure.ABORT),  # with the bytes that end them
        ((56, 200), None),
        ((57, 200), None),
        ((20, 20, 16, 250), Failure.ABORT),
        ((1, 1, 1, 1, 1, 1, 252), None),  # six domains fit
        ((250,), None),
    ],
)
def test_a_search_list_by_which_glibc_aborts(
    sizes: tuple[int, ...], expected: Failure | None
) -> None:
    search = " ".join("x" * (each - 1) for each in sizes)
    found = resolved("localhost", {}, resolv_conf(f"nameserver 10.0.0.1\nsearch {search}"))
    assert found.failure == (expected or Failure.NAME)
    assert bool(found.queries) is (expected is None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ResolvConf(("127.0.0.1",))),
        ("nameserver 10.0.0.1\n", ResolvConf(("10.0.0.1",))),
        ("nameserver nonsense\nnameserver\nNameserver 10.0.0.1", ResolvConf(("127.0.0.1",))),
        ("nameserver ::1\nnameserver fe80::1%eth0", ResolvConf(("::1", "fe80::1%eth0"))),
        (
            "\n".join(f"nameserver 10.0.0.{n}" for n in range(5)),
            ResolvConf(("10.0.0.0", "10.0.0.1", "10.0.0.2")),
        ),
        ("search a b. .\nsearch c\td", ResolvConf(("127.0.0.1",), ("c", "d"))),
        ("search a b. .", ResolvConf(("127.0.0.1",), ("a", "b", ""))),
        ("search a\ndomain b c", ResolvConf(("127.0.0.1",), ("b",))),
        ("options ndots:99 timeout:99 attempts:99", ResolvConf(("127.0.0.1",), (), 15, 30, 5)),
        ("options ndots:x timeout:0 attempts:-1", ResolvConf(("127.0.0.1",), (), 0, 1, 0)),
        ("options ndots:-1 timeout:-1", ResolvConf(("127.0.0.1",), (), 15, 1)),
        ("options ndots:-16 timeout:2x", ResolvConf(("127.0.0.1",), (), 0, 2)),
        ("options ndots:\t+3 attempts:4.5", ResolvConf(("127.0.0.1",), ndots=3, attempts=4)),
        (f"options ndots:{1 << 32} timeout:{1 << 64}", ResolvConf(("127.0.0.1",), (), 0, 1)),
        ("options ndots attempts ndots2", ResolvConf(("127.0.0.1",))),
        ("options ndots:\u0663", ResolvConf(("127.0.0.1",), ndots=0)),
        (
            "options no_tld_query use-vcx single-request-reopen:1 xno-aaaa NO-AAAA debug",
            ResolvConf(
                ("127.0.0.1",), flags=frozenset({"no-tld-query", "use-vc", "single-request"})
            ),
        ),
        (
            "options ndots:2\noptions rotate edns0",
            ResolvConf(("127.0.0.1",), ndots=2, flags=frozenset({"rotate", "edns0"})),
        ),
        ("# nameserver 10.0.0.1\n;search a\n sortlist x", ResolvConf(("127.0.0.1",))),
    ],
)
def test_a_resolv_conf(text: str, expected: ResolvConf) -> None:
    assert resolv_conf(text) == expected


HOSTS = """\
127.0.0.1 localhost
::1 localhost ip6-localhost
10.0.0.5\tWeb.example web # a comment web2
10.0.0.6 web
nonsense web
10.0.0.5 web
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web", ("10.0.0.5", "10.0.0.6")),
        ("WEB.example", ("10.0.0.5",)),
        ("localhost", ("127.0.0.1", "::1")),
        ("web.", ()),
        ("web2", ()),
        ("10.0.0.5", ()),
    ],
)
def test_a_hosts_file(name: str, expected: tuple[str, ...]) -> None:
    assert hosts_addresses(HOSTS, name) == expected


def test_a_name_of_the_hosts_file_is_not_asked_for() -> None:
    assert resolved("web", {"*": TIMEOUT}, hosts=HOSTS) == Resolution(("10.0.0.5", "10.0.0.6"))
    assert resolved("web.", {"web": FOUND}, hosts=HOSTS).addresses == ("10.96.0.20",)


def test_a_question_is_shown_with_its_answer() -> None:
    found = resolved("web.default", {WEB: FOUND})
    assert list(map(str, found.asked)) == [
        "web.default.default.svc.cluster.local A of 10.96.0.10: NXDOMAIN",
        "web.default.default.svc.cluster.local AAAA of 10.96.0.10: NXDOMAIN",
        "web.default.svc.cluster.local A of 10.96.0.10: 10.96.0.20",
        "web.default.svc.cluster.local AAAA of 10.96.0.10: no such record",
    ]


def test_the_longest_wait() -> None:
    assert POD.patience == 4 * 2 * 5
    assert conf("options timeout:2 attempts:3").patience == 3 * 3 * (2 + 2)
