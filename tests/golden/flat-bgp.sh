#!/bin/sh
# Builds the lab flat-bgp, but for its server. To remove it again: nsnet down flat-bgp
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.flat-bgp.servers
# nsnet.flat-bgp.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.flat-bgp.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat-bgp.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat-bgp.fabric
ip netns exec nsnet.flat-bgp.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.flat-bgp.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.flat-bgp.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.flat-bgp.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.flat-bgp.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.flat-bgp.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.flat-bgp.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.flat-bgp.external.laptop
ip netns exec nsnet.flat-bgp.external.laptop sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.external.laptop sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat-bgp.external.laptop sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.external.laptop sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.external.laptop sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.external.laptop sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat-bgp.external.api
ip netns exec nsnet.flat-bgp.external.api sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.external.api sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat-bgp.external.api sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.external.api sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.external.api sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.external.api sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat-bgp.east.node.n1
ip netns exec nsnet.flat-bgp.east.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.east.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.flat-bgp.east.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.east.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.east.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.east.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.flat-bgp.east.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.flat-bgp.east.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.flat-bgp.east.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.flat-bgp.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.flat-bgp.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.flat-bgp.east.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.flat-bgp.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.flat-bgp.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.flat-bgp.east.node.n2
ip netns exec nsnet.flat-bgp.east.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.east.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.flat-bgp.east.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.east.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.east.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.east.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.flat-bgp.east.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.flat-bgp.east.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.flat-bgp.east.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.flat-bgp.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.flat-bgp.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.flat-bgp.east.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.flat-bgp.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.flat-bgp.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.flat-bgp.east.node.n3
ip netns exec nsnet.flat-bgp.east.node.n3 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.east.node.n3 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.flat-bgp.east.node.n3 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.east.node.n3 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.east.node.n3 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.east.node.n3 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.flat-bgp.east.node.n3 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.flat-bgp.east.node.n3 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.flat-bgp.east.node.n3 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.flat-bgp.east.node.n3 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.flat-bgp.east.node.n3 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.flat-bgp.east.node.n3 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.flat-bgp.east.node.n3 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.flat-bgp.east.node.n3 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.flat-bgp.east.node.n4
ip netns exec nsnet.flat-bgp.east.node.n4 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.east.node.n4 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.flat-bgp.east.node.n4 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.east.node.n4 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.east.node.n4 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.east.node.n4 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.flat-bgp.east.node.n4 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.flat-bgp.east.node.n4 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.flat-bgp.east.node.n4 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.flat-bgp.east.node.n4 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.flat-bgp.east.node.n4 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.flat-bgp.east.node.n4 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.flat-bgp.east.node.n4 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.flat-bgp.east.node.n4 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.flat-bgp.east.pod.default.client
ip netns exec nsnet.flat-bgp.east.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.east.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat-bgp.east.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.east.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.east.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.east.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat-bgp.east.pod.default.near-0
ip netns exec nsnet.flat-bgp.east.pod.default.near-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.east.pod.default.near-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat-bgp.east.pod.default.near-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.east.pod.default.near-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.east.pod.default.near-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.east.pod.default.near-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat-bgp.east.pod.default.near-1
ip netns exec nsnet.flat-bgp.east.pod.default.near-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.east.pod.default.near-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat-bgp.east.pod.default.near-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.east.pod.default.near-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.east.pod.default.near-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.east.pod.default.near-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat-bgp.east.pod.default.unready
ip netns exec nsnet.flat-bgp.east.pod.default.unready sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.east.pod.default.unready sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat-bgp.east.pod.default.unready sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.east.pod.default.unready sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.east.pod.default.unready sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.east.pod.default.unready sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat-bgp.east.pod.default.web-0
ip netns exec nsnet.flat-bgp.east.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.east.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat-bgp.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.east.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.east.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat-bgp.east.pod.default.web-1
ip netns exec nsnet.flat-bgp.east.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.east.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat-bgp.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.east.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.east.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat-bgp.east.pod.default.web-2
ip netns exec nsnet.flat-bgp.east.pod.default.web-2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.east.pod.default.web-2 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat-bgp.east.pod.default.web-2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.east.pod.default.web-2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.east.pod.default.web-2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.east.pod.default.web-2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat-bgp.east.pod.default.web-3
ip netns exec nsnet.flat-bgp.east.pod.default.web-3 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.east.pod.default.web-3 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat-bgp.east.pod.default.web-3 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.east.pod.default.web-3 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.east.pod.default.web-3 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.east.pod.default.web-3 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.flat-bgp.west.node.n1
ip netns exec nsnet.flat-bgp.west.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.west.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.flat-bgp.west.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.west.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.west.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.west.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.flat-bgp.west.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.flat-bgp.west.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.flat-bgp.west.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.flat-bgp.west.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.flat-bgp.west.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.flat-bgp.west.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.flat-bgp.west.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.flat-bgp.west.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.flat-bgp.west.pod.default.web-0
ip netns exec nsnet.flat-bgp.west.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.flat-bgp.west.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.flat-bgp.west.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.flat-bgp.west.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.flat-bgp.west.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.flat-bgp.west.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.flat-bgp.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.flat-bgp.fabric link set br-fabric up
ip -n nsnet.flat-bgp.fabric link add br-east address 02:00:c0:a8:0a:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.flat-bgp.fabric link set br-east up
ip -n nsnet.flat-bgp.fabric link add br-west address 02:00:c0:a8:14:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.flat-bgp.fabric link set br-west up
ip -n nsnet.flat-bgp.east.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.flat-bgp.east.node.n1 link set cbr0 up
ip -n nsnet.flat-bgp.east.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.flat-bgp.east.node.n2 link set cbr0 up
ip -n nsnet.flat-bgp.east.node.n3 link add cbr0 address 02:00:0a:f4:02:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.flat-bgp.east.node.n3 link set cbr0 up
ip -n nsnet.flat-bgp.east.node.n4 link add cbr0 address 02:00:0a:f4:03:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.flat-bgp.east.node.n4 link set cbr0 up
ip -n nsnet.flat-bgp.west.node.n1 link add cbr0 address 02:00:0a:f5:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.flat-bgp.west.node.n1 link set cbr0 up
ip -n nsnet.flat-bgp.fabric link add east_n1 address 06:06:a8:3c:0d:83 type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.flat-bgp.east.node.n1
ip -n nsnet.flat-bgp.fabric link set east_n1 master br-east up
ip -n nsnet.flat-bgp.fabric link add east_n2 address 06:7e:05:5c:a2:09 type veth peer name eth0 address 02:00:c0:a8:0a:03 netns nsnet.flat-bgp.east.node.n2
ip -n nsnet.flat-bgp.fabric link set east_n2 master br-east up
ip -n nsnet.flat-bgp.fabric link add east_n3 address 06:3d:c7:95:a1:84 type veth peer name eth0 address 02:00:c0:a8:0a:04 netns nsnet.flat-bgp.east.node.n3
ip -n nsnet.flat-bgp.fabric link set east_n3 master br-east up
ip -n nsnet.flat-bgp.fabric link add east_n4 address 06:18:9f:3f:68:e1 type veth peer name eth0 address 02:00:c0:a8:0a:05 netns nsnet.flat-bgp.east.node.n4
ip -n nsnet.flat-bgp.fabric link set east_n4 master br-east up
ip -n nsnet.flat-bgp.fabric link add west_n1 address 06:af:72:6d:41:54 type veth peer name eth0 address 02:00:c0:a8:14:02 netns nsnet.flat-bgp.west.node.n1
ip -n nsnet.flat-bgp.fabric link set west_n1 master br-west up
ip -n nsnet.flat-bgp.fabric link add ext-laptop address 06:98:76:13:0d:61 type veth peer name eth0 address 02:00:cb:00:71:0a netns nsnet.flat-bgp.external.laptop
ip -n nsnet.flat-bgp.fabric link set ext-laptop master br-fabric up
ip -n nsnet.flat-bgp.fabric link add ext-api address 06:c7:21:43:6a:52 type veth peer name eth0 address 02:00:cb:00:71:50 netns nsnet.flat-bgp.external.api
ip -n nsnet.flat-bgp.fabric link set ext-api master br-fabric up
ip -n nsnet.flat-bgp.east.node.n1 link add client address 06:40:c7:d8:0d:84 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.flat-bgp.east.pod.default.client
ip -n nsnet.flat-bgp.east.node.n1 link set client master cbr0 up
bridge -n nsnet.flat-bgp.east.node.n1 link set dev client hairpin on
ip -n nsnet.flat-bgp.east.node.n1 link add near-0 address 06:44:21:34:04:fd type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.flat-bgp.east.pod.default.near-0
ip -n nsnet.flat-bgp.east.node.n1 link set near-0 master cbr0 up
bridge -n nsnet.flat-bgp.east.node.n1 link set dev near-0 hairpin on
ip -n nsnet.flat-bgp.east.node.n1 link add web-1 address 06:54:24:06:01:20 type veth peer name eth0 address 02:00:0a:f4:00:04 netns nsnet.flat-bgp.east.pod.default.web-1
ip -n nsnet.flat-bgp.east.node.n1 link set web-1 master cbr0 up
bridge -n nsnet.flat-bgp.east.node.n1 link set dev web-1 hairpin on
ip -n nsnet.flat-bgp.east.node.n2 link add near-1 address 06:e3:eb:d9:62:81 type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.flat-bgp.east.pod.default.near-1
ip -n nsnet.flat-bgp.east.node.n2 link set near-1 master cbr0 up
bridge -n nsnet.flat-bgp.east.node.n2 link set dev near-1 hairpin on
ip -n nsnet.flat-bgp.east.node.n2 link add web-2 address 06:ce:27:3b:93:ec type veth peer name eth0 address 02:00:0a:f4:01:03 netns nsnet.flat-bgp.east.pod.default.web-2
ip -n nsnet.flat-bgp.east.node.n2 link set web-2 master cbr0 up
bridge -n nsnet.flat-bgp.east.node.n2 link set dev web-2 hairpin on
ip -n nsnet.flat-bgp.east.node.n3 link add unready address 06:33:87:11:e6:ce type veth peer name eth0 address 02:00:0a:f4:02:02 netns nsnet.flat-bgp.east.pod.default.unready
ip -n nsnet.flat-bgp.east.node.n3 link set unready master cbr0 up
bridge -n nsnet.flat-bgp.east.node.n3 link set dev unready hairpin on
ip -n nsnet.flat-bgp.east.node.n3 link add web-3 address 06:06:8c:6a:f5:63 type veth peer name eth0 address 02:00:0a:f4:02:03 netns nsnet.flat-bgp.east.pod.default.web-3
ip -n nsnet.flat-bgp.east.node.n3 link set web-3 master cbr0 up
bridge -n nsnet.flat-bgp.east.node.n3 link set dev web-3 hairpin on
ip -n nsnet.flat-bgp.east.node.n4 link add web-0 address 06:11:1b:1f:f7:7d type veth peer name eth0 address 02:00:0a:f4:03:02 netns nsnet.flat-bgp.east.pod.default.web-0
ip -n nsnet.flat-bgp.east.node.n4 link set web-0 master cbr0 up
bridge -n nsnet.flat-bgp.east.node.n4 link set dev web-0 hairpin on
ip -n nsnet.flat-bgp.west.node.n1 link add web-0 address 06:65:cc:f9:d0:71 type veth peer name eth0 address 02:00:0a:f5:00:02 netns nsnet.flat-bgp.west.pod.default.web-0
ip -n nsnet.flat-bgp.west.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.flat-bgp.west.node.n1 link set dev web-0 hairpin on
ip -n nsnet.flat-bgp.servers link set lo up
ip netns exec nsnet.flat-bgp.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip netns exec nsnet.flat-bgp.fabric sysctl -q -w net.ipv4.neigh.br-east.retrans_time_ms=100
ip netns exec nsnet.flat-bgp.fabric sysctl -q -w net.ipv4.neigh.br-west.retrans_time_ms=100
ip -n nsnet.flat-bgp.fabric link set lo up
ip -n nsnet.flat-bgp.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.flat-bgp.fabric addr add 192.168.10.1/24 dev br-east
ip -n nsnet.flat-bgp.fabric addr add 192.168.20.1/24 dev br-west
ip -n nsnet.flat-bgp.fabric route add 10.245.0.0/24 via 192.168.20.2 dev br-west
ip -n nsnet.flat-bgp.fabric route add 203.0.113.10/32 dev br-fabric
ip -n nsnet.flat-bgp.fabric route add 203.0.113.80/32 dev br-fabric
ip -n nsnet.flat-bgp.fabric route add 198.18.0.5/32 via 192.168.20.2 dev br-west
ip netns exec nsnet.flat-bgp.external.laptop sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat-bgp.external.laptop link set lo up
ip -n nsnet.flat-bgp.external.laptop link set eth0 up
ip -n nsnet.flat-bgp.external.laptop addr add 203.0.113.10/32 dev eth0
ip -n nsnet.flat-bgp.external.laptop route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.flat-bgp.external.api sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat-bgp.external.api link set lo up
ip -n nsnet.flat-bgp.external.api link set eth0 up
ip -n nsnet.flat-bgp.external.api addr add 203.0.113.80/32 dev eth0
ip -n nsnet.flat-bgp.external.api route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.flat-bgp.east.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.flat-bgp.east.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat-bgp.east.node.n1 link set lo up
ip -n nsnet.flat-bgp.east.node.n1 link set eth0 up
ip -n nsnet.flat-bgp.east.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.flat-bgp.east.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.flat-bgp.east.node.n1 route add default via 192.168.10.1 dev eth0
ip netns exec nsnet.flat-bgp.east.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.flat-bgp.east.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat-bgp.east.node.n2 link set lo up
ip -n nsnet.flat-bgp.east.node.n2 link set eth0 up
ip -n nsnet.flat-bgp.east.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.flat-bgp.east.node.n2 addr add 192.168.10.3/24 dev eth0
ip -n nsnet.flat-bgp.east.node.n2 route add default via 192.168.10.1 dev eth0
ip netns exec nsnet.flat-bgp.east.node.n3 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.flat-bgp.east.node.n3 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat-bgp.east.node.n3 link set lo up
ip -n nsnet.flat-bgp.east.node.n3 link set eth0 up
ip -n nsnet.flat-bgp.east.node.n3 addr add 10.244.2.1/24 dev cbr0
ip -n nsnet.flat-bgp.east.node.n3 addr add 192.168.10.4/24 dev eth0
ip -n nsnet.flat-bgp.east.node.n3 route add default via 192.168.10.1 dev eth0
ip netns exec nsnet.flat-bgp.east.node.n4 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.flat-bgp.east.node.n4 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat-bgp.east.node.n4 link set lo up
ip -n nsnet.flat-bgp.east.node.n4 link set eth0 up
ip -n nsnet.flat-bgp.east.node.n4 addr add 10.244.3.1/24 dev cbr0
ip -n nsnet.flat-bgp.east.node.n4 addr add 192.168.10.5/24 dev eth0
ip -n nsnet.flat-bgp.east.node.n4 route add default via 192.168.10.1 dev eth0
ip netns exec nsnet.flat-bgp.east.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat-bgp.east.pod.default.client link set lo up
ip -n nsnet.flat-bgp.east.pod.default.client link set eth0 up
ip -n nsnet.flat-bgp.east.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.flat-bgp.east.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.flat-bgp.east.pod.default.near-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat-bgp.east.pod.default.near-0 link set lo up
ip -n nsnet.flat-bgp.east.pod.default.near-0 link set eth0 up
ip -n nsnet.flat-bgp.east.pod.default.near-0 addr add 10.244.0.3/24 dev eth0
ip -n nsnet.flat-bgp.east.pod.default.near-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.flat-bgp.east.pod.default.near-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat-bgp.east.pod.default.near-1 link set lo up
ip -n nsnet.flat-bgp.east.pod.default.near-1 link set eth0 up
ip -n nsnet.flat-bgp.east.pod.default.near-1 addr add 10.244.1.2/24 dev eth0
ip -n nsnet.flat-bgp.east.pod.default.near-1 route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.flat-bgp.east.pod.default.unready sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat-bgp.east.pod.default.unready link set lo up
ip -n nsnet.flat-bgp.east.pod.default.unready link set eth0 up
ip -n nsnet.flat-bgp.east.pod.default.unready addr add 10.244.2.2/24 dev eth0
ip -n nsnet.flat-bgp.east.pod.default.unready route add default via 10.244.2.1 dev eth0
ip netns exec nsnet.flat-bgp.east.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat-bgp.east.pod.default.web-0 link set lo up
ip -n nsnet.flat-bgp.east.pod.default.web-0 link set eth0 up
ip -n nsnet.flat-bgp.east.pod.default.web-0 addr add 10.244.3.2/24 dev eth0
ip -n nsnet.flat-bgp.east.pod.default.web-0 route add default via 10.244.3.1 dev eth0
ip netns exec nsnet.flat-bgp.east.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat-bgp.east.pod.default.web-1 link set lo up
ip -n nsnet.flat-bgp.east.pod.default.web-1 link set eth0 up
ip -n nsnet.flat-bgp.east.pod.default.web-1 addr add 10.244.0.4/24 dev eth0
ip -n nsnet.flat-bgp.east.pod.default.web-1 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.flat-bgp.east.pod.default.web-2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat-bgp.east.pod.default.web-2 link set lo up
ip -n nsnet.flat-bgp.east.pod.default.web-2 link set eth0 up
ip -n nsnet.flat-bgp.east.pod.default.web-2 addr add 10.244.1.3/24 dev eth0
ip -n nsnet.flat-bgp.east.pod.default.web-2 route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.flat-bgp.east.pod.default.web-3 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat-bgp.east.pod.default.web-3 link set lo up
ip -n nsnet.flat-bgp.east.pod.default.web-3 link set eth0 up
ip -n nsnet.flat-bgp.east.pod.default.web-3 addr add 10.244.2.3/24 dev eth0
ip -n nsnet.flat-bgp.east.pod.default.web-3 route add default via 10.244.2.1 dev eth0
ip netns exec nsnet.flat-bgp.west.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.flat-bgp.west.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat-bgp.west.node.n1 link set lo up
ip -n nsnet.flat-bgp.west.node.n1 link set eth0 up
ip -n nsnet.flat-bgp.west.node.n1 addr add 10.245.0.1/24 dev cbr0
ip -n nsnet.flat-bgp.west.node.n1 addr add 192.168.20.2/24 dev eth0
ip -n nsnet.flat-bgp.west.node.n1 route add default via 192.168.20.1 dev eth0
ip netns exec nsnet.flat-bgp.west.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.flat-bgp.west.pod.default.web-0 link set lo up
ip -n nsnet.flat-bgp.west.pod.default.web-0 link set eth0 up
ip -n nsnet.flat-bgp.west.pod.default.web-0 addr add 10.245.0.2/24 dev eth0
ip -n nsnet.flat-bgp.west.pod.default.web-0 route add default via 10.245.0.1 dev eth0
# nsnet.flat-bgp.external.api: external/api answers on 443/tcp
# nsnet.flat-bgp.east.node.n1: the health check of default/near (1 here) answers on 30002/tcp
# nsnet.flat-bgp.east.node.n1: the health check of default/unready (0 here) answers on 30004/tcp
# nsnet.flat-bgp.east.node.n2: the health check of default/near (1 here) answers on 30002/tcp
# nsnet.flat-bgp.east.node.n2: the health check of default/unready (0 here) answers on 30004/tcp
# nsnet.flat-bgp.east.node.n3: the health check of default/near (0 here) answers on 30002/tcp
# nsnet.flat-bgp.east.node.n3: the health check of default/unready (0 here) answers on 30004/tcp
# nsnet.flat-bgp.east.node.n4: the health check of default/near (0 here) answers on 30002/tcp
# nsnet.flat-bgp.east.node.n4: the health check of default/unready (0 here) answers on 30004/tcp
# nsnet.flat-bgp.east.pod.default.near-0: east/pod/near-0 answers on 80/tcp
# nsnet.flat-bgp.east.pod.default.near-1: east/pod/near-1 answers on 80/tcp
# nsnet.flat-bgp.east.pod.default.unready: east/pod/unready answers on 80/tcp
# nsnet.flat-bgp.east.pod.default.web-0: east/pod/web-0 answers on 80/tcp
# nsnet.flat-bgp.east.pod.default.web-1: east/pod/web-1 answers on 80/tcp
# nsnet.flat-bgp.east.pod.default.web-2: east/pod/web-2 answers on 80/tcp
# nsnet.flat-bgp.east.pod.default.web-3: east/pod/web-3 answers on 80/tcp
# nsnet.flat-bgp.west.pod.default.web-0: west/pod/web-0 answers on 80/tcp
ip netns exec nsnet.flat-bgp.fabric $IPT-restore --noflush <<'EOF'
*filter
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:NSNET-LB - [0:0]
-F FORWARD
-F OUTPUT
-A FORWARD -m comment --comment "load balancers" -j NSNET-LB
-A OUTPUT -m comment --comment "load balancers" -j NSNET-LB
-A NSNET-LB -d 198.18.0.2/32 -p tcp -m comment --comment "default/web" -m tcp --dport 80 -j RETURN
-A NSNET-LB -d 198.18.0.3/32 -p tcp -m comment --comment "default/near" -m tcp --dport 80 -j RETURN
-A NSNET-LB -d 198.18.0.4/32 -p tcp -m comment --comment "default/unready" -m tcp --dport 80 -j RETURN
-A NSNET-LB -d 198.18.0.5/32 -p tcp -m comment --comment "default/web" -m tcp --dport 80 -j RETURN
-A NSNET-LB -d 198.18.0.2/32 -p tcp -m comment --comment "no Service's port" -m tcp -j DROP
-A NSNET-LB -d 198.18.0.2/32 -p udp -m comment --comment "no Service's port" -m udp -j DROP
-A NSNET-LB -d 198.18.0.2/32 -p icmp -m comment --comment "no Service's port" -j DROP
-A NSNET-LB -d 198.18.0.3/32 -p tcp -m comment --comment "no Service's port" -m tcp -j DROP
-A NSNET-LB -d 198.18.0.3/32 -p udp -m comment --comment "no Service's port" -m udp -j DROP
-A NSNET-LB -d 198.18.0.3/32 -p icmp -m comment --comment "no Service's port" -j DROP
-A NSNET-LB -d 198.18.0.4/32 -p tcp -m comment --comment "no Service's port" -m tcp -j DROP
-A NSNET-LB -d 198.18.0.4/32 -p udp -m comment --comment "no Service's port" -m udp -j DROP
-A NSNET-LB -d 198.18.0.4/32 -p icmp -m comment --comment "no Service's port" -j DROP
-A NSNET-LB -d 198.18.0.5/32 -p tcp -m comment --comment "no Service's port" -m tcp -j DROP
-A NSNET-LB -d 198.18.0.5/32 -p udp -m comment --comment "no Service's port" -m udp -j DROP
-A NSNET-LB -d 198.18.0.5/32 -p icmp -m comment --comment "no Service's port" -j DROP
COMMIT
EOF
ip netns exec nsnet.flat-bgp.east.node.n1 $IPT-restore --noflush <<'EOF'
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
-A KUBE-EXTERNAL-SERVICES -d 198.18.0.4/32 -p tcp -m comment --comment "default/unready has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/unready has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30003 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/near health check node port" -m tcp --dport 30002 -j ACCEPT
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/unready health check node port" -m tcp --dport 30004 -j ACCEPT
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A KUBE-SERVICES -d 10.96.0.4/32 -p tcp -m comment --comment "default/unready has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
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
:KUBE-EXT-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SVC-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SEP-IG6ZFE2PVFCTIC6R - [0:0]
:KUBE-SEP-MHDQ23KUGG7EGFMW - [0:0]
:KUBE-SEP-7QE66YRUUVCO6FRM - [0:0]
:KUBE-SEP-MBUO2PUEYFC4MHZR - [0:0]
:KUBE-EXT-JP74GBMZCWWFJUWR - [0:0]
:KUBE-SVC-JP74GBMZCWWFJUWR - [0:0]
:KUBE-SVL-JP74GBMZCWWFJUWR - [0:0]
:KUBE-SEP-CFFSZVIGXDI4MVRD - [0:0]
:KUBE-SEP-FKLMYGB4THETIE7U - [0:0]
:KUBE-SVC-GZRR742B4ZRM4YA3 - [0:0]
:KUBE-SEP-B2Y57JVBLVYYTU6Q - [0:0]
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
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web" -m tcp --dport 30000 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/near" -m tcp --dport 30001 -j KUBE-EXT-JP74GBMZCWWFJUWR
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 198.18.0.2/32 -p tcp -m comment --comment "default/web loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 10.96.0.3/32 -p tcp -m comment --comment "default/near cluster IP" -m tcp --dport 80 -j KUBE-SVC-JP74GBMZCWWFJUWR
-A KUBE-SERVICES -d 198.18.0.3/32 -p tcp -m comment --comment "default/near loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-JP74GBMZCWWFJUWR
-A KUBE-SERVICES -d 198.18.0.5/32 -p tcp -m comment --comment "default/derived-d7e1rb3q5o cluster IP" -m tcp --dport 80 -j KUBE-SVC-GZRR742B4ZRM4YA3
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-EXT-LOLE4ISW44XBNF3G -m comment --comment "masquerade traffic for default/web external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-LOLE4ISW44XBNF3G -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.0.4:80" -m statistic --mode random --probability 0.25000000000 -j KUBE-SEP-IG6ZFE2PVFCTIC6R
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.3:80" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-MHDQ23KUGG7EGFMW
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.2.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-7QE66YRUUVCO6FRM
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.3.2:80" -j KUBE-SEP-MBUO2PUEYFC4MHZR
-A KUBE-SEP-IG6ZFE2PVFCTIC6R -s 10.244.0.4/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-IG6ZFE2PVFCTIC6R -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.0.4:80
-A KUBE-SEP-MHDQ23KUGG7EGFMW -s 10.244.1.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MHDQ23KUGG7EGFMW -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.3:80
-A KUBE-SEP-7QE66YRUUVCO6FRM -s 10.244.2.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-7QE66YRUUVCO6FRM -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.2.3:80
-A KUBE-SEP-MBUO2PUEYFC4MHZR -s 10.244.3.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MBUO2PUEYFC4MHZR -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.3.2:80
-A KUBE-EXT-JP74GBMZCWWFJUWR -s 10.244.0.0/16 -m comment --comment "pod traffic for default/near external destinations" -j KUBE-SVC-JP74GBMZCWWFJUWR
-A KUBE-EXT-JP74GBMZCWWFJUWR -m comment --comment "masquerade LOCAL traffic for default/near external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-JP74GBMZCWWFJUWR -m comment --comment "route LOCAL traffic for default/near external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-JP74GBMZCWWFJUWR
-A KUBE-EXT-JP74GBMZCWWFJUWR -j KUBE-SVL-JP74GBMZCWWFJUWR
-A KUBE-SVC-JP74GBMZCWWFJUWR ! -s 10.244.0.0/16 -d 10.96.0.3/32 -p tcp -m comment --comment "default/near cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-JP74GBMZCWWFJUWR -m comment --comment "default/near -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-CFFSZVIGXDI4MVRD
-A KUBE-SVC-JP74GBMZCWWFJUWR -m comment --comment "default/near -> 10.244.1.2:80" -j KUBE-SEP-FKLMYGB4THETIE7U
-A KUBE-SVL-JP74GBMZCWWFJUWR -m comment --comment "default/near -> 10.244.0.3:80" -j KUBE-SEP-CFFSZVIGXDI4MVRD
-A KUBE-SEP-CFFSZVIGXDI4MVRD -s 10.244.0.3/32 -m comment --comment "default/near" -j KUBE-MARK-MASQ
-A KUBE-SEP-CFFSZVIGXDI4MVRD -p tcp -m comment --comment "default/near" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-FKLMYGB4THETIE7U -s 10.244.1.2/32 -m comment --comment "default/near" -j KUBE-MARK-MASQ
-A KUBE-SEP-FKLMYGB4THETIE7U -p tcp -m comment --comment "default/near" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-GZRR742B4ZRM4YA3 ! -s 10.244.0.0/16 -d 198.18.0.5/32 -p tcp -m comment --comment "default/derived-d7e1rb3q5o cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-GZRR742B4ZRM4YA3 -m comment --comment "default/derived-d7e1rb3q5o -> 10.245.0.2:80" -j KUBE-SEP-B2Y57JVBLVYYTU6Q
-A KUBE-SEP-B2Y57JVBLVYYTU6Q -s 10.245.0.2/32 -m comment --comment "default/derived-d7e1rb3q5o" -j KUBE-MARK-MASQ
-A KUBE-SEP-B2Y57JVBLVYYTU6Q -p tcp -m comment --comment "default/derived-d7e1rb3q5o" -m tcp -j DNAT --to-destination 10.245.0.2:80
COMMIT
EOF
ip netns exec nsnet.flat-bgp.east.node.n2 $IPT-restore --noflush <<'EOF'
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
-A KUBE-EXTERNAL-SERVICES -d 198.18.0.4/32 -p tcp -m comment --comment "default/unready has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/unready has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30003 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/near health check node port" -m tcp --dport 30002 -j ACCEPT
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/unready health check node port" -m tcp --dport 30004 -j ACCEPT
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A KUBE-SERVICES -d 10.96.0.4/32 -p tcp -m comment --comment "default/unready has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
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
:KUBE-EXT-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SVC-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SEP-IG6ZFE2PVFCTIC6R - [0:0]
:KUBE-SEP-MHDQ23KUGG7EGFMW - [0:0]
:KUBE-SEP-7QE66YRUUVCO6FRM - [0:0]
:KUBE-SEP-MBUO2PUEYFC4MHZR - [0:0]
:KUBE-EXT-JP74GBMZCWWFJUWR - [0:0]
:KUBE-SVC-JP74GBMZCWWFJUWR - [0:0]
:KUBE-SVL-JP74GBMZCWWFJUWR - [0:0]
:KUBE-SEP-CFFSZVIGXDI4MVRD - [0:0]
:KUBE-SEP-FKLMYGB4THETIE7U - [0:0]
:KUBE-SVC-GZRR742B4ZRM4YA3 - [0:0]
:KUBE-SEP-B2Y57JVBLVYYTU6Q - [0:0]
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
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web" -m tcp --dport 30000 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/near" -m tcp --dport 30001 -j KUBE-EXT-JP74GBMZCWWFJUWR
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 198.18.0.2/32 -p tcp -m comment --comment "default/web loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 10.96.0.3/32 -p tcp -m comment --comment "default/near cluster IP" -m tcp --dport 80 -j KUBE-SVC-JP74GBMZCWWFJUWR
-A KUBE-SERVICES -d 198.18.0.3/32 -p tcp -m comment --comment "default/near loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-JP74GBMZCWWFJUWR
-A KUBE-SERVICES -d 198.18.0.5/32 -p tcp -m comment --comment "default/derived-d7e1rb3q5o cluster IP" -m tcp --dport 80 -j KUBE-SVC-GZRR742B4ZRM4YA3
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-EXT-LOLE4ISW44XBNF3G -m comment --comment "masquerade traffic for default/web external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-LOLE4ISW44XBNF3G -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.0.4:80" -m statistic --mode random --probability 0.25000000000 -j KUBE-SEP-IG6ZFE2PVFCTIC6R
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.3:80" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-MHDQ23KUGG7EGFMW
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.2.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-7QE66YRUUVCO6FRM
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.3.2:80" -j KUBE-SEP-MBUO2PUEYFC4MHZR
-A KUBE-SEP-IG6ZFE2PVFCTIC6R -s 10.244.0.4/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-IG6ZFE2PVFCTIC6R -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.0.4:80
-A KUBE-SEP-MHDQ23KUGG7EGFMW -s 10.244.1.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MHDQ23KUGG7EGFMW -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.3:80
-A KUBE-SEP-7QE66YRUUVCO6FRM -s 10.244.2.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-7QE66YRUUVCO6FRM -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.2.3:80
-A KUBE-SEP-MBUO2PUEYFC4MHZR -s 10.244.3.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MBUO2PUEYFC4MHZR -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.3.2:80
-A KUBE-EXT-JP74GBMZCWWFJUWR -s 10.244.0.0/16 -m comment --comment "pod traffic for default/near external destinations" -j KUBE-SVC-JP74GBMZCWWFJUWR
-A KUBE-EXT-JP74GBMZCWWFJUWR -m comment --comment "masquerade LOCAL traffic for default/near external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-JP74GBMZCWWFJUWR -m comment --comment "route LOCAL traffic for default/near external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-JP74GBMZCWWFJUWR
-A KUBE-EXT-JP74GBMZCWWFJUWR -j KUBE-SVL-JP74GBMZCWWFJUWR
-A KUBE-SVC-JP74GBMZCWWFJUWR ! -s 10.244.0.0/16 -d 10.96.0.3/32 -p tcp -m comment --comment "default/near cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-JP74GBMZCWWFJUWR -m comment --comment "default/near -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-CFFSZVIGXDI4MVRD
-A KUBE-SVC-JP74GBMZCWWFJUWR -m comment --comment "default/near -> 10.244.1.2:80" -j KUBE-SEP-FKLMYGB4THETIE7U
-A KUBE-SVL-JP74GBMZCWWFJUWR -m comment --comment "default/near -> 10.244.1.2:80" -j KUBE-SEP-FKLMYGB4THETIE7U
-A KUBE-SEP-CFFSZVIGXDI4MVRD -s 10.244.0.3/32 -m comment --comment "default/near" -j KUBE-MARK-MASQ
-A KUBE-SEP-CFFSZVIGXDI4MVRD -p tcp -m comment --comment "default/near" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-FKLMYGB4THETIE7U -s 10.244.1.2/32 -m comment --comment "default/near" -j KUBE-MARK-MASQ
-A KUBE-SEP-FKLMYGB4THETIE7U -p tcp -m comment --comment "default/near" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-GZRR742B4ZRM4YA3 ! -s 10.244.0.0/16 -d 198.18.0.5/32 -p tcp -m comment --comment "default/derived-d7e1rb3q5o cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-GZRR742B4ZRM4YA3 -m comment --comment "default/derived-d7e1rb3q5o -> 10.245.0.2:80" -j KUBE-SEP-B2Y57JVBLVYYTU6Q
-A KUBE-SEP-B2Y57JVBLVYYTU6Q -s 10.245.0.2/32 -m comment --comment "default/derived-d7e1rb3q5o" -j KUBE-MARK-MASQ
-A KUBE-SEP-B2Y57JVBLVYYTU6Q -p tcp -m comment --comment "default/derived-d7e1rb3q5o" -m tcp -j DNAT --to-destination 10.245.0.2:80
COMMIT
EOF
ip netns exec nsnet.flat-bgp.east.node.n3 $IPT-restore --noflush <<'EOF'
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
-A KUBE-EXTERNAL-SERVICES -d 198.18.0.3/32 -p tcp -m comment --comment "default/near has no local endpoints" -m tcp --dport 80 -j DROP
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/near has no local endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30001 -j DROP
-A KUBE-EXTERNAL-SERVICES -d 198.18.0.4/32 -p tcp -m comment --comment "default/unready has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/unready has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30003 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/near health check node port" -m tcp --dport 30002 -j ACCEPT
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/unready health check node port" -m tcp --dport 30004 -j ACCEPT
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A KUBE-SERVICES -d 10.96.0.4/32 -p tcp -m comment --comment "default/unready has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
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
:KUBE-EXT-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SVC-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SEP-IG6ZFE2PVFCTIC6R - [0:0]
:KUBE-SEP-MHDQ23KUGG7EGFMW - [0:0]
:KUBE-SEP-7QE66YRUUVCO6FRM - [0:0]
:KUBE-SEP-MBUO2PUEYFC4MHZR - [0:0]
:KUBE-EXT-JP74GBMZCWWFJUWR - [0:0]
:KUBE-SVC-JP74GBMZCWWFJUWR - [0:0]
:KUBE-SEP-CFFSZVIGXDI4MVRD - [0:0]
:KUBE-SEP-FKLMYGB4THETIE7U - [0:0]
:KUBE-SVC-GZRR742B4ZRM4YA3 - [0:0]
:KUBE-SEP-B2Y57JVBLVYYTU6Q - [0:0]
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
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web" -m tcp --dport 30000 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/near" -m tcp --dport 30001 -j KUBE-EXT-JP74GBMZCWWFJUWR
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 198.18.0.2/32 -p tcp -m comment --comment "default/web loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 10.96.0.3/32 -p tcp -m comment --comment "default/near cluster IP" -m tcp --dport 80 -j KUBE-SVC-JP74GBMZCWWFJUWR
-A KUBE-SERVICES -d 198.18.0.3/32 -p tcp -m comment --comment "default/near loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-JP74GBMZCWWFJUWR
-A KUBE-SERVICES -d 198.18.0.5/32 -p tcp -m comment --comment "default/derived-d7e1rb3q5o cluster IP" -m tcp --dport 80 -j KUBE-SVC-GZRR742B4ZRM4YA3
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-EXT-LOLE4ISW44XBNF3G -m comment --comment "masquerade traffic for default/web external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-LOLE4ISW44XBNF3G -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.0.4:80" -m statistic --mode random --probability 0.25000000000 -j KUBE-SEP-IG6ZFE2PVFCTIC6R
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.3:80" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-MHDQ23KUGG7EGFMW
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.2.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-7QE66YRUUVCO6FRM
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.3.2:80" -j KUBE-SEP-MBUO2PUEYFC4MHZR
-A KUBE-SEP-IG6ZFE2PVFCTIC6R -s 10.244.0.4/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-IG6ZFE2PVFCTIC6R -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.0.4:80
-A KUBE-SEP-MHDQ23KUGG7EGFMW -s 10.244.1.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MHDQ23KUGG7EGFMW -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.3:80
-A KUBE-SEP-7QE66YRUUVCO6FRM -s 10.244.2.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-7QE66YRUUVCO6FRM -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.2.3:80
-A KUBE-SEP-MBUO2PUEYFC4MHZR -s 10.244.3.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MBUO2PUEYFC4MHZR -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.3.2:80
-A KUBE-EXT-JP74GBMZCWWFJUWR -s 10.244.0.0/16 -m comment --comment "pod traffic for default/near external destinations" -j KUBE-SVC-JP74GBMZCWWFJUWR
-A KUBE-EXT-JP74GBMZCWWFJUWR -m comment --comment "masquerade LOCAL traffic for default/near external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-JP74GBMZCWWFJUWR -m comment --comment "route LOCAL traffic for default/near external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-JP74GBMZCWWFJUWR
-A KUBE-SVC-JP74GBMZCWWFJUWR ! -s 10.244.0.0/16 -d 10.96.0.3/32 -p tcp -m comment --comment "default/near cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-JP74GBMZCWWFJUWR -m comment --comment "default/near -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-CFFSZVIGXDI4MVRD
-A KUBE-SVC-JP74GBMZCWWFJUWR -m comment --comment "default/near -> 10.244.1.2:80" -j KUBE-SEP-FKLMYGB4THETIE7U
-A KUBE-SEP-CFFSZVIGXDI4MVRD -s 10.244.0.3/32 -m comment --comment "default/near" -j KUBE-MARK-MASQ
-A KUBE-SEP-CFFSZVIGXDI4MVRD -p tcp -m comment --comment "default/near" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-FKLMYGB4THETIE7U -s 10.244.1.2/32 -m comment --comment "default/near" -j KUBE-MARK-MASQ
-A KUBE-SEP-FKLMYGB4THETIE7U -p tcp -m comment --comment "default/near" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-GZRR742B4ZRM4YA3 ! -s 10.244.0.0/16 -d 198.18.0.5/32 -p tcp -m comment --comment "default/derived-d7e1rb3q5o cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-GZRR742B4ZRM4YA3 -m comment --comment "default/derived-d7e1rb3q5o -> 10.245.0.2:80" -j KUBE-SEP-B2Y57JVBLVYYTU6Q
-A KUBE-SEP-B2Y57JVBLVYYTU6Q -s 10.245.0.2/32 -m comment --comment "default/derived-d7e1rb3q5o" -j KUBE-MARK-MASQ
-A KUBE-SEP-B2Y57JVBLVYYTU6Q -p tcp -m comment --comment "default/derived-d7e1rb3q5o" -m tcp -j DNAT --to-destination 10.245.0.2:80
COMMIT
EOF
ip netns exec nsnet.flat-bgp.east.node.n4 $IPT-restore --noflush <<'EOF'
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
-A KUBE-EXTERNAL-SERVICES -d 198.18.0.3/32 -p tcp -m comment --comment "default/near has no local endpoints" -m tcp --dport 80 -j DROP
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/near has no local endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30001 -j DROP
-A KUBE-EXTERNAL-SERVICES -d 198.18.0.4/32 -p tcp -m comment --comment "default/unready has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/unready has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30003 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/near health check node port" -m tcp --dport 30002 -j ACCEPT
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/unready health check node port" -m tcp --dport 30004 -j ACCEPT
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A KUBE-SERVICES -d 10.96.0.4/32 -p tcp -m comment --comment "default/unready has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
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
:KUBE-EXT-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SVC-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SEP-IG6ZFE2PVFCTIC6R - [0:0]
:KUBE-SEP-MHDQ23KUGG7EGFMW - [0:0]
:KUBE-SEP-7QE66YRUUVCO6FRM - [0:0]
:KUBE-SEP-MBUO2PUEYFC4MHZR - [0:0]
:KUBE-EXT-JP74GBMZCWWFJUWR - [0:0]
:KUBE-SVC-JP74GBMZCWWFJUWR - [0:0]
:KUBE-SEP-CFFSZVIGXDI4MVRD - [0:0]
:KUBE-SEP-FKLMYGB4THETIE7U - [0:0]
:KUBE-SVC-GZRR742B4ZRM4YA3 - [0:0]
:KUBE-SEP-B2Y57JVBLVYYTU6Q - [0:0]
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
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web" -m tcp --dport 30000 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/near" -m tcp --dport 30001 -j KUBE-EXT-JP74GBMZCWWFJUWR
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 198.18.0.2/32 -p tcp -m comment --comment "default/web loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 10.96.0.3/32 -p tcp -m comment --comment "default/near cluster IP" -m tcp --dport 80 -j KUBE-SVC-JP74GBMZCWWFJUWR
-A KUBE-SERVICES -d 198.18.0.3/32 -p tcp -m comment --comment "default/near loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-JP74GBMZCWWFJUWR
-A KUBE-SERVICES -d 198.18.0.5/32 -p tcp -m comment --comment "default/derived-d7e1rb3q5o cluster IP" -m tcp --dport 80 -j KUBE-SVC-GZRR742B4ZRM4YA3
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-EXT-LOLE4ISW44XBNF3G -m comment --comment "masquerade traffic for default/web external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-LOLE4ISW44XBNF3G -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.0.4:80" -m statistic --mode random --probability 0.25000000000 -j KUBE-SEP-IG6ZFE2PVFCTIC6R
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.3:80" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-MHDQ23KUGG7EGFMW
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.2.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-7QE66YRUUVCO6FRM
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.3.2:80" -j KUBE-SEP-MBUO2PUEYFC4MHZR
-A KUBE-SEP-IG6ZFE2PVFCTIC6R -s 10.244.0.4/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-IG6ZFE2PVFCTIC6R -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.0.4:80
-A KUBE-SEP-MHDQ23KUGG7EGFMW -s 10.244.1.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MHDQ23KUGG7EGFMW -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.3:80
-A KUBE-SEP-7QE66YRUUVCO6FRM -s 10.244.2.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-7QE66YRUUVCO6FRM -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.2.3:80
-A KUBE-SEP-MBUO2PUEYFC4MHZR -s 10.244.3.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MBUO2PUEYFC4MHZR -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.3.2:80
-A KUBE-EXT-JP74GBMZCWWFJUWR -s 10.244.0.0/16 -m comment --comment "pod traffic for default/near external destinations" -j KUBE-SVC-JP74GBMZCWWFJUWR
-A KUBE-EXT-JP74GBMZCWWFJUWR -m comment --comment "masquerade LOCAL traffic for default/near external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-JP74GBMZCWWFJUWR -m comment --comment "route LOCAL traffic for default/near external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-JP74GBMZCWWFJUWR
-A KUBE-SVC-JP74GBMZCWWFJUWR ! -s 10.244.0.0/16 -d 10.96.0.3/32 -p tcp -m comment --comment "default/near cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-JP74GBMZCWWFJUWR -m comment --comment "default/near -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-CFFSZVIGXDI4MVRD
-A KUBE-SVC-JP74GBMZCWWFJUWR -m comment --comment "default/near -> 10.244.1.2:80" -j KUBE-SEP-FKLMYGB4THETIE7U
-A KUBE-SEP-CFFSZVIGXDI4MVRD -s 10.244.0.3/32 -m comment --comment "default/near" -j KUBE-MARK-MASQ
-A KUBE-SEP-CFFSZVIGXDI4MVRD -p tcp -m comment --comment "default/near" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-FKLMYGB4THETIE7U -s 10.244.1.2/32 -m comment --comment "default/near" -j KUBE-MARK-MASQ
-A KUBE-SEP-FKLMYGB4THETIE7U -p tcp -m comment --comment "default/near" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-GZRR742B4ZRM4YA3 ! -s 10.244.0.0/16 -d 198.18.0.5/32 -p tcp -m comment --comment "default/derived-d7e1rb3q5o cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-GZRR742B4ZRM4YA3 -m comment --comment "default/derived-d7e1rb3q5o -> 10.245.0.2:80" -j KUBE-SEP-B2Y57JVBLVYYTU6Q
-A KUBE-SEP-B2Y57JVBLVYYTU6Q -s 10.245.0.2/32 -m comment --comment "default/derived-d7e1rb3q5o" -j KUBE-MARK-MASQ
-A KUBE-SEP-B2Y57JVBLVYYTU6Q -p tcp -m comment --comment "default/derived-d7e1rb3q5o" -m tcp -j DNAT --to-destination 10.245.0.2:80
COMMIT
EOF
ip netns exec nsnet.flat-bgp.west.node.n1 $IPT-restore --noflush <<'EOF'
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
:KUBE-EXT-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SVC-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SEP-EW2SOHKNA7ONEOFP - [0:0]
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
-A KUBE-SERVICES -d 198.18.0.5/32 -p tcp -m comment --comment "default/web external IP" -m tcp --dport 80 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-EXT-LOLE4ISW44XBNF3G -m comment --comment "masquerade traffic for default/web external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-LOLE4ISW44XBNF3G -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.245.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.245.0.2:80" -j KUBE-SEP-EW2SOHKNA7ONEOFP
-A KUBE-SEP-EW2SOHKNA7ONEOFP -s 10.245.0.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-EW2SOHKNA7ONEOFP -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.245.0.2:80
COMMIT
EOF
mkdir -p /run/nsnet/flat-bgp
cat >/run/nsnet/flat-bgp/fabric.bird.conf <<'EOF'
log stderr all;
router id 198.18.0.1;
protocol device { }
protocol bfd { interface "br-east" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
protocol kernel kernel4 {
  scan time 5; merge paths on limit 255;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp to_192_168_10_2 {
  description "east/node/n1";
  local 192.168.10.1 as 64512;
  neighbor 192.168.10.2 as 4211012610;
  passive;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 10.244.0.0/24+, 198.18.0.2/32+, 198.18.0.3/32+, 10.244.1.0/24+, 10.244.2.0/24+, 10.244.3.0/24+ ];
    export all;
  };
}
protocol bgp to_192_168_10_3 {
  description "east/node/n2";
  local 192.168.10.1 as 64512;
  neighbor 192.168.10.3 as 4211012611;
  passive;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 10.244.0.0/24+, 198.18.0.2/32+, 198.18.0.3/32+, 10.244.1.0/24+, 10.244.2.0/24+, 10.244.3.0/24+ ];
    export all;
  };
}
protocol bgp to_192_168_10_4 {
  description "east/node/n3";
  local 192.168.10.1 as 64512;
  neighbor 192.168.10.4 as 4211012612;
  passive;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 10.244.0.0/24+, 198.18.0.2/32+, 198.18.0.3/32+, 10.244.1.0/24+, 10.244.2.0/24+, 10.244.3.0/24+ ];
    export all;
  };
}
protocol bgp to_192_168_10_5 {
  description "east/node/n4";
  local 192.168.10.1 as 64512;
  neighbor 192.168.10.5 as 4211012613;
  passive;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 10.244.0.0/24+, 198.18.0.2/32+, 198.18.0.3/32+, 10.244.1.0/24+, 10.244.2.0/24+, 10.244.3.0/24+ ];
    export all;
  };
}
EOF
ip netns exec nsnet.flat-bgp.fabric bird -c /run/nsnet/flat-bgp/fabric.bird.conf -s /run/nsnet/flat-bgp/fabric.bird.ctl -P /run/nsnet/flat-bgp/fabric.bird.pid >/run/nsnet/flat-bgp/fabric.bird.log 2>&1
mkdir -p /run/nsnet/flat-bgp
cat >/run/nsnet/flat-bgp/east.node.n1.bird.conf <<'EOF'
log stderr all;
router id 192.168.10.2;
protocol device { }
protocol bfd { interface "eth0" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
protocol static announced4 {
  ipv4;
  route 10.244.0.0/24 unreachable;
  route 198.18.0.2/32 unreachable;
  route 198.18.0.3/32 unreachable;
}
protocol kernel kernel4 {
  scan time 5; merge paths on limit 255;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp to_192_168_10_1 {
  description "fabric";
  local 192.168.10.2 as 4211012610;
  neighbor 192.168.10.1 as 64512;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 10.244.0.0/16+ ];
    export filter { if source != RTS_STATIC then reject; accept; };
  };
}
EOF
ip netns exec nsnet.flat-bgp.east.node.n1 bird -c /run/nsnet/flat-bgp/east.node.n1.bird.conf -s /run/nsnet/flat-bgp/east.node.n1.bird.ctl -P /run/nsnet/flat-bgp/east.node.n1.bird.pid >/run/nsnet/flat-bgp/east.node.n1.bird.log 2>&1
mkdir -p /run/nsnet/flat-bgp
cat >/run/nsnet/flat-bgp/east.node.n2.bird.conf <<'EOF'
log stderr all;
router id 192.168.10.3;
protocol device { }
protocol bfd { interface "eth0" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
protocol static announced4 {
  ipv4;
  route 10.244.1.0/24 unreachable;
  route 198.18.0.2/32 unreachable;
  route 198.18.0.3/32 unreachable;
}
protocol kernel kernel4 {
  scan time 5; merge paths on limit 255;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp to_192_168_10_1 {
  description "fabric";
  local 192.168.10.3 as 4211012611;
  neighbor 192.168.10.1 as 64512;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 10.244.0.0/16+ ];
    export filter { if source != RTS_STATIC then reject; accept; };
  };
}
EOF
ip netns exec nsnet.flat-bgp.east.node.n2 bird -c /run/nsnet/flat-bgp/east.node.n2.bird.conf -s /run/nsnet/flat-bgp/east.node.n2.bird.ctl -P /run/nsnet/flat-bgp/east.node.n2.bird.pid >/run/nsnet/flat-bgp/east.node.n2.bird.log 2>&1
mkdir -p /run/nsnet/flat-bgp
cat >/run/nsnet/flat-bgp/east.node.n3.bird.conf <<'EOF'
log stderr all;
router id 192.168.10.4;
protocol device { }
protocol bfd { interface "eth0" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
protocol static announced4 {
  ipv4;
  route 10.244.2.0/24 unreachable;
  route 198.18.0.2/32 unreachable;
}
protocol kernel kernel4 {
  scan time 5; merge paths on limit 255;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp to_192_168_10_1 {
  description "fabric";
  local 192.168.10.4 as 4211012612;
  neighbor 192.168.10.1 as 64512;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 10.244.0.0/16+ ];
    export filter { if source != RTS_STATIC then reject; accept; };
  };
}
EOF
ip netns exec nsnet.flat-bgp.east.node.n3 bird -c /run/nsnet/flat-bgp/east.node.n3.bird.conf -s /run/nsnet/flat-bgp/east.node.n3.bird.ctl -P /run/nsnet/flat-bgp/east.node.n3.bird.pid >/run/nsnet/flat-bgp/east.node.n3.bird.log 2>&1
mkdir -p /run/nsnet/flat-bgp
cat >/run/nsnet/flat-bgp/east.node.n4.bird.conf <<'EOF'
log stderr all;
router id 192.168.10.5;
protocol device { }
protocol bfd { interface "eth0" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
protocol static announced4 {
  ipv4;
  route 10.244.3.0/24 unreachable;
  route 198.18.0.2/32 unreachable;
}
protocol kernel kernel4 {
  scan time 5; merge paths on limit 255;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp to_192_168_10_1 {
  description "fabric";
  local 192.168.10.5 as 4211012613;
  neighbor 192.168.10.1 as 64512;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 10.244.0.0/16+ ];
    export filter { if source != RTS_STATIC then reject; accept; };
  };
}
EOF
ip netns exec nsnet.flat-bgp.east.node.n4 bird -c /run/nsnet/flat-bgp/east.node.n4.bird.conf -s /run/nsnet/flat-bgp/east.node.n4.bird.ctl -P /run/nsnet/flat-bgp/east.node.n4.bird.pid >/run/nsnet/flat-bgp/east.node.n4.bird.log 2>&1
while [ -z "$(ip -o -n nsnet.flat-bgp.fabric route show 10.244.0.0/24 proto bird | grep -F 'via 192.168.10.2 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.flat-bgp.fabric route show 10.244.1.0/24 proto bird | grep -F 'via 192.168.10.3 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.flat-bgp.fabric route show 10.244.2.0/24 proto bird | grep -F 'via 192.168.10.4 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.flat-bgp.fabric route show 10.244.3.0/24 proto bird | grep -F 'via 192.168.10.5 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.flat-bgp.fabric route show 198.18.0.2/32 proto bird | grep -F 'via 192.168.10.2 ' | grep -F 'via 192.168.10.3 ' | grep -F 'via 192.168.10.4 ' | grep -F 'via 192.168.10.5 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.flat-bgp.fabric route show 198.18.0.3/32 proto bird | grep -F 'via 192.168.10.2 ' | grep -F 'via 192.168.10.3 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.flat-bgp.east.node.n1 route show 10.244.1.0/24 proto bird | grep -F 'via 192.168.10.3 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.flat-bgp.east.node.n1 route show 10.244.2.0/24 proto bird | grep -F 'via 192.168.10.4 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.flat-bgp.east.node.n1 route show 10.244.3.0/24 proto bird | grep -F 'via 192.168.10.5 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.flat-bgp.east.node.n2 route show 10.244.0.0/24 proto bird | grep -F 'via 192.168.10.2 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.flat-bgp.east.node.n2 route show 10.244.2.0/24 proto bird | grep -F 'via 192.168.10.4 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.flat-bgp.east.node.n2 route show 10.244.3.0/24 proto bird | grep -F 'via 192.168.10.5 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.flat-bgp.east.node.n3 route show 10.244.0.0/24 proto bird | grep -F 'via 192.168.10.2 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.flat-bgp.east.node.n3 route show 10.244.1.0/24 proto bird | grep -F 'via 192.168.10.3 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.flat-bgp.east.node.n3 route show 10.244.3.0/24 proto bird | grep -F 'via 192.168.10.5 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.flat-bgp.east.node.n4 route show 10.244.0.0/24 proto bird | grep -F 'via 192.168.10.2 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.flat-bgp.east.node.n4 route show 10.244.1.0/24 proto bird | grep -F 'via 192.168.10.3 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.flat-bgp.east.node.n4 route show 10.244.2.0/24 proto bird | grep -F 'via 192.168.10.4 ')" ]; do sleep 0.1; done
