#!/bin/sh
# Builds the lab gateway-failover, but for its server. To remove it again: nsnet down gateway-failover
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.gateway-failover.servers
# nsnet.gateway-failover.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.gateway-failover.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.gateway-failover.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.gateway-failover.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.gateway-failover.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.gateway-failover.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.gateway-failover.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.gateway-failover.fabric
ip netns exec nsnet.gateway-failover.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.gateway-failover.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.gateway-failover.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.gateway-failover.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.gateway-failover.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.gateway-failover.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.gateway-failover.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.gateway-failover.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.gateway-failover.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.gateway-failover.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.gateway-failover.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.gateway-failover.external.laptop
ip netns exec nsnet.gateway-failover.external.laptop sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.gateway-failover.external.laptop sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.gateway-failover.external.laptop sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.gateway-failover.external.laptop sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.gateway-failover.external.laptop sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.gateway-failover.external.laptop sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.gateway-failover.external.api
ip netns exec nsnet.gateway-failover.external.api sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.gateway-failover.external.api sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.gateway-failover.external.api sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.gateway-failover.external.api sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.gateway-failover.external.api sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.gateway-failover.external.api sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.gateway-failover.east.gateway.1
ip netns exec nsnet.gateway-failover.east.gateway.1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.gateway-failover.east.gateway.1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.gateway-failover.east.gateway.1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.gateway-failover.east.gateway.1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.gateway-failover.east.gateway.1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.gateway-failover.east.gateway.1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.gateway-failover.east.gateway.1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.gateway-failover.east.gateway.1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.gateway-failover.east.gateway.1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.gateway-failover.east.gateway.1 sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.gateway-failover.east.gateway.1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.gateway-failover.east.gateway.2
ip netns exec nsnet.gateway-failover.east.gateway.2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.gateway-failover.east.gateway.2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.gateway-failover.east.gateway.2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.gateway-failover.east.gateway.2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.gateway-failover.east.gateway.2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.gateway-failover.east.gateway.2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.gateway-failover.east.gateway.2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.gateway-failover.east.gateway.2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.gateway-failover.east.gateway.2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.gateway-failover.east.gateway.2 sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.gateway-failover.east.gateway.2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.gateway-failover.east.node.n1
ip netns exec nsnet.gateway-failover.east.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.gateway-failover.east.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.gateway-failover.east.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.gateway-failover.east.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.gateway-failover.east.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.gateway-failover.east.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.gateway-failover.east.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.gateway-failover.east.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.gateway-failover.east.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.gateway-failover.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.gateway-failover.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.gateway-failover.east.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.gateway-failover.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.gateway-failover.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.gateway-failover.east.node.n2
ip netns exec nsnet.gateway-failover.east.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.gateway-failover.east.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.gateway-failover.east.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.gateway-failover.east.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.gateway-failover.east.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.gateway-failover.east.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.gateway-failover.east.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.gateway-failover.east.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.gateway-failover.east.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.gateway-failover.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.gateway-failover.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.gateway-failover.east.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.gateway-failover.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.gateway-failover.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.gateway-failover.east.pod.default.client
ip netns exec nsnet.gateway-failover.east.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.gateway-failover.east.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.gateway-failover.east.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.gateway-failover.east.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.gateway-failover.east.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.gateway-failover.east.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.gateway-failover.east.pod.default.web
ip netns exec nsnet.gateway-failover.east.pod.default.web sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.gateway-failover.east.pod.default.web sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.gateway-failover.east.pod.default.web sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.gateway-failover.east.pod.default.web sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.gateway-failover.east.pod.default.web sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.gateway-failover.east.pod.default.web sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.gateway-failover.west.gateway.1
ip netns exec nsnet.gateway-failover.west.gateway.1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.gateway-failover.west.gateway.1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.gateway-failover.west.gateway.1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.gateway-failover.west.gateway.1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.gateway-failover.west.gateway.1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.gateway-failover.west.gateway.1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.gateway-failover.west.gateway.1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.gateway-failover.west.gateway.1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.gateway-failover.west.gateway.1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.gateway-failover.west.gateway.1 sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.gateway-failover.west.gateway.1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.gateway-failover.west.gateway.2
ip netns exec nsnet.gateway-failover.west.gateway.2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.gateway-failover.west.gateway.2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.gateway-failover.west.gateway.2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.gateway-failover.west.gateway.2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.gateway-failover.west.gateway.2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.gateway-failover.west.gateway.2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.gateway-failover.west.gateway.2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.gateway-failover.west.gateway.2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.gateway-failover.west.gateway.2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.gateway-failover.west.gateway.2 sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.gateway-failover.west.gateway.2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.gateway-failover.west.node.n1
ip netns exec nsnet.gateway-failover.west.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.gateway-failover.west.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.gateway-failover.west.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.gateway-failover.west.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.gateway-failover.west.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.gateway-failover.west.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.gateway-failover.west.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.gateway-failover.west.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.gateway-failover.west.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.gateway-failover.west.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.gateway-failover.west.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.gateway-failover.west.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.gateway-failover.west.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.gateway-failover.west.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.gateway-failover.west.node.n2
ip netns exec nsnet.gateway-failover.west.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.gateway-failover.west.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.gateway-failover.west.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.gateway-failover.west.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.gateway-failover.west.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.gateway-failover.west.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.gateway-failover.west.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.gateway-failover.west.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.gateway-failover.west.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.gateway-failover.west.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.gateway-failover.west.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.gateway-failover.west.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.gateway-failover.west.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.gateway-failover.west.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.gateway-failover.west.pod.default.client
ip netns exec nsnet.gateway-failover.west.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.gateway-failover.west.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.gateway-failover.west.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.gateway-failover.west.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.gateway-failover.west.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.gateway-failover.west.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.gateway-failover.west.pod.default.web
ip netns exec nsnet.gateway-failover.west.pod.default.web sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.gateway-failover.west.pod.default.web sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.gateway-failover.west.pod.default.web sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.gateway-failover.west.pod.default.web sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.gateway-failover.west.pod.default.web sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.gateway-failover.west.pod.default.web sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.gateway-failover.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.gateway-failover.fabric link set br-fabric up
ip -n nsnet.gateway-failover.fabric link add br-east address 06:ce:ab:74:ce:99 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.gateway-failover.fabric link set br-east up
ip -n nsnet.gateway-failover.fabric link add br-west address 06:e9:4e:0f:69:25 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.gateway-failover.fabric link set br-west up
ip -n nsnet.gateway-failover.east.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.gateway-failover.east.node.n1 link set cbr0 up
ip -n nsnet.gateway-failover.east.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.gateway-failover.east.node.n2 link set cbr0 up
ip -n nsnet.gateway-failover.west.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.gateway-failover.west.node.n1 link set cbr0 up
ip -n nsnet.gateway-failover.west.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.gateway-failover.west.node.n2 link set cbr0 up
ip -n nsnet.gateway-failover.fabric link add east_n1 address 06:20:28:3a:ce:73 type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.gateway-failover.east.node.n1
ip -n nsnet.gateway-failover.fabric link set east_n1 master br-east up
ip -n nsnet.gateway-failover.fabric link add east_n2 address 06:9c:f0:ae:28:5f type veth peer name eth0 address 02:00:c0:a8:0a:03 netns nsnet.gateway-failover.east.node.n2
ip -n nsnet.gateway-failover.fabric link set east_n2 master br-east up
ip -n nsnet.gateway-failover.fabric link add gw-east address 06:9a:7b:a4:bc:7c type veth peer name eth0 address 02:00:c0:a8:0a:01 netns nsnet.gateway-failover.east.gateway.1
ip -n nsnet.gateway-failover.fabric link set gw-east master br-east up
ip -n nsnet.gateway-failover.fabric link add gw-east_2 address 06:6d:07:2c:4e:de type veth peer name eth0 address 02:00:c0:a8:0a:fe netns nsnet.gateway-failover.east.gateway.2
ip -n nsnet.gateway-failover.fabric link set gw-east_2 master br-east up
ip -n nsnet.gateway-failover.fabric link add out-east address 06:0f:10:7c:e0:e4 type veth peer name eth1 address 02:00:c6:12:00:02 netns nsnet.gateway-failover.east.gateway.1
ip -n nsnet.gateway-failover.fabric link set out-east master br-fabric up
ip -n nsnet.gateway-failover.fabric link add out-east_2 address 06:fd:36:f9:ca:3f type veth peer name eth1 address 02:00:c6:12:00:03 netns nsnet.gateway-failover.east.gateway.2
ip -n nsnet.gateway-failover.fabric link set out-east_2 master br-fabric up
ip -n nsnet.gateway-failover.fabric link add west_n1 address 06:4d:2e:3d:47:85 type veth peer name eth0 address 02:00:c0:a8:14:02 netns nsnet.gateway-failover.west.node.n1
ip -n nsnet.gateway-failover.fabric link set west_n1 master br-west up
ip -n nsnet.gateway-failover.fabric link add west_n2 address 06:44:94:33:bf:bc type veth peer name eth0 address 02:00:c0:a8:14:03 netns nsnet.gateway-failover.west.node.n2
ip -n nsnet.gateway-failover.fabric link set west_n2 master br-west up
ip -n nsnet.gateway-failover.fabric link add gw-west address 06:47:a3:e1:d4:2f type veth peer name eth0 address 02:00:c0:a8:14:01 netns nsnet.gateway-failover.west.gateway.1
ip -n nsnet.gateway-failover.fabric link set gw-west master br-west up
ip -n nsnet.gateway-failover.fabric link add gw-west_2 address 06:2c:df:bc:df:2b type veth peer name eth0 address 02:00:c0:a8:14:fe netns nsnet.gateway-failover.west.gateway.2
ip -n nsnet.gateway-failover.fabric link set gw-west_2 master br-west up
ip -n nsnet.gateway-failover.fabric link add out-west address 06:da:99:36:44:7f type veth peer name eth1 address 02:00:c6:12:00:04 netns nsnet.gateway-failover.west.gateway.1
ip -n nsnet.gateway-failover.fabric link set out-west master br-fabric up
ip -n nsnet.gateway-failover.fabric link add out-west_2 address 06:e9:f8:5e:f9:60 type veth peer name eth1 address 02:00:c6:12:00:05 netns nsnet.gateway-failover.west.gateway.2
ip -n nsnet.gateway-failover.fabric link set out-west_2 master br-fabric up
ip -n nsnet.gateway-failover.fabric link add ext-laptop address 06:7c:0d:ab:44:77 type veth peer name eth0 address 02:00:cb:00:71:0a netns nsnet.gateway-failover.external.laptop
ip -n nsnet.gateway-failover.fabric link set ext-laptop master br-fabric up
ip -n nsnet.gateway-failover.fabric link add ext-api address 06:06:43:d2:06:10 type veth peer name eth0 address 02:00:cb:00:71:50 netns nsnet.gateway-failover.external.api
ip -n nsnet.gateway-failover.fabric link set ext-api master br-fabric up
ip -n nsnet.gateway-failover.east.node.n1 link add client address 06:a5:9d:0a:26:20 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.gateway-failover.east.pod.default.client
ip -n nsnet.gateway-failover.east.node.n1 link set client master cbr0 up
bridge -n nsnet.gateway-failover.east.node.n1 link set dev client hairpin on
ip -n nsnet.gateway-failover.east.node.n2 link add web address 06:bc:a0:1f:f2:f4 type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.gateway-failover.east.pod.default.web
ip -n nsnet.gateway-failover.east.node.n2 link set web master cbr0 up
bridge -n nsnet.gateway-failover.east.node.n2 link set dev web hairpin on
ip -n nsnet.gateway-failover.west.node.n1 link add client address 06:7b:70:bd:93:61 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.gateway-failover.west.pod.default.client
ip -n nsnet.gateway-failover.west.node.n1 link set client master cbr0 up
bridge -n nsnet.gateway-failover.west.node.n1 link set dev client hairpin on
ip -n nsnet.gateway-failover.west.node.n2 link add web address 06:5c:d9:27:8d:aa type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.gateway-failover.west.pod.default.web
ip -n nsnet.gateway-failover.west.node.n2 link set web master cbr0 up
bridge -n nsnet.gateway-failover.west.node.n2 link set dev web hairpin on
ip -n nsnet.gateway-failover.servers link set lo up
ip netns exec nsnet.gateway-failover.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip -n nsnet.gateway-failover.fabric link set lo up
ip -n nsnet.gateway-failover.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.gateway-failover.fabric route add 203.0.113.10/32 dev br-fabric
ip -n nsnet.gateway-failover.fabric route add 203.0.113.80/32 dev br-fabric
ip netns exec nsnet.gateway-failover.external.laptop sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.gateway-failover.external.laptop link set lo up
ip -n nsnet.gateway-failover.external.laptop link set eth0 up
ip -n nsnet.gateway-failover.external.laptop addr add 203.0.113.10/32 dev eth0
ip -n nsnet.gateway-failover.external.laptop route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.gateway-failover.external.api sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.gateway-failover.external.api link set lo up
ip -n nsnet.gateway-failover.external.api link set eth0 up
ip -n nsnet.gateway-failover.external.api addr add 203.0.113.80/32 dev eth0
ip -n nsnet.gateway-failover.external.api route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.gateway-failover.east.gateway.1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.gateway-failover.east.gateway.1 sysctl -q -w net.ipv4.neigh.eth1.retrans_time_ms=100
ip -n nsnet.gateway-failover.east.gateway.1 link set lo up
ip -n nsnet.gateway-failover.east.gateway.1 link set eth0 up
ip -n nsnet.gateway-failover.east.gateway.1 link set eth1 up
ip -n nsnet.gateway-failover.east.gateway.1 addr add 192.168.10.1/24 dev eth0
ip -n nsnet.gateway-failover.east.gateway.1 addr add 198.18.0.2/16 dev eth1
ip -n nsnet.gateway-failover.east.gateway.1 addr add 198.18.0.6/32 dev eth1
ip -n nsnet.gateway-failover.east.gateway.1 route add 198.18.0.7/32 via 198.18.0.1 dev eth1
ip -n nsnet.gateway-failover.east.gateway.1 route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip -n nsnet.gateway-failover.east.gateway.1 route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.gateway-failover.east.gateway.2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.gateway-failover.east.gateway.2 sysctl -q -w net.ipv4.neigh.eth1.retrans_time_ms=100
ip -n nsnet.gateway-failover.east.gateway.2 link set lo up
ip -n nsnet.gateway-failover.east.gateway.2 link set eth0 up
ip -n nsnet.gateway-failover.east.gateway.2 link set eth1 up
ip -n nsnet.gateway-failover.east.gateway.2 addr add 192.168.10.254/24 dev eth0
ip -n nsnet.gateway-failover.east.gateway.2 addr add 198.18.0.3/16 dev eth1
ip -n nsnet.gateway-failover.east.gateway.2 addr add 198.18.0.6/32 dev eth1
ip -n nsnet.gateway-failover.east.gateway.2 route add 198.18.0.7/32 via 198.18.0.1 dev eth1
ip -n nsnet.gateway-failover.east.gateway.2 route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip -n nsnet.gateway-failover.east.gateway.2 route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.gateway-failover.east.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.gateway-failover.east.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.gateway-failover.east.node.n1 link set lo up
ip -n nsnet.gateway-failover.east.node.n1 link set eth0 up
ip -n nsnet.gateway-failover.east.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.gateway-failover.east.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.gateway-failover.east.node.n1 route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.gateway-failover.east.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.gateway-failover.east.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.gateway-failover.east.node.n2 link set lo up
ip -n nsnet.gateway-failover.east.node.n2 link set eth0 up
ip -n nsnet.gateway-failover.east.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.gateway-failover.east.node.n2 addr add 192.168.10.3/24 dev eth0
ip -n nsnet.gateway-failover.east.node.n2 route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip netns exec nsnet.gateway-failover.east.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.gateway-failover.east.pod.default.client link set lo up
ip -n nsnet.gateway-failover.east.pod.default.client link set eth0 up
ip -n nsnet.gateway-failover.east.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.gateway-failover.east.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.gateway-failover.east.pod.default.web sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.gateway-failover.east.pod.default.web link set lo up
ip -n nsnet.gateway-failover.east.pod.default.web link set eth0 up
ip -n nsnet.gateway-failover.east.pod.default.web addr add 10.244.1.2/24 dev eth0
ip -n nsnet.gateway-failover.east.pod.default.web route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.gateway-failover.west.gateway.1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.gateway-failover.west.gateway.1 sysctl -q -w net.ipv4.neigh.eth1.retrans_time_ms=100
ip -n nsnet.gateway-failover.west.gateway.1 link set lo up
ip -n nsnet.gateway-failover.west.gateway.1 addr add 192.168.20.1/24 dev eth0
ip -n nsnet.gateway-failover.west.gateway.1 addr add 198.18.0.4/16 dev eth1
ip -n nsnet.gateway-failover.west.gateway.1 addr add 198.18.0.7/32 dev eth1
ip netns exec nsnet.gateway-failover.west.gateway.2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.gateway-failover.west.gateway.2 sysctl -q -w net.ipv4.neigh.eth1.retrans_time_ms=100
ip -n nsnet.gateway-failover.west.gateway.2 link set lo up
ip -n nsnet.gateway-failover.west.gateway.2 link set eth0 up
ip -n nsnet.gateway-failover.west.gateway.2 link set eth1 up
ip -n nsnet.gateway-failover.west.gateway.2 addr add 192.168.20.254/24 dev eth0
ip -n nsnet.gateway-failover.west.gateway.2 addr add 198.18.0.5/16 dev eth1
ip -n nsnet.gateway-failover.west.gateway.2 addr add 198.18.0.7/32 dev eth1
ip -n nsnet.gateway-failover.west.gateway.2 route add 198.18.0.6/32 via 198.18.0.1 dev eth1
ip -n nsnet.gateway-failover.west.gateway.2 route add 10.244.0.0/24 via 192.168.20.2 dev eth0
ip -n nsnet.gateway-failover.west.gateway.2 route add 10.244.1.0/24 via 192.168.20.3 dev eth0
ip netns exec nsnet.gateway-failover.west.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.gateway-failover.west.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.gateway-failover.west.node.n1 link set lo up
ip -n nsnet.gateway-failover.west.node.n1 link set eth0 up
ip -n nsnet.gateway-failover.west.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.gateway-failover.west.node.n1 addr add 192.168.20.2/24 dev eth0
ip -n nsnet.gateway-failover.west.node.n1 route add 10.244.1.0/24 via 192.168.20.3 dev eth0
ip netns exec nsnet.gateway-failover.west.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.gateway-failover.west.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.gateway-failover.west.node.n2 link set lo up
ip -n nsnet.gateway-failover.west.node.n2 link set eth0 up
ip -n nsnet.gateway-failover.west.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.gateway-failover.west.node.n2 addr add 192.168.20.3/24 dev eth0
ip -n nsnet.gateway-failover.west.node.n2 route add 10.244.0.0/24 via 192.168.20.2 dev eth0
ip netns exec nsnet.gateway-failover.west.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.gateway-failover.west.pod.default.client link set lo up
ip -n nsnet.gateway-failover.west.pod.default.client link set eth0 up
ip -n nsnet.gateway-failover.west.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.gateway-failover.west.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.gateway-failover.west.pod.default.web sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.gateway-failover.west.pod.default.web link set lo up
ip -n nsnet.gateway-failover.west.pod.default.web link set eth0 up
ip -n nsnet.gateway-failover.west.pod.default.web addr add 10.244.1.2/24 dev eth0
ip -n nsnet.gateway-failover.west.pod.default.web route add default via 10.244.1.1 dev eth0
# nsnet.gateway-failover.external.api: external/api answers on 443/tcp
# nsnet.gateway-failover.external.api: external/api answers on 53/udp
# nsnet.gateway-failover.east.pod.default.web: east/pod/web answers on 80/tcp
# nsnet.gateway-failover.west.pod.default.web: west/pod/web answers on 80/tcp
ip netns exec nsnet.gateway-failover.east.gateway.1 $IPT-restore --noflush <<'EOF'
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:NSNET-EXPORTS - [0:0]
:NSNET-EXP-48858BE642642552 - [0:0]
:NSNET-EGRESS - [0:0]
-F PREROUTING
-F POSTROUTING
-A PREROUTING -m comment --comment "exported services" -j NSNET-EXPORTS
-A POSTROUTING -j NSNET-EGRESS
-A NSNET-EXPORTS -d 198.18.0.6/32 -p tcp -m comment --comment "east/svc/web exported" -m tcp --dport 80 -j NSNET-EXP-48858BE642642552
-A NSNET-EXP-48858BE642642552 -p tcp -m comment --comment "east/svc/web -> 10.244.1.2:80" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A NSNET-EGRESS -o eth1 -m comment --comment "leaves with the address of the gateway" -j SNAT --to-source 198.18.0.2
COMMIT
EOF
ip netns exec nsnet.gateway-failover.east.gateway.2 $IPT-restore --noflush <<'EOF'
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:NSNET-EXPORTS - [0:0]
:NSNET-EXP-48858BE642642552 - [0:0]
:NSNET-EGRESS - [0:0]
-F PREROUTING
-F POSTROUTING
-A PREROUTING -m comment --comment "exported services" -j NSNET-EXPORTS
-A POSTROUTING -j NSNET-EGRESS
-A NSNET-EXPORTS -d 198.18.0.6/32 -p tcp -m comment --comment "east/svc/web exported" -m tcp --dport 80 -j NSNET-EXP-48858BE642642552
-A NSNET-EXP-48858BE642642552 -p tcp -m comment --comment "east/svc/web -> 10.244.1.2:80" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A NSNET-EGRESS -o eth1 -m comment --comment "leaves with the address of the gateway" -j SNAT --to-source 198.18.0.3
COMMIT
EOF
ip netns exec nsnet.gateway-failover.east.node.n1 $IPT-restore --noflush <<'EOF'
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
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.2:80" -j KUBE-SEP-MQ4W7Q2CV67URU6Q
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -s 10.244.1.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.2:80
COMMIT
EOF
ip netns exec nsnet.gateway-failover.east.node.n2 $IPT-restore --noflush <<'EOF'
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
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.2:80" -j KUBE-SEP-MQ4W7Q2CV67URU6Q
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -s 10.244.1.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.2:80
COMMIT
EOF
ip netns exec nsnet.gateway-failover.west.gateway.1 $IPT-restore --noflush <<'EOF'
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:NSNET-EXPORTS - [0:0]
:NSNET-EXP-8ECF3F4429B693B2 - [0:0]
:NSNET-EGRESS - [0:0]
-F PREROUTING
-F POSTROUTING
-A PREROUTING -m comment --comment "exported services" -j NSNET-EXPORTS
-A POSTROUTING -j NSNET-EGRESS
-A NSNET-EXPORTS -d 198.18.0.7/32 -p tcp -m comment --comment "west/svc/web exported" -m tcp --dport 80 -j NSNET-EXP-8ECF3F4429B693B2
-A NSNET-EXP-8ECF3F4429B693B2 -p tcp -m comment --comment "west/svc/web -> 10.244.1.2:80" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A NSNET-EGRESS -o eth1 -m comment --comment "leaves with the address of the gateway" -j SNAT --to-source 198.18.0.4
COMMIT
EOF
ip netns exec nsnet.gateway-failover.west.gateway.2 $IPT-restore --noflush <<'EOF'
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:NSNET-EXPORTS - [0:0]
:NSNET-EXP-8ECF3F4429B693B2 - [0:0]
:NSNET-EGRESS - [0:0]
-F PREROUTING
-F POSTROUTING
-A PREROUTING -m comment --comment "exported services" -j NSNET-EXPORTS
-A POSTROUTING -j NSNET-EGRESS
-A NSNET-EXPORTS -d 198.18.0.7/32 -p tcp -m comment --comment "west/svc/web exported" -m tcp --dport 80 -j NSNET-EXP-8ECF3F4429B693B2
-A NSNET-EXP-8ECF3F4429B693B2 -p tcp -m comment --comment "west/svc/web -> 10.244.1.2:80" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A NSNET-EGRESS -o eth1 -m comment --comment "leaves with the address of the gateway" -j SNAT --to-source 198.18.0.5
COMMIT
EOF
ip netns exec nsnet.gateway-failover.west.node.n1 $IPT-restore --noflush <<'EOF'
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
:KUBE-SEP-MQ4W7Q2CV67URU6Q - [0:0]
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
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.2:80" -j KUBE-SEP-MQ4W7Q2CV67URU6Q
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -s 10.244.1.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.2:80
COMMIT
EOF
ip netns exec nsnet.gateway-failover.west.node.n2 $IPT-restore --noflush <<'EOF'
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
:KUBE-SEP-MQ4W7Q2CV67URU6Q - [0:0]
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
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.2:80" -j KUBE-SEP-MQ4W7Q2CV67URU6Q
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -s 10.244.1.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.2:80
COMMIT
EOF
mkdir -p /run/nsnet/gateway-failover
cat >/run/nsnet/gateway-failover/fabric.bird.conf <<'EOF'
log stderr all;
router id 198.18.0.1;
protocol device { }
protocol bfd { interface "br-fabric" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
protocol static announced4 {
  ipv4;
  route 0.0.0.0/0 unreachable;
}
protocol kernel kernel4 {
  scan time 5; merge paths on limit 255;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp to_198_18_0_2 {
  description "east/gateway/1";
  local 198.18.0.1 as 64512;
  neighbor 198.18.0.2 as 4201179650;
  passive;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 198.18.0.6/32+, 198.18.0.7/32+ ];
    export all;
  };
}
protocol bgp to_198_18_0_3 {
  description "east/gateway/2";
  local 198.18.0.1 as 64512;
  neighbor 198.18.0.3 as 4201179651;
  passive;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 198.18.0.6/32+, 198.18.0.7/32+ ];
    export all;
  };
}
protocol bgp to_198_18_0_4 {
  description "west/gateway/1";
  local 198.18.0.1 as 64512;
  neighbor 198.18.0.4 as 4201179652;
  passive;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 198.18.0.6/32+, 198.18.0.7/32+ ];
    export all;
  };
}
protocol bgp to_198_18_0_5 {
  description "west/gateway/2";
  local 198.18.0.1 as 64512;
  neighbor 198.18.0.5 as 4201179653;
  passive;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 198.18.0.6/32+, 198.18.0.7/32+ ];
    export all;
  };
}
EOF
ip netns exec nsnet.gateway-failover.fabric bird -c /run/nsnet/gateway-failover/fabric.bird.conf -s /run/nsnet/gateway-failover/fabric.bird.ctl -P /run/nsnet/gateway-failover/fabric.bird.pid >/run/nsnet/gateway-failover/fabric.bird.log 2>&1
mkdir -p /run/nsnet/gateway-failover
cat >/run/nsnet/gateway-failover/east.gateway.1.bird.conf <<'EOF'
log stderr all;
router id 198.18.0.2;
protocol device { }
protocol bfd { interface "eth0", "eth1" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
protocol static announced4 {
  ipv4; check link;
  route 198.18.0.6/32 via "eth0";
}
protocol kernel kernel4 {
  scan time 5; merge paths on limit 255;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp to_198_18_0_1 {
  description "fabric";
  local 198.18.0.2 as 4201179650;
  neighbor 198.18.0.1 as 64512;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export all;
  };
}
protocol bgp to_192_168_10_2 {
  description "east/node/n1";
  local 192.168.10.1 as 4201179650;
  neighbor 192.168.10.2 as 4211012610;
  passive;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export all;
  };
}
protocol bgp to_192_168_10_3 {
  description "east/node/n2";
  local 192.168.10.1 as 4201179650;
  neighbor 192.168.10.3 as 4211012611;
  passive;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export all;
  };
}
EOF
ip netns exec nsnet.gateway-failover.east.gateway.1 bird -c /run/nsnet/gateway-failover/east.gateway.1.bird.conf -s /run/nsnet/gateway-failover/east.gateway.1.bird.ctl -P /run/nsnet/gateway-failover/east.gateway.1.bird.pid >/run/nsnet/gateway-failover/east.gateway.1.bird.log 2>&1
mkdir -p /run/nsnet/gateway-failover
cat >/run/nsnet/gateway-failover/east.gateway.2.bird.conf <<'EOF'
log stderr all;
router id 198.18.0.3;
protocol device { }
protocol bfd { interface "eth0", "eth1" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
protocol static announced4 {
  ipv4; check link;
  route 198.18.0.6/32 via "eth0";
}
protocol kernel kernel4 {
  scan time 5; merge paths on limit 255;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp to_198_18_0_1 {
  description "fabric";
  local 198.18.0.3 as 4201179651;
  neighbor 198.18.0.1 as 64512;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export filter { bgp_path.prepend(4201179651); accept; };
  };
}
protocol bgp to_192_168_10_2 {
  description "east/node/n1";
  local 192.168.10.254 as 4201179651;
  neighbor 192.168.10.2 as 4211012610;
  passive;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export filter { bgp_path.prepend(4201179651); accept; };
  };
}
protocol bgp to_192_168_10_3 {
  description "east/node/n2";
  local 192.168.10.254 as 4201179651;
  neighbor 192.168.10.3 as 4211012611;
  passive;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export filter { bgp_path.prepend(4201179651); accept; };
  };
}
EOF
ip netns exec nsnet.gateway-failover.east.gateway.2 bird -c /run/nsnet/gateway-failover/east.gateway.2.bird.conf -s /run/nsnet/gateway-failover/east.gateway.2.bird.ctl -P /run/nsnet/gateway-failover/east.gateway.2.bird.pid >/run/nsnet/gateway-failover/east.gateway.2.bird.log 2>&1
mkdir -p /run/nsnet/gateway-failover
cat >/run/nsnet/gateway-failover/east.node.n1.bird.conf <<'EOF'
log stderr all;
router id 192.168.10.2;
protocol device { }
protocol bfd { interface "eth0" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
protocol kernel kernel4 {
  scan time 5; merge paths on limit 255;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp to_192_168_10_1 {
  description "east/gateway/1";
  local 192.168.10.2 as 4211012610;
  neighbor 192.168.10.1 as 4201179650;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export filter { if source != RTS_STATIC then reject; accept; };
  };
}
protocol bgp to_192_168_10_254 {
  description "east/gateway/2";
  local 192.168.10.2 as 4211012610;
  neighbor 192.168.10.254 as 4201179651;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export filter { if source != RTS_STATIC then reject; accept; };
  };
}
EOF
ip netns exec nsnet.gateway-failover.east.node.n1 bird -c /run/nsnet/gateway-failover/east.node.n1.bird.conf -s /run/nsnet/gateway-failover/east.node.n1.bird.ctl -P /run/nsnet/gateway-failover/east.node.n1.bird.pid >/run/nsnet/gateway-failover/east.node.n1.bird.log 2>&1
mkdir -p /run/nsnet/gateway-failover
cat >/run/nsnet/gateway-failover/east.node.n2.bird.conf <<'EOF'
log stderr all;
router id 192.168.10.3;
protocol device { }
protocol bfd { interface "eth0" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
protocol kernel kernel4 {
  scan time 5; merge paths on limit 255;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp to_192_168_10_1 {
  description "east/gateway/1";
  local 192.168.10.3 as 4211012611;
  neighbor 192.168.10.1 as 4201179650;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export filter { if source != RTS_STATIC then reject; accept; };
  };
}
protocol bgp to_192_168_10_254 {
  description "east/gateway/2";
  local 192.168.10.3 as 4211012611;
  neighbor 192.168.10.254 as 4201179651;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export filter { if source != RTS_STATIC then reject; accept; };
  };
}
EOF
ip netns exec nsnet.gateway-failover.east.node.n2 bird -c /run/nsnet/gateway-failover/east.node.n2.bird.conf -s /run/nsnet/gateway-failover/east.node.n2.bird.ctl -P /run/nsnet/gateway-failover/east.node.n2.bird.pid >/run/nsnet/gateway-failover/east.node.n2.bird.log 2>&1
mkdir -p /run/nsnet/gateway-failover
cat >/run/nsnet/gateway-failover/west.gateway.1.bird.conf <<'EOF'
log stderr all;
router id 198.18.0.4;
protocol device { }
protocol bfd { interface "eth0", "eth1" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
protocol static announced4 {
  ipv4; check link;
  route 198.18.0.7/32 via "eth0";
}
protocol kernel kernel4 {
  scan time 5; merge paths on limit 255;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp to_198_18_0_1 {
  description "fabric";
  local 198.18.0.4 as 4201179652;
  neighbor 198.18.0.1 as 64512;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export all;
  };
}
protocol bgp to_192_168_20_2 {
  description "west/node/n1";
  local 192.168.20.1 as 4201179652;
  neighbor 192.168.20.2 as 4211015170;
  passive;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export all;
  };
}
protocol bgp to_192_168_20_3 {
  description "west/node/n2";
  local 192.168.20.1 as 4201179652;
  neighbor 192.168.20.3 as 4211015171;
  passive;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export all;
  };
}
EOF
ip netns exec nsnet.gateway-failover.west.gateway.1 bird -c /run/nsnet/gateway-failover/west.gateway.1.bird.conf -s /run/nsnet/gateway-failover/west.gateway.1.bird.ctl -P /run/nsnet/gateway-failover/west.gateway.1.bird.pid >/run/nsnet/gateway-failover/west.gateway.1.bird.log 2>&1
mkdir -p /run/nsnet/gateway-failover
cat >/run/nsnet/gateway-failover/west.gateway.2.bird.conf <<'EOF'
log stderr all;
router id 198.18.0.5;
protocol device { }
protocol bfd { interface "eth0", "eth1" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
protocol static announced4 {
  ipv4; check link;
  route 198.18.0.7/32 via "eth0";
}
protocol kernel kernel4 {
  scan time 5; merge paths on limit 255;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp to_198_18_0_1 {
  description "fabric";
  local 198.18.0.5 as 4201179653;
  neighbor 198.18.0.1 as 64512;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export filter { bgp_path.prepend(4201179653); accept; };
  };
}
protocol bgp to_192_168_20_2 {
  description "west/node/n1";
  local 192.168.20.254 as 4201179653;
  neighbor 192.168.20.2 as 4211015170;
  passive;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export filter { bgp_path.prepend(4201179653); accept; };
  };
}
protocol bgp to_192_168_20_3 {
  description "west/node/n2";
  local 192.168.20.254 as 4201179653;
  neighbor 192.168.20.3 as 4211015171;
  passive;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export filter { bgp_path.prepend(4201179653); accept; };
  };
}
EOF
ip netns exec nsnet.gateway-failover.west.gateway.2 bird -c /run/nsnet/gateway-failover/west.gateway.2.bird.conf -s /run/nsnet/gateway-failover/west.gateway.2.bird.ctl -P /run/nsnet/gateway-failover/west.gateway.2.bird.pid >/run/nsnet/gateway-failover/west.gateway.2.bird.log 2>&1
mkdir -p /run/nsnet/gateway-failover
cat >/run/nsnet/gateway-failover/west.node.n1.bird.conf <<'EOF'
log stderr all;
router id 192.168.20.2;
protocol device { }
protocol bfd { interface "eth0" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
protocol kernel kernel4 {
  scan time 5; merge paths on limit 255;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp to_192_168_20_1 {
  description "west/gateway/1";
  local 192.168.20.2 as 4211015170;
  neighbor 192.168.20.1 as 4201179652;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export filter { if source != RTS_STATIC then reject; accept; };
  };
}
protocol bgp to_192_168_20_254 {
  description "west/gateway/2";
  local 192.168.20.2 as 4211015170;
  neighbor 192.168.20.254 as 4201179653;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export filter { if source != RTS_STATIC then reject; accept; };
  };
}
EOF
ip netns exec nsnet.gateway-failover.west.node.n1 bird -c /run/nsnet/gateway-failover/west.node.n1.bird.conf -s /run/nsnet/gateway-failover/west.node.n1.bird.ctl -P /run/nsnet/gateway-failover/west.node.n1.bird.pid >/run/nsnet/gateway-failover/west.node.n1.bird.log 2>&1
mkdir -p /run/nsnet/gateway-failover
cat >/run/nsnet/gateway-failover/west.node.n2.bird.conf <<'EOF'
log stderr all;
router id 192.168.20.3;
protocol device { }
protocol bfd { interface "eth0" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
protocol kernel kernel4 {
  scan time 5; merge paths on limit 255;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp to_192_168_20_1 {
  description "west/gateway/1";
  local 192.168.20.3 as 4211015171;
  neighbor 192.168.20.1 as 4201179652;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export filter { if source != RTS_STATIC then reject; accept; };
  };
}
protocol bgp to_192_168_20_254 {
  description "west/gateway/2";
  local 192.168.20.3 as 4211015171;
  neighbor 192.168.20.254 as 4201179653;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export filter { if source != RTS_STATIC then reject; accept; };
  };
}
EOF
ip netns exec nsnet.gateway-failover.west.node.n2 bird -c /run/nsnet/gateway-failover/west.node.n2.bird.conf -s /run/nsnet/gateway-failover/west.node.n2.bird.ctl -P /run/nsnet/gateway-failover/west.node.n2.bird.pid >/run/nsnet/gateway-failover/west.node.n2.bird.log 2>&1
while [ -z "$(ip -o -n nsnet.gateway-failover.fabric route show 198.18.0.6/32 proto bird | grep -F 'via 198.18.0.2 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.gateway-failover.fabric route show 198.18.0.7/32 proto bird | grep -F 'via 198.18.0.5 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.gateway-failover.east.gateway.1 route show default proto bird | grep -F 'via 198.18.0.1 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.gateway-failover.east.gateway.2 route show default proto bird | grep -F 'via 198.18.0.1 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.gateway-failover.east.node.n1 route show default proto bird | grep -F 'via 192.168.10.1 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.gateway-failover.east.node.n2 route show default proto bird | grep -F 'via 192.168.10.1 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.gateway-failover.west.gateway.2 route show default proto bird | grep -F 'via 198.18.0.1 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.gateway-failover.west.node.n1 route show default proto bird | grep -F 'via 192.168.20.254 ')" ]; do sleep 0.1; done
while [ -z "$(ip -o -n nsnet.gateway-failover.west.node.n2 route show default proto bird | grep -F 'via 192.168.20.254 ')" ]; do sleep 0.1; done
