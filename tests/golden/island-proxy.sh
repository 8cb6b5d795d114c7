#!/bin/sh
# Builds the lab island-proxy, but for its server. To remove it again: nsnet down island-proxy
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.island-proxy.servers
# nsnet.island-proxy.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.island-proxy.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-proxy.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-proxy.fabric
ip netns exec nsnet.island-proxy.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-proxy.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-proxy.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-proxy.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-proxy.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-proxy.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.island-proxy.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.island-proxy.external.laptop
ip netns exec nsnet.island-proxy.external.laptop sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.external.laptop sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-proxy.external.laptop sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.external.laptop sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.external.laptop sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.external.laptop sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-proxy.external.api
ip netns exec nsnet.island-proxy.external.api sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.external.api sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-proxy.external.api sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.external.api sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.external.api sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.external.api sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-proxy.east.gateway
ip netns exec nsnet.island-proxy.east.gateway sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.east.gateway sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-proxy.east.gateway sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.east.gateway sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.east.gateway sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.east.gateway sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-proxy.east.gateway sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-proxy.east.gateway sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-proxy.east.gateway sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-proxy.east.gateway sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.island-proxy.east.gateway sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.island-proxy.east.node.n1
ip netns exec nsnet.island-proxy.east.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.east.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-proxy.east.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.east.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.east.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.east.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-proxy.east.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-proxy.east.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-proxy.east.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-proxy.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.island-proxy.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.island-proxy.east.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.island-proxy.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.island-proxy.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.island-proxy.east.node.n2
ip netns exec nsnet.island-proxy.east.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.east.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-proxy.east.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.east.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.east.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.east.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-proxy.east.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-proxy.east.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-proxy.east.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-proxy.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.island-proxy.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.island-proxy.east.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.island-proxy.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.island-proxy.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.island-proxy.east.pod.default.client
ip netns exec nsnet.island-proxy.east.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.east.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-proxy.east.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.east.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.east.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.east.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-proxy.east.pod.default.web-0
ip netns exec nsnet.island-proxy.east.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.east.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-proxy.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.east.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.east.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-proxy.east.pod.default.web-1
ip netns exec nsnet.island-proxy.east.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.east.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-proxy.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.east.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.east.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-proxy.west.gateway
ip netns exec nsnet.island-proxy.west.gateway sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.west.gateway sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-proxy.west.gateway sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.west.gateway sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.west.gateway sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.west.gateway sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-proxy.west.gateway sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-proxy.west.gateway sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-proxy.west.gateway sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-proxy.west.gateway sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.island-proxy.west.gateway sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.island-proxy.west.node.n1
ip netns exec nsnet.island-proxy.west.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.west.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-proxy.west.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.west.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.west.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.west.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-proxy.west.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-proxy.west.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-proxy.west.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-proxy.west.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.island-proxy.west.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.island-proxy.west.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.island-proxy.west.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.island-proxy.west.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.island-proxy.west.node.n2
ip netns exec nsnet.island-proxy.west.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.west.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-proxy.west.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.west.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.west.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.west.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-proxy.west.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-proxy.west.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-proxy.west.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-proxy.west.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.island-proxy.west.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.island-proxy.west.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.island-proxy.west.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.island-proxy.west.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.island-proxy.west.pod.default.client
ip netns exec nsnet.island-proxy.west.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.west.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-proxy.west.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.west.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.west.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.west.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-proxy.west.pod.default.single
ip netns exec nsnet.island-proxy.west.pod.default.single sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.west.pod.default.single sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-proxy.west.pod.default.single sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.west.pod.default.single sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.west.pod.default.single sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.west.pod.default.single sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-proxy.west.pod.default.told-0
ip netns exec nsnet.island-proxy.west.pod.default.told-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.west.pod.default.told-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-proxy.west.pod.default.told-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.west.pod.default.told-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.west.pod.default.told-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.west.pod.default.told-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-proxy.west.pod.default.told-1
ip netns exec nsnet.island-proxy.west.pod.default.told-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.west.pod.default.told-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-proxy.west.pod.default.told-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.west.pod.default.told-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.west.pod.default.told-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.west.pod.default.told-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-proxy.west.pod.default.unready
ip netns exec nsnet.island-proxy.west.pod.default.unready sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.west.pod.default.unready sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-proxy.west.pod.default.unready sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.west.pod.default.unready sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.west.pod.default.unready sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.west.pod.default.unready sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-proxy.west.pod.default.web-0
ip netns exec nsnet.island-proxy.west.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.west.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-proxy.west.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.west.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.west.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.west.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-proxy.west.pod.default.web-1
ip netns exec nsnet.island-proxy.west.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.west.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-proxy.west.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.west.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.west.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.west.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-proxy.west.pod.default.web-2
ip netns exec nsnet.island-proxy.west.pod.default.web-2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-proxy.west.pod.default.web-2 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-proxy.west.pod.default.web-2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-proxy.west.pod.default.web-2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-proxy.west.pod.default.web-2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-proxy.west.pod.default.web-2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.island-proxy.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-proxy.fabric link set br-fabric up
ip -n nsnet.island-proxy.fabric link add br-east address 06:d3:e3:27:a8:3d type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-proxy.fabric link set br-east up
ip -n nsnet.island-proxy.fabric link add br-west address 06:f0:24:e3:50:7c type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-proxy.fabric link set br-west up
ip -n nsnet.island-proxy.east.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-proxy.east.node.n1 link set cbr0 up
ip -n nsnet.island-proxy.east.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-proxy.east.node.n2 link set cbr0 up
ip -n nsnet.island-proxy.west.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-proxy.west.node.n1 link set cbr0 up
ip -n nsnet.island-proxy.west.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-proxy.west.node.n2 link set cbr0 up
ip -n nsnet.island-proxy.fabric link add east_n1 address 06:fb:ee:c1:49:c7 type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.island-proxy.east.node.n1
ip -n nsnet.island-proxy.fabric link set east_n1 master br-east up
ip -n nsnet.island-proxy.fabric link add east_n2 address 06:5d:98:72:f3:ca type veth peer name eth0 address 02:00:c0:a8:0a:03 netns nsnet.island-proxy.east.node.n2
ip -n nsnet.island-proxy.fabric link set east_n2 master br-east up
ip -n nsnet.island-proxy.fabric link add gw-east address 06:4a:6c:c0:77:26 type veth peer name eth0 address 02:00:c0:a8:0a:01 netns nsnet.island-proxy.east.gateway
ip -n nsnet.island-proxy.fabric link set gw-east master br-east up
ip -n nsnet.island-proxy.fabric link add out-east address 06:e3:5e:2d:d0:23 type veth peer name eth1 address 02:00:c6:12:00:02 netns nsnet.island-proxy.east.gateway
ip -n nsnet.island-proxy.fabric link set out-east master br-fabric up
ip -n nsnet.island-proxy.fabric link add west_n1 address 06:9a:f1:02:40:2f type veth peer name eth0 address 02:00:c0:a8:14:02 netns nsnet.island-proxy.west.node.n1
ip -n nsnet.island-proxy.fabric link set west_n1 master br-west up
ip -n nsnet.island-proxy.fabric link add west_n2 address 06:f2:1c:dd:23:bf type veth peer name eth0 address 02:00:c0:a8:14:03 netns nsnet.island-proxy.west.node.n2
ip -n nsnet.island-proxy.fabric link set west_n2 master br-west up
ip -n nsnet.island-proxy.fabric link add gw-west address 06:cd:68:2a:6c:a1 type veth peer name eth0 address 02:00:c0:a8:14:01 netns nsnet.island-proxy.west.gateway
ip -n nsnet.island-proxy.fabric link set gw-west master br-west up
ip -n nsnet.island-proxy.fabric link add out-west address 06:cc:3c:a2:aa:e1 type veth peer name eth1 address 02:00:c6:12:00:03 netns nsnet.island-proxy.west.gateway
ip -n nsnet.island-proxy.fabric link set out-west master br-fabric up
ip -n nsnet.island-proxy.fabric link add ext-laptop address 06:5c:49:9d:f5:84 type veth peer name eth0 address 02:00:cb:00:71:0a netns nsnet.island-proxy.external.laptop
ip -n nsnet.island-proxy.fabric link set ext-laptop master br-fabric up
ip -n nsnet.island-proxy.fabric link add ext-api address 06:2f:c6:e2:aa:fe type veth peer name eth0 address 02:00:cb:00:71:50 netns nsnet.island-proxy.external.api
ip -n nsnet.island-proxy.fabric link set ext-api master br-fabric up
ip -n nsnet.island-proxy.east.node.n1 link add client address 06:3b:db:50:20:e5 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.island-proxy.east.pod.default.client
ip -n nsnet.island-proxy.east.node.n1 link set client master cbr0 up
bridge -n nsnet.island-proxy.east.node.n1 link set dev client hairpin on
ip -n nsnet.island-proxy.east.node.n1 link add web-0 address 06:25:06:fb:9b:79 type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.island-proxy.east.pod.default.web-0
ip -n nsnet.island-proxy.east.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.island-proxy.east.node.n1 link set dev web-0 hairpin on
ip -n nsnet.island-proxy.east.node.n2 link add web-1 address 06:df:bc:ca:e1:a4 type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.island-proxy.east.pod.default.web-1
ip -n nsnet.island-proxy.east.node.n2 link set web-1 master cbr0 up
bridge -n nsnet.island-proxy.east.node.n2 link set dev web-1 hairpin on
ip -n nsnet.island-proxy.west.node.n1 link add client address 06:fa:17:4f:02:19 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.island-proxy.west.pod.default.client
ip -n nsnet.island-proxy.west.node.n1 link set client master cbr0 up
bridge -n nsnet.island-proxy.west.node.n1 link set dev client hairpin on
ip -n nsnet.island-proxy.west.node.n1 link add single address 06:7f:88:aa:45:78 type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.island-proxy.west.pod.default.single
ip -n nsnet.island-proxy.west.node.n1 link set single master cbr0 up
bridge -n nsnet.island-proxy.west.node.n1 link set dev single hairpin on
ip -n nsnet.island-proxy.west.node.n1 link add told-0 address 06:61:3e:ad:9f:a8 type veth peer name eth0 address 02:00:0a:f4:00:04 netns nsnet.island-proxy.west.pod.default.told-0
ip -n nsnet.island-proxy.west.node.n1 link set told-0 master cbr0 up
bridge -n nsnet.island-proxy.west.node.n1 link set dev told-0 hairpin on
ip -n nsnet.island-proxy.west.node.n1 link add unready address 06:9c:cf:49:2a:28 type veth peer name eth0 address 02:00:0a:f4:00:05 netns nsnet.island-proxy.west.pod.default.unready
ip -n nsnet.island-proxy.west.node.n1 link set unready master cbr0 up
bridge -n nsnet.island-proxy.west.node.n1 link set dev unready hairpin on
ip -n nsnet.island-proxy.west.node.n1 link add web-1 address 06:95:2c:d2:d7:b5 type veth peer name eth0 address 02:00:0a:f4:00:06 netns nsnet.island-proxy.west.pod.default.web-1
ip -n nsnet.island-proxy.west.node.n1 link set web-1 master cbr0 up
bridge -n nsnet.island-proxy.west.node.n1 link set dev web-1 hairpin on
ip -n nsnet.island-proxy.west.node.n2 link add told-1 address 06:d2:f8:bf:ef:60 type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.island-proxy.west.pod.default.told-1
ip -n nsnet.island-proxy.west.node.n2 link set told-1 master cbr0 up
bridge -n nsnet.island-proxy.west.node.n2 link set dev told-1 hairpin on
ip -n nsnet.island-proxy.west.node.n2 link add web-0 address 06:73:a7:29:87:6b type veth peer name eth0 address 02:00:0a:f4:01:03 netns nsnet.island-proxy.west.pod.default.web-0
ip -n nsnet.island-proxy.west.node.n2 link set web-0 master cbr0 up
bridge -n nsnet.island-proxy.west.node.n2 link set dev web-0 hairpin on
ip -n nsnet.island-proxy.west.node.n2 link add web-2 address 06:80:6a:6b:f4:59 type veth peer name eth0 address 02:00:0a:f4:01:04 netns nsnet.island-proxy.west.pod.default.web-2
ip -n nsnet.island-proxy.west.node.n2 link set web-2 master cbr0 up
bridge -n nsnet.island-proxy.west.node.n2 link set dev web-2 hairpin on
ip -n nsnet.island-proxy.servers link set lo up
ip netns exec nsnet.island-proxy.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip -n nsnet.island-proxy.fabric link set lo up
ip -n nsnet.island-proxy.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.island-proxy.fabric route add 203.0.113.10/32 dev br-fabric
ip -n nsnet.island-proxy.fabric route add 203.0.113.80/32 dev br-fabric
ip netns exec nsnet.island-proxy.external.laptop sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-proxy.external.laptop link set lo up
ip -n nsnet.island-proxy.external.laptop link set eth0 up
ip -n nsnet.island-proxy.external.laptop addr add 203.0.113.10/32 dev eth0
ip -n nsnet.island-proxy.external.laptop route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.island-proxy.external.api sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-proxy.external.api link set lo up
ip -n nsnet.island-proxy.external.api link set eth0 up
ip -n nsnet.island-proxy.external.api addr add 203.0.113.80/32 dev eth0
ip -n nsnet.island-proxy.external.api route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.island-proxy.east.gateway sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.island-proxy.east.gateway sysctl -q -w net.ipv4.neigh.eth1.retrans_time_ms=100
ip -n nsnet.island-proxy.east.gateway link set lo up
ip -n nsnet.island-proxy.east.gateway link set eth0 up
ip -n nsnet.island-proxy.east.gateway link set eth1 up
ip -n nsnet.island-proxy.east.gateway addr add 192.168.10.1/24 dev eth0
ip -n nsnet.island-proxy.east.gateway addr add 198.18.0.2/16 dev eth1
ip -n nsnet.island-proxy.east.gateway route add default via 198.18.0.1 dev eth1
ip -n nsnet.island-proxy.east.gateway route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip -n nsnet.island-proxy.east.gateway route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.island-proxy.east.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.island-proxy.east.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-proxy.east.node.n1 link set lo up
ip -n nsnet.island-proxy.east.node.n1 link set eth0 up
ip -n nsnet.island-proxy.east.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.island-proxy.east.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.island-proxy.east.node.n1 route add default via 192.168.10.1 dev eth0
ip -n nsnet.island-proxy.east.node.n1 route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.island-proxy.east.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.island-proxy.east.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-proxy.east.node.n2 link set lo up
ip -n nsnet.island-proxy.east.node.n2 link set eth0 up
ip -n nsnet.island-proxy.east.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.island-proxy.east.node.n2 addr add 192.168.10.3/24 dev eth0
ip -n nsnet.island-proxy.east.node.n2 route add default via 192.168.10.1 dev eth0
ip -n nsnet.island-proxy.east.node.n2 route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip netns exec nsnet.island-proxy.east.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-proxy.east.pod.default.client link set lo up
ip -n nsnet.island-proxy.east.pod.default.client link set eth0 up
ip -n nsnet.island-proxy.east.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.island-proxy.east.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.island-proxy.east.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-proxy.east.pod.default.web-0 link set lo up
ip -n nsnet.island-proxy.east.pod.default.web-0 link set eth0 up
ip -n nsnet.island-proxy.east.pod.default.web-0 addr add 10.244.0.3/24 dev eth0
ip -n nsnet.island-proxy.east.pod.default.web-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.island-proxy.east.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-proxy.east.pod.default.web-1 link set lo up
ip -n nsnet.island-proxy.east.pod.default.web-1 link set eth0 up
ip -n nsnet.island-proxy.east.pod.default.web-1 addr add 10.244.1.2/24 dev eth0
ip -n nsnet.island-proxy.east.pod.default.web-1 route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.island-proxy.west.gateway sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.island-proxy.west.gateway sysctl -q -w net.ipv4.neigh.eth1.retrans_time_ms=100
ip -n nsnet.island-proxy.west.gateway link set lo up
ip -n nsnet.island-proxy.west.gateway link set eth0 up
ip -n nsnet.island-proxy.west.gateway link set eth1 up
ip -n nsnet.island-proxy.west.gateway addr add 192.168.20.1/24 dev eth0
ip -n nsnet.island-proxy.west.gateway addr add 198.18.0.3/16 dev eth1
ip -n nsnet.island-proxy.west.gateway addr add 198.18.0.4/32 dev eth1
ip -n nsnet.island-proxy.west.gateway addr add 198.18.0.5/32 dev eth1
ip -n nsnet.island-proxy.west.gateway addr add 198.18.0.6/32 dev eth1
ip -n nsnet.island-proxy.west.gateway addr add 198.18.0.7/32 dev eth1
ip -n nsnet.island-proxy.west.gateway route add default via 198.18.0.1 dev eth1
ip -n nsnet.island-proxy.west.gateway route add 10.244.0.0/24 via 192.168.20.2 dev eth0
ip -n nsnet.island-proxy.west.gateway route add 10.244.1.0/24 via 192.168.20.3 dev eth0
ip netns exec nsnet.island-proxy.west.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.island-proxy.west.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-proxy.west.node.n1 link set lo up
ip -n nsnet.island-proxy.west.node.n1 link set eth0 up
ip -n nsnet.island-proxy.west.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.island-proxy.west.node.n1 addr add 192.168.20.2/24 dev eth0
ip -n nsnet.island-proxy.west.node.n1 route add default via 192.168.20.1 dev eth0
ip -n nsnet.island-proxy.west.node.n1 route add 10.244.1.0/24 via 192.168.20.3 dev eth0
ip netns exec nsnet.island-proxy.west.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.island-proxy.west.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-proxy.west.node.n2 link set lo up
ip -n nsnet.island-proxy.west.node.n2 link set eth0 up
ip -n nsnet.island-proxy.west.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.island-proxy.west.node.n2 addr add 192.168.20.3/24 dev eth0
ip -n nsnet.island-proxy.west.node.n2 route add default via 192.168.20.1 dev eth0
ip -n nsnet.island-proxy.west.node.n2 route add 10.244.0.0/24 via 192.168.20.2 dev eth0
ip netns exec nsnet.island-proxy.west.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-proxy.west.pod.default.client link set lo up
ip -n nsnet.island-proxy.west.pod.default.client link set eth0 up
ip -n nsnet.island-proxy.west.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.island-proxy.west.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.island-proxy.west.pod.default.single sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-proxy.west.pod.default.single link set lo up
ip -n nsnet.island-proxy.west.pod.default.single link set eth0 up
ip -n nsnet.island-proxy.west.pod.default.single addr add 10.244.0.3/24 dev eth0
ip -n nsnet.island-proxy.west.pod.default.single route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.island-proxy.west.pod.default.told-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-proxy.west.pod.default.told-0 link set lo up
ip -n nsnet.island-proxy.west.pod.default.told-0 link set eth0 up
ip -n nsnet.island-proxy.west.pod.default.told-0 addr add 10.244.0.4/24 dev eth0
ip -n nsnet.island-proxy.west.pod.default.told-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.island-proxy.west.pod.default.told-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-proxy.west.pod.default.told-1 link set lo up
ip -n nsnet.island-proxy.west.pod.default.told-1 link set eth0 up
ip -n nsnet.island-proxy.west.pod.default.told-1 addr add 10.244.1.2/24 dev eth0
ip -n nsnet.island-proxy.west.pod.default.told-1 route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.island-proxy.west.pod.default.unready sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-proxy.west.pod.default.unready link set lo up
ip -n nsnet.island-proxy.west.pod.default.unready link set eth0 up
ip -n nsnet.island-proxy.west.pod.default.unready addr add 10.244.0.5/24 dev eth0
ip -n nsnet.island-proxy.west.pod.default.unready route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.island-proxy.west.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-proxy.west.pod.default.web-0 link set lo up
ip -n nsnet.island-proxy.west.pod.default.web-0 link set eth0 up
ip -n nsnet.island-proxy.west.pod.default.web-0 addr add 10.244.1.3/24 dev eth0
ip -n nsnet.island-proxy.west.pod.default.web-0 route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.island-proxy.west.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-proxy.west.pod.default.web-1 link set lo up
ip -n nsnet.island-proxy.west.pod.default.web-1 link set eth0 up
ip -n nsnet.island-proxy.west.pod.default.web-1 addr add 10.244.0.6/24 dev eth0
ip -n nsnet.island-proxy.west.pod.default.web-1 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.island-proxy.west.pod.default.web-2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-proxy.west.pod.default.web-2 link set lo up
ip -n nsnet.island-proxy.west.pod.default.web-2 link set eth0 up
ip -n nsnet.island-proxy.west.pod.default.web-2 addr add 10.244.1.4/24 dev eth0
ip -n nsnet.island-proxy.west.pod.default.web-2 route add default via 10.244.1.1 dev eth0
# nsnet.island-proxy.external.api: external/api answers on 443/tcp
# nsnet.island-proxy.external.api: external/api answers on 53/udp
# nsnet.island-proxy.east.pod.default.web-0: east/pod/web-0 answers on 80/tcp
# nsnet.island-proxy.east.pod.default.web-1: east/pod/web-1 answers on 80/tcp
# nsnet.island-proxy.west.pod.default.single: west/pod/single answers on 80/tcp
# nsnet.island-proxy.west.pod.default.told-0: west/pod/told-0 answers on 80/tcp
# nsnet.island-proxy.west.pod.default.told-0: west/pod/told-0 answers on 443/tcp
# nsnet.island-proxy.west.pod.default.told-1: west/pod/told-1 answers on 80/tcp
# nsnet.island-proxy.west.pod.default.told-1: west/pod/told-1 answers on 443/tcp
# nsnet.island-proxy.west.pod.default.unready: west/pod/unready answers on 80/tcp
# nsnet.island-proxy.west.pod.default.web-0: west/pod/web-0 answers on 80/tcp
# nsnet.island-proxy.west.pod.default.web-1: west/pod/web-1 answers on 80/tcp
# nsnet.island-proxy.west.pod.default.web-2: west/pod/web-2 answers on 80/tcp
ip netns exec nsnet.island-proxy.east.gateway $IPT-restore --noflush <<'EOF'
*nat
:POSTROUTING ACCEPT [0:0]
:NSNET-EGRESS - [0:0]
-F POSTROUTING
-A POSTROUTING -j NSNET-EGRESS
-A NSNET-EGRESS -o eth1 -m comment --comment "leaves with the address of the gateway" -j SNAT --to-source 198.18.0.2
COMMIT
EOF
ip netns exec nsnet.island-proxy.east.node.n1 $IPT-restore --noflush <<'EOF'
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
:IP-MASQ-AGENT - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SEP-VPJCWIHGOZWNRC6B - [0:0]
:KUBE-SEP-MQ4W7Q2CV67URU6Q - [0:0]
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d 10.244.0.0/16 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 192.168.10.0/24 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-VPJCWIHGOZWNRC6B
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.2:80" -j KUBE-SEP-MQ4W7Q2CV67URU6Q
-A KUBE-SEP-VPJCWIHGOZWNRC6B -s 10.244.0.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-VPJCWIHGOZWNRC6B -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -s 10.244.1.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.2:80
COMMIT
EOF
ip netns exec nsnet.island-proxy.east.node.n2 $IPT-restore --noflush <<'EOF'
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
:IP-MASQ-AGENT - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SEP-VPJCWIHGOZWNRC6B - [0:0]
:KUBE-SEP-MQ4W7Q2CV67URU6Q - [0:0]
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d 10.244.0.0/16 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 192.168.10.0/24 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-VPJCWIHGOZWNRC6B
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.2:80" -j KUBE-SEP-MQ4W7Q2CV67URU6Q
-A KUBE-SEP-VPJCWIHGOZWNRC6B -s 10.244.0.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-VPJCWIHGOZWNRC6B -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -s 10.244.1.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.2:80
COMMIT
EOF
ip netns exec nsnet.island-proxy.west.gateway $IPT-restore --noflush <<'EOF'
*nat
:POSTROUTING ACCEPT [0:0]
:NSNET-EGRESS - [0:0]
-F POSTROUTING
-A POSTROUTING -j NSNET-EGRESS
-A NSNET-EGRESS -o eth1 -m comment --comment "leaves with the address of the gateway" -j SNAT --to-source 198.18.0.3
COMMIT
EOF
ip netns exec nsnet.island-proxy.west.node.n1 $IPT-restore --noflush <<'EOF'
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
-A KUBE-SERVICES -d 10.96.0.5/32 -p tcp -m comment --comment "default/unready has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
COMMIT
*mangle
:KUBE-PROXY-CANARY - [0:0]
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:IP-MASQ-AGENT - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-CDGGSHYLG3RE2FKL - [0:0]
:KUBE-SEP-V34CJSIX6DA6HMYQ - [0:0]
:KUBE-SEP-BHMTFEMIGCOTLSJP - [0:0]
:KUBE-SEP-EP6CRHVDHZKRLXXE - [0:0]
:KUBE-SVC-54WW65JLHZHRV7HC - [0:0]
:KUBE-SEP-5A5EKZWPX6WZ27LH - [0:0]
:KUBE-SEP-AEZQ5WELMGSYCMRK - [0:0]
:KUBE-SEP-W36LY3EFKQ6Z24ZG - [0:0]
:KUBE-SVC-GI2DS44EQ6V3GHV6 - [0:0]
:KUBE-SEP-T6KDEMZDV72CIJZQ - [0:0]
:KUBE-SVC-RTQA2PE6VAVTSMM7 - [0:0]
:KUBE-SEP-FDO7Q5RMYBXG7WSC - [0:0]
:KUBE-SEP-FEVRCAPBB7WDDUUI - [0:0]
:KUBE-SVC-KSSX2NVJWOPD6J6H - [0:0]
:KUBE-SEP-YGOTN7CIBN62HOBD - [0:0]
:KUBE-SEP-MLY7VTH44DNQJA75 - [0:0]
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d 10.244.0.0/16 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 192.168.20.0/24 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:https cluster IP" -m tcp --dport 443 -j KUBE-SVC-54WW65JLHZHRV7HC
-A KUBE-SERVICES -d 10.96.0.3/32 -p tcp -m comment --comment "default/single cluster IP" -m tcp --dport 80 -j KUBE-SVC-GI2DS44EQ6V3GHV6
-A KUBE-SERVICES -d 10.96.0.4/32 -p tcp -m comment --comment "default/told:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-RTQA2PE6VAVTSMM7
-A KUBE-SERVICES -d 10.96.0.4/32 -p tcp -m comment --comment "default/told:https cluster IP" -m tcp --dport 443 -j KUBE-SVC-KSSX2NVJWOPD6J6H
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.6:80" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-V34CJSIX6DA6HMYQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-BHMTFEMIGCOTLSJP
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.4:80" -j KUBE-SEP-EP6CRHVDHZKRLXXE
-A KUBE-SEP-V34CJSIX6DA6HMYQ -s 10.244.0.6/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-V34CJSIX6DA6HMYQ -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.6:80
-A KUBE-SEP-BHMTFEMIGCOTLSJP -s 10.244.1.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-BHMTFEMIGCOTLSJP -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.3:80
-A KUBE-SEP-EP6CRHVDHZKRLXXE -s 10.244.1.4/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-EP6CRHVDHZKRLXXE -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.4:80
-A KUBE-SVC-54WW65JLHZHRV7HC ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:https cluster IP" -m tcp --dport 443 -j KUBE-MARK-MASQ
-A KUBE-SVC-54WW65JLHZHRV7HC -m comment --comment "default/web:https -> 10.244.0.6:80" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-5A5EKZWPX6WZ27LH
-A KUBE-SVC-54WW65JLHZHRV7HC -m comment --comment "default/web:https -> 10.244.1.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-AEZQ5WELMGSYCMRK
-A KUBE-SVC-54WW65JLHZHRV7HC -m comment --comment "default/web:https -> 10.244.1.4:80" -j KUBE-SEP-W36LY3EFKQ6Z24ZG
-A KUBE-SEP-5A5EKZWPX6WZ27LH -s 10.244.0.6/32 -m comment --comment "default/web:https" -j KUBE-MARK-MASQ
-A KUBE-SEP-5A5EKZWPX6WZ27LH -p tcp -m comment --comment "default/web:https" -m tcp -j DNAT --to-destination 10.244.0.6:80
-A KUBE-SEP-AEZQ5WELMGSYCMRK -s 10.244.1.3/32 -m comment --comment "default/web:https" -j KUBE-MARK-MASQ
-A KUBE-SEP-AEZQ5WELMGSYCMRK -p tcp -m comment --comment "default/web:https" -m tcp -j DNAT --to-destination 10.244.1.3:80
-A KUBE-SEP-W36LY3EFKQ6Z24ZG -s 10.244.1.4/32 -m comment --comment "default/web:https" -j KUBE-MARK-MASQ
-A KUBE-SEP-W36LY3EFKQ6Z24ZG -p tcp -m comment --comment "default/web:https" -m tcp -j DNAT --to-destination 10.244.1.4:80
-A KUBE-SVC-GI2DS44EQ6V3GHV6 ! -s 10.244.0.0/16 -d 10.96.0.3/32 -p tcp -m comment --comment "default/single cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-GI2DS44EQ6V3GHV6 -m comment --comment "default/single -> 10.244.0.3:80" -j KUBE-SEP-T6KDEMZDV72CIJZQ
-A KUBE-SEP-T6KDEMZDV72CIJZQ -s 10.244.0.3/32 -m comment --comment "default/single" -j KUBE-MARK-MASQ
-A KUBE-SEP-T6KDEMZDV72CIJZQ -p tcp -m comment --comment "default/single" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SVC-RTQA2PE6VAVTSMM7 ! -s 10.244.0.0/16 -d 10.96.0.4/32 -p tcp -m comment --comment "default/told:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-RTQA2PE6VAVTSMM7 -m comment --comment "default/told:http -> 10.244.0.4:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-FDO7Q5RMYBXG7WSC
-A KUBE-SVC-RTQA2PE6VAVTSMM7 -m comment --comment "default/told:http -> 10.244.1.2:80" -j KUBE-SEP-FEVRCAPBB7WDDUUI
-A KUBE-SEP-FDO7Q5RMYBXG7WSC -s 10.244.0.4/32 -m comment --comment "default/told:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-FDO7Q5RMYBXG7WSC -p tcp -m comment --comment "default/told:http" -m tcp -j DNAT --to-destination 10.244.0.4:80
-A KUBE-SEP-FEVRCAPBB7WDDUUI -s 10.244.1.2/32 -m comment --comment "default/told:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-FEVRCAPBB7WDDUUI -p tcp -m comment --comment "default/told:http" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-KSSX2NVJWOPD6J6H ! -s 10.244.0.0/16 -d 10.96.0.4/32 -p tcp -m comment --comment "default/told:https cluster IP" -m tcp --dport 443 -j KUBE-MARK-MASQ
-A KUBE-SVC-KSSX2NVJWOPD6J6H -m comment --comment "default/told:https -> 10.244.0.4:443" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-YGOTN7CIBN62HOBD
-A KUBE-SVC-KSSX2NVJWOPD6J6H -m comment --comment "default/told:https -> 10.244.1.2:443" -j KUBE-SEP-MLY7VTH44DNQJA75
-A KUBE-SEP-YGOTN7CIBN62HOBD -s 10.244.0.4/32 -m comment --comment "default/told:https" -j KUBE-MARK-MASQ
-A KUBE-SEP-YGOTN7CIBN62HOBD -p tcp -m comment --comment "default/told:https" -m tcp -j DNAT --to-destination 10.244.0.4:443
-A KUBE-SEP-MLY7VTH44DNQJA75 -s 10.244.1.2/32 -m comment --comment "default/told:https" -j KUBE-MARK-MASQ
-A KUBE-SEP-MLY7VTH44DNQJA75 -p tcp -m comment --comment "default/told:https" -m tcp -j DNAT --to-destination 10.244.1.2:443
COMMIT
EOF
ip netns exec nsnet.island-proxy.west.node.n2 $IPT-restore --noflush <<'EOF'
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
-A KUBE-SERVICES -d 10.96.0.5/32 -p tcp -m comment --comment "default/unready has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
COMMIT
*mangle
:KUBE-PROXY-CANARY - [0:0]
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:IP-MASQ-AGENT - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-CDGGSHYLG3RE2FKL - [0:0]
:KUBE-SEP-V34CJSIX6DA6HMYQ - [0:0]
:KUBE-SEP-BHMTFEMIGCOTLSJP - [0:0]
:KUBE-SEP-EP6CRHVDHZKRLXXE - [0:0]
:KUBE-SVC-54WW65JLHZHRV7HC - [0:0]
:KUBE-SEP-5A5EKZWPX6WZ27LH - [0:0]
:KUBE-SEP-AEZQ5WELMGSYCMRK - [0:0]
:KUBE-SEP-W36LY3EFKQ6Z24ZG - [0:0]
:KUBE-SVC-GI2DS44EQ6V3GHV6 - [0:0]
:KUBE-SEP-T6KDEMZDV72CIJZQ - [0:0]
:KUBE-SVC-RTQA2PE6VAVTSMM7 - [0:0]
:KUBE-SEP-FDO7Q5RMYBXG7WSC - [0:0]
:KUBE-SEP-FEVRCAPBB7WDDUUI - [0:0]
:KUBE-SVC-KSSX2NVJWOPD6J6H - [0:0]
:KUBE-SEP-YGOTN7CIBN62HOBD - [0:0]
:KUBE-SEP-MLY7VTH44DNQJA75 - [0:0]
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d 10.244.0.0/16 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 192.168.20.0/24 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:https cluster IP" -m tcp --dport 443 -j KUBE-SVC-54WW65JLHZHRV7HC
-A KUBE-SERVICES -d 10.96.0.3/32 -p tcp -m comment --comment "default/single cluster IP" -m tcp --dport 80 -j KUBE-SVC-GI2DS44EQ6V3GHV6
-A KUBE-SERVICES -d 10.96.0.4/32 -p tcp -m comment --comment "default/told:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-RTQA2PE6VAVTSMM7
-A KUBE-SERVICES -d 10.96.0.4/32 -p tcp -m comment --comment "default/told:https cluster IP" -m tcp --dport 443 -j KUBE-SVC-KSSX2NVJWOPD6J6H
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.6:80" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-V34CJSIX6DA6HMYQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-BHMTFEMIGCOTLSJP
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.4:80" -j KUBE-SEP-EP6CRHVDHZKRLXXE
-A KUBE-SEP-V34CJSIX6DA6HMYQ -s 10.244.0.6/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-V34CJSIX6DA6HMYQ -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.6:80
-A KUBE-SEP-BHMTFEMIGCOTLSJP -s 10.244.1.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-BHMTFEMIGCOTLSJP -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.3:80
-A KUBE-SEP-EP6CRHVDHZKRLXXE -s 10.244.1.4/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-EP6CRHVDHZKRLXXE -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.4:80
-A KUBE-SVC-54WW65JLHZHRV7HC ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:https cluster IP" -m tcp --dport 443 -j KUBE-MARK-MASQ
-A KUBE-SVC-54WW65JLHZHRV7HC -m comment --comment "default/web:https -> 10.244.0.6:80" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-5A5EKZWPX6WZ27LH
-A KUBE-SVC-54WW65JLHZHRV7HC -m comment --comment "default/web:https -> 10.244.1.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-AEZQ5WELMGSYCMRK
-A KUBE-SVC-54WW65JLHZHRV7HC -m comment --comment "default/web:https -> 10.244.1.4:80" -j KUBE-SEP-W36LY3EFKQ6Z24ZG
-A KUBE-SEP-5A5EKZWPX6WZ27LH -s 10.244.0.6/32 -m comment --comment "default/web:https" -j KUBE-MARK-MASQ
-A KUBE-SEP-5A5EKZWPX6WZ27LH -p tcp -m comment --comment "default/web:https" -m tcp -j DNAT --to-destination 10.244.0.6:80
-A KUBE-SEP-AEZQ5WELMGSYCMRK -s 10.244.1.3/32 -m comment --comment "default/web:https" -j KUBE-MARK-MASQ
-A KUBE-SEP-AEZQ5WELMGSYCMRK -p tcp -m comment --comment "default/web:https" -m tcp -j DNAT --to-destination 10.244.1.3:80
-A KUBE-SEP-W36LY3EFKQ6Z24ZG -s 10.244.1.4/32 -m comment --comment "default/web:https" -j KUBE-MARK-MASQ
-A KUBE-SEP-W36LY3EFKQ6Z24ZG -p tcp -m comment --comment "default/web:https" -m tcp -j DNAT --to-destination 10.244.1.4:80
-A KUBE-SVC-GI2DS44EQ6V3GHV6 ! -s 10.244.0.0/16 -d 10.96.0.3/32 -p tcp -m comment --comment "default/single cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-GI2DS44EQ6V3GHV6 -m comment --comment "default/single -> 10.244.0.3:80" -j KUBE-SEP-T6KDEMZDV72CIJZQ
-A KUBE-SEP-T6KDEMZDV72CIJZQ -s 10.244.0.3/32 -m comment --comment "default/single" -j KUBE-MARK-MASQ
-A KUBE-SEP-T6KDEMZDV72CIJZQ -p tcp -m comment --comment "default/single" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SVC-RTQA2PE6VAVTSMM7 ! -s 10.244.0.0/16 -d 10.96.0.4/32 -p tcp -m comment --comment "default/told:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-RTQA2PE6VAVTSMM7 -m comment --comment "default/told:http -> 10.244.0.4:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-FDO7Q5RMYBXG7WSC
-A KUBE-SVC-RTQA2PE6VAVTSMM7 -m comment --comment "default/told:http -> 10.244.1.2:80" -j KUBE-SEP-FEVRCAPBB7WDDUUI
-A KUBE-SEP-FDO7Q5RMYBXG7WSC -s 10.244.0.4/32 -m comment --comment "default/told:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-FDO7Q5RMYBXG7WSC -p tcp -m comment --comment "default/told:http" -m tcp -j DNAT --to-destination 10.244.0.4:80
-A KUBE-SEP-FEVRCAPBB7WDDUUI -s 10.244.1.2/32 -m comment --comment "default/told:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-FEVRCAPBB7WDDUUI -p tcp -m comment --comment "default/told:http" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-KSSX2NVJWOPD6J6H ! -s 10.244.0.0/16 -d 10.96.0.4/32 -p tcp -m comment --comment "default/told:https cluster IP" -m tcp --dport 443 -j KUBE-MARK-MASQ
-A KUBE-SVC-KSSX2NVJWOPD6J6H -m comment --comment "default/told:https -> 10.244.0.4:443" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-YGOTN7CIBN62HOBD
-A KUBE-SVC-KSSX2NVJWOPD6J6H -m comment --comment "default/told:https -> 10.244.1.2:443" -j KUBE-SEP-MLY7VTH44DNQJA75
-A KUBE-SEP-YGOTN7CIBN62HOBD -s 10.244.0.4/32 -m comment --comment "default/told:https" -j KUBE-MARK-MASQ
-A KUBE-SEP-YGOTN7CIBN62HOBD -p tcp -m comment --comment "default/told:https" -m tcp -j DNAT --to-destination 10.244.0.4:443
-A KUBE-SEP-MLY7VTH44DNQJA75 -s 10.244.1.2/32 -m comment --comment "default/told:https" -j KUBE-MARK-MASQ
-A KUBE-SEP-MLY7VTH44DNQJA75 -p tcp -m comment --comment "default/told:https" -m tcp -j DNAT --to-destination 10.244.1.2:443
COMMIT
EOF
mkdir -p /run/nsnet/island-proxy
cat >/run/nsnet/island-proxy/east.gateway.haproxy.conf <<'EOF'
global
    nbthread 1
    stats socket abns@nsnet-haproxy-stats level admin expose-fd listeners
defaults
    mode tcp
    balance roundrobin
    timeout connect 60s
    timeout client 24h
    timeout server 24h
    retries 0
EOF
ip netns exec nsnet.island-proxy.east.gateway haproxy -W -D -S /run/nsnet/island-proxy/east.gateway.haproxy.ctl -f /run/nsnet/island-proxy/east.gateway.haproxy.conf -p /run/nsnet/island-proxy/east.gateway.haproxy.pid >/run/nsnet/island-proxy/east.gateway.haproxy.log 2>&1
mkdir -p /run/nsnet/island-proxy
cat >/run/nsnet/island-proxy/west.gateway.haproxy.conf <<'EOF'
global
    nbthread 1
    stats socket abns@nsnet-haproxy-stats level admin expose-fd listeners
defaults
    mode tcp
    balance roundrobin
    timeout connect 60s
    timeout client 24h
    timeout server 24h
    retries 0
frontend 198.18.0.4:80
    bind 198.18.0.4:80
    use_backend west:svc:web:198.18.0.4:80
backend west:svc:web:198.18.0.4:80
    server 10.244.0.6:80 10.244.0.6:80
    server 10.244.1.3:80 10.244.1.3:80
    server 10.244.1.4:80 10.244.1.4:80
frontend 198.18.0.4:443
    bind 198.18.0.4:443
    use_backend west:svc:web:198.18.0.4:443
backend west:svc:web:198.18.0.4:443
    server 10.244.0.6:80 10.244.0.6:80
    server 10.244.1.3:80 10.244.1.3:80
    server 10.244.1.4:80 10.244.1.4:80
frontend 198.18.0.5:80
    bind 198.18.0.5:80
    use_backend west:svc:single:198.18.0.5:80
backend west:svc:single:198.18.0.5:80
    server 10.244.0.3:80 10.244.0.3:80
frontend 198.18.0.6:80
    bind 198.18.0.6:80
    use_backend west:svc:told:198.18.0.6:80
backend west:svc:told:198.18.0.6:80
    server 10.244.0.4:80 10.244.0.4:80 send-proxy-v2
    server 10.244.1.2:80 10.244.1.2:80 send-proxy-v2
frontend 198.18.0.6:443
    bind 198.18.0.6:443
    use_backend west:svc:told:198.18.0.6:443
backend west:svc:told:198.18.0.6:443
    server 10.244.0.4:443 10.244.0.4:443 send-proxy-v2
    server 10.244.1.2:443 10.244.1.2:443 send-proxy-v2
frontend 198.18.0.3:443
    bind 198.18.0.3:443
    tcp-request inspect-delay 60s
    tcp-request content accept if { req_ssl_hello_type 1 }
    tcp-request content reject
    use_backend west:svc:web:198.18.0.3:443 if { req_ssl_sni -i web.west.example }
    use_backend west:svc:told:198.18.0.3:443 if { req_ssl_sni -i told.west.example }
backend west:svc:web:198.18.0.3:443
    server 10.244.0.6:80 10.244.0.6:80
    server 10.244.1.3:80 10.244.1.3:80
    server 10.244.1.4:80 10.244.1.4:80
backend west:svc:told:198.18.0.3:443
    server 10.244.0.4:443 10.244.0.4:443 send-proxy-v2
    server 10.244.1.2:443 10.244.1.2:443 send-proxy-v2
EOF
ip netns exec nsnet.island-proxy.west.gateway haproxy -W -D -S /run/nsnet/island-proxy/west.gateway.haproxy.ctl -f /run/nsnet/island-proxy/west.gateway.haproxy.conf -p /run/nsnet/island-proxy/west.gateway.haproxy.pid >/run/nsnet/island-proxy/west.gateway.haproxy.log 2>&1
