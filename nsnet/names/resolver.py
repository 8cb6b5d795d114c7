"""How the resolver of a Linux host finds the addresses of a name: which questions it asks of which
servers, in which order, and when it gives up.

      /etc/hosts ─▶ the name with each search domain, and as it is ─▶ servers in turn, A and AAAA

This is getaddrinfo() without flags, with `hosts: files dns` in nsswitch.conf. Source: glibc 2.36,
resolv/res_query.c, res_send.c, res_init.c, nss/getaddrinfo.c; resolv.conf(5). Only the standard
library is used here.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from ipaddress import ip_address
from typing import Final, NamedTuple, TypeAlias

from nsnet.names.lookup import Rcode
from nsnet.names.zones import Record, RecordType

MOST_SERVERS: Final = 3
_MOST: Final[Mapping[str, int]] = {"ndots": 15, "timeout": 30, "attempts": 5}
# A word that begins with one of these is this option.
_FLAGS: Final = (
    "rotate",
    "edns0",
    "single-request",  # also -reopen
    "no_tld_query",
    "no-tld-query",
    "use-vc",
    "no-aaaa",
)
_INTEGER: Final = re.compile(r"[ \t]*([+-]?[0-9]+)")
_CONNECT: Final = 127  # seconds until connect() fails: net.ipv4.tcp_syn_retries is 6
_MEMORY: Final = 1024  # bytes for the result at first (struct scratch_buffer)
_ADDRESS: Final = 40  # bytes of a struct gaih_addrtuple
_LONGEST_LABEL: Final = 63
_LONGEST_NAME: Final = 253
_LEGACY_SEARCHES: Final = 6  # domains in struct __res_state (MAXDNSRCH)
_LEGACY_MEMORY: Final = 256  # bytes for them (defdname)
_LEGACY_POINTERS: Final = 56  # bytes of the pointers to them (sizeof dnsrch)
_NEXT_SERVER: Final = (Rcode.SERVFAIL, Rcode.NOTIMP, Rcode.REFUSED)


class Silence(Enum):
    """Why a server gave no answer."""

    TIMEOUT = "no answer in time"
    ERROR = "an error at once"  # ICMP, or RST
    UNROUTED = "no route"  # no packet is sent
    UNCONNECTED = "no connection"  # over TCP: no question is sent


class Answered(NamedTuple):
    """What a server answered to a question. `truncated`: the answer has to be asked for over
    TCP."""

    rcode: Rcode
    records: tuple[Record, ...] = ()
    truncated: bool = False


class Asked(NamedTuple):
    """A question to a server, over UDP or TCP, and its answer."""

    server: str
    name: str
    kind: RecordType
    answer: Answered | Silence
    stream: bool = False

    def __str__(self) -> str:
        """Return a line such as: web.default.svc.cluster.local A of 10.96.0.10: NXDOMAIN."""
        over = " over TCP" if self.stream else ""
        return f"{self.name or '.'} {self.kind} of {self.server}{over}: {_said(self.answer)}"


class Failure(StrEnum):
    """Why there is no address, by its name in netdb.h."""

    NAME = "EAI_NONAME"  # no such name
    NO_DATA = "EAI_NODATA"  # the name exists and has no address
    AGAIN = "EAI_AGAIN"  # no server has answered, or they failed
    ABORT = "SIGABRT"  # the resolver has ended the process


MEANINGS: Final[Mapping[Failure, str]] = {
    Failure.NAME: "no such name",
    Failure.NO_DATA: "the name has no address",
    Failure.AGAIN: "no server answered, or they failed",
    Failure.ABORT: "glibc aborts the program, because of the search list",
}


class Resolution(NamedTuple):
    """The addresses of a name, in the order of the answers, or why there are none; and the
    questions that were asked, of which it took `seconds` to wait for answers that did not come."""

    addresses: tuple[str, ...] = ()
    failure: Failure | None = None
    asked: tuple[Asked, ...] = ()
    seconds: float = 0.0

    @property
    def queries(self) -> int:
        """The number of questions that were sent."""
        unsent = (Silence.UNROUTED, Silence.UNCONNECTED)
        return sum(each.answer not in unsent for each in self.asked)


# The answer of a server to a question: (server, name, type, whether over TCP).
Ask: TypeAlias = Callable[[str, str, RecordType, bool], Answered | Silence]


@dataclass(frozen=True, slots=True)
class ResolvConf:
    """The content of a resolv.conf."""

    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    ndots: int = 1
    timeout: int = 5  # seconds
    attempts: int = 2
    flags: frozenset[str] = field(default_factory=frozenset)  # options without a value

    @property
    def patience(self) -> int:
        """The most seconds for which a name can keep the resolver waiting, over UDP."""
        once = sum(seconds(self, number) for number in range(len(self.servers)))
        return (len(self.search) + 1) * self.attempts * once


def seconds(conf: ResolvConf, number: int) -> int:
    """Return how long the resolver waits for the server of this number in the list, from 0."""
    waits = conf.timeout << number
    return max(1, waits // len(conf.servers)) if number else waits


def resolv_conf(text: str) -> ResolvConf:
    """Return the content of a resolv.conf, as glibc reads it: what it does not know is skipped."""
    servers: list[str] = []
    search: tuple[str, ...] = ()
    numbers = {"ndots": 1, "timeout": 5, "attempts": 2}
    flags: set[str] = set()
    for line in text.split("\n"):
        if line[:1] in ("#", ";"):
            continue
        match line.split():
            case ["nameserver", address, *_] if _is_address(address):
                servers.append(address)
            case ["search", *domains]:
                search = tuple(domains)
            case ["domain", domain, *_]:
                search = (domain,)
            case ["options", *_]:
                for word in re.finditer(r"[^ \t]+", line):
                    name, colon, _ = word[0].partition(":")
                    if colon and name in numbers:
                        value = line[word.start() + len(name) + 1 :]
                        numbers[name] = min(_atoi(value), _MOST[name])
                    flags.update(each for each in _FLAGS if word[0].startswith(each))
            case _:
                pass
    return ResolvConf(
        servers=tuple(servers[:MOST_SERVERS]) or ("127.0.0.1",),
        search=tuple(each.rstrip(".").lstrip(".") for each in search),
        ndots=numbers["ndots"] & _MOST["ndots"],  # a field of four bits, without a sign
        timeout=max(1, numbers["timeout"]),
        attempts=max(0, numbers["attempts"]),
        flags=frozenset(each.replace("_", "-") for each in flags),
    )


def _atoi(text: str) -> int:
    """Return the integer at the beginning of a text, 0 if there is none, as atoi() does: it reads
    a long, of which an int keeps the lower 32 bits."""
    found = _INTEGER.match(text)
    number = min(max(int(found[1][:40]), -(1 << 63)), (1 << 63) - 1) if found else 0
    return (number + (1 << 31)) % (1 << 32) - (1 << 31)


def hosts_addresses(text: str, name: str) -> tuple[str, ...]:
    """Return the addresses that a hosts file gives a name, in the order of its lines."""
    wanted = name.lower()
    found: dict[str, None] = {}
    for line in text.split("\n"):
        match line.partition("#")[0].split():
            case [address, *names] if _is_address(address):
                if wanted in map(str.lower, names):
                    found[address] = None
            case _:
                pass
    return tuple(found)


def listed(conf: ResolvConf, name: str) -> tuple[str, ...]:
    """Return the name with each domain of the search list. The root domain is an empty one."""
    return tuple(f"{name}.{domain}" if domain else name for domain in conf.search)


def _is_never_absolute(conf: ResolvConf, dots: int) -> bool:
    return not dots and bool(conf.search) and "no-tld-query" in conf.flags


def resolve(conf: ResolvConf, hosts: str, name: str, ask: Ask) -> Resolution:
    """Return how a name resolves, given the answers of servers."""
    if _aborts(conf):
        return Resolution((), Failure.ABORT)
    if known := hosts_addresses(hosts, name):
        return Resolution(known)
    return _Search(conf, ask).run(name)


def _aborts(conf: ResolvConf) -> bool:
    """Return whether an assertion of glibc fails (resolv_conf.c, resolv_conf_matches). If not all
    domains fit into struct __res_state, it takes the size of the pointers for that of the texts."""
    used = 0
    for domain in conf.search[:_LEGACY_SEARCHES]:
        size = len(domain) + 1
        if used + size > _LEGACY_MEMORY:
            return used <= _LEGACY_POINTERS
        used += size
    return False


class _End(Enum):
    """How the question for one candidate ended, if not with an address."""

    NOT_FOUND = "HOST_NOT_FOUND"
    NO_DATA = "NO_DATA"
    SERVER_FAILED = "TRY_AGAIN, SERVFAIL"
    NO_ANSWER = "TRY_AGAIN, ETIMEDOUT"
    NO_SERVER = "TRY_AGAIN, ECONNREFUSED"
    NO_RECOVERY = "NO_RECOVERY"

    @property
    def failure(self) -> Failure:
        """What getaddrinfo() makes of it."""
        match self:
            case _End.NOT_FOUND | _End.NO_RECOVERY:
                return Failure.NAME
            case _End.NO_DATA:
                return Failure.NO_DATA
            case _:
                return Failure.AGAIN


_GO_ON: Final = (_End.NOT_FOUND, _End.NO_DATA, _End.SERVER_FAILED)  # with the next search domain


class _Search:
    """A search for the addresses of one name, and what it has asked so far."""

    def __init__(self, conf: ResolvConf, ask: Ask) -> None:
        self._conf = conf
        self._ask = ask
        self._asked: list[Asked] = []
        self._seconds = 0.0
        self._streams = "use-vc" in conf.flags

    def run(self, name: str) -> Resolution:
        """Return how the name resolves."""
        found = self._find(name)
        addresses, failure = ((), found) if isinstance(found, Failure) else (found, None)
        if not addresses:
            return Resolution((), failure or Failure.NO_DATA, tuple(self._asked), self._seconds)
        times = _searches(self._asked[-1].name, len(addresses))
        return Resolution(addresses, None, tuple(self._asked * times), self._seconds * times)

    def _find(self, name: str) -> tuple[str, ...] | Failure:
        conf, dots = self._conf, name.count(".")
        absolute, is_absolute = name.removesuffix("."), name.endswith(".")
        first = is_absolute or dots >= conf.ndots
        as_it_is = first
        ends: list[_End] = []
        for each in (absolute,) if first else ():
            found = self._of(each)
            if isinstance(found, tuple):
                return found
            ends.append(found)
        for each in () if is_absolute else listed(conf, name):
            as_it_is = as_it_is or each == name  # with the root domain
            found = self._of(each)
            if isinstance(found, tuple):
                return found
            if found is _End.NO_SERVER:
                return Failure.AGAIN
            ends.append(found)
            if found not in _GO_ON:
                break
        searched = tuple(ends[1:] if first else ends)
        if not as_it_is and not _is_never_absolute(conf, dots):
            found = self._of(absolute)
            if isinstance(found, tuple):
                return found
            ends.append(found)
        if first:
            return ends[0].failure
        for end in (_End.NO_DATA, _End.SERVER_FAILED):
            if end in searched:
                return end.failure
        return ends[-1].failure if ends else Failure.NAME

    def _of(self, name: str) -> tuple[str, ...] | _End:
        """Return the addresses of one candidate, or how the question for it ended."""
        if not _is_possible(name):
            return _End.NO_RECOVERY
        answers = self._answers(name)
        if isinstance(answers, _End):
            return answers
        if any(each.rcode == Rcode.NOERROR and each.records for each in answers):
            return tuple(
                record.data
                for each in answers
                for record in each.records
                if record.type in (RecordType.A, RecordType.AAAA)
            )
        rcodes = {each.rcode for each in answers} - {Rcode.NOERROR}
        if not rcodes:
            return _End.NO_DATA
        if Rcode.SERVFAIL in rcodes:
            return _End.SERVER_FAILED
        return _End.NOT_FOUND if Rcode.NXDOMAIN in rcodes else _End.NO_RECOVERY

    def _answers(self, name: str) -> tuple[Answered, ...] | _End:
        """Return the answers of the first server that has any, to the questions for one name."""
        somewhere = failed = False
        most = self._conf.attempts
        for _ in range(min(1, most) if self._streams else most):
            for number in range(len(self._conf.servers)):
                found = self._exchange(number, name)
                if isinstance(found, Silence):
                    somewhere = somewhere or found is Silence.TIMEOUT
                    continue
                # Over TCP, an answer that is an error counts as any other.
                is_final = self._asked[-1].stream
                if usable := [one for one in found if is_final or one.rcode not in _NEXT_SERVER]:
                    return tuple(usable)
                somewhere = True
                failed = any(each.rcode == Rcode.SERVFAIL for each in found)
        if failed:
            return _End.SERVER_FAILED
        return _End.NO_ANSWER if somewhere else _End.NO_SERVER

    def _exchange(self, number: int, name: str) -> tuple[Answered, ...] | Silence:
        """Return a server's answers to the questions for A and AAAA records, which are sent at the
        same time, or why there are none."""
        found = self._send(number, name, stream=self._streams)
        cut = any(isinstance(each, Answered) and each.truncated for each in found)
        over_tcp = self._streams or cut
        if cut:
            found = self._send(number, name, stream=True)
        for silence in Silence:
            if silence in found:
                if silence is Silence.TIMEOUT:
                    self._seconds += _CONNECT if over_tcp else seconds(self._conf, number)
                return silence
        return tuple(each for each in found if isinstance(each, Answered))

    def _send(self, number: int, name: str, *, stream: bool) -> list[Answered | Silence]:
        kinds = [RecordType.A, RecordType.AAAA]
        if "no-aaaa" in self._conf.flags:
            kinds.remove(RecordType.AAAA)
        found: list[Answered | Silence] = []
        one_by_one = "single-request" in self._conf.flags and not stream
        server = self._conf.servers[number]
        for kind in kinds:
            answer = self._ask(server, name, kind, stream)
            self._asked.append(Asked(server, name, kind, answer, stream))
            found.append(answer)
            if isinstance(answer, Silence):
                if one_by_one or stream:
                    break
            elif one_by_one and kind is not kinds[-1] and answer.rcode in _NEXT_SERVER:
                # It waits for an answer to the other question, which it does not send.
                self._seconds += seconds(self._conf, number)
                break
        return found


def _searches(name: str, addresses: int) -> int:
    """Return how often the resolver searches. It does so again, with twice the memory, if the name
    and its addresses do not fit into what it has."""
    needed = (len(name) + 1 + 7) // 8 * 8 + addresses * _ADDRESS
    times = 1
    while needed > _MEMORY << (times - 1):
        times += 1
    return times


def _is_possible(name: str) -> bool:
    """Return whether a DNS message can have the name."""
    labels = name.split(".")
    return len(name) <= _LONGEST_NAME and all(0 < len(each) <= _LONGEST_LABEL for each in labels)


def _is_address(text: str) -> bool:
    try:
        ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


def _said(answer: Answered | Silence) -> str:
    match answer:
        case Silence():
            return answer.value
        case Answered(truncated=True):
            return "too long for UDP"
        case Answered(rcode=Rcode.NOERROR, records=()):
            return "no such record"
        case Answered(rcode=Rcode.NOERROR, records=records):
            return ", ".join(each.data for each in records)
        case Answered(rcode=rcode):
            return rcode.name
