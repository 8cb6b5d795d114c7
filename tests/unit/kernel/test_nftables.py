"""What `nft list ruleset` prints, read as chains and sets."""

# ruff: noqa: E101 - nft prints tabs and blanks

from nsnet.kernel.nftables import Tables, parsed
from nsnet.state.observed import ListedChain, ListedSet

LISTED = """\
table ip nat {
	chain POSTROUTING {
		masquerade
	}
}
table ip kube-proxy {
	comment "rules for kube-proxy"

	set cluster-ips {
		type ipv4_addr
		comment "Active ClusterIPs"
		elements = { 10.96.0.1, 10.96.0.10,
			     10.96.0.11 }
	}

	set affinity-web {
		type ipv4_addr
		size 65535
		flags dynamic,timeout
		timeout 3h
		elements = { 10.244.0.2 expires 2h59m }
	}

	map service-ips {
		type ipv4_addr . inet_proto . inet_service : verdict
		elements = { 10.96.0.1 . tcp . 443 comment "default/web:https" : goto service-web }
	}

	chain services {
		ip daddr . meta l4proto . th dport vmap @service-ips
		drop
	}
}
table ip6 kube-proxy {
	chain empty {
	}
}
"""


def test_the_table_of_kube_proxy_is_read_in_both_families_and_no_other() -> None:
    assert [(each.family, each.name) for each in parsed(LISTED).chains] == [
        (4, "services"),
        (6, "empty"),
    ]
    assert parsed(LISTED).chains[0].lines == (
        "ip daddr . meta l4proto . th dport vmap @service-ips",
        "drop",
    )
    assert parsed(LISTED).chains[1] == ListedChain(6, "kube-proxy", "empty")


def test_the_elements_of_a_set_are_a_line_each() -> None:
    _, cluster_ips, _ = parsed(LISTED).sets
    assert cluster_ips == ListedSet(
        4,
        "cluster-ips",
        "set",
        (
            "type ipv4_addr",
            'comment "Active ClusterIPs"',
            "10.96.0.1",
            "10.96.0.10",
            "10.96.0.11",
        ),
    )


def test_what_packets_put_into_a_set_is_left_out() -> None:
    affinity, _, _ = parsed(LISTED).sets
    assert affinity.lines == (
        "type ipv4_addr",
        "size 65535",
        "flags dynamic,timeout",
        "timeout 3h",
    )


def test_a_ruleset_without_the_table_is_empty() -> None:
    assert parsed("") == parsed("table inet mine {\n}\n") == Tables()
