"""How many pods run in each domain of a topology: what spread and inter-pod affinity depend on.

A domain is the set of nodes that have one value of a label, the topology key.

Source: kubernetes/pkg/scheduler/framework/plugins/{podtopologyspread,interpodaffinity}, v1.32.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from nsnet.scenario.kubernetes import (
    LabelSelector,
    PodAffinityTerm,
    PodSpec,
    Requirement,
    TopologySpreadConstraint,
)
from nsnet.topology.fitting import NEW_PODS, matches_affinity, untolerated
from nsnet.topology.model import Node
from nsnet.topology.unplaced import UnplacedPod

Labels = Mapping[str, str]

NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"  # the label that every namespace has


class Scope(NamedTuple):
    """The pods of some namespaces that a selector selects."""

    namespaces: frozenset[str]
    selector: tuple[Requirement, ...] | None  # None: it selects no pod

    def has(self, pod: UnplacedPod) -> bool:
        """Return whether the pod is one of them."""
        return (
            self.selector is not None
            and pod.namespace in self.namespaces
            and all(each.matches(pod.labels) for each in self.selector)
        )


class Tally:
    """The number of pods in each domain that are in all of some scopes."""

    def __init__(
        self, scopes: tuple[Scope, ...], domains: Mapping[str, str], *, skips_terminating: bool
    ) -> None:
        """`domains`: the domain of each node that counts, by the node's name.

        `skips_terminating`: pods that are being deleted do not count.
        """
        self.scopes = scopes
        self.domains = domains
        self.skips_terminating = skips_terminating
        self.counts = Counter[str]()
        self.repelling = Counter[str]()  # pods for which this is a term of their anti-affinity
        self.size = len(set(domains.values()))  # the number of domains
        self.least = 0  # the number of pods in the domain with the fewest
        self._domains_with = Counter({0: self.size})  # of domains, by their number of pods

    def has(self, pod: UnplacedPod) -> bool:
        """Return whether the pod is in all scopes."""
        return all(each.has(pod) for each in self.scopes)

    def add(self, node: Node) -> None:
        """Count a pod on this node."""
        domain = self.domains.get(node.name)
        if domain is None:
            return
        before = self.counts[domain]
        self.counts[domain] += 1
        self._domains_with[before] -= 1
        self._domains_with[before + 1] += 1
        if not self._domains_with[self.least]:
            self.least += 1


class Spread(NamedTuple):
    """A topology spread constraint of a pod, and the pods that it counts."""

    tally: Tally
    topology_key: str
    max_skew: int
    min_domains: int

    def allows(self, domain: str, *, itself: bool) -> bool:
        """Return whether a pod in this domain keeps the skew within its limit.

        `itself`: the constraint selects the pod.
        """
        least = self.tally.least if self.tally.size >= self.min_domains else 0
        return self.tally.counts[domain] + itself - least <= self.max_skew


class Needs(NamedTuple):
    """What a pod requires of other pods: even spread, and its terms of affinity to them."""

    spread: tuple[Spread, ...] = ()
    affinity: tuple[Tally, ...] = ()
    anti_affinity: tuple[Tally, ...] = ()


NOTHING: Final = Needs()


class Tallies:
    """The tallies of all constraints and terms of a cluster's pods. Equal ones are shared."""

    def __init__(
        self, nodes: Sequence[Node], pods: Sequence[UnplacedPod], namespaces: Mapping[str, Labels]
    ) -> None:
        """`namespaces`: the labels of namespaces, by their names."""
        self._nodes = nodes
        self._namespaces = {
            name: {**namespaces.get(name, {}), NAMESPACE_NAME: name}
            for name in dict.fromkeys(each.namespace for each in pods)
        }
        self._needs: dict[tuple[object, ...], Needs] = {}
        self._tallies: dict[tuple[object, ...], Tally] = {}
        self._domains: dict[tuple[object, ...], Mapping[str, str]] = {}
        self._by_label: dict[tuple[str, str], list[Tally]] = {}  # a label that all their pods have
        self._unlabelled: list[Tally] = []
        for pod in pods:
            self.needs(pod)

    def needs(self, pod: UnplacedPod) -> Needs:
        """Return what the pod requires of others."""
        spec = pod.spec
        affinity = spec.affinity.pod_affinity.required
        anti_affinity = spec.affinity.pod_anti_affinity.required
        spread = spec.topology_spread_constraints
        if not affinity and not anti_affinity and not spread:
            return NOTHING
        terms = (*affinity, *anti_affinity)
        names = [
            name for each in terms for name in (*each.match_label_keys, *each.mismatch_label_keys)
        ]
        names += [name for each in spread for name in each.match_label_keys]
        key = (id(spec), pod.namespace, *map(pod.labels.get, names))
        if key not in self._needs:
            # A pod counts for the affinity if all terms select it, then in the domains of each.
            every = tuple(self._of_term(each, pod) for each in affinity)
            self._needs[key] = Needs(
                spread=tuple(self._spread(pod)),
                affinity=tuple(self._of_terms(every, each.topology_key) for each in affinity),
                anti_affinity=tuple(
                    self._of_terms((self._of_term(each, pod),), each.topology_key)
                    for each in anti_affinity
                ),
            )
        return self._needs[key]

    def matching(self, pod: UnplacedPod) -> list[Tally]:
        """Return the tallies whose scopes have the pod."""
        if not self._tallies:
            return []
        found = [each for pair in pod.labels.items() for each in self._by_label.get(pair, ())]
        return [each for each in (*found, *self._unlabelled) if each.has(pod)]

    def add(self, pod: UnplacedPod, node: Node) -> list[Tally]:
        """Count the pod, which runs on this node. Return the tallies that count it."""
        counting = [
            each for each in self.matching(pod) if not (each.skips_terminating and pod.terminating)
        ]
        for each in counting:
            each.add(node)
        for each in self.needs(pod).anti_affinity:
            if node.name in each.domains:
                each.repelling[each.domains[node.name]] += 1
        return counting

    def _spread(self, pod: UnplacedPod) -> Iterator[Spread]:
        constraints = [
            each
            for each in pod.spec.topology_spread_constraints
            if each.when_unsatisfiable == "DoNotSchedule"
        ]
        keys = tuple(each.topology_key for each in constraints)
        for each in constraints:
            selected = _requirements(each.label_selector, each.match_label_keys, (), pod)
            scope = Scope(frozenset({pod.namespace}), selected)
            # Kubernetes counts no pod for an empty selector, though it selects all.
            domains = {} if selected == () else self._eligible(pod.spec, each, keys)
            tally = self._tally((scope,), domains, skips_terminating=True)
            yield Spread(tally, each.topology_key, each.max_skew, each.min_domains or 1)

    def _eligible(
        self, spec: PodSpec, constraint: TopologySpreadConstraint, keys: tuple[str, ...]
    ) -> Mapping[str, str]:
        """Return the domain of each node that counts for a constraint, by its name.

        They have all topology keys of the pod, and the policies (nodeAffinityPolicy and
        nodeTaintsPolicy) do not exclude them.
        """
        honors_affinity = constraint.node_affinity_policy == "Honor"
        tolerations = spec.tolerations if constraint.node_taints_policy == "Honor" else None
        selects = (frozenset(spec.node_selector.items()), spec.affinity.node_affinity)
        key = (constraint.topology_key, keys, honors_affinity and selects, tolerations)
        if key not in self._domains:
            self._domains[key] = {
                node.name: node.labels[constraint.topology_key]
                for node in self._nodes
                if node.labels.keys() >= set(keys)
                and (not honors_affinity or matches_affinity(spec, node))
                and (tolerations is None or not untolerated(tolerations, node, NEW_PODS))
            }
        return self._domains[key]

    def _of_term(self, term: PodAffinityTerm, pod: UnplacedPod) -> Scope:
        own = not term.namespaces and term.namespace_selector is None
        names = {pod.namespace} if own else {*term.namespaces}
        if term.namespace_selector is not None:
            selects = term.namespace_selector.matches
            names |= {name for name, labels in self._namespaces.items() if selects(labels)}
        return Scope(
            namespaces=frozenset(names),
            selector=_requirements(
                term.label_selector, term.match_label_keys, term.mismatch_label_keys, pod
            ),
        )

    def _of_terms(self, scopes: tuple[Scope, ...], topology_key: str) -> Tally:
        if (topology_key,) not in self._domains:
            self._domains[(topology_key,)] = {
                node.name: node.labels[topology_key]
                for node in self._nodes
                if topology_key in node.labels
            }
        return self._tally(scopes, self._domains[(topology_key,)], skips_terminating=False)

    def _tally(
        self, scopes: tuple[Scope, ...], domains: Mapping[str, str], *, skips_terminating: bool
    ) -> Tally:
        key = (scopes, id(domains) if domains else 0, skips_terminating)
        if key not in self._tallies:
            found = self._tallies[key] = Tally(scopes, domains, skips_terminating=skips_terminating)
            for pair in _labels_of_all(scopes):
                self._by_label.setdefault(pair, []).append(found)
            if not _labels_of_all(scopes):
                self._unlabelled.append(found)
        return self._tallies[key]


def _requirements(
    selector: LabelSelector | None, same: Sequence[str], other: Sequence[str], pod: UnplacedPod
) -> tuple[Requirement, ...] | None:
    """Return the requirements of a selector, and those of matchLabelKeys and mismatchLabelKeys.

    Keys of labels that the pod does not have are ignored.
    """
    if selector is None:
        return None
    keys = [(key, "In") for key in same] + [(key, "NotIn") for key in other]
    added = [
        Requirement.model_validate({"key": key, "operator": operator, "values": [pod.labels[key]]})
        for key, operator in keys
        if key in pod.labels
    ]
    return (*selector.requirements, *added)


def _labels_of_all(scopes: Sequence[Scope]) -> list[tuple[str, str]]:
    """Return labels of which every pod in these scopes has one, or none if none are known."""
    for scope in scopes:
        for each in scope.selector or ():
            if each.operator == "In":
                return [(each.key, value) for value in dict.fromkeys(each.values)]
    return []
