"""Output for people: reports, explanations, plans and what doctor finds. It is made for 80 columns,
and nothing is said by colour alone."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nsnet.ip import Family
from nsnet.lab.compiled import Compiled
from nsnet.probes.question import Explanation
from nsnet.probes.report import ProbeReport, Report
from nsnet.state import nftables_text as nft
from nsnet.state.iptables_text import line
from nsnet.state.model import Kind, Netns, State
from nsnet.state.rules import KUBE_PROXY, Chain
from nsnet.text import number_of
from nsnet.topology.model import Topology
from nsnet.topology.notation import without_only_cluster
from nsnet.walk.packet import IPVS, Hop, PredictedPath, RuleAt, Unknown

if TYPE_CHECKING:
    from nsnet.kernel.capabilities import Capability

GOOD, BAD, DEFECT = "✓", "✗", "!"


def console() -> Console:
    """Return a Console of rich, which obeys NO_COLOR and writes no colour into a pipe. Its markup
    is off, because the brackets of [fd00::2]:80 are text."""
    return Console(markup=False, emoji=False, highlight=False, soft_wrap=False)


def counted(found: Compiled) -> str:
    """Return the numbers of clusters, nodes, pods and so on in a lab, in one line."""
    clusters = found.topology.clusters
    numbers = {
        "cluster": len(clusters),
        "node": sum(len(each.nodes) for each in clusters),
        "pod": sum(len(each.pods) for each in clusters),
        "Service": sum(not one.imported_from for each in clusters for one in each.services),
        "probe": len(found.scenario.spec.probes),
        "namespace": len(found.state.netns),
    }
    return ", ".join(number_of(n, word) for word, n in numbers.items())


def report(found: Report, topology: Topology) -> None:
    """Print every probe with what was expected, predicted and observed, then the totals."""
    out = console()
    out.print(Text("each probe: expected / predicted / observed", "dim"))
    for each in found.probes:
        mark, style = _mark(each)
        ends = f"{each.source} → {each.target}"
        times = f" ×{each.times}" if each.times > 1 else ""
        question = f"{ends} {each.protocol}{times}"
        own_name = each.name != ends
        first, *rest = _wrapped(out, each.name if own_name else question) or [""]
        out.print(Text.assemble((mark, style), " ", (first, "bold")), soft_wrap=True)
        for text in rest:
            out.print(Text(f"  {text}", "bold"), soft_wrap=True)
        if own_name:
            _indented(out, question, "dim")
        for text, color in _findings(each):
            _indented(out, without_only_cluster(text, topology), color)
    passed = len(found.probes) - found.failed
    total = f"{passed} passed, {found.failed} failed, {number_of(found.defects, 'defect')}"
    probes = number_of(len(found.probes), "probe")
    sum_up = f"{found.lab}: {probes}, {total}, in {found.seconds:.1f} s"
    out.print(Text(sum_up, "bold green" if found.ok else "bold red"))
    if found.defects:
        out.print("The kernel did what nsnet did not predict. Please report it, with this output.")


def _findings(each: ProbeReport) -> Iterator[tuple[str, str]]:
    """Yield the lines to print under a probe's name, each with its style: first what was expected,
    predicted and observed, then the differences between them."""
    yield _answers(each), ""
    for sentence in each.disagreements:
        yield f"{BAD} {sentence}", "bold red"
    if isinstance(each.predicted, Unknown):
        yield f"? no prediction: {each.predicted.why}", "yellow"
    for sentence in each.defects:
        yield f"{DEFECT} DEFECT of nsnet: {sentence}", "bold magenta"


def _mark(each: ProbeReport) -> tuple[str, str]:
    """Return the sign of a probe's result (✓, ✗ or !), and its style."""
    if not each.passed:
        return BAD, "bold red"
    return (DEFECT, "bold magenta") if each.defects else (GOOD, "green")


def _indented(out: Console, text: str, style: str = "") -> None:
    """Print text below a probe's name, indented and wrapped."""
    for each in _wrapped(out, text):
        out.print(Text(f"    {each}", style), soft_wrap=True)


def _wrapped(out: Console, text: str) -> list[str]:
    """Return the lines of a text, wrapped to leave room for an indent of 4 columns."""
    width = max(out.width - 4, 20)
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _answers(each: ProbeReport) -> str:
    """Return a probe's expected, predicted and observed verdict, and what client and servers
    saw."""
    answer = each.observed
    three = f"{_expected(each)} / {_predicted(each)} / {answer.verdict}"
    seen = answer.ends
    if each.with_path and len(answer.path or ()) > 2:
        seen.append("by way of " + " → ".join((answer.path or ())[1:-1]))
    return " ".join([three, "", ", ".join(seen)]).rstrip()


def _expected(each: ProbeReport) -> str:
    wanted = each.expected.get("verdict")
    if wanted is None:
        return "ok" if {"source", "servers"} & set(each.expected) else "—"
    return wanted if isinstance(wanted, str) else f"one of {len(wanted)}"


def _predicted(each: ProbeReport) -> str:
    return "?" if isinstance(each.predicted, Unknown) else each.predicted.verdict


def explanation(found: Explanation, topology: Topology) -> None:
    """Print every predicted path, hop by hop, with the rules that change the packet."""
    out = console()
    spec = found.question.spec
    out.print(f"{spec.from_} → {spec.to} {spec.protocol}")
    for number, path in enumerate(found.paths, 1):
        which = f"path {number} of {len(found.paths)}: " if len(found.paths) > 1 else ""
        outcome = without_only_cluster(_outcome(path), topology)
        out.print(Text(f"\n{which}{outcome}", "bold"))
        _hops(out, "request", path.request, topology)
        _hops(out, "reply", path.reply, topology)
        _hops(out, "large packet", path.large, topology)


def _outcome(path: PredictedPath) -> str:
    who = f" by {path.server}" if path.server else ""
    seen = f", seen as {path.source}" if path.source else ""
    return f"{path.verdict}{who}{seen}"


def _hops(out: Console, title: str, hops: Sequence[Hop], topology: Topology) -> None:
    if not hops:
        return
    out.print(Text(f"  {title}", "dim"))
    last_place = last_packet = ""
    for hop in hops:
        place = hop.reference if hop.reference != last_place else ""
        place, what = (without_only_cluster(each, topology) for each in (place, hop.what))
        packet = str(hop.packet) if str(hop.packet) != last_packet else ""
        text = Text(f"  {place:<18} {what:<30} ")
        text.append(packet, "cyan")
        text.rstrip()
        out.print(text, soft_wrap=True)
        if hop.rule is not None:
            _rule(out, hop.rule, hop.packet.dst.version)
        last_place, last_packet = hop.reference, str(hop.packet)


def _rule(out: Console, at: RuleAt, family: Family) -> None:
    """Print a rule under its hop, as `iptables -S` or `nft list` shows it."""
    title = f"by rule {at.position} of {at.table} {at.chain}:"
    if at.table == KUBE_PROXY:
        text = nft.line(at.rule, family)
    elif at.table == IPVS:
        title, text = f"by virtual server {at.chain}:", at.rule.why
    else:
        text = line(Chain(at.table, at.chain, family=family), at.rule)
    width = max(out.width - 23, 30)
    lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    for each in [title, *lines]:
        out.print(Text(f"{'':<23}{each}", "dim"), soft_wrap=True)


def state(wanted: State, topology: Topology) -> None:
    """Print what a file would build, namespace by namespace."""
    out = console()
    references = {each.name: each.reference for each in wanted.netns}
    for netns in wanted.netns:
        reference = without_only_cluster(netns.reference, topology)
        out.print(Text(reference, "bold"), Text(netns.name, "dim"), soft_wrap=True)
        for text in _contents(netns, references):
            out.print(f"  {without_only_cluster(text, topology)}", soft_wrap=True)
    out.print(
        Text(
            f"\n{number_of(len(wanted.netns), 'namespace')}; the commands: nsnet plan FILE --shell",
            "dim",
        )
    )


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
        own = "own packets, " if rule.own else ""
        selects = f"{own}mark {rule.mark:#x}/{rule.mask:#x}: table {rule.table}"
        yield f"rule {rule.priority} {selects}" + (f"  ({rule.why})" if rule.why else "")
    tables: dict[str, int] = {}
    for chain in netns.chains:
        tables[chain.table] = tables.get(chain.table, 0) + len(chain.rules)
    for table, rules in tables.items():
        if rules:
            tool = "nftables" if table == KUBE_PROXY else "iptables"
            yield f"{rules} {tool} rules in table {table}"
    for listener in netns.listeners:
        yield f"listens on {listener.port}/{listener.protocol} as {listener.reference}"


def capabilities(found: Iterable["Capability"]) -> None:
    """Print which features this host has and which it lacks, with the remedy for each that it
    lacks."""
    out = console()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for each in found:
        mark = (
            Text(GOOD, "green")
            if each.present
            else Text(BAD, "bold red" if each.needed else "yellow")
        )
        table.add_row(mark, each.name, each.why)
        if not each.present:
            need = "needed: " if each.needed else ""
            table.add_row("", "", Text(f"{need}{each.remedy}", "bold"))
    out.print(table)
