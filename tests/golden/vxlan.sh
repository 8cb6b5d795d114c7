#!/bin/sh
# Builds the lab vxlan without its server. To remove it again: nsnet down vxlan
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.vxlan.servers
# nsnet.vxlan.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.vxlan.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.vxlan.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.vxlan.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.vxlan.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.vxlan.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.vxlan.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.vxlan.fabric
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv6.conf.all.forwarding=1
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv6.fib_multipath_hash_policy=1
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.vxlan.fabric sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.vxlan.fabric sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.vxlan.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.vxlan.external.laptop
ip netns exec nsnet.vxlan.external.laptop sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.vxlan.external.laptop sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.vxlan.external.laptop sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.vxlan.external.laptop sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.vxlan.external.laptop sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.vxlan.external.laptop sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.vxlan.external.api
ip netns exec nsnet.vxlan.external.api sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.vxlan.external.api sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.vxlan.external.api sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.vxlan.external.api sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.vxlan.external.api sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.vxlan.external.api sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.vxlan.external.narrow
ip netns exec nsnet.vxlan.external.narrow sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.vxlan.external.narrow sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.vxlan.external.narrow sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.vxlan.external.narrow sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.vxlan.external.narrow sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.vxlan.external.narrow sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.vxlan.east.node.n1
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv6.conf.all.forwarding=1
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv6.fib_multipath_hash_policy=1
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.vxlan.east.node.n1 sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.vxlan.east.node.n1 sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.vxlan.east.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.vxlan.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.vxlan.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.vxlan.east.node.n2
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv6.conf.all.forwarding=1
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv6.fib_multipath_hash_policy=1
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.vxlan.east.node.n2 sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.vxlan.east.node.n2 sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.vxlan.east.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.vxlan.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.vxlan.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.vxlan.east.pod.default.client
ip netns exec nsnet.vxlan.east.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.vxlan.east.pod.default.client sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.vxlan.east.pod.default.client sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.vxlan.east.pod.default.client sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.vxlan.east.pod.default.client sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.vxlan.east.pod.default.client sysctl -q -w net.ipv6.conf.all.forwarding=0
ip netns exec nsnet.vxlan.east.pod.default.client sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.vxlan.east.pod.default.client sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.vxlan.east.pod.default.client sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.vxlan.east.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.vxlan.east.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.vxlan.east.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.vxlan.east.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.vxlan.east.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.vxlan.east.pod.default.far
ip netns exec nsnet.vxlan.east.pod.default.far sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.vxlan.east.pod.default.far sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.vxlan.east.pod.default.far sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.vxlan.east.pod.default.far sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.vxlan.east.pod.default.far sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.vxlan.east.pod.default.far sysctl -q -w net.ipv6.conf.all.forwarding=0
ip netns exec nsnet.vxlan.east.pod.default.far sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.vxlan.east.pod.default.far sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.vxlan.east.pod.default.far sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.vxlan.east.pod.default.far sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.vxlan.east.pod.default.far sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.vxlan.east.pod.default.far sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.vxlan.east.pod.default.far sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.vxlan.east.pod.default.far sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.vxlan.east.pod.default.near
ip netns exec nsnet.vxlan.east.pod.default.near sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.vxlan.east.pod.default.near sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.vxlan.east.pod.default.near sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.vxlan.east.pod.default.near sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.vxlan.east.pod.default.near sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.vxlan.east.pod.default.near sysctl -q -w net.ipv6.conf.all.forwarding=0
ip netns exec nsnet.vxlan.east.pod.default.near sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.vxlan.east.pod.default.near sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.vxlan.east.pod.default.near sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.vxlan.east.pod.default.near sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.vxlan.east.pod.default.near sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.vxlan.east.pod.default.near sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.vxlan.east.pod.default.near sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.vxlan.east.pod.default.near sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.vxlan.east.pod.kube-system.coredns-0
ip netns exec nsnet.vxlan.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.vxlan.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.vxlan.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.vxlan.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.vxlan.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.vxlan.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv6.conf.all.forwarding=0
ip netns exec nsnet.vxlan.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.vxlan.east.pod.kube-system.coredns-0 sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.vxlan.east.pod.kube-system.coredns-0 sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.vxlan.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.vxlan.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.vxlan.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.vxlan.east.pod.kube-system.coredns-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.vxlan.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.vxlan.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.vxlan.fabric link set br-fabric up
ip -n nsnet.vxlan.fabric link add br-east address 02:00:c0:a8:0a:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.vxlan.fabric link set br-east up
ip -n nsnet.vxlan.fabric link add east_n1 address 06:3e:77:8d:a7:d2 type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.vxlan.east.node.n1
ip -n nsnet.vxlan.fabric link set east_n1 master br-east up
ip -n nsnet.vxlan.fabric link add east_n2 address 06:94:7f:76:8a:2e type veth peer name eth0 address 02:00:c0:a8:0a:03 netns nsnet.vxlan.east.node.n2
ip -n nsnet.vxlan.fabric link set east_n2 master br-east up
ip -n nsnet.vxlan.fabric link add ext-laptop address 06:50:72:3f:e7:17 type veth peer name eth0 address 02:00:cb:00:71:0a netns nsnet.vxlan.external.laptop
ip -n nsnet.vxlan.fabric link set ext-laptop master br-fabric up
ip -n nsnet.vxlan.fabric link add ext-api address 06:f1:a2:74:76:ee type veth peer name eth0 address 02:00:cb:00:71:50 netns nsnet.vxlan.external.api
ip -n nsnet.vxlan.fabric link set ext-api master br-fabric up
ip -n nsnet.vxlan.fabric link add ext-narrow address 06:a4:33:69:ce:42 type veth peer name eth0 address 02:00:cb:00:71:5a netns nsnet.vxlan.external.narrow
ip -n nsnet.vxlan.fabric link set ext-narrow master br-fabric up
ip -n nsnet.vxlan.east.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.vxlan.east.node.n1 link set cbr0 up
ip -n nsnet.vxlan.east.node.n1 link add client address 06:a9:6f:1f:0d:aa type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.vxlan.east.pod.default.client
ip -n nsnet.vxlan.east.node.n1 link set client master cbr0 up
bridge -n nsnet.vxlan.east.node.n1 link set dev client hairpin on
ip -n nsnet.vxlan.east.node.n1 link add near address 06:df:44:40:81:e1 type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.vxlan.east.pod.default.near
ip -n nsnet.vxlan.east.node.n1 link set near master cbr0 up
bridge -n nsnet.vxlan.east.node.n1 link set dev near hairpin on
ip -n nsnet.vxlan.east.node.n1 link add coredns-_12124f address 06:d7:b5:6e:60:ea type veth peer name eth0 address 02:00:0a:f4:00:fe netns nsnet.vxlan.east.pod.kube-system.coredns-0
ip -n nsnet.vxlan.east.node.n1 link set coredns-_12124f master cbr0 up
bridge -n nsnet.vxlan.east.node.n1 link set dev coredns-_12124f hairpin on
ip -n nsnet.vxlan.east.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.vxlan.east.node.n2 link set cbr0 up
ip -n nsnet.vxlan.east.node.n2 link add far address 06:df:e3:bc:64:fb type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.vxlan.east.pod.default.far
ip -n nsnet.vxlan.east.node.n2 link set far master cbr0 up
bridge -n nsnet.vxlan.east.node.n2 link set dev far hairpin on
ip -n nsnet.vxlan.east.node.n1 link add flannel.1 address 02:00:0a:f4:00:00 type vxlan id 1 dev eth0 local 192.168.10.2 dstport 8472 nolearning
ip -n nsnet.vxlan.east.node.n1 link set flannel.1 up
ip -n nsnet.vxlan.east.node.n2 link add flannel.1 address 02:00:0a:f4:01:00 type vxlan id 1 dev eth0 local 192.168.10.3 dstport 8472 nolearning
ip -n nsnet.vxlan.east.node.n2 link set flannel.1 up
ip -n nsnet.vxlan.servers link set lo up
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv6.neigh.br-fabric.retrans_time_ms=100
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv4.neigh.br-east.retrans_time_ms=100
ip netns exec nsnet.vxlan.fabric sysctl -q -w net.ipv6.neigh.br-east.retrans_time_ms=100
ip -n nsnet.vxlan.fabric link set lo up
ip -n nsnet.vxlan.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.vxlan.fabric addr add fd00:198:18::1/64 dev br-fabric
ip -n nsnet.vxlan.fabric addr add 192.168.10.1/24 dev br-east
ip -n nsnet.vxlan.fabric addr add fd00:192:168:10::1/64 dev br-east
ip -n nsnet.vxlan.fabric route add 203.0.113.10/32 dev br-fabric
ip -n nsnet.vxlan.fabric route add 203.0.113.80/32 dev br-fabric
ip -n nsnet.vxlan.fabric route add 203.0.113.90/32 dev br-fabric mtu 1400
ip netns exec nsnet.vxlan.external.laptop sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.vxlan.external.laptop link set lo up
ip -n nsnet.vxlan.external.laptop link set eth0 up
ip -n nsnet.vxlan.external.laptop addr add 203.0.113.10/32 dev eth0
ip -n nsnet.vxlan.external.laptop route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.vxlan.external.api sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.vxlan.external.api link set lo up
ip -n nsnet.vxlan.external.api link set eth0 up
ip -n nsnet.vxlan.external.api addr add 203.0.113.80/32 dev eth0
ip -n nsnet.vxlan.external.api route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.vxlan.external.narrow sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.vxlan.external.narrow link set lo up
ip -n nsnet.vxlan.external.narrow link set eth0 up
ip -n nsnet.vxlan.external.narrow addr add 203.0.113.90/32 dev eth0
ip -n nsnet.vxlan.external.narrow route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.vxlan.east.node.n1 sysctl -q -w net.ipv6.neigh.cbr0.retrans_time_ms=100
ip -n nsnet.vxlan.east.node.n1 link set lo up
ip -n nsnet.vxlan.east.node.n1 link set eth0 up
ip -n nsnet.vxlan.east.node.n1 link set cbr0 mtu 1450
ip -n nsnet.vxlan.east.node.n1 link set client mtu 1450
ip -n nsnet.vxlan.east.node.n1 link set near mtu 1450
ip -n nsnet.vxlan.east.node.n1 link set coredns-_12124f mtu 1450
ip -n nsnet.vxlan.east.node.n1 link set flannel.1 mtu 1450
ip -n nsnet.vxlan.east.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.vxlan.east.node.n1 addr add fd00:192:168:10::2/64 dev eth0
ip -n nsnet.vxlan.east.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.vxlan.east.node.n1 addr add fd00:10:244::1/64 dev cbr0
ip -n nsnet.vxlan.east.node.n1 addr add 10.244.0.0/32 dev flannel.1
ip -n nsnet.vxlan.east.node.n1 addr add fd00:10:244::/128 dev flannel.1
ip -n nsnet.vxlan.east.node.n1 route add default via 192.168.10.1 dev eth0
ip -n nsnet.vxlan.east.node.n1 route add default via fd00:192:168:10::1 dev eth0
ip -n nsnet.vxlan.east.node.n1 route add 10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink
ip -n nsnet.vxlan.east.node.n1 route add fd00:10:244:1::/64 via fd00:10:244:1:: dev flannel.1 onlink
ip -n nsnet.vxlan.east.node.n1 neigh replace 10.244.1.0 lladdr 02:00:0a:f4:01:00 dev flannel.1 nud permanent
ip -n nsnet.vxlan.east.node.n1 neigh replace fd00:10:244:1:: lladdr 02:00:0a:f4:01:00 dev flannel.1 nud permanent
bridge -n nsnet.vxlan.east.node.n1 fdb replace 02:00:0a:f4:01:00 dev flannel.1 dst 192.168.10.3 self permanent
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.vxlan.east.node.n2 sysctl -q -w net.ipv6.neigh.cbr0.retrans_time_ms=100
ip -n nsnet.vxlan.east.node.n2 link set lo up
ip -n nsnet.vxlan.east.node.n2 link set eth0 up
ip -n nsnet.vxlan.east.node.n2 link set cbr0 mtu 1450
ip -n nsnet.vxlan.east.node.n2 link set far mtu 1450
ip -n nsnet.vxlan.east.node.n2 link set flannel.1 mtu 1450
ip -n nsnet.vxlan.east.node.n2 addr add 192.168.10.3/24 dev eth0
ip -n nsnet.vxlan.east.node.n2 addr add fd00:192:168:10::3/64 dev eth0
ip -n nsnet.vxlan.east.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.vxlan.east.node.n2 addr add fd00:10:244:1::1/64 dev cbr0
ip -n nsnet.vxlan.east.node.n2 addr add 10.244.1.0/32 dev flannel.1
ip -n nsnet.vxlan.east.node.n2 addr add fd00:10:244:1::/128 dev flannel.1
ip -n nsnet.vxlan.east.node.n2 route add default via 192.168.10.1 dev eth0
ip -n nsnet.vxlan.east.node.n2 route add default via fd00:192:168:10::1 dev eth0
ip -n nsnet.vxlan.east.node.n2 route add 10.244.0.0/24 via 10.244.0.0 dev flannel.1 onlink
ip -n nsnet.vxlan.east.node.n2 route add fd00:10:244::/64 via fd00:10:244:: dev flannel.1 onlink
ip -n nsnet.vxlan.east.node.n2 neigh replace 10.244.0.0 lladdr 02:00:0a:f4:00:00 dev flannel.1 nud permanent
ip -n nsnet.vxlan.east.node.n2 neigh replace fd00:10:244:: lladdr 02:00:0a:f4:00:00 dev flannel.1 nud permanent
bridge -n nsnet.vxlan.east.node.n2 fdb replace 02:00:0a:f4:00:00 dev flannel.1 dst 192.168.10.2 self permanent
ip netns exec nsnet.vxlan.east.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.vxlan.east.pod.default.client sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.vxlan.east.pod.default.client link set lo up
ip -n nsnet.vxlan.east.pod.default.client link set eth0 up
ip -n nsnet.vxlan.east.pod.default.client link set eth0 mtu 1450
ip -n nsnet.vxlan.east.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.vxlan.east.pod.default.client addr add fd00:10:244::2/64 dev eth0
ip -n nsnet.vxlan.east.pod.default.client route add default via 10.244.0.1 dev eth0
ip -n nsnet.vxlan.east.pod.default.client route add default via fd00:10:244::1 dev eth0
ip netns exec nsnet.vxlan.east.pod.default.far sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.vxlan.east.pod.default.far sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.vxlan.east.pod.default.far link set lo up
ip -n nsnet.vxlan.east.pod.default.far link set eth0 up
ip -n nsnet.vxlan.east.pod.default.far link set eth0 mtu 1450
ip -n nsnet.vxlan.east.pod.default.far addr add 10.244.1.2/24 dev eth0
ip -n nsnet.vxlan.east.pod.default.far addr add fd00:10:244:1::2/64 dev eth0
ip -n nsnet.vxlan.east.pod.default.far route add default via 10.244.1.1 dev eth0
ip -n nsnet.vxlan.east.pod.default.far route add default via fd00:10:244:1::1 dev eth0
ip netns exec nsnet.vxlan.east.pod.default.near sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.vxlan.east.pod.default.near sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.vxlan.east.pod.default.near link set lo up
ip -n nsnet.vxlan.east.pod.default.near link set eth0 up
ip -n nsnet.vxlan.east.pod.default.near link set eth0 mtu 1450
ip -n nsnet.vxlan.east.pod.default.near addr add 10.244.0.3/24 dev eth0
ip -n nsnet.vxlan.east.pod.default.near addr add fd00:10:244::3/64 dev eth0
ip -n nsnet.vxlan.east.pod.default.near route add default via 10.244.0.1 dev eth0
ip -n nsnet.vxlan.east.pod.default.near route add default via fd00:10:244::1 dev eth0
ip netns exec nsnet.vxlan.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.vxlan.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.vxlan.east.pod.kube-system.coredns-0 link set lo up
ip -n nsnet.vxlan.east.pod.kube-system.coredns-0 link set eth0 up
ip -n nsnet.vxlan.east.pod.kube-system.coredns-0 link set eth0 mtu 1450
ip -n nsnet.vxlan.east.pod.kube-system.coredns-0 addr add 10.244.0.254/24 dev eth0
ip -n nsnet.vxlan.east.pod.kube-system.coredns-0 addr add fd00:10:244:0:ffff:ffff:ffff:ffff/64 dev eth0
ip -n nsnet.vxlan.east.pod.kube-system.coredns-0 route add default via 10.244.0.1 dev eth0
ip -n nsnet.vxlan.east.pod.kube-system.coredns-0 route add default via fd00:10:244::1 dev eth0
# nsnet.vxlan.external.api: external/api answers on 443/tcp
# nsnet.vxlan.external.narrow: external/narrow answers on 443/tcp
# nsnet.vxlan.external.narrow: external/narrow answers on 53/udp
# nsnet.vxlan.east.pod.default.far: east/pod/far answers on 80/tcp
# nsnet.vxlan.east.pod.default.far: east/pod/far answers on 80/udp
# nsnet.vxlan.east.pod.default.near: east/pod/near answers on 80/tcp
# nsnet.vxlan.east.pod.default.near: east/pod/near answers on 80/udp
# nsnet.vxlan.east.pod.kube-system.coredns-0: east/pod/coredns-0.kube-system answers DNS queries on 53/udp
# nsnet.vxlan.east.pod.kube-system.coredns-0: east/pod/coredns-0.kube-system answers DNS queries on 53/tcp
ip netns exec nsnet.vxlan.east.node.n1 $IPT-restore --noflush <<'EOF'
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
:FLANNEL-POSTRTG - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-EXT-LOLE4ISW44XBNF3G - [0:0]
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
-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
-A FLANNEL-POSTRTG -m comment --comment "flanneld masq" -m mark --mark 0x4000/0x4000 -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/24 -d 10.244.0.0/16 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/16 -d 10.244.0.0/24 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.0.0/24 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.0.0/16 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web" -m tcp --dport 30080 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-SVC-ERIFXISQEP7F7OF4
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
ip netns exec nsnet.vxlan.east.node.n1 $IP6T-restore --noflush <<'EOF'
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
:FLANNEL-POSTRTG - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-TCOU7JCQXEZGVUNU - [0:0]
:KUBE-SEP-IWBBF7QCIROZ7CSW - [0:0]
:KUBE-SVC-ERIFXISQEP7F7OF4 - [0:0]
:KUBE-SEP-U5MJ75G5GGX3PT3L - [0:0]
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
-A FLANNEL-POSTRTG -m comment --comment "flanneld masq" -m mark --mark 0x4000/0x4000 -j RETURN
-A FLANNEL-POSTRTG -s fd00:10:244::/64 -d fd00:10:244::/56 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s fd00:10:244::/56 -d fd00:10:244::/64 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG ! -s fd00:10:244::/56 -d fd00:10:244::/64 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s fd00:10:244::/56 ! -d ff00::/8 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
-A FLANNEL-POSTRTG ! -s fd00:10:244::/56 -d fd00:10:244::/56 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d fd00:10:96::a/128 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A KUBE-SERVICES -d fd00:10:96::a/128 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-SVC-ERIFXISQEP7F7OF4
-A KUBE-SERVICES ! -d ::1/128 -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-TCOU7JCQXEZGVUNU ! -s fd00:10:244::/56 -d fd00:10:96::a/128 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-TCOU7JCQXEZGVUNU -m comment --comment "kube-system/kube-dns:dns -> [fd00:10:244:0:ffff:ffff:ffff:ffff]:53" -j KUBE-SEP-IWBBF7QCIROZ7CSW
-A KUBE-SEP-IWBBF7QCIROZ7CSW -s fd00:10:244:0:ffff:ffff:ffff:ffff/128 -m comment --comment "kube-system/kube-dns:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-IWBBF7QCIROZ7CSW -p udp -m comment --comment "kube-system/kube-dns:dns" -m udp -j DNAT --to-destination [fd00:10:244:0:ffff:ffff:ffff:ffff]:53
-A KUBE-SVC-ERIFXISQEP7F7OF4 ! -s fd00:10:244::/56 -d fd00:10:96::a/128 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-ERIFXISQEP7F7OF4 -m comment --comment "kube-system/kube-dns:dns-tcp -> [fd00:10:244:0:ffff:ffff:ffff:ffff]:53" -j KUBE-SEP-U5MJ75G5GGX3PT3L
-A KUBE-SEP-U5MJ75G5GGX3PT3L -s fd00:10:244:0:ffff:ffff:ffff:ffff/128 -m comment --comment "kube-system/kube-dns:dns-tcp" -j KUBE-MARK-MASQ
-A KUBE-SEP-U5MJ75G5GGX3PT3L -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp" -m tcp -j DNAT --to-destination [fd00:10:244:0:ffff:ffff:ffff:ffff]:53
COMMIT
EOF
ip netns exec nsnet.vxlan.east.node.n2 $IPT-restore --noflush <<'EOF'
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
:FLANNEL-POSTRTG - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-EXT-LOLE4ISW44XBNF3G - [0:0]
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
-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
-A FLANNEL-POSTRTG -m comment --comment "flanneld masq" -m mark --mark 0x4000/0x4000 -j RETURN
-A FLANNEL-POSTRTG -s 10.244.1.0/24 -d 10.244.0.0/16 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/16 -d 10.244.1.0/24 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.1.0/24 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.0.0/16 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web" -m tcp --dport 30080 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-SVC-ERIFXISQEP7F7OF4
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
ip netns exec nsnet.vxlan.east.node.n2 $IP6T-restore --noflush <<'EOF'
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
:FLANNEL-POSTRTG - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-TCOU7JCQXEZGVUNU - [0:0]
:KUBE-SEP-IWBBF7QCIROZ7CSW - [0:0]
:KUBE-SVC-ERIFXISQEP7F7OF4 - [0:0]
:KUBE-SEP-U5MJ75G5GGX3PT3L - [0:0]
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
-A FLANNEL-POSTRTG -m comment --comment "flanneld masq" -m mark --mark 0x4000/0x4000 -j RETURN
-A FLANNEL-POSTRTG -s fd00:10:244:1::/64 -d fd00:10:244::/56 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s fd00:10:244::/56 -d fd00:10:244:1::/64 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG ! -s fd00:10:244::/56 -d fd00:10:244:1::/64 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s fd00:10:244::/56 ! -d ff00::/8 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
-A FLANNEL-POSTRTG ! -s fd00:10:244::/56 -d fd00:10:244::/56 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d fd00:10:96::a/128 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A KUBE-SERVICES -d fd00:10:96::a/128 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-SVC-ERIFXISQEP7F7OF4
-A KUBE-SERVICES ! -d ::1/128 -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-TCOU7JCQXEZGVUNU ! -s fd00:10:244::/56 -d fd00:10:96::a/128 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-TCOU7JCQXEZGVUNU -m comment --comment "kube-system/kube-dns:dns -> [fd00:10:244:0:ffff:ffff:ffff:ffff]:53" -j KUBE-SEP-IWBBF7QCIROZ7CSW
-A KUBE-SEP-IWBBF7QCIROZ7CSW -s fd00:10:244:0:ffff:ffff:ffff:ffff/128 -m comment --comment "kube-system/kube-dns:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-IWBBF7QCIROZ7CSW -p udp -m comment --comment "kube-system/kube-dns:dns" -m udp -j DNAT --to-destination [fd00:10:244:0:ffff:ffff:ffff:ffff]:53
-A KUBE-SVC-ERIFXISQEP7F7OF4 ! -s fd00:10:244::/56 -d fd00:10:96::a/128 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-ERIFXISQEP7F7OF4 -m comment --comment "kube-system/kube-dns:dns-tcp -> [fd00:10:244:0:ffff:ffff:ffff:ffff]:53" -j KUBE-SEP-U5MJ75G5GGX3PT3L
-A KUBE-SEP-U5MJ75G5GGX3PT3L -s fd00:10:244:0:ffff:ffff:ffff:ffff/128 -m comment --comment "kube-system/kube-dns:dns-tcp" -j KUBE-MARK-MASQ
-A KUBE-SEP-U5MJ75G5GGX3PT3L -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp" -m tcp -j DNAT --to-destination [fd00:10:244:0:ffff:ffff:ffff:ffff]:53
COMMIT
EOF
