#!/bin/sh
# Builds the lab flat, but for its server. To remove it again: nsnet down flat
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.flat.servers
# nsnet.flat.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.flat.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat.fabric
ip netns exec nsnet.flat.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.flat.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.flat.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.flat.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.flat.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.flat.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.flat.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.flat.external.laptop
ip netns exec nsnet.flat.external.laptop sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat.external.laptop sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat.external.laptop sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat.external.laptop sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat.external.laptop sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat.external.laptop sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat.external.api
ip netns exec nsnet.flat.external.api sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat.external.api sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat.external.api sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat.external.api sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat.external.api sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat.external.api sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat.east.node.n1
ip netns exec nsnet.flat.east.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat.east.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.flat.east.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat.east.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat.east.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat.east.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.flat.east.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.flat.east.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.flat.east.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.flat.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.flat.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.flat.east.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.flat.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.flat.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.flat.east.node.n2
ip netns exec nsnet.flat.east.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat.east.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.flat.east.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat.east.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat.east.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat.east.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.flat.east.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.flat.east.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.flat.east.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.flat.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.flat.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.flat.east.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.flat.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.flat.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.flat.east.pod.default.client
ip netns exec nsnet.flat.east.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat.east.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat.east.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat.east.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat.east.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat.east.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat.east.pod.default.web-0
ip netns exec nsnet.flat.east.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat.east.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat.east.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat.east.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat.east.pod.default.web-1
ip netns exec nsnet.flat.east.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat.east.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat.east.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat.east.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat.west.node.n1
ip netns exec nsnet.flat.west.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat.west.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.flat.west.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat.west.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat.west.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat.west.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.flat.west.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.flat.west.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.flat.west.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.flat.west.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.flat.west.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.flat.west.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.flat.west.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.flat.west.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.flat.west.node.n2
ip netns exec nsnet.flat.west.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat.west.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.flat.west.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat.west.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat.west.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat.west.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.flat.west.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.flat.west.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.flat.west.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.flat.west.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.flat.west.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.flat.west.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.flat.west.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.flat.west.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.flat.west.pod.default.client
ip netns exec nsnet.flat.west.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat.west.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat.west.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat.west.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat.west.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat.west.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat.west.pod.default.web-0
ip netns exec nsnet.flat.west.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat.west.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat.west.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat.west.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat.west.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat.west.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat.west.pod.default.web-1
ip netns exec nsnet.flat.west.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat.west.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat.west.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat.west.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat.west.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat.west.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.flat.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.flat.fabric link set br-fabric up
ip -n nsnet.flat.fabric link add br-east address 02:00:c0:a8:0a:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.flat.fabric link set br-east up
ip -n nsnet.flat.fabric link add br-west address 02:00:c0:a8:14:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.flat.fabric link set br-west up
ip -n nsnet.flat.east.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.flat.east.node.n1 link set cbr0 up
ip -n nsnet.flat.east.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.flat.east.node.n2 link set cbr0 up
ip -n nsnet.flat.west.node.n1 link add cbr0 address 02:00:0a:f5:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.flat.west.node.n1 link set cbr0 up
ip -n nsnet.flat.west.node.n2 link add cbr0 address 02:00:0a:f5:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.flat.west.node.n2 link set cbr0 up
ip -n nsnet.flat.fabric link add east_n1 address 06:af:7c:56:c0:d1 type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.flat.east.node.n1
ip -n nsnet.flat.fabric link set east_n1 master br-east up
ip -n nsnet.flat.fabric link add east_n2 address 06:b1:65:f3:54:9f type veth peer name eth0 address 02:00:c0:a8:0a:03 netns nsnet.flat.east.node.n2
ip -n nsnet.flat.fabric link set east_n2 master br-east up
ip -n nsnet.flat.fabric link add west_n1 address 06:c7:95:25:0c:07 type veth peer name eth0 address 02:00:c0:a8:14:02 netns nsnet.flat.west.node.n1
ip -n nsnet.flat.fabric link set west_n1 master br-west up
ip -n nsnet.flat.fabric link add west_n2 address 06:0e:ed:b4:89:28 type veth peer name eth0 address 02:00:c0:a8:14:03 netns nsnet.flat.west.node.n2
ip -n nsnet.flat.fabric link set west_n2 master br-west up
ip -n nsnet.flat.fabric link add ext-laptop address 06:fd:27:94:ea:9c type veth peer name eth0 address 02:00:cb:00:71:0a netns nsnet.flat.external.laptop
ip -n nsnet.flat.fabric link set ext-laptop master br-fabric up
ip -n nsnet.flat.fabric link add ext-api address 06:71:da:1d:d0:67 type veth peer name eth0 address 02:00:cb:00:71:50 netns nsnet.flat.external.api
ip -n nsnet.flat.fabric link set ext-api master br-fabric up
ip -n nsnet.flat.east.node.n1 link add client address 06:86:a0:4b:41:05 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.flat.east.pod.default.client
ip -n nsnet.flat.east.node.n1 link set client master cbr0 up
bridge -n nsnet.flat.east.node.n1 link set dev client hairpin on
ip -n nsnet.flat.east.node.n1 link add web-0 address 06:5f:be:d2:37:38 type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.flat.east.pod.default.web-0
ip -n nsnet.flat.east.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.flat.east.node.n1 link set dev web-0 hairpin on
ip -n nsnet.flat.east.node.n2 link add web-1 address 06:ac:63:53:6d:b3 type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.flat.east.pod.default.web-1
ip -n nsnet.flat.east.node.n2 link set web-1 master cbr0 up
bridge -n nsnet.flat.east.node.n2 link set dev web-1 hairpin on
ip -n nsnet.flat.west.node.n1 link add client address 06:2e:52:85:53:79 type veth peer name eth0 address 02:00:0a:f5:00:02 netns nsnet.flat.west.pod.default.client
ip -n nsnet.flat.west.node.n1 link set client master cbr0 up
bridge -n nsnet.flat.west.node.n1 link set dev client hairpin on
ip -n nsnet.flat.west.node.n1 link add web-0 address 06:52:d3:54:f9:0a type veth peer name eth0 address 02:00:0a:f5:00:03 netns nsnet.flat.west.pod.default.web-0
ip -n nsnet.flat.west.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.flat.west.node.n1 link set dev web-0 hairpin on
ip -n nsnet.flat.west.node.n2 link add web-1 address 06:06:a2:fc:b0:fa type veth peer name eth0 address 02:00:0a:f5:01:02 netns nsnet.flat.west.pod.default.web-1
ip -n nsnet.flat.west.node.n2 link set web-1 master cbr0 up
bridge -n nsnet.flat.west.node.n2 link set dev web-1 hairpin on
ip -n nsnet.flat.servers link set lo up
ip netns exec nsnet.flat.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip netns exec nsnet.flat.fabric sysctl -q -w net.ipv4.neigh.br-east.retrans_time_ms=100
ip netns exec nsnet.flat.fabric sysctl -q -w net.ipv4.neigh.br-west.retrans_time_ms=100
ip -n nsnet.flat.fabric link set lo up
ip -n nsnet.flat.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.flat.fabric addr add 192.168.10.1/24 dev br-east
ip -n nsnet.flat.fabric addr add 192.168.20.1/24 dev br-west
ip -n nsnet.flat.fabric route add 10.244.0.0/24 via 192.168.10.2 dev br-east
ip -n nsnet.flat.fabric route add 10.244.1.0/24 via 192.168.10.3 dev br-east
ip -n nsnet.flat.fabric route add 10.245.0.0/24 via 192.168.20.2 dev br-west
ip -n nsnet.flat.fabric route add 10.245.1.0/24 via 192.168.20.3 dev br-west
ip -n nsnet.flat.fabric route add 203.0.113.10/32 dev br-fabric
ip -n nsnet.flat.fabric route add 203.0.113.80/32 dev br-fabric
ip -n nsnet.flat.fabric route add 198.18.0.2/32 nexthop via 192.168.20.2 dev br-west nexthop via 192.168.20.3 dev br-west
ip netns exec nsnet.flat.external.laptop sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat.external.laptop link set lo up
ip -n nsnet.flat.external.laptop link set eth0 up
ip -n nsnet.flat.external.laptop addr add 203.0.113.10/32 dev eth0
ip -n nsnet.flat.external.laptop route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.flat.external.api sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat.external.api link set lo up
ip -n nsnet.flat.external.api link set eth0 up
ip -n nsnet.flat.external.api addr add 203.0.113.80/32 dev eth0
ip -n nsnet.flat.external.api route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.flat.east.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.flat.east.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat.east.node.n1 link set lo up
ip -n nsnet.flat.east.node.n1 link set eth0 up
ip -n nsnet.flat.east.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.flat.east.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.flat.east.node.n1 route add default via 192.168.10.1 dev eth0
ip -n nsnet.flat.east.node.n1 route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.flat.east.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.flat.east.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat.east.node.n2 link set lo up
ip -n nsnet.flat.east.node.n2 link set eth0 up
ip -n nsnet.flat.east.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.flat.east.node.n2 addr add 192.168.10.3/24 dev eth0
ip -n nsnet.flat.east.node.n2 route add default via 192.168.10.1 dev eth0
ip -n nsnet.flat.east.node.n2 route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip netns exec nsnet.flat.east.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat.east.pod.default.client link set lo up
ip -n nsnet.flat.east.pod.default.client link set eth0 up
ip -n nsnet.flat.east.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.flat.east.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.flat.east.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat.east.pod.default.web-0 link set lo up
ip -n nsnet.flat.east.pod.default.web-0 link set eth0 up
ip -n nsnet.flat.east.pod.default.web-0 addr add 10.244.0.3/24 dev eth0
ip -n nsnet.flat.east.pod.default.web-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.flat.east.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat.east.pod.default.web-1 link set lo up
ip -n nsnet.flat.east.pod.default.web-1 link set eth0 up
ip -n nsnet.flat.east.pod.default.web-1 addr add 10.244.1.2/24 dev eth0
ip -n nsnet.flat.east.pod.default.web-1 route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.flat.west.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.flat.west.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat.west.node.n1 link set lo up
ip -n nsnet.flat.west.node.n1 link set eth0 up
ip -n nsnet.flat.west.node.n1 addr add 10.245.0.1/24 dev cbr0
ip -n nsnet.flat.west.node.n1 addr add 192.168.20.2/24 dev eth0
ip -n nsnet.flat.west.node.n1 route add default via 192.168.20.1 dev eth0
ip -n nsnet.flat.west.node.n1 route add 10.245.1.0/24 via 192.168.20.3 dev eth0
ip netns exec nsnet.flat.west.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.flat.west.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat.west.node.n2 link set lo up
ip -n nsnet.flat.west.node.n2 link set eth0 up
ip -n nsnet.flat.west.node.n2 addr add 10.245.1.1/24 dev cbr0
ip -n nsnet.flat.west.node.n2 addr add 192.168.20.3/24 dev eth0
ip -n nsnet.flat.west.node.n2 route add default via 192.168.20.1 dev eth0
ip -n nsnet.flat.west.node.n2 route add 10.245.0.0/24 via 192.168.20.2 dev eth0
ip netns exec nsnet.flat.west.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat.west.pod.default.client link set lo up
ip -n nsnet.flat.west.pod.default.client link set eth0 up
ip -n nsnet.flat.west.pod.default.client addr add 10.245.0.2/24 dev eth0
ip -n nsnet.flat.west.pod.default.client route add default via 10.245.0.1 dev eth0
ip netns exec nsnet.flat.west.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat.west.pod.default.web-0 link set lo up
ip -n nsnet.flat.west.pod.default.web-0 link set eth0 up
ip -n nsnet.flat.west.pod.default.web-0 addr add 10.245.0.3/24 dev eth0
ip -n nsnet.flat.west.pod.default.web-0 route add default via 10.245.0.1 dev eth0
ip netns exec nsnet.flat.west.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat.west.pod.default.web-1 link set lo up
ip -n nsnet.flat.west.pod.default.web-1 link set eth0 up
ip -n nsnet.flat.west.pod.default.web-1 addr add 10.245.1.2/24 dev eth0
ip -n nsnet.flat.west.pod.default.web-1 route add default via 10.245.1.1 dev eth0
# nsnet.flat.external.api: external/api answers on 443/tcp
# nsnet.flat.east.pod.default.web-0: east/pod/web-0 answers on 80/tcp
# nsnet.flat.east.pod.default.web-0: east/pod/web-0 answers on 53/udp
# nsnet.flat.east.pod.default.web-1: east/pod/web-1 answers on 80/tcp
# nsnet.flat.east.pod.default.web-1: east/pod/web-1 answers on 53/udp
# nsnet.flat.west.pod.default.web-0: west/pod/web-0 answers on 80/tcp
# nsnet.flat.west.pod.default.web-0: west/pod/web-0 answers on 53/udp
# nsnet.flat.west.pod.default.web-1: west/pod/web-1 answers on 80/tcp
# nsnet.flat.west.pod.default.web-1: west/pod/web-1 answers on 53/udp
ip netns exec nsnet.flat.fabric $IPT-restore --noflush <<'EOF'
*filter
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:NSNET-LB - [0:0]
-F FORWARD
-F OUTPUT
-A FORWARD -m comment --comment "load balancers" -j NSNET-LB
-A OUTPUT -m comment --comment "load balancers" -j NSNET-LB
-A NSNET-LB -d 198.18.0.2/32 -p tcp -m comment --comment "default/web" -m tcp --dport 80 -j RETURN
-A NSNET-LB -d 198.18.0.2/32 -p udp -m comment --comment "default/web" -m udp --dport 53 -j RETURN
-A NSNET-LB -d 198.18.0.2/32 -p tcp -m comment --comment "no Service's port" -m tcp -j DROP
-A NSNET-LB -d 198.18.0.2/32 -p udp -m comment --comment "no Service's port" -m udp -j DROP
-A NSNET-LB -d 198.18.0.2/32 -p icmp -m comment --comment "no Service's port" -j DROP
COMMIT
EOF
ip netns exec nsnet.flat.east.node.n1 $IPT-restore --noflush <<'EOF'
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-PROXY-FIREWALL - [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-SERVICES - [0:0]
-F INPUT
-F FORWARD
-F OUTPUT
-A INPUT -j KUBE-FIREWALL
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A OUTPUT -j KUBE-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
*mangle
:KUBE-PROXY-CANARY - [0:0]
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SEP-VPJCWIHGOZWNRC6B - [0:0]
:KUBE-SEP-MQ4W7Q2CV67URU6Q - [0:0]
:KUBE-SVC-IW37DNFN4RTBNAAP - [0:0]
:KUBE-SEP-PBK2OWYDX5M7MUKQ - [0:0]
:KUBE-SEP-F4SO6Z2M2KC5PZBR - [0:0]
:KUBE-SVC-KS3JZGCBDVKB62S5 - [0:0]
:KUBE-SEP-VPHKFBTZLVHCU3BE - [0:0]
:KUBE-SEP-QUMRCGB6Q4MPJOUO - [0:0]
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 198.18.0.2/32 -p tcp -m comment --comment "default/derived-d7e1rb3q5o:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-IW37DNFN4RTBNAAP
-A KUBE-SERVICES -d 198.18.0.2/32 -p udp -m comment --comment "default/derived-d7e1rb3q5o:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-KS3JZGCBDVKB62S5
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-VPJCWIHGOZWNRC6B
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.2:80" -j KUBE-SEP-MQ4W7Q2CV67URU6Q
-A KUBE-SEP-VPJCWIHGOZWNRC6B -s 10.244.0.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-VPJCWIHGOZWNRC6B -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -s 10.244.1.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-IW37DNFN4RTBNAAP ! -s 10.244.0.0/16 -d 198.18.0.2/32 -p tcp -m comment --comment "default/derived-d7e1rb3q5o:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-IW37DNFN4RTBNAAP -m comment --comment "default/derived-d7e1rb3q5o:http -> 10.245.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-PBK2OWYDX5M7MUKQ
-A KUBE-SVC-IW37DNFN4RTBNAAP -m comment --comment "default/derived-d7e1rb3q5o:http -> 10.245.1.2:80" -j KUBE-SEP-F4SO6Z2M2KC5PZBR
-A KUBE-SEP-PBK2OWYDX5M7MUKQ -s 10.245.0.3/32 -m comment --comment "default/derived-d7e1rb3q5o:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-PBK2OWYDX5M7MUKQ -p tcp -m comment --comment "default/derived-d7e1rb3q5o:http" -m tcp -j DNAT --to-destination 10.245.0.3:80
-A KUBE-SEP-F4SO6Z2M2KC5PZBR -s 10.245.1.2/32 -m comment --comment "default/derived-d7e1rb3q5o:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-F4SO6Z2M2KC5PZBR -p tcp -m comment --comment "default/derived-d7e1rb3q5o:http" -m tcp -j DNAT --to-destination 10.245.1.2:80
-A KUBE-SVC-KS3JZGCBDVKB62S5 ! -s 10.244.0.0/16 -d 198.18.0.2/32 -p udp -m comment --comment "default/derived-d7e1rb3q5o:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-KS3JZGCBDVKB62S5 -m comment --comment "default/derived-d7e1rb3q5o:dns -> 10.245.0.3:53" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-VPHKFBTZLVHCU3BE
-A KUBE-SVC-KS3JZGCBDVKB62S5 -m comment --comment "default/derived-d7e1rb3q5o:dns -> 10.245.1.2:53" -j KUBE-SEP-QUMRCGB6Q4MPJOUO
-A KUBE-SEP-VPHKFBTZLVHCU3BE -s 10.245.0.3/32 -m comment --comment "default/derived-d7e1rb3q5o:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-VPHKFBTZLVHCU3BE -p udp -m comment --comment "default/derived-d7e1rb3q5o:dns" -m udp -j DNAT --to-destination 10.245.0.3:53
-A KUBE-SEP-QUMRCGB6Q4MPJOUO -s 10.245.1.2/32 -m comment --comment "default/derived-d7e1rb3q5o:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-QUMRCGB6Q4MPJOUO -p udp -m comment --comment "default/derived-d7e1rb3q5o:dns" -m udp -j DNAT --to-destination 10.245.1.2:53
COMMIT
EOF
ip netns exec nsnet.flat.east.node.n2 $IPT-restore --noflush <<'EOF'
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-PROXY-FIREWALL - [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-SERVICES - [0:0]
-F INPUT
-F FORWARD
-F OUTPUT
-A INPUT -j KUBE-FIREWALL
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A OUTPUT -j KUBE-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
*mangle
:KUBE-PROXY-CANARY - [0:0]
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SEP-VPJCWIHGOZWNRC6B - [0:0]
:KUBE-SEP-MQ4W7Q2CV67URU6Q - [0:0]
:KUBE-SVC-IW37DNFN4RTBNAAP - [0:0]
:KUBE-SEP-PBK2OWYDX5M7MUKQ - [0:0]
:KUBE-SEP-F4SO6Z2M2KC5PZBR - [0:0]
:KUBE-SVC-KS3JZGCBDVKB62S5 - [0:0]
:KUBE-SEP-VPHKFBTZLVHCU3BE - [0:0]
:KUBE-SEP-QUMRCGB6Q4MPJOUO - [0:0]
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 198.18.0.2/32 -p tcp -m comment --comment "default/derived-d7e1rb3q5o:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-IW37DNFN4RTBNAAP
-A KUBE-SERVICES -d 198.18.0.2/32 -p udp -m comment --comment "default/derived-d7e1rb3q5o:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-KS3JZGCBDVKB62S5
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-VPJCWIHGOZWNRC6B
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.2:80" -j KUBE-SEP-MQ4W7Q2CV67URU6Q
-A KUBE-SEP-VPJCWIHGOZWNRC6B -s 10.244.0.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-VPJCWIHGOZWNRC6B -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -s 10.244.1.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-IW37DNFN4RTBNAAP ! -s 10.244.0.0/16 -d 198.18.0.2/32 -p tcp -m comment --comment "default/derived-d7e1rb3q5o:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-IW37DNFN4RTBNAAP -m comment --comment "default/derived-d7e1rb3q5o:http -> 10.245.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-PBK2OWYDX5M7MUKQ
-A KUBE-SVC-IW37DNFN4RTBNAAP -m comment --comment "default/derived-d7e1rb3q5o:http -> 10.245.1.2:80" -j KUBE-SEP-F4SO6Z2M2KC5PZBR
-A KUBE-SEP-PBK2OWYDX5M7MUKQ -s 10.245.0.3/32 -m comment --comment "default/derived-d7e1rb3q5o:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-PBK2OWYDX5M7MUKQ -p tcp -m comment --comment "default/derived-d7e1rb3q5o:http" -m tcp -j DNAT --to-destination 10.245.0.3:80
-A KUBE-SEP-F4SO6Z2M2KC5PZBR -s 10.245.1.2/32 -m comment --comment "default/derived-d7e1rb3q5o:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-F4SO6Z2M2KC5PZBR -p tcp -m comment --comment "default/derived-d7e1rb3q5o:http" -m tcp -j DNAT --to-destination 10.245.1.2:80
-A KUBE-SVC-KS3JZGCBDVKB62S5 ! -s 10.244.0.0/16 -d 198.18.0.2/32 -p udp -m comment --comment "default/derived-d7e1rb3q5o:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-KS3JZGCBDVKB62S5 -m comment --comment "default/derived-d7e1rb3q5o:dns -> 10.245.0.3:53" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-VPHKFBTZLVHCU3BE
-A KUBE-SVC-KS3JZGCBDVKB62S5 -m comment --comment "default/derived-d7e1rb3q5o:dns -> 10.245.1.2:53" -j KUBE-SEP-QUMRCGB6Q4MPJOUO
-A KUBE-SEP-VPHKFBTZLVHCU3BE -s 10.245.0.3/32 -m comment --comment "default/derived-d7e1rb3q5o:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-VPHKFBTZLVHCU3BE -p udp -m comment --comment "default/derived-d7e1rb3q5o:dns" -m udp -j DNAT --to-destination 10.245.0.3:53
-A KUBE-SEP-QUMRCGB6Q4MPJOUO -s 10.245.1.2/32 -m comment --comment "default/derived-d7e1rb3q5o:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-QUMRCGB6Q4MPJOUO -p udp -m comment --comment "default/derived-d7e1rb3q5o:dns" -m udp -j DNAT --to-destination 10.245.1.2:53
COMMIT
EOF
ip netns exec nsnet.flat.west.node.n1 $IPT-restore --noflush <<'EOF'
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-PROXY-FIREWALL - [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-SERVICES - [0:0]
-F INPUT
-F FORWARD
-F OUTPUT
-A INPUT -j KUBE-FIREWALL
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A OUTPUT -j KUBE-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
*mangle
:KUBE-PROXY-CANARY - [0:0]
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-EXT-CDGGSHYLG3RE2FKL - [0:0]
:KUBE-SVC-CDGGSHYLG3RE2FKL - [0:0]
:KUBE-SEP-3WZCI3EP36IRB6IR - [0:0]
:KUBE-SEP-U4U3RETEMF7GCNYP - [0:0]
:KUBE-EXT-3OI236ZBKTWAFB2I - [0:0]
:KUBE-SVC-3OI236ZBKTWAFB2I - [0:0]
:KUBE-SEP-LTVUQKNBI6374LD3 - [0:0]
:KUBE-SEP-GKLWIOVGTYQO44P7 - [0:0]
:KUBE-SVC-Y6PQBOJDUAA5KPE7 - [0:0]
:KUBE-SEP-UE6H552MZEHWU6S6 - [0:0]
:KUBE-SEP-5O2FLRJUXSUS2J3Y - [0:0]
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d 10.97.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 198.18.0.2/32 -p tcp -m comment --comment "default/web:http external IP" -m tcp --dport 80 -j KUBE-EXT-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.97.0.2/32 -p udp -m comment --comment "default/web:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-3OI236ZBKTWAFB2I
-A KUBE-SERVICES -d 198.18.0.2/32 -p udp -m comment --comment "default/web:dns external IP" -m udp --dport 53 -j KUBE-EXT-3OI236ZBKTWAFB2I
-A KUBE-SERVICES -d 10.97.0.3/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-SVC-Y6PQBOJDUAA5KPE7
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-EXT-CDGGSHYLG3RE2FKL -m comment --comment "masquerade traffic for default/web:http external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-CDGGSHYLG3RE2FKL -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.245.0.0/16 -d 10.97.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.245.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-3WZCI3EP36IRB6IR
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.245.1.2:80" -j KUBE-SEP-U4U3RETEMF7GCNYP
-A KUBE-SEP-3WZCI3EP36IRB6IR -s 10.245.0.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-3WZCI3EP36IRB6IR -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.245.0.3:80
-A KUBE-SEP-U4U3RETEMF7GCNYP -s 10.245.1.2/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-U4U3RETEMF7GCNYP -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.245.1.2:80
-A KUBE-EXT-3OI236ZBKTWAFB2I -m comment --comment "masquerade traffic for default/web:dns external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-3OI236ZBKTWAFB2I -j KUBE-SVC-3OI236ZBKTWAFB2I
-A KUBE-SVC-3OI236ZBKTWAFB2I ! -s 10.245.0.0/16 -d 10.97.0.2/32 -p udp -m comment --comment "default/web:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.245.0.3:53" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-LTVUQKNBI6374LD3
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.245.1.2:53" -j KUBE-SEP-GKLWIOVGTYQO44P7
-A KUBE-SEP-LTVUQKNBI6374LD3 -s 10.245.0.3/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-LTVUQKNBI6374LD3 -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.245.0.3:53
-A KUBE-SEP-GKLWIOVGTYQO44P7 -s 10.245.1.2/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-GKLWIOVGTYQO44P7 -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.245.1.2:53
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 ! -s 10.245.0.0/16 -d 10.97.0.3/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.245.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-UE6H552MZEHWU6S6
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.245.1.2:80" -j KUBE-SEP-5O2FLRJUXSUS2J3Y
-A KUBE-SEP-UE6H552MZEHWU6S6 -s 10.245.0.3/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-UE6H552MZEHWU6S6 -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.245.0.3:80
-A KUBE-SEP-5O2FLRJUXSUS2J3Y -s 10.245.1.2/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-5O2FLRJUXSUS2J3Y -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.245.1.2:80
COMMIT
EOF
ip netns exec nsnet.flat.west.node.n2 $IPT-restore --noflush <<'EOF'
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-PROXY-FIREWALL - [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-SERVICES - [0:0]
-F INPUT
-F FORWARD
-F OUTPUT
-A INPUT -j KUBE-FIREWALL
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A OUTPUT -j KUBE-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
*mangle
:KUBE-PROXY-CANARY - [0:0]
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-EXT-CDGGSHYLG3RE2FKL - [0:0]
:KUBE-SVC-CDGGSHYLG3RE2FKL - [0:0]
:KUBE-SEP-3WZCI3EP36IRB6IR - [0:0]
:KUBE-SEP-U4U3RETEMF7GCNYP - [0:0]
:KUBE-EXT-3OI236ZBKTWAFB2I - [0:0]
:KUBE-SVC-3OI236ZBKTWAFB2I - [0:0]
:KUBE-SEP-LTVUQKNBI6374LD3 - [0:0]
:KUBE-SEP-GKLWIOVGTYQO44P7 - [0:0]
:KUBE-SVC-Y6PQBOJDUAA5KPE7 - [0:0]
:KUBE-SEP-UE6H552MZEHWU6S6 - [0:0]
:KUBE-SEP-5O2FLRJUXSUS2J3Y - [0:0]
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d 10.97.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 198.18.0.2/32 -p tcp -m comment --comment "default/web:http external IP" -m tcp --dport 80 -j KUBE-EXT-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.97.0.2/32 -p udp -m comment --comment "default/web:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-3OI236ZBKTWAFB2I
-A KUBE-SERVICES -d 198.18.0.2/32 -p udp -m comment --comment "default/web:dns external IP" -m udp --dport 53 -j KUBE-EXT-3OI236ZBKTWAFB2I
-A KUBE-SERVICES -d 10.97.0.3/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-SVC-Y6PQBOJDUAA5KPE7
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-EXT-CDGGSHYLG3RE2FKL -m comment --comment "masquerade traffic for default/web:http external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-CDGGSHYLG3RE2FKL -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.245.0.0/16 -d 10.97.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.245.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-3WZCI3EP36IRB6IR
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.245.1.2:80" -j KUBE-SEP-U4U3RETEMF7GCNYP
-A KUBE-SEP-3WZCI3EP36IRB6IR -s 10.245.0.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-3WZCI3EP36IRB6IR -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.245.0.3:80
-A KUBE-SEP-U4U3RETEMF7GCNYP -s 10.245.1.2/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-U4U3RETEMF7GCNYP -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.245.1.2:80
-A KUBE-EXT-3OI236ZBKTWAFB2I -m comment --comment "masquerade traffic for default/web:dns external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-3OI236ZBKTWAFB2I -j KUBE-SVC-3OI236ZBKTWAFB2I
-A KUBE-SVC-3OI236ZBKTWAFB2I ! -s 10.245.0.0/16 -d 10.97.0.2/32 -p udp -m comment --comment "default/web:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.245.0.3:53" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-LTVUQKNBI6374LD3
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.245.1.2:53" -j KUBE-SEP-GKLWIOVGTYQO44P7
-A KUBE-SEP-LTVUQKNBI6374LD3 -s 10.245.0.3/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-LTVUQKNBI6374LD3 -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.245.0.3:53
-A KUBE-SEP-GKLWIOVGTYQO44P7 -s 10.245.1.2/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-GKLWIOVGTYQO44P7 -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.245.1.2:53
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 ! -s 10.245.0.0/16 -d 10.97.0.3/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.245.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-UE6H552MZEHWU6S6
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.245.1.2:80" -j KUBE-SEP-5O2FLRJUXSUS2J3Y
-A KUBE-SEP-UE6H552MZEHWU6S6 -s 10.245.0.3/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-UE6H552MZEHWU6S6 -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.245.0.3:80
-A KUBE-SEP-5O2FLRJUXSUS2J3Y -s 10.245.1.2/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-5O2FLRJUXSUS2J3Y -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.245.1.2:80
COMMIT
EOF
