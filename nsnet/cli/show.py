"""Output for people: reports, explanations, plans and what doctor finds. It is made for 80 columns,
and nothing is said by colour alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Final, assert_never

from nsnet.cli.output import out, out_table, out_wrapped, width, wrapped
from nsnet.ip import Family, endpoint
from nsnet.lab.compiled import Compiled
from nsnet.names.resolver import Resolution
from nsnet.probes.question import Explanation, Question
from nsnet.probes.report import Answer, ProbeReport, Report
from nsnet.scenario.model import Scenario
from nsnet.scenario.plain import is_generated
from nsnet.state import nftables_text as nft
from nsnet.state.haproxy import AnyFrontend, Frontend, Haproxy
from nsnet.state.http import HttpFrontend, TlsFrontend
from nsnet.state.iptables_text import line
from nsnet.state.model import Kind, NameServer, Netns, PolicyRule, State
from nsnet.state.rules import KUBE_PROXY, Chain
from nsnet.text import natural, number_of
from nsnet.topology.model import Topology
from nsnet.topology.notation import without_only_cluster
from nsnet.verdict import in_numbers
from nsnet.walk.packet import IPVS, Hop, PredictedPath, RuleAt, Unknown

if TYPE_CHECKING:
    from nsnet.kernel.capabilities import Capability

GOOD, BAD, DEFECT, UNJUDGED = "✓", "✗", "!", "·"
PLACE: Final = 18  # columns of a reference in an explanation


def counted(found: Compiled) -> str:
    """Return the numbers of clusters, nodes, pods and so on in a lab, in one line."""
    clusters = found.topology.clusters
    numbers = {
        "cluster": len(clusters),
        "node": sum(len(each.nodes) for each in clusters),
        "pod": sum(len(each.pods) for each in clusters),
        "Service": sum(not one.imported_from for each in clusters for one in each.services),
        "probe": len(found.scenario.spec.probes),
        "network namespace": len(found.state.netns),
    }
    if is_generated(found.scenario):
        del numbers["probe"]  # its probes are made when they are run
    absent = sum(len(each.absent) for each in clusters)
    idle = f" and {absent} not running" if absent else ""
    return ", ".join(
        f"{number_of(n, word)}{idle if word == 'pod' else ''}" for word, n in numbers.items()
    )


def description(found: Scenario) -> None:
    """Print what the author of a Scenario says about it, if anything."""
    text = " ".join(found.spec.description.split())
    if text:
        out_wrapped(text, "dim")


def heading(found: Scenario) -> None:
    """Print the description of a Scenario, if it has one, and an empty line."""
    description(found)
    if found.spec.description:
        out()


def report(found: Report, topology: Topology) -> None:
    """Print every probe with what was expected, predicted and observed, then the totals."""
    out(("each probe: expected / predicted / observed", "dim"))
    for each in found.probes:
        mark, style = _mark(each)
        ends = f"{each.source} → {each.target}"
        own_name = each.name != ends
        first, *rest = wrapped(each.name if own_name else each.question, indent=4)
        out((mark, style), " ", (first, "bold"))
        for text in rest:
            out("  ", (text, "bold"))
        if own_name:
            out_wrapped(each.question, "dim", indent=4)
        for text, color in _findings(each):
            out_wrapped(without_only_cluster(text, topology), color, indent=4)
    numbers = [f"{len(found.probes) - found.failed - found.unjudged} passed"]
    numbers += [f"{found.failed} failed"]
    numbers += [f"{found.unjudged} not judged"] if found.unjudged else []
    numbers += [number_of(found.defects, "defect")]
    probes = number_of(len(found.probes), "probe")
    sum_up = f"{found.lab}: {probes}, {', '.join(numbers)}, in {found.seconds:.1f} s"
    out((sum_up, "bold green" if found.ok else "bold red"))
    if found.defects:
        out("The kernel did what nsnet did not predict. Please report it, with this output.")


def _findings(each: ProbeReport) -> Iterator[tuple[str, str]]:
    """Yield the lines to print under a probe's name, each with its style: first what was expected,
    predicted and observed, then the differences between them."""
    yield _answers(each), ""
    if each.lookup is not None:
        yield str(each.lookup), "dim"
    for sentence in each.disagreements:
        yield f"{BAD} {sentence}", "bold red"
    if isinstance(each.predicted_lookup, Unknown):
        yield f"? no prediction of the name: {each.predicted_lookup.why}", "yellow"
    elif isinstance(each.predicted, Unknown):
        yield f"? no prediction: {each.predicted.why}", "yellow"
    for sentence in each.defects:
        yield f"{DEFECT} DEFECT of nsnet: {sentence}", "bold magenta"


def _mark(each: ProbeReport) -> tuple[str, str]:
    """Return the sign of a probe's result, and its style."""
    if not each.passed:
        return BAD, "bold red"
    if each.defects:
        return DEFECT, "bold magenta"
    return (GOOD, "green") if each.judged else (UNJUDGED, "dim")


def _answers(each: ProbeReport) -> str:
    """Return a probe's expected, predicted and observed verdict, and what client and servers
    saw."""
    answer = each.observed
    three = f"{_expected(each)} / {_predicted(each)} / {_verdict(each, answer)}"
    seen = answer.ends
    if each.with_path and len(answer.path or ()) > 2:
        seen.append("by way of " + " → ".join((answer.path or ())[1:-1]))
    return " ".join([three, "", ", ".join(seen)]).rstrip()


def _expected(each: ProbeReport) -> str:
    if counts := each.expected.get("verdicts"):
        return in_numbers(counts)
    wanted = each.expected.get("verdict")
    if wanted is None:
        return "ok" if {"source", "servers", "status"} & set(each.expected) else "—"
    return wanted if isinstance(wanted, str) else f"one of {len(wanted)}"


def _predicted(each: ProbeReport) -> str:
    return "?" if isinstance(each.predicted, Unknown) else _verdict(each, each.predicted)


def _verdict(each: ProbeReport, answer: Answer) -> str:
    """Return the verdict of all attempts, or "mixed"; in numbers if each attempt has one, and they
    were held open, so that their number matters."""
    counts = each.held and len(answer.counts) > 1 and len(answer.attempts) == each.times
    return in_numbers(answer.counts) if counts else answer.verdict


def explanation(found: Explanation, topology: Topology) -> None:
    """Print every predicted path, hop by hop, with the rules that change the packet. The paths are
    sorted by server. Hops that are those of path 1 are not repeated."""
    spec = found.question.spec
    http = found.question.http if isinstance(found.question, Question) else ""
    out(f"{spec.from_} → {spec.to} {spec.protocol} {http or ''}".rstrip())
    if found.resolution is not None:
        _resolution(found)
    paths = sorted(found.paths, key=lambda path: natural(path.server or ""))
    for number, path in enumerate(paths, 1):
        which = f"path {number} of {len(paths)}: " if len(paths) > 1 else ""
        outcome = without_only_cluster(_outcome(path), topology)
        out()
        out((f"{which}{outcome}", "bold"))
        known = paths[0].request if number > 1 else ()
        _hops("request", path.request, topology, known)
        _hops("reply", path.reply, topology)
        _hops("large packet", path.large, topology)


def _resolution(found: Explanation) -> None:
    """Print how a DNS name resolves, with every query and its answer."""
    out()
    match found.resolution:
        case Unknown(why):
            out_wrapped(f"? no prediction of the name: {why}", "yellow")
        case Resolution(asked=asked):
            out_wrapped(str(found.lookup), "bold")
            for each in asked:
                out_wrapped(str(each), "", indent=2)
        case _:
            pass


def _outcome(path: PredictedPath) -> str:
    status = f" with status {path.status}" if path.status is not None else ""
    location = f" to {path.location}" if path.location else ""
    who = f" by {path.server}" if path.server else ""
    seen = f", seen as {path.source}" if path.source else ""
    return f"{path.verdict}{status}{location}{who}{seen}"


def _hops(title: str, hops: Sequence[Hop], topology: Topology, known: Sequence[Hop] = ()) -> None:
    """Print hops, without those at the beginning that are `known` from path 1."""
    if not hops:
        return
    out("  ", (title, "dim"))
    pairs = zip(hops, known, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    if same > 1:
        until = without_only_cluster(hops[same - 1].reference, topology)
        out((f"  as path 1 up to {until}, then:", "dim"))
    else:
        same = 0
    last_place = last_packet = ""
    for hop in hops[same:]:
        place = hop.reference if hop.reference != last_place else ""
        place, what = (without_only_cluster(each, topology) for each in (place, hop.what))
        packet = str(hop.packet) if str(hop.packet) != last_packet else ""
        if len(place) > PLACE:
            out(f"  {place}")
            place = ""
        start = f"  {place:<{PLACE}} {what:<30} "
        if not packet or len(start) + len(packet) <= width():
            out(start, (packet, "cyan"))
        else:
            out(start)
            out_wrapped(packet, "cyan", indent=23)
        if hop.rule is not None:
            _rule(hop.rule, hop.packet.dst.version)
        last_place, last_packet = hop.reference, str(hop.packet)


def _rule(at: RuleAt, family: Family) -> None:
    """Print a rule under its hop, as `iptables -S` or `nft list` shows it."""
    title = f"by rule {at.position} of {at.table} {at.chain}:"
    if at.table == KUBE_PROXY:
        text = nft.line(at.rule, family)
    elif at.table == IPVS:
        title, text = f"by virtual server {at.chain}:", at.rule.why
    else:
        text = line(Chain(at.table, at.chain, family=family), at.rule)
    for each in (title, text):
        out_wrapped(each, "dim", indent=23)


def state(wanted: State, topology: Topology) -> None:
    """Print what a file would build, namespace by namespace."""
    references = {each.name: each.reference for each in wanted.netns}
    for netns in wanted.netns:
        reference = without_only_cluster(netns.reference, topology)
        out((reference, "bold"), " ", (netns.name, "dim"))
        for text in _contents(netns, references):
            out(f"  {without_only_cluster(text, topology)}")
    out()
    count = number_of(len(wanted.netns), "network namespace")
    out((f"{count}; the commands: nsnet plan FILE --shell", "dim"))


def _selected(rule: PolicyRule) -> str:
    """Return which packets a policy rule selects."""
    parts = [f"iif {rule.iif}"] if rule.iif else []
    parts += [f"mark {rule.mark:#x}/{rule.mask:#x}"] if rule.mask else []
    return ", ".join(parts) or "all packets"


def _contents(netns: Netns, references: Mapping[str, str]) -> Iterator[str]:
    for link in netns.interfaces:
        addresses = " ".join(map(str, link.addresses))
        towards = f" ── {references[link.peer.netns]}" if link.peer else ""
        port = f" port of {link.master}" if link.master else ""
        kind = f" {link.kind}" if link.kind is not Kind.VETH else ""
        yield f"{link.name:<15}{kind}{port} {addresses}{towards}".rstrip()
    for route in netns.routes:
        via = f" via {' or '.join(map(str, route.gateways))}" if route.gateways else ""
        via = " blackhole" if route.blackhole else via
        via += f" in table {route.table}" if route.table is not None else ""
        yield f"route {route.destination}{via}" + (f"  ({route.why})" if route.why else "")
    for rule in netns.policy_rules:
        selects = f"{_selected(rule)}: table {rule.table}"
        yield f"rule {rule.priority} {selects}" + (f"  ({rule.why})" if rule.why else "")
    tables: dict[str, int] = {}
    for chain in netns.chains:
        tables[chain.table] = tables.get(chain.table, 0) + len(chain.rules)
    for table, rules in tables.items():
        if rules:
            tool = "nftables" if table == KUBE_PROXY else "iptables"
            yield f"{rules} {tool} rules in table {table}"
    for listener in netns.listeners:
        line = f"listens on {listener.port}/{listener.protocol} as {listener.reference}"
        if isinstance(listener, NameServer):
            line += f", a DNS server of {number_of(listener.size, 'name')}"
        yield line
    for daemon in netns.daemons:
        if isinstance(daemon, Haproxy):
            for each in daemon.every:
                yield f"haproxy at {endpoint(each.address, each.port)}: {_proxied(each)}"


def _proxied(frontend: AnyFrontend) -> str:
    """Return what haproxy does at a frontend."""
    match frontend:
        case HttpFrontend():
            tls = " inside TLS" if frontend.certificates else ""
            routes = number_of(len(frontend.rules), "HTTP route")
            return f"{routes}{tls}, for {frontend.reference}"
        case TlsFrontend():
            return f"{number_of(len(frontend.rules), 'TLS name')}, for {frontend.reference}"
        case Frontend():
            return f"{number_of(len(frontend.servers), 'server')} of {frontend.reference}"
        case _:
            assert_never(frontend)


def capabilities(found: Iterable["Capability"]) -> None:
    """Print which features this host has and which it lacks, with the remedy for each that it
    lacks."""
    rows = []
    for each in found:
        need = "needed: " if each.needed else ""
        remedy = [] if each.present else [f"{need}{each.remedy}"]
        rows.append([[GOOD if each.present else BAD], [each.name], [each.why, *remedy]])
    out_table(("", "FEATURE", "FOUND"), rows, indent=0)
