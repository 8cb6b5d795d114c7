#!/bin/sh
# Builds the lab island-vip, but for its server. To remove it again: nsnet down island-vip
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.island-vip.servers
# nsnet.island-vip.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.island-vip.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-vip.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-vip.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-vip.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-vip.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-vip.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-vip.fabric
ip netns exec nsnet.island-vip.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-vip.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-vip.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-vip.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-vip.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-vip.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-vip.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-vip.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-vip.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-vip.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.island-vip.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.island-vip.external.laptop
ip netns exec nsnet.island-vip.external.laptop sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-vip.external.laptop sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-vip.external.laptop sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-vip.external.laptop sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-vip.external.laptop sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-vip.external.laptop sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-vip.external.api
ip netns exec nsnet.island-vip.external.api sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-vip.external.api sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-vip.external.api sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-vip.external.api sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-vip.external.api sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-vip.external.api sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-vip.east.gateway
ip netns exec nsnet.island-vip.east.gateway sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-vip.east.gateway sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-vip.east.gateway sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-vip.east.gateway sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-vip.east.gateway sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-vip.east.gateway sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-vip.east.gateway sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-vip.east.gateway sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-vip.east.gateway sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-vip.east.gateway sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.island-vip.east.gateway sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.island-vip.east.node.n1
ip netns exec nsnet.island-vip.east.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-vip.east.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-vip.east.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-vip.east.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-vip.east.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-vip.east.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-vip.east.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-vip.east.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-vip.east.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-vip.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.island-vip.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.island-vip.east.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.island-vip.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.island-vip.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.island-vip.east.node.n2
ip netns exec nsnet.island-vip.east.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-vip.east.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-vip.east.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-vip.east.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-vip.east.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-vip.east.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-vip.east.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-vip.east.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-vip.east.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-vip.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.island-vip.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.island-vip.east.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.island-vip.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.island-vip.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.island-vip.east.pod.default.client
ip netns exec nsnet.island-vip.east.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-vip.east.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-vip.east.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-vip.east.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-vip.east.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-vip.east.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-vip.east.pod.default.web-0
ip netns exec nsnet.island-vip.east.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-vip.east.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-vip.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-vip.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-vip.east.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-vip.east.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-vip.east.pod.default.web-1
ip netns exec nsnet.island-vip.east.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-vip.east.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-vip.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-vip.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-vip.east.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-vip.east.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-vip.west.gateway
ip netns exec nsnet.island-vip.west.gateway sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-vip.west.gateway sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-vip.west.gateway sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-vip.west.gateway sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-vip.west.gateway sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-vip.west.gateway sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-vip.west.gateway sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-vip.west.gateway sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-vip.west.gateway sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-vip.west.gateway sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.island-vip.west.gateway sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.island-vip.west.node.n1
ip netns exec nsnet.island-vip.west.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-vip.west.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-vip.west.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-vip.west.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-vip.west.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-vip.west.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-vip.west.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-vip.west.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-vip.west.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-vip.west.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.island-vip.west.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.island-vip.west.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.island-vip.west.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.island-vip.west.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.island-vip.west.node.n2
ip netns exec nsnet.island-vip.west.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-vip.west.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.island-vip.west.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-vip.west.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-vip.west.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-vip.west.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.island-vip.west.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.island-vip.west.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.island-vip.west.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.island-vip.west.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.island-vip.west.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.island-vip.west.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.island-vip.west.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.island-vip.west.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.island-vip.west.pod.default.client
ip netns exec nsnet.island-vip.west.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-vip.west.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-vip.west.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-vip.west.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-vip.west.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-vip.west.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-vip.west.pod.default.web-0
ip netns exec nsnet.island-vip.west.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-vip.west.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-vip.west.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-vip.west.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-vip.west.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-vip.west.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.island-vip.west.pod.default.web-1
ip netns exec nsnet.island-vip.west.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.island-vip.west.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.island-vip.west.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.island-vip.west.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.island-vip.west.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.island-vip.west.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.island-vip.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-vip.fabric link set br-fabric up
ip -n nsnet.island-vip.fabric link add br-east address 06:8a:c4:ad:13:1a type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-vip.fabric link set br-east up
ip -n nsnet.island-vip.fabric link add br-west address 06:2c:60:fd:50:4f type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-vip.fabric link set br-west up
ip -n nsnet.island-vip.east.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-vip.east.node.n1 link set cbr0 up
ip -n nsnet.island-vip.east.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-vip.east.node.n2 link set cbr0 up
ip -n nsnet.island-vip.west.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-vip.west.node.n1 link set cbr0 up
ip -n nsnet.island-vip.west.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.island-vip.west.node.n2 link set cbr0 up
ip -n nsnet.island-vip.fabric link add east_n1 address 06:ba:f5:3f:3b:85 type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.island-vip.east.node.n1
ip -n nsnet.island-vip.fabric link set east_n1 master br-east up
ip -n nsnet.island-vip.fabric link add east_n2 address 06:af:15:fe:02:66 type veth peer name eth0 address 02:00:c0:a8:0a:03 netns nsnet.island-vip.east.node.n2
ip -n nsnet.island-vip.fabric link set east_n2 master br-east up
ip -n nsnet.island-vip.fabric link add gw-east address 06:10:98:96:bd:2f type veth peer name eth0 address 02:00:c0:a8:0a:01 netns nsnet.island-vip.east.gateway
ip -n nsnet.island-vip.fabric link set gw-east master br-east up
ip -n nsnet.island-vip.fabric link add out-east address 06:c6:13:29:e7:7e type veth peer name eth1 address 02:00:c6:12:00:02 netns nsnet.island-vip.east.gateway
ip -n nsnet.island-vip.fabric link set out-east master br-fabric up
ip -n nsnet.island-vip.fabric link add west_n1 address 06:a0:11:0f:31:2c type veth peer name eth0 address 02:00:c0:a8:14:02 netns nsnet.island-vip.west.node.n1
ip -n nsnet.island-vip.fabric link set west_n1 master br-west up
ip -n nsnet.island-vip.fabric link add west_n2 address 06:d9:8b:2d:c1:04 type veth peer name eth0 address 02:00:c0:a8:14:03 netns nsnet.island-vip.west.node.n2
ip -n nsnet.island-vip.fabric link set west_n2 master br-west up
ip -n nsnet.island-vip.fabric link add gw-west address 06:52:a1:8b:94:9c type veth peer name eth0 address 02:00:c0:a8:14:01 netns nsnet.island-vip.west.gateway
ip -n nsnet.island-vip.fabric link set gw-west master br-west up
ip -n nsnet.island-vip.fabric link add out-west address 06:7e:e8:38:69:9b type veth peer name eth1 address 02:00:c6:12:00:14 netns nsnet.island-vip.west.gateway
ip -n nsnet.island-vip.fabric link set out-west master br-fabric up
ip -n nsnet.island-vip.fabric link add ext-laptop address 06:e5:23:6e:55:d0 type veth peer name eth0 address 02:00:cb:00:71:0a netns nsnet.island-vip.external.laptop
ip -n nsnet.island-vip.fabric link set ext-laptop master br-fabric up
ip -n nsnet.island-vip.fabric link add ext-api address 06:83:35:88:6a:ee type veth peer name eth0 address 02:00:cb:00:71:50 netns nsnet.island-vip.external.api
ip -n nsnet.island-vip.fabric link set ext-api master br-fabric up
ip -n nsnet.island-vip.east.node.n1 link add client address 06:a1:ed:7d:99:25 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.island-vip.east.pod.default.client
ip -n nsnet.island-vip.east.node.n1 link set client master cbr0 up
bridge -n nsnet.island-vip.east.node.n1 link set dev client hairpin on
ip -n nsnet.island-vip.east.node.n1 link add web-0 address 06:d1:4b:f9:67:9f type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.island-vip.east.pod.default.web-0
ip -n nsnet.island-vip.east.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.island-vip.east.node.n1 link set dev web-0 hairpin on
ip -n nsnet.island-vip.east.node.n2 link add web-1 address 06:cc:bf:54:eb:c7 type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.island-vip.east.pod.default.web-1
ip -n nsnet.island-vip.east.node.n2 link set web-1 master cbr0 up
bridge -n nsnet.island-vip.east.node.n2 link set dev web-1 hairpin on
ip -n nsnet.island-vip.west.node.n1 link add client address 06:60:89:04:2e:51 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.island-vip.west.pod.default.client
ip -n nsnet.island-vip.west.node.n1 link set client master cbr0 up
bridge -n nsnet.island-vip.west.node.n1 link set dev client hairpin on
ip -n nsnet.island-vip.west.node.n1 link add web-0 address 06:f7:f9:8e:e6:2e type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.island-vip.west.pod.default.web-0
ip -n nsnet.island-vip.west.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.island-vip.west.node.n1 link set dev web-0 hairpin on
ip -n nsnet.island-vip.west.node.n2 link add web-1 address 06:cb:e7:25:7c:50 type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.island-vip.west.pod.default.web-1
ip -n nsnet.island-vip.west.node.n2 link set web-1 master cbr0 up
bridge -n nsnet.island-vip.west.node.n2 link set dev web-1 hairpin on
ip -n nsnet.island-vip.servers link set lo up
ip netns exec nsnet.island-vip.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip -n nsnet.island-vip.fabric link set lo up
ip -n nsnet.island-vip.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.island-vip.fabric route add 100.64.0.0/16 via 198.18.0.2 dev br-fabric
ip -n nsnet.island-vip.fabric route add 100.65.0.0/16 via 198.18.0.20 dev br-fabric
ip -n nsnet.island-vip.fabric route add 203.0.113.10/32 dev br-fabric
ip -n nsnet.island-vip.fabric route add 203.0.113.80/32 dev br-fabric
ip netns exec nsnet.island-vip.external.laptop sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-vip.external.laptop link set lo up
ip -n nsnet.island-vip.external.laptop link set eth0 up
ip -n nsnet.island-vip.external.laptop addr add 203.0.113.10/32 dev eth0
ip -n nsnet.island-vip.external.laptop route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.island-vip.external.api sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-vip.external.api link set lo up
ip -n nsnet.island-vip.external.api link set eth0 up
ip -n nsnet.island-vip.external.api addr add 203.0.113.80/32 dev eth0
ip -n nsnet.island-vip.external.api route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.island-vip.east.gateway sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.island-vip.east.gateway sysctl -q -w net.ipv4.neigh.eth1.retrans_time_ms=100
ip -n nsnet.island-vip.east.gateway link set lo up
ip -n nsnet.island-vip.east.gateway link set eth0 up
ip -n nsnet.island-vip.east.gateway link set eth1 up
ip -n nsnet.island-vip.east.gateway addr add 192.168.10.1/24 dev eth0
ip -n nsnet.island-vip.east.gateway addr add 198.18.0.2/16 dev eth1
ip -n nsnet.island-vip.east.gateway addr add 198.18.0.3/32 dev eth1
ip -n nsnet.island-vip.east.gateway route add default via 198.18.0.1 dev eth1
ip -n nsnet.island-vip.east.gateway route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip -n nsnet.island-vip.east.gateway route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.island-vip.east.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.island-vip.east.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-vip.east.node.n1 link set lo up
ip -n nsnet.island-vip.east.node.n1 link set eth0 up
ip -n nsnet.island-vip.east.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.island-vip.east.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.island-vip.east.node.n1 route add default via 192.168.10.1 dev eth0
ip -n nsnet.island-vip.east.node.n1 route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.island-vip.east.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.island-vip.east.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-vip.east.node.n2 link set lo up
ip -n nsnet.island-vip.east.node.n2 link set eth0 up
ip -n nsnet.island-vip.east.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.island-vip.east.node.n2 addr add 192.168.10.3/24 dev eth0
ip -n nsnet.island-vip.east.node.n2 route add default via 192.168.10.1 dev eth0
ip -n nsnet.island-vip.east.node.n2 route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip netns exec nsnet.island-vip.east.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-vip.east.pod.default.client link set lo up
ip -n nsnet.island-vip.east.pod.default.client link set eth0 up
ip -n nsnet.island-vip.east.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.island-vip.east.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.island-vip.east.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-vip.east.pod.default.web-0 link set lo up
ip -n nsnet.island-vip.east.pod.default.web-0 link set eth0 up
ip -n nsnet.island-vip.east.pod.default.web-0 addr add 10.244.0.3/24 dev eth0
ip -n nsnet.island-vip.east.pod.default.web-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.island-vip.east.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-vip.east.pod.default.web-1 link set lo up
ip -n nsnet.island-vip.east.pod.default.web-1 link set eth0 up
ip -n nsnet.island-vip.east.pod.default.web-1 addr add 10.244.1.2/24 dev eth0
ip -n nsnet.island-vip.east.pod.default.web-1 route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.island-vip.west.gateway sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.island-vip.west.gateway sysctl -q -w net.ipv4.neigh.eth1.retrans_time_ms=100
ip -n nsnet.island-vip.west.gateway link set lo up
ip -n nsnet.island-vip.west.gateway link set eth0 up
ip -n nsnet.island-vip.west.gateway link set eth1 up
ip -n nsnet.island-vip.west.gateway addr add 192.168.20.1/24 dev eth0
ip -n nsnet.island-vip.west.gateway addr add 198.18.0.20/16 dev eth1
ip -n nsnet.island-vip.west.gateway addr add 198.18.0.4/32 dev eth1
ip -n nsnet.island-vip.west.gateway route add default via 198.18.0.1 dev eth1
ip -n nsnet.island-vip.west.gateway route add 10.244.0.0/24 via 192.168.20.2 dev eth0
ip -n nsnet.island-vip.west.gateway route add 10.244.1.0/24 via 192.168.20.3 dev eth0
ip netns exec nsnet.island-vip.west.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.island-vip.west.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-vip.west.node.n1 link set lo up
ip -n nsnet.island-vip.west.node.n1 link set eth0 up
ip -n nsnet.island-vip.west.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.island-vip.west.node.n1 addr add 192.168.20.2/24 dev eth0
ip -n nsnet.island-vip.west.node.n1 route add default via 192.168.20.1 dev eth0
ip -n nsnet.island-vip.west.node.n1 route add 10.244.1.0/24 via 192.168.20.3 dev eth0
ip netns exec nsnet.island-vip.west.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.island-vip.west.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-vip.west.node.n2 link set lo up
ip -n nsnet.island-vip.west.node.n2 link set eth0 up
ip -n nsnet.island-vip.west.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.island-vip.west.node.n2 addr add 192.168.20.3/24 dev eth0
ip -n nsnet.island-vip.west.node.n2 route add default via 192.168.20.1 dev eth0
ip -n nsnet.island-vip.west.node.n2 route add 10.244.0.0/24 via 192.168.20.2 dev eth0
ip netns exec nsnet.island-vip.west.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-vip.west.pod.default.client link set lo up
ip -n nsnet.island-vip.west.pod.default.client link set eth0 up
ip -n nsnet.island-vip.west.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.island-vip.west.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.island-vip.west.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-vip.west.pod.default.web-0 link set lo up
ip -n nsnet.island-vip.west.pod.default.web-0 link set eth0 up
ip -n nsnet.island-vip.west.pod.default.web-0 addr add 10.244.0.3/24 dev eth0
ip -n nsnet.island-vip.west.pod.default.web-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.island-vip.west.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.island-vip.west.pod.default.web-1 link set lo up
ip -n nsnet.island-vip.west.pod.default.web-1 link set eth0 up
ip -n nsnet.island-vip.west.pod.default.web-1 addr add 10.244.1.2/24 dev eth0
ip -n nsnet.island-vip.west.pod.default.web-1 route add default via 10.244.1.1 dev eth0
# nsnet.island-vip.external.api: external/api answers on 443/tcp
# nsnet.island-vip.east.pod.default.web-0: east/pod/web-0 answers on 80/tcp
# nsnet.island-vip.east.pod.default.web-0: east/pod/web-0 answers on 53/udp
# nsnet.island-vip.east.pod.default.web-1: east/pod/web-1 answers on 80/tcp
# nsnet.island-vip.east.pod.default.web-1: east/pod/web-1 answers on 53/udp
# nsnet.island-vip.west.pod.default.web-0: west/pod/web-0 answers on 80/tcp
# nsnet.island-vip.west.pod.default.web-0: west/pod/web-0 answers on 53/udp
# nsnet.island-vip.west.pod.default.web-1: west/pod/web-1 answers on 80/tcp
# nsnet.island-vip.west.pod.default.web-1: west/pod/web-1 answers on 53/udp
ip netns exec nsnet.island-vip.east.gateway $IPT-restore --noflush <<'EOF'
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:NSNET-EXPORTS - [0:0]
:NSNET-EXP-48858BE642642552 - [0:0]
:NSNET-EXP-292BBC536D983BF1 - [0:0]
:NSNET-EGRESS - [0:0]
:NSNET-FROM-VIRTUAL - [0:0]
:NSNET-TO-VIRTUAL - [0:0]
-F PREROUTING
-F POSTROUTING
-A PREROUTING -m comment --comment "exported services" -j NSNET-EXPORTS
-A PREROUTING -j NSNET-FROM-VIRTUAL
-A POSTROUTING -j NSNET-TO-VIRTUAL
-A POSTROUTING -j NSNET-EGRESS
-A NSNET-EXPORTS -d 198.18.0.3/32 -p tcp -m comment --comment "east/svc/web exported" -m tcp --dport 80 -j NSNET-EXP-48858BE642642552
-A NSNET-EXPORTS -d 198.18.0.3/32 -p udp -m comment --comment "east/svc/web exported" -m udp --dport 53 -j NSNET-EXP-292BBC536D983BF1
-A NSNET-EXP-48858BE642642552 -p tcp -m comment --comment "east/svc/web -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -m tcp -j DNAT --to-destination 10.244.0.3:80
-A NSNET-EXP-48858BE642642552 -p tcp -m comment --comment "east/svc/web -> 10.244.1.2:80" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A NSNET-EXP-292BBC536D983BF1 -p udp -m comment --comment "east/svc/web -> 10.244.0.3:53" -m statistic --mode random --probability 0.50000000000 -m udp -j DNAT --to-destination 10.244.0.3:53
-A NSNET-EXP-292BBC536D983BF1 -p udp -m comment --comment "east/svc/web -> 10.244.1.2:53" -m udp -j DNAT --to-destination 10.244.1.2:53
-A NSNET-EGRESS -o eth1 -m comment --comment "leaves with the address of the gateway" -j SNAT --to-source 198.18.0.2
-A NSNET-FROM-VIRTUAL -d 100.64.0.0/16 -i eth1 -m comment --comment "a pod by its virtual address" -j NETMAP --to 10.244.0.0/16
-A NSNET-TO-VIRTUAL -s 10.244.0.0/16 -o eth1 -m comment --comment "a pod as others know it" -j NETMAP --to 100.64.0.0/16
COMMIT
EOF
ip netns exec nsnet.island-vip.east.node.n1 $IPT-restore --noflush <<'EOF'
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
:KUBE-SEP-PBQ62IOVWGYEN623 - [0:0]
:KUBE-SVC-3OI236ZBKTWAFB2I - [0:0]
:KUBE-SEP-E224WFW45Z4C6ZZP - [0:0]
:KUBE-SEP-BTVZB7E4KKPGX6I5 - [0:0]
:KUBE-SVC-Y6PQBOJDUAA5KPE7 - [0:0]
:KUBE-SEP-5ANEWKXEP4H7M7HV - [0:0]
:KUBE-SEP-6AITCLKLFID7IR6C - [0:0]
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d 10.244.0.0/16 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 192.168.10.0/24 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 100.65.0.0/16 -m comment --comment "nsnet: the gateway makes a virtual address of the pod's own" -j RETURN
-A IP-MASQ-AGENT -d 198.18.0.4/32 -m comment --comment "nsnet: the gateway makes a virtual address of the pod's own" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.96.0.2/32 -p udp -m comment --comment "default/web:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-3OI236ZBKTWAFB2I
-A KUBE-SERVICES -d 10.96.0.3/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-SVC-Y6PQBOJDUAA5KPE7
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-UF6OOORCMXPJJDSV
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.2:80" -j KUBE-SEP-PBQ62IOVWGYEN623
-A KUBE-SEP-UF6OOORCMXPJJDSV -s 10.244.0.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-UF6OOORCMXPJJDSV -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-PBQ62IOVWGYEN623 -s 10.244.1.2/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-PBQ62IOVWGYEN623 -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-3OI236ZBKTWAFB2I ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p udp -m comment --comment "default/web:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.244.0.3:53" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-E224WFW45Z4C6ZZP
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.244.1.2:53" -j KUBE-SEP-BTVZB7E4KKPGX6I5
-A KUBE-SEP-E224WFW45Z4C6ZZP -s 10.244.0.3/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-E224WFW45Z4C6ZZP -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.244.0.3:53
-A KUBE-SEP-BTVZB7E4KKPGX6I5 -s 10.244.1.2/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-BTVZB7E4KKPGX6I5 -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.244.1.2:53
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 ! -s 10.244.0.0/16 -d 10.96.0.3/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-5ANEWKXEP4H7M7HV
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.244.1.2:80" -j KUBE-SEP-6AITCLKLFID7IR6C
-A KUBE-SEP-5ANEWKXEP4H7M7HV -s 10.244.0.3/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-5ANEWKXEP4H7M7HV -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-6AITCLKLFID7IR6C -s 10.244.1.2/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-6AITCLKLFID7IR6C -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.244.1.2:80
COMMIT
EOF
ip netns exec nsnet.island-vip.east.node.n2 $IPT-restore --noflush <<'EOF'
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
:KUBE-SEP-PBQ62IOVWGYEN623 - [0:0]
:KUBE-SVC-3OI236ZBKTWAFB2I - [0:0]
:KUBE-SEP-E224WFW45Z4C6ZZP - [0:0]
:KUBE-SEP-BTVZB7E4KKPGX6I5 - [0:0]
:KUBE-SVC-Y6PQBOJDUAA5KPE7 - [0:0]
:KUBE-SEP-5ANEWKXEP4H7M7HV - [0:0]
:KUBE-SEP-6AITCLKLFID7IR6C - [0:0]
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d 10.244.0.0/16 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 192.168.10.0/24 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 100.65.0.0/16 -m comment --comment "nsnet: the gateway makes a virtual address of the pod's own" -j RETURN
-A IP-MASQ-AGENT -d 198.18.0.4/32 -m comment --comment "nsnet: the gateway makes a virtual address of the pod's own" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.96.0.2/32 -p udp -m comment --comment "default/web:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-3OI236ZBKTWAFB2I
-A KUBE-SERVICES -d 10.96.0.3/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-SVC-Y6PQBOJDUAA5KPE7
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-UF6OOORCMXPJJDSV
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.2:80" -j KUBE-SEP-PBQ62IOVWGYEN623
-A KUBE-SEP-UF6OOORCMXPJJDSV -s 10.244.0.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-UF6OOORCMXPJJDSV -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-PBQ62IOVWGYEN623 -s 10.244.1.2/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-PBQ62IOVWGYEN623 -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-3OI236ZBKTWAFB2I ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p udp -m comment --comment "default/web:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.244.0.3:53" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-E224WFW45Z4C6ZZP
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.244.1.2:53" -j KUBE-SEP-BTVZB7E4KKPGX6I5
-A KUBE-SEP-E224WFW45Z4C6ZZP -s 10.244.0.3/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-E224WFW45Z4C6ZZP -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.244.0.3:53
-A KUBE-SEP-BTVZB7E4KKPGX6I5 -s 10.244.1.2/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-BTVZB7E4KKPGX6I5 -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.244.1.2:53
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 ! -s 10.244.0.0/16 -d 10.96.0.3/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-5ANEWKXEP4H7M7HV
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.244.1.2:80" -j KUBE-SEP-6AITCLKLFID7IR6C
-A KUBE-SEP-5ANEWKXEP4H7M7HV -s 10.244.0.3/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-5ANEWKXEP4H7M7HV -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-6AITCLKLFID7IR6C -s 10.244.1.2/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-6AITCLKLFID7IR6C -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.244.1.2:80
COMMIT
EOF
ip netns exec nsnet.island-vip.west.gateway $IPT-restore --noflush <<'EOF'
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:NSNET-EXPORTS - [0:0]
:NSNET-EXP-8ECF3F4429B693B2 - [0:0]
:NSNET-EXP-0A3D964825F8CFC6 - [0:0]
:NSNET-EGRESS - [0:0]
:NSNET-FROM-VIRTUAL - [0:0]
:NSNET-TO-VIRTUAL - [0:0]
-F PREROUTING
-F POSTROUTING
-A PREROUTING -m comment --comment "exported services" -j NSNET-EXPORTS
-A PREROUTING -j NSNET-FROM-VIRTUAL
-A POSTROUTING -j NSNET-TO-VIRTUAL
-A POSTROUTING -j NSNET-EGRESS
-A NSNET-EXPORTS -d 198.18.0.4/32 -p tcp -m comment --comment "west/svc/web exported" -m tcp --dport 80 -j NSNET-EXP-8ECF3F4429B693B2
-A NSNET-EXPORTS -d 198.18.0.4/32 -p udp -m comment --comment "west/svc/web exported" -m udp --dport 53 -j NSNET-EXP-0A3D964825F8CFC6
-A NSNET-EXP-8ECF3F4429B693B2 -p tcp -m comment --comment "west/svc/web -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -m tcp -j DNAT --to-destination 10.244.0.3:80
-A NSNET-EXP-8ECF3F4429B693B2 -p tcp -m comment --comment "west/svc/web -> 10.244.1.2:80" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A NSNET-EXP-0A3D964825F8CFC6 -p udp -m comment --comment "west/svc/web -> 10.244.0.3:53" -m statistic --mode random --probability 0.50000000000 -m udp -j DNAT --to-destination 10.244.0.3:53
-A NSNET-EXP-0A3D964825F8CFC6 -p udp -m comment --comment "west/svc/web -> 10.244.1.2:53" -m udp -j DNAT --to-destination 10.244.1.2:53
-A NSNET-EGRESS -o eth1 -m comment --comment "leaves with the address of the gateway" -j SNAT --to-source 198.18.0.20
-A NSNET-FROM-VIRTUAL -d 100.65.0.0/16 -i eth1 -m comment --comment "a pod by its virtual address" -j NETMAP --to 10.244.0.0/16
-A NSNET-TO-VIRTUAL -s 10.244.0.0/16 -o eth1 -m comment --comment "a pod as others know it" -j NETMAP --to 100.65.0.0/16
COMMIT
EOF
ip netns exec nsnet.island-vip.west.node.n1 $IPT-restore --noflush <<'EOF'
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
:KUBE-SEP-PBQ62IOVWGYEN623 - [0:0]
:KUBE-SVC-3OI236ZBKTWAFB2I - [0:0]
:KUBE-SEP-E224WFW45Z4C6ZZP - [0:0]
:KUBE-SEP-BTVZB7E4KKPGX6I5 - [0:0]
:KUBE-SVC-Y6PQBOJDUAA5KPE7 - [0:0]
:KUBE-SEP-5ANEWKXEP4H7M7HV - [0:0]
:KUBE-SEP-6AITCLKLFID7IR6C - [0:0]
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d 10.244.0.0/16 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 192.168.20.0/24 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 100.64.0.0/16 -m comment --comment "nsnet: the gateway makes a virtual address of the pod's own" -j RETURN
-A IP-MASQ-AGENT -d 198.18.0.3/32 -m comment --comment "nsnet: the gateway makes a virtual address of the pod's own" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d 10.97.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.97.0.2/32 -p udp -m comment --comment "default/web:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-3OI236ZBKTWAFB2I
-A KUBE-SERVICES -d 10.97.0.3/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-SVC-Y6PQBOJDUAA5KPE7
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.97.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-UF6OOORCMXPJJDSV
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.2:80" -j KUBE-SEP-PBQ62IOVWGYEN623
-A KUBE-SEP-UF6OOORCMXPJJDSV -s 10.244.0.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-UF6OOORCMXPJJDSV -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-PBQ62IOVWGYEN623 -s 10.244.1.2/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-PBQ62IOVWGYEN623 -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-3OI236ZBKTWAFB2I ! -s 10.244.0.0/16 -d 10.97.0.2/32 -p udp -m comment --comment "default/web:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.244.0.3:53" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-E224WFW45Z4C6ZZP
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.244.1.2:53" -j KUBE-SEP-BTVZB7E4KKPGX6I5
-A KUBE-SEP-E224WFW45Z4C6ZZP -s 10.244.0.3/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-E224WFW45Z4C6ZZP -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.244.0.3:53
-A KUBE-SEP-BTVZB7E4KKPGX6I5 -s 10.244.1.2/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-BTVZB7E4KKPGX6I5 -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.244.1.2:53
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 ! -s 10.244.0.0/16 -d 10.97.0.3/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-5ANEWKXEP4H7M7HV
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.244.1.2:80" -j KUBE-SEP-6AITCLKLFID7IR6C
-A KUBE-SEP-5ANEWKXEP4H7M7HV -s 10.244.0.3/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-5ANEWKXEP4H7M7HV -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-6AITCLKLFID7IR6C -s 10.244.1.2/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-6AITCLKLFID7IR6C -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.244.1.2:80
COMMIT
EOF
ip netns exec nsnet.island-vip.west.node.n2 $IPT-restore --noflush <<'EOF'
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
:KUBE-SEP-PBQ62IOVWGYEN623 - [0:0]
:KUBE-SVC-3OI236ZBKTWAFB2I - [0:0]
:KUBE-SEP-E224WFW45Z4C6ZZP - [0:0]
:KUBE-SEP-BTVZB7E4KKPGX6I5 - [0:0]
:KUBE-SVC-Y6PQBOJDUAA5KPE7 - [0:0]
:KUBE-SEP-5ANEWKXEP4H7M7HV - [0:0]
:KUBE-SEP-6AITCLKLFID7IR6C - [0:0]
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d 10.244.0.0/16 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 192.168.20.0/24 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 100.64.0.0/16 -m comment --comment "nsnet: the gateway makes a virtual address of the pod's own" -j RETURN
-A IP-MASQ-AGENT -d 198.18.0.3/32 -m comment --comment "nsnet: the gateway makes a virtual address of the pod's own" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d 10.97.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.97.0.2/32 -p udp -m comment --comment "default/web:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-3OI236ZBKTWAFB2I
-A KUBE-SERVICES -d 10.97.0.3/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-SVC-Y6PQBOJDUAA5KPE7
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.97.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-UF6OOORCMXPJJDSV
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.2:80" -j KUBE-SEP-PBQ62IOVWGYEN623
-A KUBE-SEP-UF6OOORCMXPJJDSV -s 10.244.0.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-UF6OOORCMXPJJDSV -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-PBQ62IOVWGYEN623 -s 10.244.1.2/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-PBQ62IOVWGYEN623 -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-3OI236ZBKTWAFB2I ! -s 10.244.0.0/16 -d 10.97.0.2/32 -p udp -m comment --comment "default/web:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.244.0.3:53" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-E224WFW45Z4C6ZZP
-A KUBE-SVC-3OI236ZBKTWAFB2I -m comment --comment "default/web:dns -> 10.244.1.2:53" -j KUBE-SEP-BTVZB7E4KKPGX6I5
-A KUBE-SEP-E224WFW45Z4C6ZZP -s 10.244.0.3/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-E224WFW45Z4C6ZZP -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.244.0.3:53
-A KUBE-SEP-BTVZB7E4KKPGX6I5 -s 10.244.1.2/32 -m comment --comment "default/web:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-BTVZB7E4KKPGX6I5 -p udp -m comment --comment "default/web:dns" -m udp -j DNAT --to-destination 10.244.1.2:53
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 ! -s 10.244.0.0/16 -d 10.97.0.3/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-5ANEWKXEP4H7M7HV
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.244.1.2:80" -j KUBE-SEP-6AITCLKLFID7IR6C
-A KUBE-SEP-5ANEWKXEP4H7M7HV -s 10.244.0.3/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-5ANEWKXEP4H7M7HV -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-6AITCLKLFID7IR6C -s 10.244.1.2/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-6AITCLKLFID7IR6C -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.244.1.2:80
COMMIT
EOF
