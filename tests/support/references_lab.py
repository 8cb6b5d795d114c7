"""Labs of two clusters, with an object for every kind of reference."""

from tests.support.labs import exported, in_clusters, pod, service, topology, workload

BOTH = in_clusters("east,west")
WEB = "containers: [{ports: [{name: http, containerPort: 8080}]}]"
LAB = topology(
    pod("client", meta=BOTH),
    pod("web", namespace="test", meta=in_clusters("east")),
    pod("web.prod", spec="nodeName: n2", meta=in_clusters("east")),
    pod("web.prod", namespace="test", meta=in_clusters("east")),
    workload("Deployment", "shop", 2, meta=BOTH, spec=WEB),
    workload("StatefulSet", "db", 2, namespace="prod", meta=in_clusters("east")),
    workload("Deployment", "idle", 0, meta=in_clusters("east")),
    service("shop", "{name: web, port: 80, targetPort: http}", meta=BOTH),
    service("all", app="shop", spec="clusterIP: None", meta=in_clusters("east")),
    service("private", app="shop", meta=in_clusters("west")),
    exported("shop", in_clusters("west")),
    clusters=(
        "{name: east, nodes: 2}",
        "{name: west, gateway: {kind: nat}}",
    ),
    spec=(
        "externals:\n"
        "- {name: api, address: 203.0.113.80}\n"
        "- {name: api6, address: 2001:db8::80}\n"
        "fabricCIDR: 198.18.0.0/16,fd98::/64"
    ),
)
BALANCED = topology(
    pod("client", meta=BOTH),
    workload("Deployment", "shop", 2, meta=BOTH, spec=WEB),
    workload("Deployment", "dns", meta=BOTH, spec=WEB.replace("8080", "53, protocol: UDP")),
    service(
        "shop", "{name: web, port: 80, targetPort: http}", spec="type: LoadBalancer", meta=BOTH
    ),
    service("dns", "{port: 53, protocol: UDP}", spec="type: NodePort", meta=BOTH),
    service("plain", app="shop", spec="externalIPs: [203.0.113.1]", meta=BOTH),
    exported("shop", in_clusters("west")),
    exported("plain", in_clusters("west")),
    clusters=("{name: east, nodes: 2}", "{name: west, gateway: {kind: nat}}"),
    spec="externals: [{name: api, address: 203.0.113.80}]",
)
