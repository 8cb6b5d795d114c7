#!/bin/sh
# Builds the lab load-balancer, but for its server. To remove it again: nsnet down load-balancer
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.load-balancer.servers
# nsnet.load-balancer.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.load-balancer.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.load-balancer.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.load-balancer.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.load-balancer.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.load-balancer.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.load-balancer.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.load-balancer.fabric
ip netns exec nsnet.load-balancer.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.load-balancer.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.load-balancer.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.load-balancer.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.load-balancer.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.load-balancer.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.load-balancer.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.load-balancer.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.load-balancer.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.load-balancer.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.load-balancer.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.load-balancer.external.laptop
ip netns exec nsnet.load-balancer.external.laptop sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.load-balancer.external.laptop sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.load-balancer.external.laptop sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.load-balancer.external.laptop sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.load-balancer.external.laptop sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.load-balancer.external.laptop sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.load-balancer.external.stranger
ip netns exec nsnet.load-balancer.external.stranger sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.load-balancer.external.stranger sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.load-balancer.external.stranger sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.load-balancer.external.stranger sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.load-balancer.external.stranger sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.load-balancer.external.stranger sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.load-balancer.east.node.n1
ip netns exec nsnet.load-balancer.east.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.load-balancer.east.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.load-balancer.east.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.load-balancer.east.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.load-balancer.east.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.load-balancer.east.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.load-balancer.east.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.load-balancer.east.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.load-balancer.east.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.load-balancer.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.load-balancer.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.load-balancer.east.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.load-balancer.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.load-balancer.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.load-balancer.east.node.n2
ip netns exec nsnet.load-balancer.east.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.load-balancer.east.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.load-balancer.east.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.load-balancer.east.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.load-balancer.east.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.load-balancer.east.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.load-balancer.east.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.load-balancer.east.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.load-balancer.east.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.load-balancer.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.load-balancer.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.load-balancer.east.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.load-balancer.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.load-balancer.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.load-balancer.east.node.n3
ip netns exec nsnet.load-balancer.east.node.n3 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.load-balancer.east.node.n3 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.load-balancer.east.node.n3 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.load-balancer.east.node.n3 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.load-balancer.east.node.n3 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.load-balancer.east.node.n3 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.load-balancer.east.node.n3 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.load-balancer.east.node.n3 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.load-balancer.east.node.n3 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.load-balancer.east.node.n3 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.load-balancer.east.node.n3 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.load-balancer.east.node.n3 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.load-balancer.east.node.n3 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.load-balancer.east.node.n3 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.load-balancer.east.pod.default.alone
ip netns exec nsnet.load-balancer.east.pod.default.alone sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.load-balancer.east.pod.default.alone sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.load-balancer.east.pod.default.alone sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.load-balancer.east.pod.default.alone sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.load-balancer.east.pod.default.alone sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.load-balancer.east.pod.default.alone sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.load-balancer.east.pod.default.client
ip netns exec nsnet.load-balancer.east.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.load-balancer.east.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.load-balancer.east.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.load-balancer.east.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.load-balancer.east.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.load-balancer.east.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.load-balancer.east.pod.default.web-0
ip netns exec nsnet.load-balancer.east.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.load-balancer.east.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.load-balancer.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.load-balancer.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.load-balancer.east.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.load-balancer.east.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.load-balancer.east.pod.default.web-1
ip netns exec nsnet.load-balancer.east.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.load-balancer.east.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.load-balancer.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.load-balancer.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.load-balancer.east.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.load-balancer.east.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.load-balancer.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.load-balancer.fabric link set br-fabric up
ip -n nsnet.load-balancer.fabric link add br-east address 02:00:c0:a8:0a:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.load-balancer.fabric link set br-east up
ip -n nsnet.load-balancer.east.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.load-balancer.east.node.n1 link set cbr0 up
ip -n nsnet.load-balancer.east.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.load-balancer.east.node.n2 link set cbr0 up
ip -n nsnet.load-balancer.east.node.n3 link add cbr0 address 02:00:0a:f4:02:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.load-balancer.east.node.n3 link set cbr0 up
ip -n nsnet.load-balancer.fabric link add east_n1 address 06:ee:a4:04:51:d3 type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.load-balancer.east.node.n1
ip -n nsnet.load-balancer.fabric link set east_n1 master br-east up
ip -n nsnet.load-balancer.fabric link add east_n2 address 06:6f:02:ae:ec:36 type veth peer name eth0 address 02:00:c0:a8:0a:03 netns nsnet.load-balancer.east.node.n2
ip -n nsnet.load-balancer.fabric link set east_n2 master br-east up
ip -n nsnet.load-balancer.fabric link add east_n3 address 06:61:31:af:1c:85 type veth peer name eth0 address 02:00:c0:a8:0a:04 netns nsnet.load-balancer.east.node.n3
ip -n nsnet.load-balancer.fabric link set east_n3 master br-east up
ip -n nsnet.load-balancer.fabric link add ext-laptop address 06:a1:8d:07:67:07 type veth peer name eth0 address 02:00:cb:00:71:0a netns nsnet.load-balancer.external.laptop
ip -n nsnet.load-balancer.fabric link set ext-laptop master br-fabric up
ip -n nsnet.load-balancer.fabric link add ext-stranger address 06:84:02:72:21:90 type veth peer name eth0 address 02:00:cb:00:71:42 netns nsnet.load-balancer.external.stranger
ip -n nsnet.load-balancer.fabric link set ext-stranger master br-fabric up
ip -n nsnet.load-balancer.east.node.n1 link add client address 06:ec:99:da:39:7c type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.load-balancer.east.pod.default.client
ip -n nsnet.load-balancer.east.node.n1 link set client master cbr0 up
bridge -n nsnet.load-balancer.east.node.n1 link set dev client hairpin on
ip -n nsnet.load-balancer.east.node.n1 link add web-0 address 06:ec:ef:b3:d1:09 type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.load-balancer.east.pod.default.web-0
ip -n nsnet.load-balancer.east.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.load-balancer.east.node.n1 link set dev web-0 hairpin on
ip -n nsnet.load-balancer.east.node.n2 link add web-1 address 06:be:23:2e:14:00 type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.load-balancer.east.pod.default.web-1
ip -n nsnet.load-balancer.east.node.n2 link set web-1 master cbr0 up
bridge -n nsnet.load-balancer.east.node.n2 link set dev web-1 hairpin on
ip -n nsnet.load-balancer.east.node.n3 link add alone address 06:ec:03:16:70:cc type veth peer name eth0 address 02:00:0a:f4:02:02 netns nsnet.load-balancer.east.pod.default.alone
ip -n nsnet.load-balancer.east.node.n3 link set alone master cbr0 up
bridge -n nsnet.load-balancer.east.node.n3 link set dev alone hairpin on
ip -n nsnet.load-balancer.servers link set lo up
ip netns exec nsnet.load-balancer.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip netns exec nsnet.load-balancer.fabric sysctl -q -w net.ipv4.neigh.br-east.retrans_time_ms=100
ip -n nsnet.load-balancer.fabric link set lo up
ip -n nsnet.load-balancer.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.load-balancer.fabric addr add 192.168.10.1/24 dev br-east
ip -n nsnet.load-balancer.fabric route add 203.0.113.10/32 dev br-fabric
ip -n nsnet.load-balancer.fabric route add 203.0.113.66/32 dev br-fabric
ip -n nsnet.load-balancer.fabric route add 198.18.0.2/32 nexthop via 192.168.10.2 dev br-east nexthop via 192.168.10.3 dev br-east nexthop via 192.168.10.4 dev br-east
ip -n nsnet.load-balancer.fabric route add 198.18.0.3/32 nexthop via 192.168.10.2 dev br-east nexthop via 192.168.10.3 dev br-east
ip -n nsnet.load-balancer.fabric route add 198.18.0.4/32 via 192.168.10.4 dev br-east
ip -n nsnet.load-balancer.fabric route add blackhole 198.18.0.5/32
ip -n nsnet.load-balancer.fabric route add 198.18.0.6/32 nexthop via 192.168.10.2 dev br-east nexthop via 192.168.10.3 dev br-east nexthop via 192.168.10.4 dev br-east
ip -n nsnet.load-balancer.fabric route add 198.18.0.7/32 nexthop via 192.168.10.2 dev br-east nexthop via 192.168.10.3 dev br-east
ip netns exec nsnet.load-balancer.external.laptop sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.load-balancer.external.laptop link set lo up
ip -n nsnet.load-balancer.external.laptop link set eth0 up
ip -n nsnet.load-balancer.external.laptop addr add 203.0.113.10/32 dev eth0
ip -n nsnet.load-balancer.external.laptop route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.load-balancer.external.stranger sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.load-balancer.external.stranger link set lo up
ip -n nsnet.load-balancer.external.stranger link set eth0 up
ip -n nsnet.load-balancer.external.stranger addr add 203.0.113.66/32 dev eth0
ip -n nsnet.load-balancer.external.stranger route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.load-balancer.east.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.load-balancer.east.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.load-balancer.east.node.n1 link set lo up
ip -n nsnet.load-balancer.east.node.n1 link set eth0 up
ip -n nsnet.load-balancer.east.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.load-balancer.east.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.load-balancer.east.node.n1 route add default via 192.168.10.1 dev eth0
ip -n nsnet.load-balancer.east.node.n1 route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip -n nsnet.load-balancer.east.node.n1 route add 10.244.2.0/24 via 192.168.10.4 dev eth0
ip netns exec nsnet.load-balancer.east.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.load-balancer.east.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.load-balancer.east.node.n2 link set lo up
ip -n nsnet.load-balancer.east.node.n2 link set eth0 up
ip -n nsnet.load-balancer.east.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.load-balancer.east.node.n2 addr add 192.168.10.3/24 dev eth0
ip -n nsnet.load-balancer.east.node.n2 route add default via 192.168.10.1 dev eth0
ip -n nsnet.load-balancer.east.node.n2 route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip -n nsnet.load-balancer.east.node.n2 route add 10.244.2.0/24 via 192.168.10.4 dev eth0
ip netns exec nsnet.load-balancer.east.node.n3 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.load-balancer.east.node.n3 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.load-balancer.east.node.n3 link set lo up
ip -n nsnet.load-balancer.east.node.n3 link set eth0 up
ip -n nsnet.load-balancer.east.node.n3 addr add 10.244.2.1/24 dev cbr0
ip -n nsnet.load-balancer.east.node.n3 addr add 192.168.10.4/24 dev eth0
ip -n nsnet.load-balancer.east.node.n3 route add default via 192.168.10.1 dev eth0
ip -n nsnet.load-balancer.east.node.n3 route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip -n nsnet.load-balancer.east.node.n3 route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.load-balancer.east.pod.default.alone sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.load-balancer.east.pod.default.alone link set lo up
ip -n nsnet.load-balancer.east.pod.default.alone link set eth0 up
ip -n nsnet.load-balancer.east.pod.default.alone addr add 10.244.2.2/24 dev eth0
ip -n nsnet.load-balancer.east.pod.default.alone route add default via 10.244.2.1 dev eth0
ip netns exec nsnet.load-balancer.east.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.load-balancer.east.pod.default.client link set lo up
ip -n nsnet.load-balancer.east.pod.default.client link set eth0 up
ip -n nsnet.load-balancer.east.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.load-balancer.east.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.load-balancer.east.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.load-balancer.east.pod.default.web-0 link set lo up
ip -n nsnet.load-balancer.east.pod.default.web-0 link set eth0 up
ip -n nsnet.load-balancer.east.pod.default.web-0 addr add 10.244.0.3/24 dev eth0
ip -n nsnet.load-balancer.east.pod.default.web-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.load-balancer.east.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.load-balancer.east.pod.default.web-1 link set lo up
ip -n nsnet.load-balancer.east.pod.default.web-1 link set eth0 up
ip -n nsnet.load-balancer.east.pod.default.web-1 addr add 10.244.1.2/24 dev eth0
ip -n nsnet.load-balancer.east.pod.default.web-1 route add default via 10.244.1.1 dev eth0
# nsnet.load-balancer.east.node.n1: the health check of default/web-local (1 here) answers on 32000/tcp
# nsnet.load-balancer.east.node.n1: the health check of default/alone (0 here) answers on 30003/tcp
# nsnet.load-balancer.east.node.n1: the health check of default/gone (0 here) answers on 30005/tcp
# nsnet.load-balancer.east.node.n1: the health check of default/private (1 here) answers on 30008/tcp
# nsnet.load-balancer.east.node.n2: the health check of default/web-local (1 here) answers on 32000/tcp
# nsnet.load-balancer.east.node.n2: the health check of default/alone (0 here) answers on 30003/tcp
# nsnet.load-balancer.east.node.n2: the health check of default/gone (0 here) answers on 30005/tcp
# nsnet.load-balancer.east.node.n2: the health check of default/private (1 here) answers on 30008/tcp
# nsnet.load-balancer.east.node.n3: the health check of default/web-local (0 here) answers on 32000/tcp
# nsnet.load-balancer.east.node.n3: the health check of default/alone (1 here) answers on 30003/tcp
# nsnet.load-balancer.east.node.n3: the health check of default/gone (0 here) answers on 30005/tcp
# nsnet.load-balancer.east.node.n3: the health check of default/private (0 here) answers on 30008/tcp
# nsnet.load-balancer.east.pod.default.alone: east/pod/alone answers on 80/tcp
# nsnet.load-balancer.east.pod.default.web-0: east/pod/web-0 answers on 80/tcp
# nsnet.load-balancer.east.pod.default.web-1: east/pod/web-1 answers on 80/tcp
ip netns exec nsnet.load-balancer.fabric $IPT-restore --noflush <<'EOF'
*filter
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:NSNET-LB - [0:0]
-F FORWARD
-F OUTPUT
-A FORWARD -m comment --comment "load balancers" -j NSNET-LB
-A OUTPUT -m comment --comment "load balancers" -j NSNET-LB
-A NSNET-LB -d 198.18.0.2/32 -p tcp -m comment --comment "default/web" -m tcp --dport 80 -j RETURN
-A NSNET-LB -d 198.18.0.3/32 -p tcp -m comment --comment "default/web-local" -m tcp --dport 80 -j RETURN
-A NSNET-LB -d 198.18.0.4/32 -p tcp -m comment --comment "default/alone" -m tcp --dport 80 -j RETURN
-A NSNET-LB -d 198.18.0.5/32 -p tcp -m comment --comment "default/gone" -m tcp --dport 80 -j RETURN
-A NSNET-LB -d 198.18.0.6/32 -p tcp -m comment --comment "default/empty" -m tcp --dport 80 -j RETURN
-A NSNET-LB -d 198.18.0.7/32 -p tcp -m comment --comment "default/private" -m tcp --dport 80 -j RETURN
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
-A NSNET-LB -d 198.18.0.6/32 -p tcp -m comment --comment "no Service's port" -m tcp -j DROP
-A NSNET-LB -d 198.18.0.6/32 -p udp -m comment --comment "no Service's port" -m udp -j DROP
-A NSNET-LB -d 198.18.0.6/32 -p icmp -m comment --comment "no Service's port" -j DROP
-A NSNET-LB -d 198.18.0.7/32 -p tcp -m comment --comment "no Service's port" -m tcp -j DROP
-A NSNET-LB -d 198.18.0.7/32 -p udp -m comment --comment "no Service's port" -m udp -j DROP
-A NSNET-LB -d 198.18.0.7/32 -p icmp -m comment --comment "no Service's port" -j DROP
COMMIT
EOF
ip netns exec nsnet.load-balancer.east.node.n1 $IPT-restore --noflush <<'EOF'
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
-A KUBE-EXTERNAL-SERVICES -d 198.18.0.4/32 -p tcp -m comment --comment "default/alone has no local endpoints" -m tcp --dport 80 -j DROP
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/alone has no local endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30002 -j DROP
-A KUBE-EXTERNAL-SERVICES -d 198.18.0.5/32 -p tcp -m comment --comment "default/gone has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/gone has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30004 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-EXTERNAL-SERVICES -d 198.18.0.6/32 -p tcp -m comment --comment "default/empty has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/empty has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30006 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web-local health check node port" -m tcp --dport 32000 -j ACCEPT
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/alone health check node port" -m tcp --dport 30003 -j ACCEPT
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/gone health check node port" -m tcp --dport 30005 -j ACCEPT
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/private health check node port" -m tcp --dport 30008 -j ACCEPT
-A KUBE-PROXY-FIREWALL -d 198.18.0.7/32 -p tcp -m comment --comment "default/private traffic not accepted by KUBE-FW-Y6PQBOJDUAA5KPE7" -m tcp --dport 80 -j DROP
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A KUBE-SERVICES -d 10.96.0.5/32 -p tcp -m comment --comment "default/gone has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-SERVICES -d 10.96.0.6/32 -p tcp -m comment --comment "default/empty has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
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
:KUBE-EXT-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SVC-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SEP-VPJCWIHGOZWNRC6B - [0:0]
:KUBE-SEP-MQ4W7Q2CV67URU6Q - [0:0]
:KUBE-EXT-W6DWRVOIQKRHXDQP - [0:0]
:KUBE-SVC-W6DWRVOIQKRHXDQP - [0:0]
:KUBE-SVL-W6DWRVOIQKRHXDQP - [0:0]
:KUBE-SEP-KUZCZC32PJO5H5FA - [0:0]
:KUBE-SEP-3BUOLXOADLZEQ6S3 - [0:0]
:KUBE-EXT-55LL6N33PHM7HQQR - [0:0]
:KUBE-SVC-55LL6N33PHM7HQQR - [0:0]
:KUBE-SEP-VXOMRQSZAIIEE7LY - [0:0]
:KUBE-EXT-Y6PQBOJDUAA5KPE7 - [0:0]
:KUBE-FW-Y6PQBOJDUAA5KPE7 - [0:0]
:KUBE-SVC-Y6PQBOJDUAA5KPE7 - [0:0]
:KUBE-SVL-Y6PQBOJDUAA5KPE7 - [0:0]
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
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web" -m tcp --dport 30000 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web-local" -m tcp --dport 30001 -j KUBE-EXT-W6DWRVOIQKRHXDQP
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/alone" -m tcp --dport 30002 -j KUBE-EXT-55LL6N33PHM7HQQR
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/private" -m tcp --dport 30007 -j KUBE-EXT-Y6PQBOJDUAA5KPE7
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 198.18.0.2/32 -p tcp -m comment --comment "default/web loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 10.96.0.3/32 -p tcp -m comment --comment "default/web-local cluster IP" -m tcp --dport 80 -j KUBE-SVC-W6DWRVOIQKRHXDQP
-A KUBE-SERVICES -d 198.18.0.3/32 -p tcp -m comment --comment "default/web-local loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-W6DWRVOIQKRHXDQP
-A KUBE-SERVICES -d 10.96.0.4/32 -p tcp -m comment --comment "default/alone cluster IP" -m tcp --dport 80 -j KUBE-SVC-55LL6N33PHM7HQQR
-A KUBE-SERVICES -d 198.18.0.4/32 -p tcp -m comment --comment "default/alone loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-55LL6N33PHM7HQQR
-A KUBE-SERVICES -d 10.96.0.7/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-SVC-Y6PQBOJDUAA5KPE7
-A KUBE-SERVICES -d 198.18.0.7/32 -p tcp -m comment --comment "default/private loadbalancer IP" -m tcp --dport 80 -j KUBE-FW-Y6PQBOJDUAA5KPE7
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-EXT-LOLE4ISW44XBNF3G -m comment --comment "masquerade traffic for default/web external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-LOLE4ISW44XBNF3G -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-VPJCWIHGOZWNRC6B
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.2:80" -j KUBE-SEP-MQ4W7Q2CV67URU6Q
-A KUBE-SEP-VPJCWIHGOZWNRC6B -s 10.244.0.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-VPJCWIHGOZWNRC6B -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -s 10.244.1.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-EXT-W6DWRVOIQKRHXDQP -s 10.244.0.0/16 -m comment --comment "pod traffic for default/web-local external destinations" -j KUBE-SVC-W6DWRVOIQKRHXDQP
-A KUBE-EXT-W6DWRVOIQKRHXDQP -m comment --comment "masquerade LOCAL traffic for default/web-local external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-W6DWRVOIQKRHXDQP -m comment --comment "route LOCAL traffic for default/web-local external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-W6DWRVOIQKRHXDQP
-A KUBE-EXT-W6DWRVOIQKRHXDQP -j KUBE-SVL-W6DWRVOIQKRHXDQP
-A KUBE-SVC-W6DWRVOIQKRHXDQP ! -s 10.244.0.0/16 -d 10.96.0.3/32 -p tcp -m comment --comment "default/web-local cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-W6DWRVOIQKRHXDQP -m comment --comment "default/web-local -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-KUZCZC32PJO5H5FA
-A KUBE-SVC-W6DWRVOIQKRHXDQP -m comment --comment "default/web-local -> 10.244.1.2:80" -j KUBE-SEP-3BUOLXOADLZEQ6S3
-A KUBE-SVL-W6DWRVOIQKRHXDQP -m comment --comment "default/web-local -> 10.244.0.3:80" -j KUBE-SEP-KUZCZC32PJO5H5FA
-A KUBE-SEP-KUZCZC32PJO5H5FA -s 10.244.0.3/32 -m comment --comment "default/web-local" -j KUBE-MARK-MASQ
-A KUBE-SEP-KUZCZC32PJO5H5FA -p tcp -m comment --comment "default/web-local" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-3BUOLXOADLZEQ6S3 -s 10.244.1.2/32 -m comment --comment "default/web-local" -j KUBE-MARK-MASQ
-A KUBE-SEP-3BUOLXOADLZEQ6S3 -p tcp -m comment --comment "default/web-local" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-EXT-55LL6N33PHM7HQQR -s 10.244.0.0/16 -m comment --comment "pod traffic for default/alone external destinations" -j KUBE-SVC-55LL6N33PHM7HQQR
-A KUBE-EXT-55LL6N33PHM7HQQR -m comment --comment "masquerade LOCAL traffic for default/alone external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-55LL6N33PHM7HQQR -m comment --comment "route LOCAL traffic for default/alone external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-55LL6N33PHM7HQQR
-A KUBE-SVC-55LL6N33PHM7HQQR ! -s 10.244.0.0/16 -d 10.96.0.4/32 -p tcp -m comment --comment "default/alone cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-55LL6N33PHM7HQQR -m comment --comment "default/alone -> 10.244.2.2:80" -j KUBE-SEP-VXOMRQSZAIIEE7LY
-A KUBE-SEP-VXOMRQSZAIIEE7LY -s 10.244.2.2/32 -m comment --comment "default/alone" -j KUBE-MARK-MASQ
-A KUBE-SEP-VXOMRQSZAIIEE7LY -p tcp -m comment --comment "default/alone" -m tcp -j DNAT --to-destination 10.244.2.2:80
-A KUBE-EXT-Y6PQBOJDUAA5KPE7 -s 10.244.0.0/16 -m comment --comment "pod traffic for default/private external destinations" -j KUBE-SVC-Y6PQBOJDUAA5KPE7
-A KUBE-EXT-Y6PQBOJDUAA5KPE7 -m comment --comment "masquerade LOCAL traffic for default/private external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-Y6PQBOJDUAA5KPE7 -m comment --comment "route LOCAL traffic for default/private external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-Y6PQBOJDUAA5KPE7
-A KUBE-EXT-Y6PQBOJDUAA5KPE7 -j KUBE-SVL-Y6PQBOJDUAA5KPE7
-A KUBE-FW-Y6PQBOJDUAA5KPE7 -s 203.0.113.0/27 -m comment --comment "default/private loadbalancer IP" -j KUBE-EXT-Y6PQBOJDUAA5KPE7
-A KUBE-FW-Y6PQBOJDUAA5KPE7 -m comment --comment "other traffic to default/private will be dropped by KUBE-PROXY-FIREWALL"
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 ! -s 10.244.0.0/16 -d 10.96.0.7/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-5ANEWKXEP4H7M7HV
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.244.1.2:80" -j KUBE-SEP-6AITCLKLFID7IR6C
-A KUBE-SVL-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.244.0.3:80" -j KUBE-SEP-5ANEWKXEP4H7M7HV
-A KUBE-SEP-5ANEWKXEP4H7M7HV -s 10.244.0.3/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-5ANEWKXEP4H7M7HV -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-6AITCLKLFID7IR6C -s 10.244.1.2/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-6AITCLKLFID7IR6C -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.244.1.2:80
COMMIT
EOF
ip netns exec nsnet.load-balancer.east.node.n2 $IPT-restore --noflush <<'EOF'
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
-A KUBE-EXTERNAL-SERVICES -d 198.18.0.4/32 -p tcp -m comment --comment "default/alone has no local endpoints" -m tcp --dport 80 -j DROP
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/alone has no local endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30002 -j DROP
-A KUBE-EXTERNAL-SERVICES -d 198.18.0.5/32 -p tcp -m comment --comment "default/gone has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/gone has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30004 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-EXTERNAL-SERVICES -d 198.18.0.6/32 -p tcp -m comment --comment "default/empty has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/empty has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30006 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web-local health check node port" -m tcp --dport 32000 -j ACCEPT
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/alone health check node port" -m tcp --dport 30003 -j ACCEPT
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/gone health check node port" -m tcp --dport 30005 -j ACCEPT
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/private health check node port" -m tcp --dport 30008 -j ACCEPT
-A KUBE-PROXY-FIREWALL -d 198.18.0.7/32 -p tcp -m comment --comment "default/private traffic not accepted by KUBE-FW-Y6PQBOJDUAA5KPE7" -m tcp --dport 80 -j DROP
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A KUBE-SERVICES -d 10.96.0.5/32 -p tcp -m comment --comment "default/gone has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-SERVICES -d 10.96.0.6/32 -p tcp -m comment --comment "default/empty has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
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
:KUBE-EXT-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SVC-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SEP-VPJCWIHGOZWNRC6B - [0:0]
:KUBE-SEP-MQ4W7Q2CV67URU6Q - [0:0]
:KUBE-EXT-W6DWRVOIQKRHXDQP - [0:0]
:KUBE-SVC-W6DWRVOIQKRHXDQP - [0:0]
:KUBE-SVL-W6DWRVOIQKRHXDQP - [0:0]
:KUBE-SEP-KUZCZC32PJO5H5FA - [0:0]
:KUBE-SEP-3BUOLXOADLZEQ6S3 - [0:0]
:KUBE-EXT-55LL6N33PHM7HQQR - [0:0]
:KUBE-SVC-55LL6N33PHM7HQQR - [0:0]
:KUBE-SEP-VXOMRQSZAIIEE7LY - [0:0]
:KUBE-EXT-Y6PQBOJDUAA5KPE7 - [0:0]
:KUBE-FW-Y6PQBOJDUAA5KPE7 - [0:0]
:KUBE-SVC-Y6PQBOJDUAA5KPE7 - [0:0]
:KUBE-SVL-Y6PQBOJDUAA5KPE7 - [0:0]
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
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web" -m tcp --dport 30000 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web-local" -m tcp --dport 30001 -j KUBE-EXT-W6DWRVOIQKRHXDQP
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/alone" -m tcp --dport 30002 -j KUBE-EXT-55LL6N33PHM7HQQR
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/private" -m tcp --dport 30007 -j KUBE-EXT-Y6PQBOJDUAA5KPE7
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 198.18.0.2/32 -p tcp -m comment --comment "default/web loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 10.96.0.3/32 -p tcp -m comment --comment "default/web-local cluster IP" -m tcp --dport 80 -j KUBE-SVC-W6DWRVOIQKRHXDQP
-A KUBE-SERVICES -d 198.18.0.3/32 -p tcp -m comment --comment "default/web-local loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-W6DWRVOIQKRHXDQP
-A KUBE-SERVICES -d 10.96.0.4/32 -p tcp -m comment --comment "default/alone cluster IP" -m tcp --dport 80 -j KUBE-SVC-55LL6N33PHM7HQQR
-A KUBE-SERVICES -d 198.18.0.4/32 -p tcp -m comment --comment "default/alone loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-55LL6N33PHM7HQQR
-A KUBE-SERVICES -d 10.96.0.7/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-SVC-Y6PQBOJDUAA5KPE7
-A KUBE-SERVICES -d 198.18.0.7/32 -p tcp -m comment --comment "default/private loadbalancer IP" -m tcp --dport 80 -j KUBE-FW-Y6PQBOJDUAA5KPE7
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-EXT-LOLE4ISW44XBNF3G -m comment --comment "masquerade traffic for default/web external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-LOLE4ISW44XBNF3G -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-VPJCWIHGOZWNRC6B
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.2:80" -j KUBE-SEP-MQ4W7Q2CV67URU6Q
-A KUBE-SEP-VPJCWIHGOZWNRC6B -s 10.244.0.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-VPJCWIHGOZWNRC6B -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -s 10.244.1.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-EXT-W6DWRVOIQKRHXDQP -s 10.244.0.0/16 -m comment --comment "pod traffic for default/web-local external destinations" -j KUBE-SVC-W6DWRVOIQKRHXDQP
-A KUBE-EXT-W6DWRVOIQKRHXDQP -m comment --comment "masquerade LOCAL traffic for default/web-local external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-W6DWRVOIQKRHXDQP -m comment --comment "route LOCAL traffic for default/web-local external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-W6DWRVOIQKRHXDQP
-A KUBE-EXT-W6DWRVOIQKRHXDQP -j KUBE-SVL-W6DWRVOIQKRHXDQP
-A KUBE-SVC-W6DWRVOIQKRHXDQP ! -s 10.244.0.0/16 -d 10.96.0.3/32 -p tcp -m comment --comment "default/web-local cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-W6DWRVOIQKRHXDQP -m comment --comment "default/web-local -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-KUZCZC32PJO5H5FA
-A KUBE-SVC-W6DWRVOIQKRHXDQP -m comment --comment "default/web-local -> 10.244.1.2:80" -j KUBE-SEP-3BUOLXOADLZEQ6S3
-A KUBE-SVL-W6DWRVOIQKRHXDQP -m comment --comment "default/web-local -> 10.244.1.2:80" -j KUBE-SEP-3BUOLXOADLZEQ6S3
-A KUBE-SEP-KUZCZC32PJO5H5FA -s 10.244.0.3/32 -m comment --comment "default/web-local" -j KUBE-MARK-MASQ
-A KUBE-SEP-KUZCZC32PJO5H5FA -p tcp -m comment --comment "default/web-local" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-3BUOLXOADLZEQ6S3 -s 10.244.1.2/32 -m comment --comment "default/web-local" -j KUBE-MARK-MASQ
-A KUBE-SEP-3BUOLXOADLZEQ6S3 -p tcp -m comment --comment "default/web-local" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-EXT-55LL6N33PHM7HQQR -s 10.244.0.0/16 -m comment --comment "pod traffic for default/alone external destinations" -j KUBE-SVC-55LL6N33PHM7HQQR
-A KUBE-EXT-55LL6N33PHM7HQQR -m comment --comment "masquerade LOCAL traffic for default/alone external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-55LL6N33PHM7HQQR -m comment --comment "route LOCAL traffic for default/alone external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-55LL6N33PHM7HQQR
-A KUBE-SVC-55LL6N33PHM7HQQR ! -s 10.244.0.0/16 -d 10.96.0.4/32 -p tcp -m comment --comment "default/alone cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-55LL6N33PHM7HQQR -m comment --comment "default/alone -> 10.244.2.2:80" -j KUBE-SEP-VXOMRQSZAIIEE7LY
-A KUBE-SEP-VXOMRQSZAIIEE7LY -s 10.244.2.2/32 -m comment --comment "default/alone" -j KUBE-MARK-MASQ
-A KUBE-SEP-VXOMRQSZAIIEE7LY -p tcp -m comment --comment "default/alone" -m tcp -j DNAT --to-destination 10.244.2.2:80
-A KUBE-EXT-Y6PQBOJDUAA5KPE7 -s 10.244.0.0/16 -m comment --comment "pod traffic for default/private external destinations" -j KUBE-SVC-Y6PQBOJDUAA5KPE7
-A KUBE-EXT-Y6PQBOJDUAA5KPE7 -m comment --comment "masquerade LOCAL traffic for default/private external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-Y6PQBOJDUAA5KPE7 -m comment --comment "route LOCAL traffic for default/private external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-Y6PQBOJDUAA5KPE7
-A KUBE-EXT-Y6PQBOJDUAA5KPE7 -j KUBE-SVL-Y6PQBOJDUAA5KPE7
-A KUBE-FW-Y6PQBOJDUAA5KPE7 -s 203.0.113.0/27 -m comment --comment "default/private loadbalancer IP" -j KUBE-EXT-Y6PQBOJDUAA5KPE7
-A KUBE-FW-Y6PQBOJDUAA5KPE7 -m comment --comment "other traffic to default/private will be dropped by KUBE-PROXY-FIREWALL"
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 ! -s 10.244.0.0/16 -d 10.96.0.7/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-5ANEWKXEP4H7M7HV
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.244.1.2:80" -j KUBE-SEP-6AITCLKLFID7IR6C
-A KUBE-SVL-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.244.1.2:80" -j KUBE-SEP-6AITCLKLFID7IR6C
-A KUBE-SEP-5ANEWKXEP4H7M7HV -s 10.244.0.3/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-5ANEWKXEP4H7M7HV -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-6AITCLKLFID7IR6C -s 10.244.1.2/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-6AITCLKLFID7IR6C -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.244.1.2:80
COMMIT
EOF
ip netns exec nsnet.load-balancer.east.node.n3 $IPT-restore --noflush <<'EOF'
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
-A KUBE-EXTERNAL-SERVICES -d 198.18.0.3/32 -p tcp -m comment --comment "default/web-local has no local endpoints" -m tcp --dport 80 -j DROP
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/web-local has no local endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30001 -j DROP
-A KUBE-EXTERNAL-SERVICES -d 198.18.0.5/32 -p tcp -m comment --comment "default/gone has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/gone has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30004 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-EXTERNAL-SERVICES -d 198.18.0.6/32 -p tcp -m comment --comment "default/empty has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/empty has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30006 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-EXTERNAL-SERVICES -d 198.18.0.7/32 -p tcp -m comment --comment "default/private has no local endpoints" -m tcp --dport 80 -j DROP
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/private has no local endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30007 -j DROP
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web-local health check node port" -m tcp --dport 32000 -j ACCEPT
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/alone health check node port" -m tcp --dport 30003 -j ACCEPT
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/gone health check node port" -m tcp --dport 30005 -j ACCEPT
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/private health check node port" -m tcp --dport 30008 -j ACCEPT
-A KUBE-PROXY-FIREWALL -d 198.18.0.7/32 -p tcp -m comment --comment "default/private traffic not accepted by KUBE-FW-Y6PQBOJDUAA5KPE7" -m tcp --dport 80 -j DROP
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A KUBE-SERVICES -d 10.96.0.5/32 -p tcp -m comment --comment "default/gone has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-SERVICES -d 10.96.0.6/32 -p tcp -m comment --comment "default/empty has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
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
:KUBE-EXT-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SVC-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SEP-VPJCWIHGOZWNRC6B - [0:0]
:KUBE-SEP-MQ4W7Q2CV67URU6Q - [0:0]
:KUBE-EXT-W6DWRVOIQKRHXDQP - [0:0]
:KUBE-SVC-W6DWRVOIQKRHXDQP - [0:0]
:KUBE-SEP-KUZCZC32PJO5H5FA - [0:0]
:KUBE-SEP-3BUOLXOADLZEQ6S3 - [0:0]
:KUBE-EXT-55LL6N33PHM7HQQR - [0:0]
:KUBE-SVC-55LL6N33PHM7HQQR - [0:0]
:KUBE-SVL-55LL6N33PHM7HQQR - [0:0]
:KUBE-SEP-VXOMRQSZAIIEE7LY - [0:0]
:KUBE-EXT-Y6PQBOJDUAA5KPE7 - [0:0]
:KUBE-FW-Y6PQBOJDUAA5KPE7 - [0:0]
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
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web" -m tcp --dport 30000 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web-local" -m tcp --dport 30001 -j KUBE-EXT-W6DWRVOIQKRHXDQP
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/alone" -m tcp --dport 30002 -j KUBE-EXT-55LL6N33PHM7HQQR
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/private" -m tcp --dport 30007 -j KUBE-EXT-Y6PQBOJDUAA5KPE7
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 198.18.0.2/32 -p tcp -m comment --comment "default/web loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 10.96.0.3/32 -p tcp -m comment --comment "default/web-local cluster IP" -m tcp --dport 80 -j KUBE-SVC-W6DWRVOIQKRHXDQP
-A KUBE-SERVICES -d 198.18.0.3/32 -p tcp -m comment --comment "default/web-local loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-W6DWRVOIQKRHXDQP
-A KUBE-SERVICES -d 10.96.0.4/32 -p tcp -m comment --comment "default/alone cluster IP" -m tcp --dport 80 -j KUBE-SVC-55LL6N33PHM7HQQR
-A KUBE-SERVICES -d 198.18.0.4/32 -p tcp -m comment --comment "default/alone loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-55LL6N33PHM7HQQR
-A KUBE-SERVICES -d 10.96.0.7/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-SVC-Y6PQBOJDUAA5KPE7
-A KUBE-SERVICES -d 198.18.0.7/32 -p tcp -m comment --comment "default/private loadbalancer IP" -m tcp --dport 80 -j KUBE-FW-Y6PQBOJDUAA5KPE7
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-EXT-LOLE4ISW44XBNF3G -m comment --comment "masquerade traffic for default/web external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-LOLE4ISW44XBNF3G -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-VPJCWIHGOZWNRC6B
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.1.2:80" -j KUBE-SEP-MQ4W7Q2CV67URU6Q
-A KUBE-SEP-VPJCWIHGOZWNRC6B -s 10.244.0.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-VPJCWIHGOZWNRC6B -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -s 10.244.1.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQ4W7Q2CV67URU6Q -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-EXT-W6DWRVOIQKRHXDQP -s 10.244.0.0/16 -m comment --comment "pod traffic for default/web-local external destinations" -j KUBE-SVC-W6DWRVOIQKRHXDQP
-A KUBE-EXT-W6DWRVOIQKRHXDQP -m comment --comment "masquerade LOCAL traffic for default/web-local external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-W6DWRVOIQKRHXDQP -m comment --comment "route LOCAL traffic for default/web-local external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-W6DWRVOIQKRHXDQP
-A KUBE-SVC-W6DWRVOIQKRHXDQP ! -s 10.244.0.0/16 -d 10.96.0.3/32 -p tcp -m comment --comment "default/web-local cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-W6DWRVOIQKRHXDQP -m comment --comment "default/web-local -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-KUZCZC32PJO5H5FA
-A KUBE-SVC-W6DWRVOIQKRHXDQP -m comment --comment "default/web-local -> 10.244.1.2:80" -j KUBE-SEP-3BUOLXOADLZEQ6S3
-A KUBE-SEP-KUZCZC32PJO5H5FA -s 10.244.0.3/32 -m comment --comment "default/web-local" -j KUBE-MARK-MASQ
-A KUBE-SEP-KUZCZC32PJO5H5FA -p tcp -m comment --comment "default/web-local" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-3BUOLXOADLZEQ6S3 -s 10.244.1.2/32 -m comment --comment "default/web-local" -j KUBE-MARK-MASQ
-A KUBE-SEP-3BUOLXOADLZEQ6S3 -p tcp -m comment --comment "default/web-local" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-EXT-55LL6N33PHM7HQQR -s 10.244.0.0/16 -m comment --comment "pod traffic for default/alone external destinations" -j KUBE-SVC-55LL6N33PHM7HQQR
-A KUBE-EXT-55LL6N33PHM7HQQR -m comment --comment "masquerade LOCAL traffic for default/alone external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-55LL6N33PHM7HQQR -m comment --comment "route LOCAL traffic for default/alone external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-55LL6N33PHM7HQQR
-A KUBE-EXT-55LL6N33PHM7HQQR -j KUBE-SVL-55LL6N33PHM7HQQR
-A KUBE-SVC-55LL6N33PHM7HQQR ! -s 10.244.0.0/16 -d 10.96.0.4/32 -p tcp -m comment --comment "default/alone cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-55LL6N33PHM7HQQR -m comment --comment "default/alone -> 10.244.2.2:80" -j KUBE-SEP-VXOMRQSZAIIEE7LY
-A KUBE-SVL-55LL6N33PHM7HQQR -m comment --comment "default/alone -> 10.244.2.2:80" -j KUBE-SEP-VXOMRQSZAIIEE7LY
-A KUBE-SEP-VXOMRQSZAIIEE7LY -s 10.244.2.2/32 -m comment --comment "default/alone" -j KUBE-MARK-MASQ
-A KUBE-SEP-VXOMRQSZAIIEE7LY -p tcp -m comment --comment "default/alone" -m tcp -j DNAT --to-destination 10.244.2.2:80
-A KUBE-EXT-Y6PQBOJDUAA5KPE7 -s 10.244.0.0/16 -m comment --comment "pod traffic for default/private external destinations" -j KUBE-SVC-Y6PQBOJDUAA5KPE7
-A KUBE-EXT-Y6PQBOJDUAA5KPE7 -m comment --comment "masquerade LOCAL traffic for default/private external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-Y6PQBOJDUAA5KPE7 -m comment --comment "route LOCAL traffic for default/private external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-Y6PQBOJDUAA5KPE7
-A KUBE-FW-Y6PQBOJDUAA5KPE7 -s 203.0.113.0/27 -m comment --comment "default/private loadbalancer IP" -j KUBE-EXT-Y6PQBOJDUAA5KPE7
-A KUBE-FW-Y6PQBOJDUAA5KPE7 -m comment --comment "other traffic to default/private will be dropped by KUBE-PROXY-FIREWALL"
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 ! -s 10.244.0.0/16 -d 10.96.0.7/32 -p tcp -m comment --comment "default/private cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.244.0.3:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-5ANEWKXEP4H7M7HV
-A KUBE-SVC-Y6PQBOJDUAA5KPE7 -m comment --comment "default/private -> 10.244.1.2:80" -j KUBE-SEP-6AITCLKLFID7IR6C
-A KUBE-SEP-5ANEWKXEP4H7M7HV -s 10.244.0.3/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-5ANEWKXEP4H7M7HV -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SEP-6AITCLKLFID7IR6C -s 10.244.1.2/32 -m comment --comment "default/private" -j KUBE-MARK-MASQ
-A KUBE-SEP-6AITCLKLFID7IR6C -p tcp -m comment --comment "default/private" -m tcp -j DNAT --to-destination 10.244.1.2:80
COMMIT
EOF
