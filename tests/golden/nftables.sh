#!/bin/sh
# Builds the lab nftables without its server. To remove it again: nsnet down nftables
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.nftables.servers
# nsnet.nftables.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.nftables.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.nftables.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.nftables.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.nftables.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.nftables.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.nftables.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.nftables.fabric
ip netns exec nsnet.nftables.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.nftables.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.nftables.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.nftables.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.nftables.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.nftables.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.nftables.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.nftables.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.nftables.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.nftables.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.nftables.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.nftables.external.laptop
ip netns exec nsnet.nftables.external.laptop sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.nftables.external.laptop sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.nftables.external.laptop sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.nftables.external.laptop sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.nftables.external.laptop sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.nftables.external.laptop sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.nftables.east.node.n1
ip netns exec nsnet.nftables.east.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.nftables.east.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.nftables.east.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.nftables.east.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.nftables.east.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.nftables.east.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.nftables.east.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.nftables.east.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.nftables.east.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.nftables.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.nftables.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.nftables.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.nftables.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.nftables.east.node.n2
ip netns exec nsnet.nftables.east.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.nftables.east.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.nftables.east.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.nftables.east.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.nftables.east.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.nftables.east.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.nftables.east.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.nftables.east.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.nftables.east.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.nftables.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.nftables.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.nftables.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.nftables.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.nftables.east.pod.default.client
ip netns exec nsnet.nftables.east.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.nftables.east.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.nftables.east.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.nftables.east.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.nftables.east.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.nftables.east.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.nftables.east.pod.default.web-0
ip netns exec nsnet.nftables.east.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.nftables.east.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.nftables.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.nftables.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.nftables.east.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.nftables.east.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.nftables.east.pod.default.web-1
ip netns exec nsnet.nftables.east.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.nftables.east.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.nftables.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.nftables.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.nftables.east.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.nftables.east.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.nftables.east.pod.default.web-2
ip netns exec nsnet.nftables.east.pod.default.web-2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.nftables.east.pod.default.web-2 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.nftables.east.pod.default.web-2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.nftables.east.pod.default.web-2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.nftables.east.pod.default.web-2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.nftables.east.pod.default.web-2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.nftables.east.pod.kube-system.coredns-0
ip netns exec nsnet.nftables.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.nftables.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.nftables.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.nftables.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.nftables.east.pod.kube-system.coredns-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.nftables.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.nftables.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.nftables.fabric link set br-fabric up
ip -n nsnet.nftables.fabric link add br-east address 02:00:c0:a8:0a:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.nftables.fabric link set br-east up
ip -n nsnet.nftables.fabric link add east_n1 address 06:d8:19:ce:b0:d5 type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.nftables.east.node.n1
ip -n nsnet.nftables.fabric link set east_n1 master br-east up
ip -n nsnet.nftables.fabric link add east_n2 address 06:e0:ea:61:23:10 type veth peer name eth0 address 02:00:c0:a8:0a:03 netns nsnet.nftables.east.node.n2
ip -n nsnet.nftables.fabric link set east_n2 master br-east up
ip -n nsnet.nftables.fabric link add ext-laptop address 06:7b:95:48:30:b6 type veth peer name eth0 address 02:00:cb:00:71:0a netns nsnet.nftables.external.laptop
ip -n nsnet.nftables.fabric link set ext-laptop master br-fabric up
ip -n nsnet.nftables.east.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.nftables.east.node.n1 link set cbr0 up
ip -n nsnet.nftables.east.node.n1 link add client address 06:19:c0:0f:04:fd type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.nftables.east.pod.default.client
ip -n nsnet.nftables.east.node.n1 link set client master cbr0 up
bridge -n nsnet.nftables.east.node.n1 link set dev client hairpin on
ip -n nsnet.nftables.east.node.n1 link add web-0 address 06:bb:e7:c5:4c:9d type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.nftables.east.pod.default.web-0
ip -n nsnet.nftables.east.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.nftables.east.node.n1 link set dev web-0 hairpin on
ip -n nsnet.nftables.east.node.n1 link add web-2 address 06:8f:85:a2:d7:6d type veth peer name eth0 address 02:00:0a:f4:00:04 netns nsnet.nftables.east.pod.default.web-2
ip -n nsnet.nftables.east.node.n1 link set web-2 master cbr0 up
bridge -n nsnet.nftables.east.node.n1 link set dev web-2 hairpin on
ip -n nsnet.nftables.east.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.nftables.east.node.n2 link set cbr0 up
ip -n nsnet.nftables.east.node.n2 link add web-1 address 06:61:3b:c8:6c:c0 type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.nftables.east.pod.default.web-1
ip -n nsnet.nftables.east.node.n2 link set web-1 master cbr0 up
bridge -n nsnet.nftables.east.node.n2 link set dev web-1 hairpin on
ip -n nsnet.nftables.east.node.n2 link add coredns-_12124f address 06:87:20:cd:d2:09 type veth peer name eth0 address 02:00:0a:f4:01:fe netns nsnet.nftables.east.pod.kube-system.coredns-0
ip -n nsnet.nftables.east.node.n2 link set coredns-_12124f master cbr0 up
bridge -n nsnet.nftables.east.node.n2 link set dev coredns-_12124f hairpin on
ip -n nsnet.nftables.servers link set lo up
ip netns exec nsnet.nftables.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip netns exec nsnet.nftables.fabric sysctl -q -w net.ipv4.neigh.br-east.retrans_time_ms=100
ip -n nsnet.nftables.fabric link set lo up
ip -n nsnet.nftables.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.nftables.fabric addr add 192.168.10.1/24 dev br-east
ip -n nsnet.nftables.fabric route add 203.0.113.10/32 dev br-fabric
ip netns exec nsnet.nftables.external.laptop sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.nftables.external.laptop link set lo up
ip -n nsnet.nftables.external.laptop link set eth0 up
ip -n nsnet.nftables.external.laptop addr add 203.0.113.10/32 dev eth0
ip -n nsnet.nftables.external.laptop route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.nftables.east.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.nftables.east.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip -n nsnet.nftables.east.node.n1 link set lo up
ip -n nsnet.nftables.east.node.n1 link set eth0 up
ip -n nsnet.nftables.east.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.nftables.east.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.nftables.east.node.n1 route add default via 192.168.10.1 dev eth0
ip -n nsnet.nftables.east.node.n1 route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.nftables.east.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.nftables.east.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip -n nsnet.nftables.east.node.n2 link set lo up
ip -n nsnet.nftables.east.node.n2 link set eth0 up
ip -n nsnet.nftables.east.node.n2 addr add 192.168.10.3/24 dev eth0
ip -n nsnet.nftables.east.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.nftables.east.node.n2 route add default via 192.168.10.1 dev eth0
ip -n nsnet.nftables.east.node.n2 route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip netns exec nsnet.nftables.east.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.nftables.east.pod.default.client link set lo up
ip -n nsnet.nftables.east.pod.default.client link set eth0 up
ip -n nsnet.nftables.east.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.nftables.east.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.nftables.east.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.nftables.east.pod.default.web-0 link set lo up
ip -n nsnet.nftables.east.pod.default.web-0 link set eth0 up
ip -n nsnet.nftables.east.pod.default.web-0 addr add 10.244.0.3/24 dev eth0
ip -n nsnet.nftables.east.pod.default.web-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.nftables.east.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.nftables.east.pod.default.web-1 link set lo up
ip -n nsnet.nftables.east.pod.default.web-1 link set eth0 up
ip -n nsnet.nftables.east.pod.default.web-1 addr add 10.244.1.2/24 dev eth0
ip -n nsnet.nftables.east.pod.default.web-1 route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.nftables.east.pod.default.web-2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.nftables.east.pod.default.web-2 link set lo up
ip -n nsnet.nftables.east.pod.default.web-2 link set eth0 up
ip -n nsnet.nftables.east.pod.default.web-2 addr add 10.244.0.4/24 dev eth0
ip -n nsnet.nftables.east.pod.default.web-2 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.nftables.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.nftables.east.pod.kube-system.coredns-0 link set lo up
ip -n nsnet.nftables.east.pod.kube-system.coredns-0 link set eth0 up
ip -n nsnet.nftables.east.pod.kube-system.coredns-0 addr add 10.244.1.254/24 dev eth0
ip -n nsnet.nftables.east.pod.kube-system.coredns-0 route add default via 10.244.1.1 dev eth0
# nsnet.nftables.east.pod.default.web-0: east/pod/web-0 answers on 80/tcp
# nsnet.nftables.east.pod.default.web-1: east/pod/web-1 answers on 80/tcp
# nsnet.nftables.east.pod.default.web-2: east/pod/web-2 answers on 80/tcp
# nsnet.nftables.east.pod.kube-system.coredns-0: east/pod/coredns-0.kube-system answers DNS queries on 53/udp
# nsnet.nftables.east.pod.kube-system.coredns-0: east/pod/coredns-0.kube-system answers DNS queries on 53/tcp
ip netns exec nsnet.nftables.east.node.n1 $IPT-restore --noflush <<'EOF'
*nat
:POSTROUTING ACCEPT [0:0]
:IP-MASQ-AGENT - [0:0]
-F POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d 10.244.0.0/16 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 192.168.10.0/24 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
COMMIT
EOF
ip netns exec nsnet.nftables.east.node.n2 $IPT-restore --noflush <<'EOF'
*nat
:POSTROUTING ACCEPT [0:0]
:IP-MASQ-AGENT - [0:0]
-F POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d 10.244.0.0/16 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 192.168.10.0/24 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
COMMIT
EOF
ip netns exec nsnet.nftables.east.node.n1 nft -f - <<'EOF'
table ip kube-proxy {
	comment "rules for kube-proxy"
	set cluster-ips {
		type ipv4_addr
		comment "Active ClusterIPs"
		elements = { 10.96.0.2,
			     10.96.0.3,
			     10.96.0.4,
			     10.96.0.10 }
	}

	map firewall-ips {
		type ipv4_addr . inet_proto . inet_service : verdict
		comment "destinations that are subject to LoadBalancerSourceRanges"
	}

	map no-endpoint-nodeports {
		type inet_proto . inet_service : verdict
		comment "vmap to drop or reject packets to service nodeports with no endpoints"
	}

	map no-endpoint-services {
		type ipv4_addr . inet_proto . inet_service : verdict
		comment "vmap to drop or reject packets to services with no endpoints"
		elements = { 10.96.0.4 . tcp . 80 comment "default/empty" : goto reject-chain }
	}

	map service-ips {
		type ipv4_addr . inet_proto . inet_service : verdict
		comment "ClusterIP, ExternalIP and LoadBalancer IP traffic"
		elements = { 10.96.0.2 . tcp . 80 : goto service-PFISGYVC-default/web/tcp/,
			     10.96.0.3 . tcp . 80 : goto service-EDE2N7RF-default/sticky/tcp/,
			     10.96.0.10 . udp . 53 : goto service-FY5PMXPG-kube-system/kube-dns/udp/dns,
			     10.96.0.10 . tcp . 53 : goto service-NWBZK7IH-kube-system/kube-dns/tcp/dns-tcp }
	}

	map service-nodeports {
		type inet_proto . inet_service : verdict
		comment "NodePort traffic"
		elements = { tcp . 30080 : goto external-PFISGYVC-default/web/tcp/ }
	}

	set affinity-GAITAD5M-default/sticky/tcp/__10.244.0.3/80 {
		type ipv4_addr
		size 65535
		flags dynamic,timeout
		timeout 3h
	}

	set affinity-T5YWQYOQ-default/sticky/tcp/__10.244.0.4/80 {
		type ipv4_addr
		size 65535
		flags dynamic,timeout
		timeout 3h
	}

	set affinity-3R4B2H53-default/sticky/tcp/__10.244.1.2/80 {
		type ipv4_addr
		size 65535
		flags dynamic,timeout
		timeout 3h
	}

	set nodeport-ips {
		type ipv4_addr
		comment "IPs that accept NodePort traffic"
		elements = { 192.168.10.2 }
	}

	chain filter-prerouting {
		type filter hook prerouting priority dstnat - 10; policy accept;
		ct state new jump firewall-check
	}

	chain filter-input {
		type filter hook input priority -110; policy accept;
		ct state new jump nodeport-endpoints-check
		ct state new jump service-endpoints-check
	}

	chain filter-forward {
		type filter hook forward priority -110; policy accept;
		ct state new jump service-endpoints-check
		ct state new jump cluster-ips-check
	}

	chain filter-output {
		type filter hook output priority -110; policy accept;
		ct state new jump service-endpoints-check
		ct state new jump firewall-check
	}

	chain filter-output-post-dnat {
		type filter hook output priority -90; policy accept;
		ct state new jump cluster-ips-check
	}

	chain nat-prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		jump services
	}

	chain nat-output {
		type nat hook output priority -100; policy accept;
		jump services
	}

	chain nat-postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		jump masquerading
	}

	chain nodeport-endpoints-check {
		ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports
	}

	chain service-endpoints-check {
		ip daddr . meta l4proto . th dport vmap @no-endpoint-services
	}

	chain firewall-check {
		ip daddr . meta l4proto . th dport vmap @firewall-ips
	}

	chain services {
		ip daddr . meta l4proto . th dport vmap @service-ips
		ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
	}

	chain cluster-ips-check {
		ip daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"
		ip daddr 10.96.0.0/16 drop comment "Drop traffic to unallocated ClusterIPs"
	}

	chain masquerading {
		meta mark & 0x00004000 == 0x00000000 return
		meta mark set meta mark ^ 0x00004000
		masquerade fully-random
	}

	chain mark-for-masquerade {
		meta mark set meta mark | 0x00004000
	}

	chain reject-chain {
		comment "helper for @no-endpoint-services / @no-endpoint-nodeports"
		reject
	}

	chain service-PFISGYVC-default/web/tcp/ {
		ip daddr 10.96.0.2 tcp dport 80 ip saddr != 10.244.0.0/16 jump mark-for-masquerade
		numgen random mod 3 vmap { 0 : goto endpoint-AUBV244W-default/web/tcp/__10.244.0.3/80, 1 : goto endpoint-PLP2QIGO-default/web/tcp/__10.244.0.4/80, 2 : goto endpoint-5V4SALOI-default/web/tcp/__10.244.1.2/80 }
	}

	chain external-PFISGYVC-default/web/tcp/ {
		jump mark-for-masquerade
		goto service-PFISGYVC-default/web/tcp/
	}

	chain endpoint-AUBV244W-default/web/tcp/__10.244.0.3/80 {
		ip saddr 10.244.0.3 jump mark-for-masquerade
		meta l4proto tcp dnat to 10.244.0.3:80
	}

	chain endpoint-PLP2QIGO-default/web/tcp/__10.244.0.4/80 {
		ip saddr 10.244.0.4 jump mark-for-masquerade
		meta l4proto tcp dnat to 10.244.0.4:80
	}

	chain endpoint-5V4SALOI-default/web/tcp/__10.244.1.2/80 {
		ip saddr 10.244.1.2 jump mark-for-masquerade
		meta l4proto tcp dnat to 10.244.1.2:80
	}

	chain service-EDE2N7RF-default/sticky/tcp/ {
		ip daddr 10.96.0.3 tcp dport 80 ip saddr != 10.244.0.0/16 jump mark-for-masquerade
		ip saddr @affinity-GAITAD5M-default/sticky/tcp/__10.244.0.3/80 goto endpoint-GAITAD5M-default/sticky/tcp/__10.244.0.3/80
		ip saddr @affinity-T5YWQYOQ-default/sticky/tcp/__10.244.0.4/80 goto endpoint-T5YWQYOQ-default/sticky/tcp/__10.244.0.4/80
		ip saddr @affinity-3R4B2H53-default/sticky/tcp/__10.244.1.2/80 goto endpoint-3R4B2H53-default/sticky/tcp/__10.244.1.2/80
		numgen random mod 3 vmap { 0 : goto endpoint-GAITAD5M-default/sticky/tcp/__10.244.0.3/80, 1 : goto endpoint-T5YWQYOQ-default/sticky/tcp/__10.244.0.4/80, 2 : goto endpoint-3R4B2H53-default/sticky/tcp/__10.244.1.2/80 }
	}

	chain endpoint-GAITAD5M-default/sticky/tcp/__10.244.0.3/80 {
		ip saddr 10.244.0.3 jump mark-for-masquerade
		update @affinity-GAITAD5M-default/sticky/tcp/__10.244.0.3/80 { ip saddr }
		meta l4proto tcp dnat to 10.244.0.3:80
	}

	chain endpoint-T5YWQYOQ-default/sticky/tcp/__10.244.0.4/80 {
		ip saddr 10.244.0.4 jump mark-for-masquerade
		update @affinity-T5YWQYOQ-default/sticky/tcp/__10.244.0.4/80 { ip saddr }
		meta l4proto tcp dnat to 10.244.0.4:80
	}

	chain endpoint-3R4B2H53-default/sticky/tcp/__10.244.1.2/80 {
		ip saddr 10.244.1.2 jump mark-for-masquerade
		update @affinity-3R4B2H53-default/sticky/tcp/__10.244.1.2/80 { ip saddr }
		meta l4proto tcp dnat to 10.244.1.2:80
	}

	chain service-FY5PMXPG-kube-system/kube-dns/udp/dns {
		ip daddr 10.96.0.10 udp dport 53 ip saddr != 10.244.0.0/16 jump mark-for-masquerade
		numgen random mod 1 vmap { 0 : goto endpoint-2566K2L5-kube-system/kube-dns/udp/dns__10.244.1.254/53 }
	}

	chain endpoint-2566K2L5-kube-system/kube-dns/udp/dns__10.244.1.254/53 {
		ip saddr 10.244.1.254 jump mark-for-masquerade
		meta l4proto udp dnat to 10.244.1.254:53
	}

	chain service-NWBZK7IH-kube-system/kube-dns/tcp/dns-tcp {
		ip daddr 10.96.0.10 tcp dport 53 ip saddr != 10.244.0.0/16 jump mark-for-masquerade
		numgen random mod 1 vmap { 0 : goto endpoint-V6DPAGUB-kube-system/kube-dns/tcp/dns-tcp__10.244.1.254/53 }
	}

	chain endpoint-V6DPAGUB-kube-system/kube-dns/tcp/dns-tcp__10.244.1.254/53 {
		ip saddr 10.244.1.254 jump mark-for-masquerade
		meta l4proto tcp dnat to 10.244.1.254:53
	}
}
EOF
ip netns exec nsnet.nftables.east.node.n2 nft -f - <<'EOF'
table ip kube-proxy {
	comment "rules for kube-proxy"
	set cluster-ips {
		type ipv4_addr
		comment "Active ClusterIPs"
		elements = { 10.96.0.2,
			     10.96.0.3,
			     10.96.0.4,
			     10.96.0.10 }
	}

	map firewall-ips {
		type ipv4_addr . inet_proto . inet_service : verdict
		comment "destinations that are subject to LoadBalancerSourceRanges"
	}

	map no-endpoint-nodeports {
		type inet_proto . inet_service : verdict
		comment "vmap to drop or reject packets to service nodeports with no endpoints"
	}

	map no-endpoint-services {
		type ipv4_addr . inet_proto . inet_service : verdict
		comment "vmap to drop or reject packets to services with no endpoints"
		elements = { 10.96.0.4 . tcp . 80 comment "default/empty" : goto reject-chain }
	}

	map service-ips {
		type ipv4_addr . inet_proto . inet_service : verdict
		comment "ClusterIP, ExternalIP and LoadBalancer IP traffic"
		elements = { 10.96.0.2 . tcp . 80 : goto service-PFISGYVC-default/web/tcp/,
			     10.96.0.3 . tcp . 80 : goto service-EDE2N7RF-default/sticky/tcp/,
			     10.96.0.10 . udp . 53 : goto service-FY5PMXPG-kube-system/kube-dns/udp/dns,
			     10.96.0.10 . tcp . 53 : goto service-NWBZK7IH-kube-system/kube-dns/tcp/dns-tcp }
	}

	map service-nodeports {
		type inet_proto . inet_service : verdict
		comment "NodePort traffic"
		elements = { tcp . 30080 : goto external-PFISGYVC-default/web/tcp/ }
	}

	set affinity-GAITAD5M-default/sticky/tcp/__10.244.0.3/80 {
		type ipv4_addr
		size 65535
		flags dynamic,timeout
		timeout 3h
	}

	set affinity-T5YWQYOQ-default/sticky/tcp/__10.244.0.4/80 {
		type ipv4_addr
		size 65535
		flags dynamic,timeout
		timeout 3h
	}

	set affinity-3R4B2H53-default/sticky/tcp/__10.244.1.2/80 {
		type ipv4_addr
		size 65535
		flags dynamic,timeout
		timeout 3h
	}

	set nodeport-ips {
		type ipv4_addr
		comment "IPs that accept NodePort traffic"
		elements = { 192.168.10.3 }
	}

	chain filter-prerouting {
		type filter hook prerouting priority dstnat - 10; policy accept;
		ct state new jump firewall-check
	}

	chain filter-input {
		type filter hook input priority -110; policy accept;
		ct state new jump nodeport-endpoints-check
		ct state new jump service-endpoints-check
	}

	chain filter-forward {
		type filter hook forward priority -110; policy accept;
		ct state new jump service-endpoints-check
		ct state new jump cluster-ips-check
	}

	chain filter-output {
		type filter hook output priority -110; policy accept;
		ct state new jump service-endpoints-check
		ct state new jump firewall-check
	}

	chain filter-output-post-dnat {
		type filter hook output priority -90; policy accept;
		ct state new jump cluster-ips-check
	}

	chain nat-prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		jump services
	}

	chain nat-output {
		type nat hook output priority -100; policy accept;
		jump services
	}

	chain nat-postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		jump masquerading
	}

	chain nodeport-endpoints-check {
		ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports
	}

	chain service-endpoints-check {
		ip daddr . meta l4proto . th dport vmap @no-endpoint-services
	}

	chain firewall-check {
		ip daddr . meta l4proto . th dport vmap @firewall-ips
	}

	chain services {
		ip daddr . meta l4proto . th dport vmap @service-ips
		ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
	}

	chain cluster-ips-check {
		ip daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"
		ip daddr 10.96.0.0/16 drop comment "Drop traffic to unallocated ClusterIPs"
	}

	chain masquerading {
		meta mark & 0x00004000 == 0x00000000 return
		meta mark set meta mark ^ 0x00004000
		masquerade fully-random
	}

	chain mark-for-masquerade {
		meta mark set meta mark | 0x00004000
	}

	chain reject-chain {
		comment "helper for @no-endpoint-services / @no-endpoint-nodeports"
		reject
	}

	chain service-PFISGYVC-default/web/tcp/ {
		ip daddr 10.96.0.2 tcp dport 80 ip saddr != 10.244.0.0/16 jump mark-for-masquerade
		numgen random mod 3 vmap { 0 : goto endpoint-AUBV244W-default/web/tcp/__10.244.0.3/80, 1 : goto endpoint-PLP2QIGO-default/web/tcp/__10.244.0.4/80, 2 : goto endpoint-5V4SALOI-default/web/tcp/__10.244.1.2/80 }
	}

	chain external-PFISGYVC-default/web/tcp/ {
		jump mark-for-masquerade
		goto service-PFISGYVC-default/web/tcp/
	}

	chain endpoint-AUBV244W-default/web/tcp/__10.244.0.3/80 {
		ip saddr 10.244.0.3 jump mark-for-masquerade
		meta l4proto tcp dnat to 10.244.0.3:80
	}

	chain endpoint-PLP2QIGO-default/web/tcp/__10.244.0.4/80 {
		ip saddr 10.244.0.4 jump mark-for-masquerade
		meta l4proto tcp dnat to 10.244.0.4:80
	}

	chain endpoint-5V4SALOI-default/web/tcp/__10.244.1.2/80 {
		ip saddr 10.244.1.2 jump mark-for-masquerade
		meta l4proto tcp dnat to 10.244.1.2:80
	}

	chain service-EDE2N7RF-default/sticky/tcp/ {
		ip daddr 10.96.0.3 tcp dport 80 ip saddr != 10.244.0.0/16 jump mark-for-masquerade
		ip saddr @affinity-GAITAD5M-default/sticky/tcp/__10.244.0.3/80 goto endpoint-GAITAD5M-default/sticky/tcp/__10.244.0.3/80
		ip saddr @affinity-T5YWQYOQ-default/sticky/tcp/__10.244.0.4/80 goto endpoint-T5YWQYOQ-default/sticky/tcp/__10.244.0.4/80
		ip saddr @affinity-3R4B2H53-default/sticky/tcp/__10.244.1.2/80 goto endpoint-3R4B2H53-default/sticky/tcp/__10.244.1.2/80
		numgen random mod 3 vmap { 0 : goto endpoint-GAITAD5M-default/sticky/tcp/__10.244.0.3/80, 1 : goto endpoint-T5YWQYOQ-default/sticky/tcp/__10.244.0.4/80, 2 : goto endpoint-3R4B2H53-default/sticky/tcp/__10.244.1.2/80 }
	}

	chain endpoint-GAITAD5M-default/sticky/tcp/__10.244.0.3/80 {
		ip saddr 10.244.0.3 jump mark-for-masquerade
		update @affinity-GAITAD5M-default/sticky/tcp/__10.244.0.3/80 { ip saddr }
		meta l4proto tcp dnat to 10.244.0.3:80
	}

	chain endpoint-T5YWQYOQ-default/sticky/tcp/__10.244.0.4/80 {
		ip saddr 10.244.0.4 jump mark-for-masquerade
		update @affinity-T5YWQYOQ-default/sticky/tcp/__10.244.0.4/80 { ip saddr }
		meta l4proto tcp dnat to 10.244.0.4:80
	}

	chain endpoint-3R4B2H53-default/sticky/tcp/__10.244.1.2/80 {
		ip saddr 10.244.1.2 jump mark-for-masquerade
		update @affinity-3R4B2H53-default/sticky/tcp/__10.244.1.2/80 { ip saddr }
		meta l4proto tcp dnat to 10.244.1.2:80
	}

	chain service-FY5PMXPG-kube-system/kube-dns/udp/dns {
		ip daddr 10.96.0.10 udp dport 53 ip saddr != 10.244.0.0/16 jump mark-for-masquerade
		numgen random mod 1 vmap { 0 : goto endpoint-2566K2L5-kube-system/kube-dns/udp/dns__10.244.1.254/53 }
	}

	chain endpoint-2566K2L5-kube-system/kube-dns/udp/dns__10.244.1.254/53 {
		ip saddr 10.244.1.254 jump mark-for-masquerade
		meta l4proto udp dnat to 10.244.1.254:53
	}

	chain service-NWBZK7IH-kube-system/kube-dns/tcp/dns-tcp {
		ip daddr 10.96.0.10 tcp dport 53 ip saddr != 10.244.0.0/16 jump mark-for-masquerade
		numgen random mod 1 vmap { 0 : goto endpoint-V6DPAGUB-kube-system/kube-dns/tcp/dns-tcp__10.244.1.254/53 }
	}

	chain endpoint-V6DPAGUB-kube-system/kube-dns/tcp/dns-tcp__10.244.1.254/53 {
		ip saddr 10.244.1.254 jump mark-for-masquerade
		meta l4proto tcp dnat to 10.244.1.254:53
	}
}
EOF
