#!/bin/sh
# Builds the lab dual-stack, but for its server. To remove it again: nsnet down dual-stack
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.dual-stack.servers
# nsnet.dual-stack.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.dual-stack.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.dual-stack.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.dual-stack.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.dual-stack.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.dual-stack.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.dual-stack.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.dual-stack.fabric
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.ipv6.conf.all.forwarding=1
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.ipv6.fib_multipath_hash_policy=1
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.dual-stack.fabric sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.dual-stack.fabric sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.dual-stack.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.dual-stack.external.api
ip netns exec nsnet.dual-stack.external.api sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.dual-stack.external.api sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.dual-stack.external.api sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.dual-stack.external.api sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.dual-stack.external.api sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.dual-stack.external.api sysctl -q -w net.ipv6.conf.all.forwarding=0
ip netns exec nsnet.dual-stack.external.api sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.dual-stack.external.api sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.dual-stack.external.api sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.dual-stack.external.api sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.dual-stack.external.api sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.dual-stack.external.api sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.dual-stack.external.api sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.dual-stack.external.api sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.dual-stack.east.gateway
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv6.conf.all.forwarding=1
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv6.fib_multipath_hash_policy=1
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.dual-stack.east.gateway sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.dual-stack.east.gateway sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.dual-stack.east.gateway sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.dual-stack.east.node.n1
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv6.conf.all.forwarding=1
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv6.fib_multipath_hash_policy=1
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.dual-stack.east.node.n2
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv6.conf.all.forwarding=1
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv6.fib_multipath_hash_policy=1
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.dual-stack.east.pod.default.client
ip netns exec nsnet.dual-stack.east.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.dual-stack.east.pod.default.client sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.dual-stack.east.pod.default.client sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.dual-stack.east.pod.default.client sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.dual-stack.east.pod.default.client sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.dual-stack.east.pod.default.client sysctl -q -w net.ipv6.conf.all.forwarding=0
ip netns exec nsnet.dual-stack.east.pod.default.client sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.dual-stack.east.pod.default.client sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.dual-stack.east.pod.default.client sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.dual-stack.east.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.dual-stack.east.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.dual-stack.east.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.dual-stack.east.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.dual-stack.east.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.dual-stack.east.pod.default.web-0
ip netns exec nsnet.dual-stack.east.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.dual-stack.east.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.dual-stack.east.pod.default.web-0 sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.dual-stack.east.pod.default.web-0 sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.dual-stack.east.pod.default.web-0 sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.dual-stack.east.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.forwarding=0
ip netns exec nsnet.dual-stack.east.pod.default.web-0 sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.dual-stack.east.pod.default.web-0 sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.dual-stack.east.pod.default.web-0 sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.dual-stack.east.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.dual-stack.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.dual-stack.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.dual-stack.east.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.dual-stack.east.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.dual-stack.east.pod.default.web-1
ip netns exec nsnet.dual-stack.east.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.dual-stack.east.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.dual-stack.east.pod.default.web-1 sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.dual-stack.east.pod.default.web-1 sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.dual-stack.east.pod.default.web-1 sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.dual-stack.east.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.forwarding=0
ip netns exec nsnet.dual-stack.east.pod.default.web-1 sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.dual-stack.east.pod.default.web-1 sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.dual-stack.east.pod.default.web-1 sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.dual-stack.east.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.dual-stack.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.dual-stack.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.dual-stack.east.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.dual-stack.east.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.dual-stack.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.dual-stack.fabric link set br-fabric up
ip -n nsnet.dual-stack.fabric link add br-east address 06:9b:de:7a:2e:55 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.dual-stack.fabric link set br-east up
ip -n nsnet.dual-stack.east.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.dual-stack.east.node.n1 link set cbr0 up
ip -n nsnet.dual-stack.east.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.dual-stack.east.node.n2 link set cbr0 up
ip -n nsnet.dual-stack.fabric link add east_n1 address 06:95:0e:67:95:ea type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.dual-stack.east.node.n1
ip -n nsnet.dual-stack.fabric link set east_n1 master br-east up
ip -n nsnet.dual-stack.fabric link add east_n2 address 06:ac:87:7a:46:e9 type veth peer name eth0 address 02:00:c0:a8:0a:03 netns nsnet.dual-stack.east.node.n2
ip -n nsnet.dual-stack.fabric link set east_n2 master br-east up
ip -n nsnet.dual-stack.fabric link add gw-east address 06:99:f1:99:b9:c7 type veth peer name eth0 address 02:00:c0:a8:0a:01 netns nsnet.dual-stack.east.gateway
ip -n nsnet.dual-stack.fabric link set gw-east master br-east up
ip -n nsnet.dual-stack.fabric link add out-east address 06:fc:8c:c9:f8:05 type veth peer name eth1 address 02:00:c6:12:00:02 netns nsnet.dual-stack.east.gateway
ip -n nsnet.dual-stack.fabric link set out-east master br-fabric up
ip -n nsnet.dual-stack.fabric link add ext-api address 06:65:be:cb:9f:1f type veth peer name eth0 address 02:06:00:00:00:80 netns nsnet.dual-stack.external.api
ip -n nsnet.dual-stack.fabric link set ext-api master br-fabric up
ip -n nsnet.dual-stack.east.node.n1 link add client address 06:1f:b7:1d:df:fd type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.dual-stack.east.pod.default.client
ip -n nsnet.dual-stack.east.node.n1 link set client master cbr0 up
bridge -n nsnet.dual-stack.east.node.n1 link set dev client hairpin on
ip -n nsnet.dual-stack.east.node.n2 link add web-0 address 06:09:ac:fd:da:ed type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.dual-stack.east.pod.default.web-0
ip -n nsnet.dual-stack.east.node.n2 link set web-0 master cbr0 up
bridge -n nsnet.dual-stack.east.node.n2 link set dev web-0 hairpin on
ip -n nsnet.dual-stack.east.node.n2 link add web-1 address 06:97:59:77:dd:06 type veth peer name eth0 address 02:00:0a:f4:01:03 netns nsnet.dual-stack.east.pod.default.web-1
ip -n nsnet.dual-stack.east.node.n2 link set web-1 master cbr0 up
bridge -n nsnet.dual-stack.east.node.n2 link set dev web-1 hairpin on
ip -n nsnet.dual-stack.servers link set lo up
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip netns exec nsnet.dual-stack.fabric sysctl -q -w net.ipv6.neigh.br-fabric.retrans_time_ms=100
ip -n nsnet.dual-stack.fabric link set lo up
ip -n nsnet.dual-stack.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.dual-stack.fabric addr add fd98::1/64 dev br-fabric
ip -n nsnet.dual-stack.fabric route add 2001:db8::80/128 dev br-fabric
ip netns exec nsnet.dual-stack.external.api sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.dual-stack.external.api link set lo up
ip -n nsnet.dual-stack.external.api link set eth0 up
ip -n nsnet.dual-stack.external.api addr add 2001:db8::80/128 dev eth0
ip -n nsnet.dual-stack.external.api route add default via fd98::1 dev eth0 onlink
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv4.neigh.eth1.retrans_time_ms=100
ip netns exec nsnet.dual-stack.east.gateway sysctl -q -w net.ipv6.neigh.eth1.retrans_time_ms=100
ip -n nsnet.dual-stack.east.gateway link set lo up
ip -n nsnet.dual-stack.east.gateway link set eth0 up
ip -n nsnet.dual-stack.east.gateway link set eth1 up
ip -n nsnet.dual-stack.east.gateway addr add 192.168.10.1/24 dev eth0
ip -n nsnet.dual-stack.east.gateway addr add fd00:192:168::1/64 dev eth0
ip -n nsnet.dual-stack.east.gateway addr add 198.18.0.2/16 dev eth1
ip -n nsnet.dual-stack.east.gateway addr add fd98::2/64 dev eth1
ip -n nsnet.dual-stack.east.gateway route add default via 198.18.0.1 dev eth1
ip -n nsnet.dual-stack.east.gateway route add default via fd98::1 dev eth1
ip -n nsnet.dual-stack.east.gateway route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip -n nsnet.dual-stack.east.gateway route add fd00:10:244::/64 via fd00:192:168::2 dev eth0
ip -n nsnet.dual-stack.east.gateway route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip -n nsnet.dual-stack.east.gateway route add fd00:10:244:1::/64 via fd00:192:168::3 dev eth0
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv6.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.dual-stack.east.node.n1 sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.dual-stack.east.node.n1 link set lo up
ip -n nsnet.dual-stack.east.node.n1 link set eth0 up
ip -n nsnet.dual-stack.east.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.dual-stack.east.node.n1 addr add fd00:10:244::1/64 dev cbr0
ip -n nsnet.dual-stack.east.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.dual-stack.east.node.n1 addr add fd00:192:168::2/64 dev eth0
ip -n nsnet.dual-stack.east.node.n1 route add default via 192.168.10.1 dev eth0
ip -n nsnet.dual-stack.east.node.n1 route add default via fd00:192:168::1 dev eth0
ip -n nsnet.dual-stack.east.node.n1 route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip -n nsnet.dual-stack.east.node.n1 route add fd00:10:244:1::/64 via fd00:192:168::3 dev eth0
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv6.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.dual-stack.east.node.n2 sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.dual-stack.east.node.n2 link set lo up
ip -n nsnet.dual-stack.east.node.n2 link set eth0 up
ip -n nsnet.dual-stack.east.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.dual-stack.east.node.n2 addr add fd00:10:244:1::1/64 dev cbr0
ip -n nsnet.dual-stack.east.node.n2 addr add 192.168.10.3/24 dev eth0
ip -n nsnet.dual-stack.east.node.n2 addr add fd00:192:168::3/64 dev eth0
ip -n nsnet.dual-stack.east.node.n2 route add default via 192.168.10.1 dev eth0
ip -n nsnet.dual-stack.east.node.n2 route add default via fd00:192:168::1 dev eth0
ip -n nsnet.dual-stack.east.node.n2 route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip -n nsnet.dual-stack.east.node.n2 route add fd00:10:244::/64 via fd00:192:168::2 dev eth0
ip netns exec nsnet.dual-stack.east.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.dual-stack.east.pod.default.client sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.dual-stack.east.pod.default.client link set lo up
ip -n nsnet.dual-stack.east.pod.default.client link set eth0 up
ip -n nsnet.dual-stack.east.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.dual-stack.east.pod.default.client addr add fd00:10:244::2/64 dev eth0
ip -n nsnet.dual-stack.east.pod.default.client route add default via 10.244.0.1 dev eth0
ip -n nsnet.dual-stack.east.pod.default.client route add default via fd00:10:244::1 dev eth0
ip netns exec nsnet.dual-stack.east.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.dual-stack.east.pod.default.web-0 sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.dual-stack.east.pod.default.web-0 link set lo up
ip -n nsnet.dual-stack.east.pod.default.web-0 link set eth0 up
ip -n nsnet.dual-stack.east.pod.default.web-0 addr add 10.244.1.2/24 dev eth0
ip -n nsnet.dual-stack.east.pod.default.web-0 addr add fd00:10:244:1::2/64 dev eth0
ip -n nsnet.dual-stack.east.pod.default.web-0 route add default via 10.244.1.1 dev eth0
ip -n nsnet.dual-stack.east.pod.default.web-0 route add default via fd00:10:244:1::1 dev eth0
ip netns exec nsnet.dual-stack.east.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.dual-stack.east.pod.default.web-1 sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.dual-stack.east.pod.default.web-1 link set lo up
ip -n nsnet.dual-stack.east.pod.default.web-1 link set eth0 up
ip -n nsnet.dual-stack.east.pod.default.web-1 addr add 10.244.1.3/24 dev eth0
ip -n nsnet.dual-stack.east.pod.default.web-1 addr add fd00:10:244:1::3/64 dev eth0
ip -n nsnet.dual-stack.east.pod.default.web-1 route add default via 10.244.1.1 dev eth0
ip -n nsnet.dual-stack.east.pod.default.web-1 route add default via fd00:10:244:1::1 dev eth0
# nsnet.dual-stack.external.api: external/api answers on 443/tcp
# nsnet.dual-stack.east.pod.default.web-0: east/pod/web-0 answers on 80/tcp
# nsnet.dual-stack.east.pod.default.web-0: east/pod/web-0 answers on 53/udp
# nsnet.dual-stack.east.pod.default.web-1: east/pod/web-1 answers on 80/tcp
# nsnet.dual-stack.east.pod.default.web-1: east/pod/web-1 answers on 53/udp
ip netns exec nsnet.dual-stack.east.gateway $IPT-restore --noflush <<'EOF'
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
ip netns exec nsnet.dual-stack.east.gateway $IP6T-restore --noflush <<'EOF'
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:NSNET-EXPORTS - [0:0]
:NSNET-EGRESS - [0:0]
-F PREROUTING
-F POSTROUTING
-A PREROUTING -m comment --comment "exported services" -j NSNET-EXPORTS
-A POSTROUTING -j NSNET-EGRESS
-A NSNET-EGRESS -o eth1 -m comment --comment "leaves with the address of the gateway" -j SNAT --to-source fd98::2
COMMIT
EOF
ip netns exec nsnet.dual-stack.east.node.n1 $IPT-restore --noflush <<'EOF'
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
:KUBE-SEP-MHDQ23KUGG7EGFMW - [0:0]
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
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.2:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-MQ4W7Q2CV67URU6Q
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.3:80" -j KUBE-SEP-MHDQ23KUGG7EGFMW
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -s 10.244.1.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SEP-MHDQ23KUGG7EGFMW -s 10.244.1.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MHDQ23KUGG7EGFMW -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.3:80
COMMIT
EOF
ip netns exec nsnet.dual-stack.east.node.n1 $IP6T-restore --noflush <<'EOF'
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
:KUBE-SEP-5NWBG24J2NY6KEB3 - [0:0]
:KUBE-SEP-D5RRBXTY6BMKHHWL - [0:0]
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d fd00:10:244::/56 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d fd00:192:168::/64 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d fd00:10:96::2/128 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES ! -d ::1/128 -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s fd00:10:244::/56 -d fd00:10:96::2/128 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> [fd00:10:244:1::2]:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-5NWBG24J2NY6KEB3
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> [fd00:10:244:1::3]:80" -j KUBE-SEP-D5RRBXTY6BMKHHWL
-A KUBE-SEP-5NWBG24J2NY6KEB3 -s fd00:10:244:1::2/128 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-5NWBG24J2NY6KEB3 -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination [fd00:10:244:1::2]:80
-A KUBE-SEP-D5RRBXTY6BMKHHWL -s fd00:10:244:1::3/128 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-D5RRBXTY6BMKHHWL -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination [fd00:10:244:1::3]:80
COMMIT
EOF
ip netns exec nsnet.dual-stack.east.node.n2 $IPT-restore --noflush <<'EOF'
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
:KUBE-SEP-MHDQ23KUGG7EGFMW - [0:0]
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
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.2:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-MQ4W7Q2CV67URU6Q
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.3:80" -j KUBE-SEP-MHDQ23KUGG7EGFMW
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -s 10.244.1.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SEP-MHDQ23KUGG7EGFMW -s 10.244.1.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MHDQ23KUGG7EGFMW -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.3:80
COMMIT
EOF
ip netns exec nsnet.dual-stack.east.node.n2 $IP6T-restore --noflush <<'EOF'
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
:KUBE-SEP-5NWBG24J2NY6KEB3 - [0:0]
:KUBE-SEP-D5RRBXTY6BMKHHWL - [0:0]
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d fd00:10:244::/56 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d fd00:192:168::/64 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d fd00:10:96::2/128 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES ! -d ::1/128 -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s fd00:10:244::/56 -d fd00:10:96::2/128 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> [fd00:10:244:1::2]:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-5NWBG24J2NY6KEB3
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> [fd00:10:244:1::3]:80" -j KUBE-SEP-D5RRBXTY6BMKHHWL
-A KUBE-SEP-5NWBG24J2NY6KEB3 -s fd00:10:244:1::2/128 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-5NWBG24J2NY6KEB3 -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination [fd00:10:244:1::2]:80
-A KUBE-SEP-D5RRBXTY6BMKHHWL -s fd00:10:244:1::3/128 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-D5RRBXTY6BMKHHWL -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination [fd00:10:244:1::3]:80
COMMIT
EOF
