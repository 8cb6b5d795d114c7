#!/bin/sh
# Builds the lab three-clusters, but for its server. To remove it again: nsnet down three-clusters
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.three-clusters.servers
# nsnet.three-clusters.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.three-clusters.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.three-clusters.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.three-clusters.fabric
ip netns exec nsnet.three-clusters.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.three-clusters.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.three-clusters.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.three-clusters.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.three-clusters.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.three-clusters.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.three-clusters.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.three-clusters.external.laptop
ip netns exec nsnet.three-clusters.external.laptop sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.external.laptop sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.three-clusters.external.laptop sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.external.laptop sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.external.laptop sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.external.laptop sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.three-clusters.external.api
ip netns exec nsnet.three-clusters.external.api sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.external.api sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.three-clusters.external.api sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.external.api sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.external.api sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.external.api sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.three-clusters.flat.node.n1
ip netns exec nsnet.three-clusters.flat.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.flat.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.three-clusters.flat.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.flat.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.flat.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.flat.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.three-clusters.flat.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.three-clusters.flat.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.three-clusters.flat.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.three-clusters.flat.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.three-clusters.flat.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.three-clusters.flat.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.three-clusters.flat.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.three-clusters.flat.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.three-clusters.flat.pod.default.client
ip netns exec nsnet.three-clusters.flat.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.flat.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.three-clusters.flat.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.flat.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.flat.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.flat.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.three-clusters.flat.pod.default.web-0
ip netns exec nsnet.three-clusters.flat.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.flat.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.three-clusters.flat.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.flat.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.flat.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.flat.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.three-clusters.flat.pod.default.web-1
ip netns exec nsnet.three-clusters.flat.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.flat.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.three-clusters.flat.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.flat.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.flat.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.flat.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.three-clusters.nat.gateway
ip netns exec nsnet.three-clusters.nat.gateway sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.nat.gateway sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.three-clusters.nat.gateway sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.nat.gateway sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.nat.gateway sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.nat.gateway sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.three-clusters.nat.gateway sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.three-clusters.nat.gateway sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.three-clusters.nat.gateway sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.three-clusters.nat.gateway sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.three-clusters.nat.gateway sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.three-clusters.nat.node.n1
ip netns exec nsnet.three-clusters.nat.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.nat.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.three-clusters.nat.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.nat.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.nat.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.nat.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.three-clusters.nat.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.three-clusters.nat.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.three-clusters.nat.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.three-clusters.nat.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.three-clusters.nat.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.three-clusters.nat.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.three-clusters.nat.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.three-clusters.nat.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.three-clusters.nat.pod.default.client
ip netns exec nsnet.three-clusters.nat.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.nat.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.three-clusters.nat.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.nat.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.nat.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.nat.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.three-clusters.nat.pod.default.web-0
ip netns exec nsnet.three-clusters.nat.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.nat.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.three-clusters.nat.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.nat.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.nat.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.nat.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.three-clusters.nat.pod.default.web-1
ip netns exec nsnet.three-clusters.nat.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.nat.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.three-clusters.nat.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.nat.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.nat.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.nat.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.three-clusters.vip.gateway
ip netns exec nsnet.three-clusters.vip.gateway sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.vip.gateway sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.three-clusters.vip.gateway sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.vip.gateway sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.vip.gateway sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.vip.gateway sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.three-clusters.vip.gateway sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.three-clusters.vip.gateway sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.three-clusters.vip.gateway sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.three-clusters.vip.gateway sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.three-clusters.vip.gateway sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.three-clusters.vip.node.n1
ip netns exec nsnet.three-clusters.vip.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.vip.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.three-clusters.vip.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.vip.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.vip.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.vip.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.three-clusters.vip.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.three-clusters.vip.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.three-clusters.vip.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.three-clusters.vip.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.three-clusters.vip.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.three-clusters.vip.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.three-clusters.vip.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.three-clusters.vip.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.three-clusters.vip.pod.default.client
ip netns exec nsnet.three-clusters.vip.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.vip.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.three-clusters.vip.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.vip.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.vip.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.vip.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.three-clusters.vip.pod.default.web-0
ip netns exec nsnet.three-clusters.vip.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.vip.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.three-clusters.vip.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.vip.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.vip.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.vip.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.three-clusters.vip.pod.default.web-1
ip netns exec nsnet.three-clusters.vip.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.vip.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.three-clusters.vip.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.vip.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.vip.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.vip.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.three-clusters.alone.node.n1
ip netns exec nsnet.three-clusters.alone.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.alone.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.three-clusters.alone.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.alone.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.alone.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.alone.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.three-clusters.alone.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.three-clusters.alone.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.three-clusters.alone.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.three-clusters.alone.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.three-clusters.alone.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.three-clusters.alone.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.three-clusters.alone.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.three-clusters.alone.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.three-clusters.alone.pod.default.client
ip netns exec nsnet.three-clusters.alone.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.alone.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.three-clusters.alone.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.alone.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.alone.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.alone.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.three-clusters.alone.pod.default.web-0
ip netns exec nsnet.three-clusters.alone.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.alone.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.three-clusters.alone.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.alone.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.alone.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.alone.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.three-clusters.alone.pod.default.web-1
ip netns exec nsnet.three-clusters.alone.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.three-clusters.alone.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.three-clusters.alone.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.three-clusters.alone.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.three-clusters.alone.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.three-clusters.alone.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.three-clusters.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.three-clusters.fabric link set br-fabric up
ip -n nsnet.three-clusters.fabric link add br-flat address 02:00:c0:a8:0a:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.three-clusters.fabric link set br-flat up
ip -n nsnet.three-clusters.fabric link add br-nat address 06:e7:11:62:17:c5 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.three-clusters.fabric link set br-nat up
ip -n nsnet.three-clusters.fabric link add br-vip address 06:21:70:6c:9e:95 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.three-clusters.fabric link set br-vip up
ip -n nsnet.three-clusters.fabric link add br-alone address 06:95:64:bb:ff:1d type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.three-clusters.fabric link set br-alone up
ip -n nsnet.three-clusters.flat.node.n1 link add cbr0 address 02:00:0a:f5:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.three-clusters.flat.node.n1 link set cbr0 up
ip -n nsnet.three-clusters.nat.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.three-clusters.nat.node.n1 link set cbr0 up
ip -n nsnet.three-clusters.vip.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.three-clusters.vip.node.n1 link set cbr0 up
ip -n nsnet.three-clusters.alone.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.three-clusters.alone.node.n1 link set cbr0 up
ip -n nsnet.three-clusters.fabric link add flat_n1 address 06:ec:43:39:a5:14 type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.three-clusters.flat.node.n1
ip -n nsnet.three-clusters.fabric link set flat_n1 master br-flat up
ip -n nsnet.three-clusters.fabric link add nat_n1 address 06:ee:68:5e:42:d5 type veth peer name eth0 address 02:00:c0:a8:14:02 netns nsnet.three-clusters.nat.node.n1
ip -n nsnet.three-clusters.fabric link set nat_n1 master br-nat up
ip -n nsnet.three-clusters.fabric link add gw-nat address 06:89:53:ce:8b:cc type veth peer name eth0 address 02:00:c0:a8:14:01 netns nsnet.three-clusters.nat.gateway
ip -n nsnet.three-clusters.fabric link set gw-nat master br-nat up
ip -n nsnet.three-clusters.fabric link add out-nat address 06:e2:28:72:61:c1 type veth peer name eth1 address 02:00:c6:12:00:02 netns nsnet.three-clusters.nat.gateway
ip -n nsnet.three-clusters.fabric link set out-nat master br-fabric up
ip -n nsnet.three-clusters.fabric link add vip_n1 address 06:e1:bd:4c:6a:d7 type veth peer name eth0 address 02:00:c0:a8:1e:02 netns nsnet.three-clusters.vip.node.n1
ip -n nsnet.three-clusters.fabric link set vip_n1 master br-vip up
ip -n nsnet.three-clusters.fabric link add gw-vip address 06:d3:83:c5:f7:cc type veth peer name eth0 address 02:00:c0:a8:1e:01 netns nsnet.three-clusters.vip.gateway
ip -n nsnet.three-clusters.fabric link set gw-vip master br-vip up
ip -n nsnet.three-clusters.fabric link add out-vip address 06:c6:3e:84:c4:70 type veth peer name eth1 address 02:00:c6:12:00:03 netns nsnet.three-clusters.vip.gateway
ip -n nsnet.three-clusters.fabric link set out-vip master br-fabric up
ip -n nsnet.three-clusters.fabric link add alone_n1 address 06:05:63:5b:02:aa type veth peer name eth0 address 02:00:c0:a8:28:02 netns nsnet.three-clusters.alone.node.n1
ip -n nsnet.three-clusters.fabric link set alone_n1 master br-alone up
ip -n nsnet.three-clusters.fabric link add ext-laptop address 06:6b:87:37:f1:d8 type veth peer name eth0 address 02:00:cb:00:71:0a netns nsnet.three-clusters.external.laptop
ip -n nsnet.three-clusters.fabric link set ext-laptop master br-fabric up
ip -n nsnet.three-clusters.fabric link add ext-api address 06:7a:96:da:1d:db type veth peer name eth0 address 02:00:cb:00:71:50 netns nsnet.three-clusters.external.api
ip -n nsnet.three-clusters.fabric link set ext-api master br-fabric up
ip -n nsnet.three-clusters.flat.node.n1 link add client address 06:e2:97:df:0a:41 type veth peer name eth0 address 02:00:0a:f5:00:02 netns nsnet.three-clusters.flat.pod.default.client
ip -n nsnet.three-clusters.flat.node.n1 link set client master cbr0 up
bridge -n nsnet.three-clusters.flat.node.n1 link set dev client hairpin on
ip -n nsnet.three-clusters.flat.node.n1 link add web-0 address 06:82:53:a9:eb:f2 type veth peer name eth0 address 02:00:0a:f5:00:03 netns nsnet.three-clusters.flat.pod.default.web-0
ip -n nsnet.three-clusters.flat.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.three-clusters.flat.node.n1 link set dev web-0 hairpin on
ip -n nsnet.three-clusters.flat.node.n1 link add web-1 address 06:97:5d:c2:08:35 type veth peer name eth0 address 02:00:0a:f5:00:04 netns nsnet.three-clusters.flat.pod.default.web-1
ip -n nsnet.three-clusters.flat.node.n1 link set web-1 master cbr0 up
bridge -n nsnet.three-clusters.flat.node.n1 link set dev web-1 hairpin on
ip -n nsnet.three-clusters.nat.node.n1 link add client address 06:89:f0:ba:a9:b3 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.three-clusters.nat.pod.default.client
ip -n nsnet.three-clusters.nat.node.n1 link set client master cbr0 up
bridge -n nsnet.three-clusters.nat.node.n1 link set dev client hairpin on
ip -n nsnet.three-clusters.nat.node.n1 link add web-0 address 06:60:7d:57:32:9f type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.three-clusters.nat.pod.default.web-0
ip -n nsnet.three-clusters.nat.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.three-clusters.nat.node.n1 link set dev web-0 hairpin on
ip -n nsnet.three-clusters.nat.node.n1 link add web-1 address 06:4c:9c:f5:53:25 type veth peer name eth0 address 02:00:0a:f4:00:04 netns nsnet.three-clusters.nat.pod.default.web-1
ip -n nsnet.three-clusters.nat.node.n1 link set web-1 master cbr0 up
bridge -n nsnet.three-clusters.nat.node.n1 link set dev web-1 hairpin on
ip -n nsnet.three-clusters.vip.node.n1 link add client address 06:ed:51:e3:da:4b type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.three-clusters.vip.pod.default.client
ip -n nsnet.three-clusters.vip.node.n1 link set client master cbr0 up
bridge -n nsnet.three-clusters.vip.node.n1 link set dev client hairpin on
ip -n nsnet.three-clusters.vip.node.n1 link add web-0 address 06:c9:30:f0:02:be type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.three-clusters.vip.pod.default.web-0
ip -n nsnet.three-clusters.vip.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.three-clusters.vip.node.n1 link set dev web-0 hairpin on
ip -n nsnet.three-clusters.vip.node.n1 link add web-1 address 06:5f:15:bb:0d:32 type veth peer name eth0 address 02:00:0a:f4:00:04 netns nsnet.three-clusters.vip.pod.default.web-1
ip -n nsnet.three-clusters.vip.node.n1 link set web-1 master cbr0 up
bridge -n nsnet.three-clusters.vip.node.n1 link set dev web-1 hairpin on
ip -n nsnet.three-clusters.alone.node.n1 link add client address 06:03:07:9b:1e:b1 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.three-clusters.alone.pod.default.client
ip -n nsnet.three-clusters.alone.node.n1 link set client master cbr0 up
bridge -n nsnet.three-clusters.alone.node.n1 link set dev client hairpin on
ip -n nsnet.three-clusters.alone.node.n1 link add web-0 address 06:32:b0:94:ee:a3 type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.three-clusters.alone.pod.default.web-0
ip -n nsnet.three-clusters.alone.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.three-clusters.alone.node.n1 link set dev web-0 hairpin on
ip -n nsnet.three-clusters.alone.node.n1 link add web-1 address 06:84:82:2b:0e:42 type veth peer name eth0 address 02:00:0a:f4:00:04 netns nsnet.three-clusters.alone.pod.default.web-1
ip -n nsnet.three-clusters.alone.node.n1 link set web-1 master cbr0 up
bridge -n nsnet.three-clusters.alone.node.n1 link set dev web-1 hairpin on
ip -n nsnet.three-clusters.servers link set lo up
ip netns exec nsnet.three-clusters.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip netns exec nsnet.three-clusters.fabric sysctl -q -w net.ipv4.neigh.br-flat.retrans_time_ms=100
ip -n nsnet.three-clusters.fabric link set lo up
ip -n nsnet.three-clusters.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.three-clusters.fabric addr add 192.168.10.1/24 dev br-flat
ip -n nsnet.three-clusters.fabric route add 10.245.0.0/24 via 192.168.10.2 dev br-flat
ip -n nsnet.three-clusters.fabric route add 100.66.0.0/16 via 198.18.0.3 dev br-fabric
ip -n nsnet.three-clusters.fabric route add 203.0.113.10/32 dev br-fabric
ip -n nsnet.three-clusters.fabric route add 203.0.113.80/32 dev br-fabric
ip -n nsnet.three-clusters.fabric route add 198.18.0.4/32 via 192.168.10.2 dev br-flat
ip netns exec nsnet.three-clusters.external.laptop sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.external.laptop link set lo up
ip -n nsnet.three-clusters.external.laptop link set eth0 up
ip -n nsnet.three-clusters.external.laptop addr add 203.0.113.10/32 dev eth0
ip -n nsnet.three-clusters.external.laptop route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.three-clusters.external.api sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.external.api link set lo up
ip -n nsnet.three-clusters.external.api link set eth0 up
ip -n nsnet.three-clusters.external.api addr add 203.0.113.80/32 dev eth0
ip -n nsnet.three-clusters.external.api route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.three-clusters.flat.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.three-clusters.flat.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.flat.node.n1 link set lo up
ip -n nsnet.three-clusters.flat.node.n1 link set eth0 up
ip -n nsnet.three-clusters.flat.node.n1 addr add 10.245.0.1/24 dev cbr0
ip -n nsnet.three-clusters.flat.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.three-clusters.flat.node.n1 route add default via 192.168.10.1 dev eth0
ip netns exec nsnet.three-clusters.flat.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.flat.pod.default.client link set lo up
ip -n nsnet.three-clusters.flat.pod.default.client link set eth0 up
ip -n nsnet.three-clusters.flat.pod.default.client addr add 10.245.0.2/24 dev eth0
ip -n nsnet.three-clusters.flat.pod.default.client route add default via 10.245.0.1 dev eth0
ip netns exec nsnet.three-clusters.flat.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.flat.pod.default.web-0 link set lo up
ip -n nsnet.three-clusters.flat.pod.default.web-0 link set eth0 up
ip -n nsnet.three-clusters.flat.pod.default.web-0 addr add 10.245.0.3/24 dev eth0
ip -n nsnet.three-clusters.flat.pod.default.web-0 route add default via 10.245.0.1 dev eth0
ip netns exec nsnet.three-clusters.flat.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.flat.pod.default.web-1 link set lo up
ip -n nsnet.three-clusters.flat.pod.default.web-1 link set eth0 up
ip -n nsnet.three-clusters.flat.pod.default.web-1 addr add 10.245.0.4/24 dev eth0
ip -n nsnet.three-clusters.flat.pod.default.web-1 route add default via 10.245.0.1 dev eth0
ip netns exec nsnet.three-clusters.nat.gateway sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.three-clusters.nat.gateway sysctl -q -w net.ipv4.neigh.eth1.retrans_time_ms=100
ip -n nsnet.three-clusters.nat.gateway link set lo up
ip -n nsnet.three-clusters.nat.gateway link set eth0 up
ip -n nsnet.three-clusters.nat.gateway link set eth1 up
ip -n nsnet.three-clusters.nat.gateway addr add 192.168.20.1/24 dev eth0
ip -n nsnet.three-clusters.nat.gateway addr add 198.18.0.2/16 dev eth1
ip -n nsnet.three-clusters.nat.gateway addr add 198.18.0.5/32 dev eth1
ip -n nsnet.three-clusters.nat.gateway route add 198.18.0.4/32 via 198.18.0.1 dev eth1
ip -n nsnet.three-clusters.nat.gateway route add default via 198.18.0.1 dev eth1
ip -n nsnet.three-clusters.nat.gateway route add 10.244.0.0/24 via 192.168.20.2 dev eth0
ip netns exec nsnet.three-clusters.nat.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.three-clusters.nat.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.nat.node.n1 link set lo up
ip -n nsnet.three-clusters.nat.node.n1 link set eth0 up
ip -n nsnet.three-clusters.nat.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.three-clusters.nat.node.n1 addr add 192.168.20.2/24 dev eth0
ip -n nsnet.three-clusters.nat.node.n1 route add default via 192.168.20.1 dev eth0
ip netns exec nsnet.three-clusters.nat.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.nat.pod.default.client link set lo up
ip -n nsnet.three-clusters.nat.pod.default.client link set eth0 up
ip -n nsnet.three-clusters.nat.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.three-clusters.nat.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.three-clusters.nat.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.nat.pod.default.web-0 link set lo up
ip -n nsnet.three-clusters.nat.pod.default.web-0 link set eth0 up
ip -n nsnet.three-clusters.nat.pod.default.web-0 addr add 10.244.0.3/24 dev eth0
ip -n nsnet.three-clusters.nat.pod.default.web-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.three-clusters.nat.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.nat.pod.default.web-1 link set lo up
ip -n nsnet.three-clusters.nat.pod.default.web-1 link set eth0 up
ip -n nsnet.three-clusters.nat.pod.default.web-1 addr add 10.244.0.4/24 dev eth0
ip -n nsnet.three-clusters.nat.pod.default.web-1 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.three-clusters.vip.gateway sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.three-clusters.vip.gateway sysctl -q -w net.ipv4.neigh.eth1.retrans_time_ms=100
ip -n nsnet.three-clusters.vip.gateway link set lo up
ip -n nsnet.three-clusters.vip.gateway link set eth0 up
ip -n nsnet.three-clusters.vip.gateway link set eth1 up
ip -n nsnet.three-clusters.vip.gateway addr add 192.168.30.1/24 dev eth0
ip -n nsnet.three-clusters.vip.gateway addr add 198.18.0.3/16 dev eth1
ip -n nsnet.three-clusters.vip.gateway addr add 198.18.0.6/32 dev eth1
ip -n nsnet.three-clusters.vip.gateway route add 198.18.0.4/32 via 198.18.0.1 dev eth1
ip -n nsnet.three-clusters.vip.gateway route add default via 198.18.0.1 dev eth1
ip -n nsnet.three-clusters.vip.gateway route add 10.244.0.0/24 via 192.168.30.2 dev eth0
ip netns exec nsnet.three-clusters.vip.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.three-clusters.vip.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.vip.node.n1 link set lo up
ip -n nsnet.three-clusters.vip.node.n1 link set eth0 up
ip -n nsnet.three-clusters.vip.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.three-clusters.vip.node.n1 addr add 192.168.30.2/24 dev eth0
ip -n nsnet.three-clusters.vip.node.n1 route add default via 192.168.30.1 dev eth0
ip netns exec nsnet.three-clusters.vip.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.vip.pod.default.client link set lo up
ip -n nsnet.three-clusters.vip.pod.default.client link set eth0 up
ip -n nsnet.three-clusters.vip.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.three-clusters.vip.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.three-clusters.vip.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.vip.pod.default.web-0 link set lo up
ip -n nsnet.three-clusters.vip.pod.default.web-0 link set eth0 up
ip -n nsnet.three-clusters.vip.pod.default.web-0 addr add 10.244.0.3/24 dev eth0
ip -n nsnet.three-clusters.vip.pod.default.web-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.three-clusters.vip.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.vip.pod.default.web-1 link set lo up
ip -n nsnet.three-clusters.vip.pod.default.web-1 link set eth0 up
ip -n nsnet.three-clusters.vip.pod.default.web-1 addr add 10.244.0.4/24 dev eth0
ip -n nsnet.three-clusters.vip.pod.default.web-1 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.three-clusters.alone.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.three-clusters.alone.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.alone.node.n1 link set lo up
ip -n nsnet.three-clusters.alone.node.n1 link set eth0 up
ip -n nsnet.three-clusters.alone.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.three-clusters.alone.node.n1 addr add 192.168.40.2/24 dev eth0
ip netns exec nsnet.three-clusters.alone.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.alone.pod.default.client link set lo up
ip -n nsnet.three-clusters.alone.pod.default.client link set eth0 up
ip -n nsnet.three-clusters.alone.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.three-clusters.alone.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.three-clusters.alone.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.alone.pod.default.web-0 link set lo up
ip -n nsnet.three-clusters.alone.pod.default.web-0 link set eth0 up
ip -n nsnet.three-clusters.alone.pod.default.web-0 addr add 10.244.0.3/24 dev eth0
ip -n nsnet.three-clusters.alone.pod.default.web-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.three-clusters.alone.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.three-clusters.alone.pod.default.web-1 link set lo up
ip -n nsnet.three-clusters.alone.pod.default.web-1 link set eth0 up
ip -n nsnet.three-clusters.alone.pod.default.web-1 addr add 10.244.0.4/24 dev eth0
ip -n nsnet.three-clusters.alone.pod.default.web-1 route add default via 10.244.0.1 dev eth0
# nsnet.three-clusters.external.api: external/api answers on 443/tcp
# nsnet.three-clusters.flat.pod.default.web-0: flat/pod/web-0 answers on 80/tcp
# nsnet.three-clusters.flat.pod.default.web-1: flat/pod/web-1 answers on 80/tcp
# nsnet.three-clusters.nat.pod.default.web-0: nat/pod/web-0 answers on 80/tcp
# nsnet.three-clusters.nat.pod.default.web-1: nat/pod/web-1 answers on 80/tcp
# nsnet.three-clusters.vip.pod.default.web-0: vip/pod/web-0 answers on 80/tcp
# nsnet.three-clusters.vip.pod.default.web-1: vip/pod/web-1 answers on 80/tcp
# nsnet.three-clusters.alone.pod.default.web-0: alone/pod/web-0 answers on 80/tcp
# nsnet.three-clusters.alone.pod.default.web-1: alone/pod/web-1 answers on 80/tcp
ip netns exec nsnet.three-clusters.fabric $IPT-restore --noflush <<'EOF'
*filter
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:NSNET-LB - [0:0]
-F FORWARD
-F OUTPUT
-A FORWARD -m comment --comment "load balancers" -j NSNET-LB
-A OUTPUT -m comment --comment "load balancers" -j NSNET-LB
-A NSNET-LB -d 198.18.0.4/32 -p tcp -m comment --comment "default/web" -m tcp --dport 80 -j RETURN
-A NSNET-LB -d 198.18.0.4/32 -p tcp -m comment --comment "no Service's port" -m tcp -j DROP
-A NSNET-LB -d 198.18.0.4/32 -p udp -m comment --comment "no Service's port" -m udp -j DROP
-A NSNET-LB -d 198.18.0.4/32 -p icmp -m comment --comment "no Service's port" -j DROP
COMMIT
EOF
ip netns exec nsnet.three-clusters.flat.node.n1 $IPT-restore --noflush <<'EOF'
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
:KUBE-SEP-MZD6DS56HRMALBPB - [0:0]
:KUBE-SVC-YDXWUBTPPCNQMTKQ - [0:0]
:KUBE-SEP-FNXT3OM7HWVT2ACJ - [0:0]
:KUBE-SEP-3R7HTW7EWYJ2B6E3 - [0:0]
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
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 198.18.0.4/32 -p tcp -m comment --comment "default/web:http external IP" -m tcp --dport 80 -j KUBE-EXT-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.96.0.3/32 -p tcp -m comment --comment "default/private:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-YDXWUBTPPCNQMTKQ
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-EXT-CDGGSHYLG3RE2FKL -m comment --comment "masquerade traffic for default/web:http external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-CDGGSHYLG3RE2FKL -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.245.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.245.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-3WZCI3EP36IRB6IR
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.245.0.4:80" -j KUBE-SEP-MZD6DS56HRMALBPB
-A KUBE-SEP-3WZCI3EP36IRB6IR -s 10.245.0.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-3WZCI3EP36IRB6IR -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.245.0.3:80
-A KUBE-SEP-MZD6DS56HRMALBPB -s 10.245.0.4/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-MZD6DS56HRMALBPB -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.245.0.4:80
-A KUBE-SVC-YDXWUBTPPCNQMTKQ ! -s 10.245.0.0/16 -d 10.96.0.3/32 -p tcp -m comment --comment "default/private:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-YDXWUBTPPCNQMTKQ -m comment --comment "default/private:http -> 10.245.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-FNXT3OM7HWVT2ACJ
-A KUBE-SVC-YDXWUBTPPCNQMTKQ -m comment --comment "default/private:http -> 10.245.0.4:80" -j KUBE-SEP-3R7HTW7EWYJ2B6E3
-A KUBE-SEP-FNXT3OM7HWVT2ACJ -s 10.245.0.3/32 -m comment --comment "default/private:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-FNXT3OM7HWVT2ACJ -p tcp -m comment --comment "default/private:http" -m tcp -j DNAT --to-destination 10.245.0.3:80
-A KUBE-SEP-3R7HTW7EWYJ2B6E3 -s 10.245.0.4/32 -m comment --comment "default/private:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-3R7HTW7EWYJ2B6E3 -p tcp -m comment --comment "default/private:http" -m tcp -j DNAT --to-destination 10.245.0.4:80
COMMIT
EOF
ip netns exec nsnet.three-clusters.nat.gateway $IPT-restore --noflush <<'EOF'
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:NSNET-EXPORTS - [0:0]
:NSNET-EXP-226F49D56FDF9F24 - [0:0]
:NSNET-EGRESS - [0:0]
-F PREROUTING
-F POSTROUTING
-A PREROUTING -m comment --comment "exported services" -j NSNET-EXPORTS
-A POSTROUTING -j NSNET-EGRESS
-A NSNET-EXPORTS -d 198.18.0.5/32 -p tcp -m comment --comment "nat/svc/web exported" -m tcp --dport 80 -j NSNET-EXP-226F49D56FDF9F24
-A NSNET-EXP-226F49D56FDF9F24 -p tcp -m comment --comment "nat/svc/web -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -m tcp -j DNAT --to-destination 10.244.0.3:80
-A NSNET-EXP-226F49D56FDF9F24 -p tcp -m comment --comment "nat/svc/web -> 10.244.0.4:80" -m tcp -j DNAT --to-destination 10.244.0.4:80
-A NSNET-EGRESS -o eth1 -m comment --comment "leaves with the address of the gateway" -j SNAT --to-source 198.18.0.2
COMMIT
EOF
ip netns exec nsnet.three-clusters.nat.node.n1 $IPT-restore --noflush <<'EOF'
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
:KUBE-SVC-YDXWUBTPPCNQMTKQ - [0:0]
:KUBE-SEP-ASV6XGQQYHBXTARI - [0:0]
:KUBE-SEP-M4QN22HEEUU4AI6U - [0:0]
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
-A KUBE-SERVICES -d 10.97.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.97.0.3/32 -p tcp -m comment --comment "default/private:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-YDXWUBTPPCNQMTKQ
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.97.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-UF6OOORCMXPJJDSV
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.4:80" -j KUBE-SEP-33EB4EFTF2PW2YRG
-A KUBE-SEP-UF6OOORCMXPJJDSV -s 10.244.0.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-UF6OOORCMXPJJDSV -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-33EB4EFTF2PW2YRG -s 10.244.0.4/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-33EB4EFTF2PW2YRG -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.4:80
-A KUBE-SVC-YDXWUBTPPCNQMTKQ ! -s 10.244.0.0/16 -d 10.97.0.3/32 -p tcp -m comment --comment "default/private:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-YDXWUBTPPCNQMTKQ -m comment --comment "default/private:http -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-ASV6XGQQYHBXTARI
-A KUBE-SVC-YDXWUBTPPCNQMTKQ -m comment --comment "default/private:http -> 10.244.0.4:80" -j KUBE-SEP-M4QN22HEEUU4AI6U
-A KUBE-SEP-ASV6XGQQYHBXTARI -s 10.244.0.3/32 -m comment --comment "default/private:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-ASV6XGQQYHBXTARI -p tcp -m comment --comment "default/private:http" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-M4QN22HEEUU4AI6U -s 10.244.0.4/32 -m comment --comment "default/private:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-M4QN22HEEUU4AI6U -p tcp -m comment --comment "default/private:http" -m tcp -j DNAT --to-destination 10.244.0.4:80
COMMIT
EOF
ip netns exec nsnet.three-clusters.vip.gateway $IPT-restore --noflush <<'EOF'
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:NSNET-EXPORTS - [0:0]
:NSNET-EXP-E1D554931C32479A - [0:0]
:NSNET-EGRESS - [0:0]
:NSNET-FROM-VIRTUAL - [0:0]
:NSNET-TO-VIRTUAL - [0:0]
-F PREROUTING
-F POSTROUTING
-A PREROUTING -m comment --comment "exported services" -j NSNET-EXPORTS
-A PREROUTING -j NSNET-FROM-VIRTUAL
-A POSTROUTING -j NSNET-TO-VIRTUAL
-A POSTROUTING -j NSNET-EGRESS
-A NSNET-EXPORTS -d 198.18.0.6/32 -p tcp -m comment --comment "vip/svc/web exported" -m tcp --dport 80 -j NSNET-EXP-E1D554931C32479A
-A NSNET-EXP-E1D554931C32479A -p tcp -m comment --comment "vip/svc/web -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -m tcp -j DNAT --to-destination 10.244.0.3:80
-A NSNET-EXP-E1D554931C32479A -p tcp -m comment --comment "vip/svc/web -> 10.244.0.4:80" -m tcp -j DNAT --to-destination 10.244.0.4:80
-A NSNET-EGRESS -o eth1 -m comment --comment "leaves with the address of the gateway" -j SNAT --to-source 198.18.0.3
-A NSNET-FROM-VIRTUAL -d 100.66.0.0/16 -i eth1 -m comment --comment "a pod by its virtual address" -j NETMAP --to 10.244.0.0/16
-A NSNET-TO-VIRTUAL -s 10.244.0.0/16 -o eth1 -m comment --comment "a pod as others know it" -j NETMAP --to 100.66.0.0/16
COMMIT
EOF
ip netns exec nsnet.three-clusters.vip.node.n1 $IPT-restore --noflush <<'EOF'
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
:KUBE-SVC-YDXWUBTPPCNQMTKQ - [0:0]
:KUBE-SEP-ASV6XGQQYHBXTARI - [0:0]
:KUBE-SEP-M4QN22HEEUU4AI6U - [0:0]
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d 10.244.0.0/16 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 192.168.30.0/24 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 198.18.0.4/32 -m comment --comment "nsnet: the gateway makes a virtual address of the pod's own" -j RETURN
-A IP-MASQ-AGENT -d 198.18.0.5/32 -m comment --comment "nsnet: the gateway makes a virtual address of the pod's own" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d 10.98.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.98.0.3/32 -p tcp -m comment --comment "default/private:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-YDXWUBTPPCNQMTKQ
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.98.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-UF6OOORCMXPJJDSV
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.4:80" -j KUBE-SEP-33EB4EFTF2PW2YRG
-A KUBE-SEP-UF6OOORCMXPJJDSV -s 10.244.0.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-UF6OOORCMXPJJDSV -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-33EB4EFTF2PW2YRG -s 10.244.0.4/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-33EB4EFTF2PW2YRG -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.4:80
-A KUBE-SVC-YDXWUBTPPCNQMTKQ ! -s 10.244.0.0/16 -d 10.98.0.3/32 -p tcp -m comment --comment "default/private:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-YDXWUBTPPCNQMTKQ -m comment --comment "default/private:http -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-ASV6XGQQYHBXTARI
-A KUBE-SVC-YDXWUBTPPCNQMTKQ -m comment --comment "default/private:http -> 10.244.0.4:80" -j KUBE-SEP-M4QN22HEEUU4AI6U
-A KUBE-SEP-ASV6XGQQYHBXTARI -s 10.244.0.3/32 -m comment --comment "default/private:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-ASV6XGQQYHBXTARI -p tcp -m comment --comment "default/private:http" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-M4QN22HEEUU4AI6U -s 10.244.0.4/32 -m comment --comment "default/private:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-M4QN22HEEUU4AI6U -p tcp -m comment --comment "default/private:http" -m tcp -j DNAT --to-destination 10.244.0.4:80
COMMIT
EOF
ip netns exec nsnet.three-clusters.alone.node.n1 $IPT-restore --noflush <<'EOF'
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
:KUBE-SVC-CDGGSHYLG3RE2FKL - [0:0]
:KUBE-SEP-UF6OOORCMXPJJDSV - [0:0]
:KUBE-SEP-33EB4EFTF2PW2YRG - [0:0]
:KUBE-SVC-YDXWUBTPPCNQMTKQ - [0:0]
:KUBE-SEP-ASV6XGQQYHBXTARI - [0:0]
:KUBE-SEP-M4QN22HEEUU4AI6U - [0:0]
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
-A KUBE-SERVICES -d 10.99.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.99.0.3/32 -p tcp -m comment --comment "default/private:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-YDXWUBTPPCNQMTKQ
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.99.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-UF6OOORCMXPJJDSV
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.4:80" -j KUBE-SEP-33EB4EFTF2PW2YRG
-A KUBE-SEP-UF6OOORCMXPJJDSV -s 10.244.0.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-UF6OOORCMXPJJDSV -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-33EB4EFTF2PW2YRG -s 10.244.0.4/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-33EB4EFTF2PW2YRG -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.4:80
-A KUBE-SVC-YDXWUBTPPCNQMTKQ ! -s 10.244.0.0/16 -d 10.99.0.3/32 -p tcp -m comment --comment "default/private:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-YDXWUBTPPCNQMTKQ -m comment --comment "default/private:http -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-ASV6XGQQYHBXTARI
-A KUBE-SVC-YDXWUBTPPCNQMTKQ -m comment --comment "default/private:http -> 10.244.0.4:80" -j KUBE-SEP-M4QN22HEEUU4AI6U
-A KUBE-SEP-ASV6XGQQYHBXTARI -s 10.244.0.3/32 -m comment --comment "default/private:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-ASV6XGQQYHBXTARI -p tcp -m comment --comment "default/private:http" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-M4QN22HEEUU4AI6U -s 10.244.0.4/32 -m comment --comment "default/private:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-M4QN22HEEUU4AI6U -p tcp -m comment --comment "default/private:http" -m tcp -j DNAT --to-destination 10.244.0.4:80
COMMIT
EOF
