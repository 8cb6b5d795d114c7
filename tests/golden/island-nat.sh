#!/bin/sh
# Builds the lab island-nat without its server. To remove it again: nsnet down island-nat
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.island-nat.servers
# nsnet.island-nat.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.island-nat.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-nat.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-nat.fabric
ip netns exec nsnet.island-nat.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-nat.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-nat.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-nat.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-nat.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-nat.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.island-nat.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.island-nat.external.laptop
ip netns exec nsnet.island-nat.external.laptop sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.external.laptop sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-nat.external.laptop sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.external.laptop sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.external.laptop sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.external.laptop sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-nat.external.api
ip netns exec nsnet.island-nat.external.api sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.external.api sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-nat.external.api sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.external.api sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.external.api sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.external.api sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-nat.east.gateway
ip netns exec nsnet.island-nat.east.gateway sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.east.gateway sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-nat.east.gateway sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.east.gateway sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.east.gateway sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.east.gateway sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-nat.east.gateway sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-nat.east.gateway sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-nat.east.gateway sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-nat.east.gateway sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.island-nat.east.gateway sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.island-nat.east.node.n1
ip netns exec nsnet.island-nat.east.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.east.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-nat.east.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.east.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.east.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.east.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-nat.east.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-nat.east.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-nat.east.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-nat.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.island-nat.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.island-nat.east.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.island-nat.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.island-nat.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.island-nat.east.node.n2
ip netns exec nsnet.island-nat.east.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.east.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-nat.east.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.east.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.east.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.east.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-nat.east.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-nat.east.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-nat.east.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-nat.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.island-nat.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.island-nat.east.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.island-nat.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.island-nat.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.island-nat.east.pod.default.client
ip netns exec nsnet.island-nat.east.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.east.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-nat.east.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.east.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.east.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.east.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-nat.east.pod.default.web-0
ip netns exec nsnet.island-nat.east.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.east.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-nat.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.east.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.east.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-nat.east.pod.default.web-1
ip netns exec nsnet.island-nat.east.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.east.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-nat.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.east.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.east.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-nat.east.pod.kube-system.coredns-0
ip netns exec nsnet.island-nat.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-nat.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.east.pod.kube-system.coredns-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-nat.west.gateway
ip netns exec nsnet.island-nat.west.gateway sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.west.gateway sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-nat.west.gateway sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.west.gateway sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.west.gateway sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.west.gateway sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-nat.west.gateway sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-nat.west.gateway sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-nat.west.gateway sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-nat.west.gateway sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.island-nat.west.gateway sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.island-nat.west.node.n1
ip netns exec nsnet.island-nat.west.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.west.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-nat.west.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.west.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.west.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.west.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-nat.west.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-nat.west.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-nat.west.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-nat.west.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.island-nat.west.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.island-nat.west.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.island-nat.west.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.island-nat.west.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.island-nat.west.node.n2
ip netns exec nsnet.island-nat.west.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.west.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-nat.west.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.west.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.west.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.west.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-nat.west.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-nat.west.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-nat.west.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-nat.west.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.island-nat.west.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.island-nat.west.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.island-nat.west.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.island-nat.west.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.island-nat.west.pod.default.client
ip netns exec nsnet.island-nat.west.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.west.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-nat.west.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.west.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.west.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.west.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-nat.west.pod.default.web-0
ip netns exec nsnet.island-nat.west.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.west.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-nat.west.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.west.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.west.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.west.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-nat.west.pod.default.web-1
ip netns exec nsnet.island-nat.west.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.west.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-nat.west.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.west.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.west.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.west.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-nat.west.pod.default.web-2
ip netns exec nsnet.island-nat.west.pod.default.web-2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.west.pod.default.web-2 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-nat.west.pod.default.web-2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.west.pod.default.web-2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.west.pod.default.web-2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.west.pod.default.web-2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-nat.west.pod.kube-system.coredns-0
ip netns exec nsnet.island-nat.west.pod.kube-system.coredns-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-nat.west.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-nat.west.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-nat.west.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-nat.west.pod.kube-system.coredns-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-nat.west.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.island-nat.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-nat.fabric link set br-fabric up
ip -n nsnet.island-nat.fabric link add br-east address 06:15:88:3b:e5:98 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-nat.fabric link set br-east up
ip -n nsnet.island-nat.fabric link add br-west address 06:ac:9c:39:3d:67 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-nat.fabric link set br-west up
ip -n nsnet.island-nat.fabric link add east_n1 address 06:35:62:6e:6d:8b type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.island-nat.east.node.n1
ip -n nsnet.island-nat.fabric link set east_n1 master br-east up
ip -n nsnet.island-nat.fabric link add east_n2 address 06:88:49:3d:83:79 type veth peer name eth0 address 02:00:c0:a8:0a:03 netns nsnet.island-nat.east.node.n2
ip -n nsnet.island-nat.fabric link set east_n2 master br-east up
ip -n nsnet.island-nat.fabric link add gw-east address 06:a3:f4:b4:3d:f8 type veth peer name eth0 address 02:00:c0:a8:0a:01 netns nsnet.island-nat.east.gateway
ip -n nsnet.island-nat.fabric link set gw-east master br-east up
ip -n nsnet.island-nat.fabric link add out-east address 06:5e:99:82:3d:c8 type veth peer name eth1 address 02:00:c6:12:00:02 netns nsnet.island-nat.east.gateway
ip -n nsnet.island-nat.fabric link set out-east master br-fabric up
ip -n nsnet.island-nat.fabric link add west_n1 address 06:19:0b:86:a5:1a type veth peer name eth0 address 02:00:c0:a8:14:02 netns nsnet.island-nat.west.node.n1
ip -n nsnet.island-nat.fabric link set west_n1 master br-west up
ip -n nsnet.island-nat.fabric link add west_n2 address 06:71:3a:05:05:04 type veth peer name eth0 address 02:00:c0:a8:14:03 netns nsnet.island-nat.west.node.n2
ip -n nsnet.island-nat.fabric link set west_n2 master br-west up
ip -n nsnet.island-nat.fabric link add gw-west address 06:5d:2e:87:0c:ee type veth peer name eth0 address 02:00:c0:a8:14:01 netns nsnet.island-nat.west.gateway
ip -n nsnet.island-nat.fabric link set gw-west master br-west up
ip -n nsnet.island-nat.fabric link add out-west address 06:fd:31:7d:ed:64 type veth peer name eth1 address 02:00:c6:12:00:03 netns nsnet.island-nat.west.gateway
ip -n nsnet.island-nat.fabric link set out-west master br-fabric up
ip -n nsnet.island-nat.fabric link add ext-laptop address 06:06:96:e1:3b:c6 type veth peer name eth0 address 02:00:cb:00:71:0a netns nsnet.island-nat.external.laptop
ip -n nsnet.island-nat.fabric link set ext-laptop master br-fabric up
ip -n nsnet.island-nat.fabric link add ext-api address 06:f4:25:32:e9:61 type veth peer name eth0 address 02:00:cb:00:71:50 netns nsnet.island-nat.external.api
ip -n nsnet.island-nat.fabric link set ext-api master br-fabric up
ip -n nsnet.island-nat.east.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-nat.east.node.n1 link set cbr0 up
ip -n nsnet.island-nat.east.node.n1 link add client address 06:3c:f7:45:3d:91 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.island-nat.east.pod.default.client
ip -n nsnet.island-nat.east.node.n1 link set client master cbr0 up
bridge -n nsnet.island-nat.east.node.n1 link set dev client hairpin on
ip -n nsnet.island-nat.east.node.n1 link add web-0 address 06:ca:60:ff:69:6f type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.island-nat.east.pod.default.web-0
ip -n nsnet.island-nat.east.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.island-nat.east.node.n1 link set dev web-0 hairpin on
ip -n nsnet.island-nat.east.node.n1 link add coredns-_12124f address 06:f1:95:ee:cd:6c type veth peer name eth0 address 02:00:0a:f4:00:fe netns nsnet.island-nat.east.pod.kube-system.coredns-0
ip -n nsnet.island-nat.east.node.n1 link set coredns-_12124f master cbr0 up
bridge -n nsnet.island-nat.east.node.n1 link set dev coredns-_12124f hairpin on
ip -n nsnet.island-nat.east.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-nat.east.node.n2 link set cbr0 up
ip -n nsnet.island-nat.east.node.n2 link add web-1 address 06:70:87:7c:14:59 type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.island-nat.east.pod.default.web-1
ip -n nsnet.island-nat.east.node.n2 link set web-1 master cbr0 up
bridge -n nsnet.island-nat.east.node.n2 link set dev web-1 hairpin on
ip -n nsnet.island-nat.west.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-nat.west.node.n1 link set cbr0 up
ip -n nsnet.island-nat.west.node.n1 link add client address 06:b1:1d:13:4c:f2 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.island-nat.west.pod.default.client
ip -n nsnet.island-nat.west.node.n1 link set client master cbr0 up
bridge -n nsnet.island-nat.west.node.n1 link set dev client hairpin on
ip -n nsnet.island-nat.west.node.n1 link add web-0 address 06:c3:22:c3:94:24 type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.island-nat.west.pod.default.web-0
ip -n nsnet.island-nat.west.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.island-nat.west.node.n1 link set dev web-0 hairpin on
ip -n nsnet.island-nat.west.node.n1 link add web-2 address 06:99:fa:69:f2:6c type veth peer name eth0 address 02:00:0a:f4:00:04 netns nsnet.island-nat.west.pod.default.web-2
ip -n nsnet.island-nat.west.node.n1 link set web-2 master cbr0 up
bridge -n nsnet.island-nat.west.node.n1 link set dev web-2 hairpin on
ip -n nsnet.island-nat.west.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-nat.west.node.n2 link set cbr0 up
ip -n nsnet.island-nat.west.node.n2 link add web-1 address 06:56:fb:7a:0f:24 type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.island-nat.west.pod.default.web-1
ip -n nsnet.island-nat.west.node.n2 link set web-1 master cbr0 up
bridge -n nsnet.island-nat.west.node.n2 link set dev web-1 hairpin on
ip -n nsnet.island-nat.west.node.n2 link add coredns-_12124f address 06:1e:6d:28:81:18 type veth peer name eth0 address 02:00:0a:f4:01:fe netns nsnet.island-nat.west.pod.kube-system.coredns-0
ip -n nsnet.island-nat.west.node.n2 link set coredns-_12124f master cbr0 up
bridge -n nsnet.island-nat.west.node.n2 link set dev coredns-_12124f hairpin on
ip -n nsnet.island-nat.servers link set lo up
ip netns exec nsnet.island-nat.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip -n nsnet.island-nat.fabric link set lo up
ip -n nsnet.island-nat.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.island-nat.fabric route add 203.0.113.10/32 dev br-fabric
ip -n nsnet.island-nat.fabric route add 203.0.113.80/32 dev br-fabric
ip netns exec nsnet.island-nat.external.laptop sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-nat.external.laptop link set lo up
ip -n nsnet.island-nat.external.laptop link set eth0 up
ip -n nsnet.island-nat.external.laptop addr add 203.0.113.10/32 dev eth0
ip -n nsnet.island-nat.external.laptop route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.island-nat.external.api sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-nat.external.api link set lo up
ip -n nsnet.island-nat.external.api link set eth0 up
ip -n nsnet.island-nat.external.api addr add 203.0.113.80/32 dev eth0
ip -n nsnet.island-nat.external.api route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.island-nat.east.gateway sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.island-nat.east.gateway sysctl -q -w net.ipv4.neigh.eth1.retrans_time_ms=100
ip -n nsnet.island-nat.east.gateway link set lo up
ip -n nsnet.island-nat.east.gateway link set eth0 up
ip -n nsnet.island-nat.east.gateway link set eth1 up
ip -n nsnet.island-nat.east.gateway addr add 192.168.10.1/24 dev eth0
ip -n nsnet.island-nat.east.gateway addr add 198.18.0.2/16 dev eth1
ip -n nsnet.island-nat.east.gateway route add default via 198.18.0.1 dev eth1
ip -n nsnet.island-nat.east.gateway route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip -n nsnet.island-nat.east.gateway route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.island-nat.east.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.island-nat.east.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip -n nsnet.island-nat.east.node.n1 link set lo up
ip -n nsnet.island-nat.east.node.n1 link set eth0 up
ip -n nsnet.island-nat.east.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.island-nat.east.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.island-nat.east.node.n1 route add default via 192.168.10.1 dev eth0
ip -n nsnet.island-nat.east.node.n1 route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.island-nat.east.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.island-nat.east.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip -n nsnet.island-nat.east.node.n2 link set lo up
ip -n nsnet.island-nat.east.node.n2 link set eth0 up
ip -n nsnet.island-nat.east.node.n2 addr add 192.168.10.3/24 dev eth0
ip -n nsnet.island-nat.east.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.island-nat.east.node.n2 route add default via 192.168.10.1 dev eth0
ip -n nsnet.island-nat.east.node.n2 route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip netns exec nsnet.island-nat.east.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-nat.east.pod.default.client link set lo up
ip -n nsnet.island-nat.east.pod.default.client link set eth0 up
ip -n nsnet.island-nat.east.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.island-nat.east.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.island-nat.east.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-nat.east.pod.default.web-0 link set lo up
ip -n nsnet.island-nat.east.pod.default.web-0 link set eth0 up
ip -n nsnet.island-nat.east.pod.default.web-0 addr add 10.244.0.3/24 dev eth0
ip -n nsnet.island-nat.east.pod.default.web-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.island-nat.east.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-nat.east.pod.default.web-1 link set lo up
ip -n nsnet.island-nat.east.pod.default.web-1 link set eth0 up
ip -n nsnet.island-nat.east.pod.default.web-1 addr add 10.244.1.2/24 dev eth0
ip -n nsnet.island-nat.east.pod.default.web-1 route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.island-nat.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-nat.east.pod.kube-system.coredns-0 link set lo up
ip -n nsnet.island-nat.east.pod.kube-system.coredns-0 link set eth0 up
ip -n nsnet.island-nat.east.pod.kube-system.coredns-0 addr add 10.244.0.254/24 dev eth0
ip -n nsnet.island-nat.east.pod.kube-system.coredns-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.island-nat.west.gateway sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.island-nat.west.gateway sysctl -q -w net.ipv4.neigh.eth1.retrans_time_ms=100
ip -n nsnet.island-nat.west.gateway link set lo up
ip -n nsnet.island-nat.west.gateway link set eth0 up
ip -n nsnet.island-nat.west.gateway link set eth1 up
ip -n nsnet.island-nat.west.gateway addr add 192.168.20.1/24 dev eth0
ip -n nsnet.island-nat.west.gateway addr add 198.18.0.3/16 dev eth1
ip -n nsnet.island-nat.west.gateway addr add 198.18.0.4/32 dev eth1
ip -n nsnet.island-nat.west.gateway route add default via 198.18.0.1 dev eth1
ip -n nsnet.island-nat.west.gateway route add 10.244.0.0/24 via 192.168.20.2 dev eth0
ip -n nsnet.island-nat.west.gateway route add 10.244.1.0/24 via 192.168.20.3 dev eth0
ip netns exec nsnet.island-nat.west.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.island-nat.west.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip -n nsnet.island-nat.west.node.n1 link set lo up
ip -n nsnet.island-nat.west.node.n1 link set eth0 up
ip -n nsnet.island-nat.west.node.n1 addr add 192.168.20.2/24 dev eth0
ip -n nsnet.island-nat.west.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.island-nat.west.node.n1 route add default via 192.168.20.1 dev eth0
ip -n nsnet.island-nat.west.node.n1 route add 10.244.1.0/24 via 192.168.20.3 dev eth0
ip netns exec nsnet.island-nat.west.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.island-nat.west.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip -n nsnet.island-nat.west.node.n2 link set lo up
ip -n nsnet.island-nat.west.node.n2 link set eth0 up
ip -n nsnet.island-nat.west.node.n2 addr add 192.168.20.3/24 dev eth0
ip -n nsnet.island-nat.west.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.island-nat.west.node.n2 route add default via 192.168.20.1 dev eth0
ip -n nsnet.island-nat.west.node.n2 route add 10.244.0.0/24 via 192.168.20.2 dev eth0
ip netns exec nsnet.island-nat.west.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-nat.west.pod.default.client link set lo up
ip -n nsnet.island-nat.west.pod.default.client link set eth0 up
ip -n nsnet.island-nat.west.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.island-nat.west.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.island-nat.west.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-nat.west.pod.default.web-0 link set lo up
ip -n nsnet.island-nat.west.pod.default.web-0 link set eth0 up
ip -n nsnet.island-nat.west.pod.default.web-0 addr add 10.244.0.3/24 dev eth0
ip -n nsnet.island-nat.west.pod.default.web-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.island-nat.west.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-nat.west.pod.default.web-1 link set lo up
ip -n nsnet.island-nat.west.pod.default.web-1 link set eth0 up
ip -n nsnet.island-nat.west.pod.default.web-1 addr add 10.244.1.2/24 dev eth0
ip -n nsnet.island-nat.west.pod.default.web-1 route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.island-nat.west.pod.default.web-2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-nat.west.pod.default.web-2 link set lo up
ip -n nsnet.island-nat.west.pod.default.web-2 link set eth0 up
ip -n nsnet.island-nat.west.pod.default.web-2 addr add 10.244.0.4/24 dev eth0
ip -n nsnet.island-nat.west.pod.default.web-2 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.island-nat.west.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-nat.west.pod.kube-system.coredns-0 link set lo up
ip -n nsnet.island-nat.west.pod.kube-system.coredns-0 link set eth0 up
ip -n nsnet.island-nat.west.pod.kube-system.coredns-0 addr add 10.244.1.254/24 dev eth0
ip -n nsnet.island-nat.west.pod.kube-system.coredns-0 route add default via 10.244.1.1 dev eth0
# nsnet.island-nat.external.api: external/api answers on 443/tcp
# nsnet.island-nat.external.api: external/api answers on 53/udp
# nsnet.island-nat.east.pod.default.web-0: east/pod/web-0 answers on 80/tcp
# nsnet.island-nat.east.pod.default.web-0: east/pod/web-0 answers on 53/udp
# nsnet.island-nat.east.pod.default.web-1: east/pod/web-1 answers on 80/tcp
# nsnet.island-nat.east.pod.default.web-1: east/pod/web-1 answers on 53/udp
# nsnet.island-nat.east.pod.kube-system.coredns-0: east/pod/coredns-0.kube-system answers DNS queries on 53/udp
# nsnet.island-nat.east.pod.kube-system.coredns-0: east/pod/coredns-0.kube-system answers DNS queries on 53/tcp
# nsnet.island-nat.west.pod.default.web-0: west/pod/web-0 answers on 80/tcp
# nsnet.island-nat.west.pod.default.web-0: west/pod/web-0 answers on 53/udp
# nsnet.island-nat.west.pod.default.web-1: west/pod/web-1 answers on 80/tcp
# nsnet.island-nat.west.pod.default.web-1: west/pod/web-1 answers on 53/udp
# nsnet.island-nat.west.pod.default.web-2: west/pod/web-2 answers on 80/tcp
# nsnet.island-nat.west.pod.default.web-2: west/pod/web-2 answers on 53/udp
# nsnet.island-nat.west.pod.kube-system.coredns-0: west/pod/coredns-0.kube-system answers DNS queries on 53/udp
# nsnet.island-nat.west.pod.kube-system.coredns-0: west/pod/coredns-0.kube-system answers DNS queries on 53/tcp
ip netns exec nsnet.island-nat.east.gateway $IPT-restore --noflush <<'EOF'
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:NSNET-EXPORTS - [0:0]
:NSNET-EGRESS - [0:0]
-F PREROUTING
-F POSTROUTING
-A PREROUTING -m comment --comment "exported services" -j NSNET-EXPORTS
-A POSTROUTING -j NSNET-EGRESS
-A NSNET-EGRESS -o eth1 -m comment --comment "leaves with the address of the gateway" -j SNAT --to-source 198.18.0.2
COMMIT
EOF
ip netns exec nsnet.island-nat.east.node.n1 $IPT-restore --noflush <<'EOF'
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
:KUBE-SVC-TCOU7JCQXEZGVUNU - [0:0]
:KUBE-SEP-NN72SSTR7CRUOQH6 - [0:0]
:KUBE-SVC-ERIFXISQEP7F7OF4 - [0:0]
:KUBE-SEP-KMWTM52OBW6SDJA7 - [0:0]
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
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-SVC-ERIFXISQEP7F7OF4
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-VPJCWIHGOZWNRC6B
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.2:80" -j KUBE-SEP-MQ4W7Q2CV67URU6Q
-A KUBE-SEP-VPJCWIHGOZWNRC6B -s 10.244.0.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-VPJCWIHGOZWNRC6B -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -s 10.244.1.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-TCOU7JCQXEZGVUNU ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-TCOU7JCQXEZGVUNU -m comment --comment "kube-system/kube-dns:dns -> 10.244.0.254:53" -j KUBE-SEP-NN72SSTR7CRUOQH6
-A KUBE-SEP-NN72SSTR7CRUOQH6 -s 10.244.0.254/32 -m comment --comment "kube-system/kube-dns:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-NN72SSTR7CRUOQH6 -p udp -m comment --comment "kube-system/kube-dns:dns" -m udp -j DNAT --to-destination 10.244.0.254:53
-A KUBE-SVC-ERIFXISQEP7F7OF4 ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-ERIFXISQEP7F7OF4 -m comment --comment "kube-system/kube-dns:dns-tcp -> 10.244.0.254:53" -j KUBE-SEP-KMWTM52OBW6SDJA7
-A KUBE-SEP-KMWTM52OBW6SDJA7 -s 10.244.0.254/32 -m comment --comment "kube-system/kube-dns:dns-tcp" -j KUBE-MARK-MASQ
-A KUBE-SEP-KMWTM52OBW6SDJA7 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp" -m tcp -j DNAT --to-destination 10.244.0.254:53
COMMIT
EOF
ip netns exec nsnet.island-nat.east.node.n2 $IPT-restore --noflush <<'EOF'
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
:KUBE-SVC-TCOU7JCQXEZGVUNU - [0:0]
:KUBE-SEP-NN72SSTR7CRUOQH6 - [0:0]
:KUBE-SVC-ERIFXISQEP7F7OF4 - [0:0]
:KUBE-SEP-KMWTM52OBW6SDJA7 - [0:0]
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
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-SVC-ERIFXISQEP7F7OF4
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-VPJCWIHGOZWNRC6B
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.2:80" -j KUBE-SEP-MQ4W7Q2CV67URU6Q
-A KUBE-SEP-VPJCWIHGOZWNRC6B -s 10.244.0.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-VPJCWIHGOZWNRC6B -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -s 10.244.1.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-TCOU7JCQXEZGVUNU ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-TCOU7JCQXEZGVUNU -m comment --comment "kube-system/kube-dns:dns -> 10.244.0.254:53" -j KUBE-SEP-NN72SSTR7CRUOQH6
-A KUBE-SEP-NN72SSTR7CRUOQH6 -s 10.244.0.254/32 -m comment --comment "kube-system/kube-dns:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-NN72SSTR7CRUOQH6 -p udp -m comment --comment "kube-system/kube-dns:dns" -m udp -j DNAT --to-destination 10.244.0.254:53
-A KUBE-SVC-ERIFXISQEP7F7OF4 ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-ERIFXISQEP7F7OF4 -m comment --comment "kube-system/kube-dns:dns-tcp -> 10.244.0.254:53" -j KUBE-SEP-KMWTM52OBW6SDJA7
-A KUBE-SEP-KMWTM52OBW6SDJA7 -s 10.244.0.254/32 -m comment --comment "kube-system/kube-dns:dns-tcp" -j KUBE-MARK-MASQ
-A KUBE-SEP-KMWTM52OBW6SDJA7 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp" -m tcp -j DNAT --to-destination 10.244.0.254:53
COMMIT
EOF
ip netns exec nsnet.island-nat.west.gateway $IPT-restore --noflush <<'EOF'
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:NSNET-EXPORTS - [0:0]
:NSNET-EXP-8ECF3F4429B693B2 - [0:0]
:NSNET-EXP-0A3D964825F8CFC6 - [0:0]
:NSNET-EGRESS - [0:0]
-F PREROUTING
-F POSTROUTING
-A PREROUTING -m comment --comment "exported services" -j NSNET-EXPORTS
-A POSTROUTING -j NSNET-EGRESS
-A NSNET-EXPORTS -d 198.18.0.4/32 -p tcp -m comment --comment "west/svc/web exported" -m tcp --dport 80 -j NSNET-EXP-8ECF3F4429B693B2
-A NSNET-EXPORTS -d 198.18.0.4/32 -p udp -m comment --comment "west/svc/web exported" -m udp --dport 53 -j NSNET-EXP-0A3D964825F8CFC6
-A NSNET-EXP-8ECF3F4429B693B2 -p tcp -m comment --comment "west/svc/web -> 10.244.0.3:80" -m statistic --mode random --probability 0.33333333349 -m tcp -j DNAT --to-destination 10.244.0.3:80
-A NSNET-EXP-8ECF3F4429B693B2 -p tcp -m comment --comment "west/svc/web -> 10.244.0.4:80" -m statistic --mode random --probability 0.50000000000 -m tcp -j DNAT --to-destination 10.244.0.4:80
-A NSNET-EXP-8ECF3F4429B693B2 -p tcp -m comment --comment "west/svc/web -> 10.244.1.2:80" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A NSNET-EXP-0A3D964825F8CFC6 -p udp -m comment --comment "west/svc/web -> 10.244.0.3:53" -m statistic --mode random --probability 0.33333333349 -m udp -j DNAT --to-destination 10.244.0.3:53
-A NSNET-EXP-0A3D964825F8CFC6 -p udp -m comment --comment "west/svc/web -> 10.244.0.4:53" -m statistic --mode random --probability 0.50000000000 -m udp -j DNAT --to-destination 10.244.0.4:53
-A NSNET-EXP-0A3D964825F8CFC6 -p udp -m comment --comment "west/svc/web -> 10.244.1.2:53" -m udp -j DNAT --to-destination 10.244.1.2:53
-A NSNET-EGRESS -o eth1 -m comment --comment "leaves with the address of the gateway" -j SNAT --to-source 198.18.0.3
COMMIT
EOF
ip netns exec nsnet.island-nat.west.node.n1 $IPT-restore --noflush <<'EOF'
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
:KUBE-SVC-CDGGSHYLG3RE2FKL - [0:0]
:KUBE-SEP-UF6OOORCMXPJJDSV - [0:0]
:KUBE-SEP-33EB4EFTF2PW2YRG - [0:0]
:KUBE-SEP-PBQ62IOVWGYEN623 - [0:0]
:KUBE-SVC-3OI236ZBKTWAFB2I - [0:0]
:KUBE-SEP-E224WFW45Z4C6ZZP - [0:0]
:KUBE-SEP-73HLITT7J2BENIZX - [0:0]
:KUBE-SEP-BTVZB7E4KKPGX6I5 - [0:0]
:KUBE-SVC-TCOU7JCQXEZGVUNU - [0:0]
:KUBE-SEP-KWTKYKN7WRQ36MR6 - [0:0]
:KUBE-SVC-ERIFXISQEP7F7OF4 - [0:0]
:KUBE-SEP-H7BIIZMH4PXIYAYE - [0:0]
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
-A KUBE-SERVICES -d 10.96.0.2/32 -p udp -m comment --comment "default/web:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-3OI236ZBKTWAFB2I
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-SVC-ERIFXISQEP7F7OF4
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.3:80" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-UF6OOORCMXPJJDSV
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.4:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-33EB4EFTF2PW2YRG
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.2:80" -j KUBE-SEP-PBQ62IOVWGYEN623
-A KUBE-SEP-UF6OOORCMXPJJDSV -s 10.244.0.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-UF6OOORCMXPJJDSV -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-33EB4EFTF2PW2YRG -s 10.244.0.4/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-33EB4EFTF2PW2YRG -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.4:80
-A KUBE-SEP-PBQ62IOVWGYEN623 -s 10.244.1.2/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-PBQ62IOVWGYEN623 -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-3OI236ZBKTWAFB2I ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p udp -m comment --comment "default/web:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.244.0.3:53" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-E224WFW45Z4C6ZZP
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.244.0.4:53" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-73HLITT7J2BENIZX
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.244.1.2:53" -j KUBE-SEP-BTVZB7E4KKPGX6I5
-A KUBE-SEP-E224WFW45Z4C6ZZP -s 10.244.0.3/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-E224WFW45Z4C6ZZP -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.244.0.3:53
-A KUBE-SEP-73HLITT7J2BENIZX -s 10.244.0.4/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-73HLITT7J2BENIZX -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.244.0.4:53
-A KUBE-SEP-BTVZB7E4KKPGX6I5 -s 10.244.1.2/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-BTVZB7E4KKPGX6I5 -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.244.1.2:53
-A KUBE-SVC-TCOU7JCQXEZGVUNU ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-TCOU7JCQXEZGVUNU -m comment --comment "kube-system/kube-dns:dns -> 10.244.1.254:53" -j KUBE-SEP-KWTKYKN7WRQ36MR6
-A KUBE-SEP-KWTKYKN7WRQ36MR6 -s 10.244.1.254/32 -m comment --comment "kube-system/kube-dns:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-KWTKYKN7WRQ36MR6 -p udp -m comment --comment "kube-system/kube-dns:dns" -m udp -j DNAT --to-destination 10.244.1.254:53
-A KUBE-SVC-ERIFXISQEP7F7OF4 ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-ERIFXISQEP7F7OF4 -m comment --comment "kube-system/kube-dns:dns-tcp -> 10.244.1.254:53" -j KUBE-SEP-H7BIIZMH4PXIYAYE
-A KUBE-SEP-H7BIIZMH4PXIYAYE -s 10.244.1.254/32 -m comment --comment "kube-system/kube-dns:dns-tcp" -j KUBE-MARK-MASQ
-A KUBE-SEP-H7BIIZMH4PXIYAYE -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp" -m tcp -j DNAT --to-destination 10.244.1.254:53
COMMIT
EOF
ip netns exec nsnet.island-nat.west.node.n2 $IPT-restore --noflush <<'EOF'
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
:KUBE-SVC-CDGGSHYLG3RE2FKL - [0:0]
:KUBE-SEP-UF6OOORCMXPJJDSV - [0:0]
:KUBE-SEP-33EB4EFTF2PW2YRG - [0:0]
:KUBE-SEP-PBQ62IOVWGYEN623 - [0:0]
:KUBE-SVC-3OI236ZBKTWAFB2I - [0:0]
:KUBE-SEP-E224WFW45Z4C6ZZP - [0:0]
:KUBE-SEP-73HLITT7J2BENIZX - [0:0]
:KUBE-SEP-BTVZB7E4KKPGX6I5 - [0:0]
:KUBE-SVC-TCOU7JCQXEZGVUNU - [0:0]
:KUBE-SEP-KWTKYKN7WRQ36MR6 - [0:0]
:KUBE-SVC-ERIFXISQEP7F7OF4 - [0:0]
:KUBE-SEP-H7BIIZMH4PXIYAYE - [0:0]
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
-A KUBE-SERVICES -d 10.96.0.2/32 -p udp -m comment --comment "default/web:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-3OI236ZBKTWAFB2I
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-SVC-ERIFXISQEP7F7OF4
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.3:80" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-UF6OOORCMXPJJDSV
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.4:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-33EB4EFTF2PW2YRG
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.2:80" -j KUBE-SEP-PBQ62IOVWGYEN623
-A KUBE-SEP-UF6OOORCMXPJJDSV -s 10.244.0.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-UF6OOORCMXPJJDSV -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-33EB4EFTF2PW2YRG -s 10.244.0.4/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-33EB4EFTF2PW2YRG -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.4:80
-A KUBE-SEP-PBQ62IOVWGYEN623 -s 10.244.1.2/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-PBQ62IOVWGYEN623 -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-3OI236ZBKTWAFB2I ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p udp -m comment --comment "default/web:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.244.0.3:53" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-E224WFW45Z4C6ZZP
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.244.0.4:53" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-73HLITT7J2BENIZX
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.244.1.2:53" -j KUBE-SEP-BTVZB7E4KKPGX6I5
-A KUBE-SEP-E224WFW45Z4C6ZZP -s 10.244.0.3/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-E224WFW45Z4C6ZZP -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.244.0.3:53
-A KUBE-SEP-73HLITT7J2BENIZX -s 10.244.0.4/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-73HLITT7J2BENIZX -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.244.0.4:53
-A KUBE-SEP-BTVZB7E4KKPGX6I5 -s 10.244.1.2/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-BTVZB7E4KKPGX6I5 -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.244.1.2:53
-A KUBE-SVC-TCOU7JCQXEZGVUNU ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-TCOU7JCQXEZGVUNU -m comment --comment "kube-system/kube-dns:dns -> 10.244.1.254:53" -j KUBE-SEP-KWTKYKN7WRQ36MR6
-A KUBE-SEP-KWTKYKN7WRQ36MR6 -s 10.244.1.254/32 -m comment --comment "kube-system/kube-dns:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-KWTKYKN7WRQ36MR6 -p udp -m comment --comment "kube-system/kube-dns:dns" -m udp -j DNAT --to-destination 10.244.1.254:53
-A KUBE-SVC-ERIFXISQEP7F7OF4 ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-ERIFXISQEP7F7OF4 -m comment --comment "kube-system/kube-dns:dns-tcp -> 10.244.1.254:53" -j KUBE-SEP-H7BIIZMH4PXIYAYE
-A KUBE-SEP-H7BIIZMH4PXIYAYE -s 10.244.1.254/32 -m comment --comment "kube-system/kube-dns:dns-tcp" -j KUBE-MARK-MASQ
-A KUBE-SEP-H7BIIZMH4PXIYAYE -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp" -m tcp -j DNAT --to-destination 10.244.1.254:53
COMMIT
EOF
