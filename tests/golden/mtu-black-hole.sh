#!/bin/sh
# Builds the lab mtu-black-hole, but for its server. To remove it again: nsnet down mtu-black-hole
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.mtu-black-hole.servers
# nsnet.mtu-black-hole.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.mtu-black-hole.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.mtu-black-hole.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.mtu-black-hole.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.mtu-black-hole.fabric
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.ipv6.conf.all.forwarding=1
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.ipv6.fib_multipath_hash_policy=1
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.mtu-black-hole.fabric sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.mtu-black-hole.fabric sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.mtu-black-hole.external.archive
ip netns exec nsnet.mtu-black-hole.external.archive sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.mtu-black-hole.external.archive sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.mtu-black-hole.external.archive sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.external.archive sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.external.archive sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.external.archive sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.mtu-black-hole.external.archive6
ip netns exec nsnet.mtu-black-hole.external.archive6 sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.mtu-black-hole.external.archive6 sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.mtu-black-hole.external.archive6 sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.mtu-black-hole.external.archive6 sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.mtu-black-hole.external.archive6 sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.mtu-black-hole.external.archive6 sysctl -q -w net.ipv6.conf.all.forwarding=0
ip netns exec nsnet.mtu-black-hole.external.archive6 sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.mtu-black-hole.external.archive6 sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.mtu-black-hole.external.archive6 sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.mtu-black-hole.external.archive6 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.mtu-black-hole.external.archive6 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.external.archive6 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.external.archive6 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.external.archive6 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.mtu-black-hole.wrong.gateway
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv6.conf.all.forwarding=1
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv6.fib_multipath_hash_policy=1
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.mtu-black-hole.wrong.node.n1
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv6.conf.all.forwarding=1
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv6.fib_multipath_hash_policy=1
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.mtu-black-hole.wrong.node.n2
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv6.conf.all.forwarding=1
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv6.fib_multipath_hash_policy=1
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.mtu-black-hole.wrong.pod.default.client
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.client sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.client sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.client sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.client sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.client sysctl -q -w net.ipv6.conf.all.forwarding=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.client sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.client sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.client sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.mtu-black-hole.wrong.pod.default.web
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.web sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.web sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.web sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.web sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.web sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.web sysctl -q -w net.ipv6.conf.all.forwarding=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.web sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.web sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.web sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.web sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.web sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.web sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.web sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.web sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.mtu-black-hole.right.gateway
ip netns exec nsnet.mtu-black-hole.right.gateway sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.mtu-black-hole.right.gateway sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.mtu-black-hole.right.gateway sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.right.gateway sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.right.gateway sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.right.gateway sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.mtu-black-hole.right.gateway sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.mtu-black-hole.right.gateway sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.mtu-black-hole.right.gateway sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.mtu-black-hole.right.gateway sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.mtu-black-hole.right.gateway sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.mtu-black-hole.right.node.n1
ip netns exec nsnet.mtu-black-hole.right.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.mtu-black-hole.right.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.mtu-black-hole.right.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.right.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.right.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.right.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.mtu-black-hole.right.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.mtu-black-hole.right.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.mtu-black-hole.right.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.mtu-black-hole.right.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.mtu-black-hole.right.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.mtu-black-hole.right.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.mtu-black-hole.right.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.mtu-black-hole.right.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.mtu-black-hole.right.node.n2
ip netns exec nsnet.mtu-black-hole.right.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.mtu-black-hole.right.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.mtu-black-hole.right.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.right.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.right.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.right.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.mtu-black-hole.right.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.mtu-black-hole.right.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.mtu-black-hole.right.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.mtu-black-hole.right.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.mtu-black-hole.right.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.mtu-black-hole.right.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.mtu-black-hole.right.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.mtu-black-hole.right.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.mtu-black-hole.right.pod.default.client
ip netns exec nsnet.mtu-black-hole.right.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.mtu-black-hole.right.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.mtu-black-hole.right.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.right.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.right.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.right.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.mtu-black-hole.right.pod.default.web
ip netns exec nsnet.mtu-black-hole.right.pod.default.web sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.mtu-black-hole.right.pod.default.web sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.mtu-black-hole.right.pod.default.web sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.right.pod.default.web sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.right.pod.default.web sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.right.pod.default.web sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.mtu-black-hole.told.gateway
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv6.conf.all.forwarding=1
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv6.fib_multipath_hash_policy=1
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.mtu-black-hole.told.node.n1
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv6.conf.all.forwarding=1
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv6.fib_multipath_hash_policy=1
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.mtu-black-hole.told.node.n2
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv6.conf.all.forwarding=1
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv6.fib_multipath_hash_policy=1
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.mtu-black-hole.told.pod.default.client
ip netns exec nsnet.mtu-black-hole.told.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.client sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.client sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.client sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.client sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.client sysctl -q -w net.ipv6.conf.all.forwarding=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.client sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.client sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.mtu-black-hole.told.pod.default.client sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.mtu-black-hole.told.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.mtu-black-hole.told.pod.default.web
ip netns exec nsnet.mtu-black-hole.told.pod.default.web sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.web sysctl -q -w net.ipv6.conf.all.accept_dad=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.web sysctl -q -w net.ipv6.conf.default.accept_dad=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.web sysctl -q -w net.ipv6.conf.default.accept_ra=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.web sysctl -q -w net.ipv6.conf.default.accept_redirects=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.web sysctl -q -w net.ipv6.conf.all.forwarding=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.web sysctl -q -w net.ipv6.icmp.ratelimit=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.web sysctl -qe -w net.ipv4.icmp_msgs_per_sec=100000
ip netns exec nsnet.mtu-black-hole.told.pod.default.web sysctl -qe -w net.ipv4.icmp_msgs_burst=100000
ip netns exec nsnet.mtu-black-hole.told.pod.default.web sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.web sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.web sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.web sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.mtu-black-hole.told.pod.default.web sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.mtu-black-hole.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.mtu-black-hole.fabric link set br-fabric up
ip -n nsnet.mtu-black-hole.fabric link add br-wrong address 06:46:05:9c:f9:cc type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.mtu-black-hole.fabric link set br-wrong up
ip -n nsnet.mtu-black-hole.fabric link add br-right address 06:1b:11:8a:64:8c type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.mtu-black-hole.fabric link set br-right up
ip -n nsnet.mtu-black-hole.fabric link add br-told address 06:b8:8b:72:8a:cc type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.mtu-black-hole.fabric link set br-told up
ip -n nsnet.mtu-black-hole.wrong.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.mtu-black-hole.wrong.node.n1 link set cbr0 up
ip -n nsnet.mtu-black-hole.wrong.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.mtu-black-hole.wrong.node.n2 link set cbr0 up
ip -n nsnet.mtu-black-hole.right.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.mtu-black-hole.right.node.n1 link set cbr0 up
ip -n nsnet.mtu-black-hole.right.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.mtu-black-hole.right.node.n2 link set cbr0 up
ip -n nsnet.mtu-black-hole.told.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.mtu-black-hole.told.node.n1 link set cbr0 up
ip -n nsnet.mtu-black-hole.told.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.mtu-black-hole.told.node.n2 link set cbr0 up
ip -n nsnet.mtu-black-hole.fabric link add wrong_n1 address 06:14:89:a7:ee:e5 type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.mtu-black-hole.wrong.node.n1
ip -n nsnet.mtu-black-hole.fabric link set wrong_n1 master br-wrong up
ip -n nsnet.mtu-black-hole.fabric link add wrong_n2 address 06:40:3a:72:b8:fa type veth peer name eth0 address 02:00:c0:a8:0a:03 netns nsnet.mtu-black-hole.wrong.node.n2
ip -n nsnet.mtu-black-hole.fabric link set wrong_n2 master br-wrong up
ip -n nsnet.mtu-black-hole.fabric link add gw-wrong address 06:5b:7b:ce:da:5d type veth peer name eth0 address 02:00:c0:a8:0a:01 netns nsnet.mtu-black-hole.wrong.gateway
ip -n nsnet.mtu-black-hole.fabric link set gw-wrong master br-wrong up
ip -n nsnet.mtu-black-hole.fabric link add out-wrong address 06:c9:73:cb:9b:5e type veth peer name eth1 address 02:00:c6:12:00:02 netns nsnet.mtu-black-hole.wrong.gateway
ip -n nsnet.mtu-black-hole.fabric link set out-wrong master br-fabric up
ip -n nsnet.mtu-black-hole.fabric link add right_n1 address 06:a2:0d:47:0d:a9 type veth peer name eth0 address 02:00:c0:a8:14:02 netns nsnet.mtu-black-hole.right.node.n1
ip -n nsnet.mtu-black-hole.fabric link set right_n1 master br-right up
ip -n nsnet.mtu-black-hole.fabric link add right_n2 address 06:6e:af:12:ea:1b type veth peer name eth0 address 02:00:c0:a8:14:03 netns nsnet.mtu-black-hole.right.node.n2
ip -n nsnet.mtu-black-hole.fabric link set right_n2 master br-right up
ip -n nsnet.mtu-black-hole.fabric link add gw-right address 06:f1:77:4c:51:7a type veth peer name eth0 address 02:00:c0:a8:14:01 netns nsnet.mtu-black-hole.right.gateway
ip -n nsnet.mtu-black-hole.fabric link set gw-right master br-right up
ip -n nsnet.mtu-black-hole.fabric link add out-right address 06:e1:72:f3:be:3f type veth peer name eth1 address 02:00:c6:12:00:03 netns nsnet.mtu-black-hole.right.gateway
ip -n nsnet.mtu-black-hole.fabric link set out-right master br-fabric up
ip -n nsnet.mtu-black-hole.fabric link add told_n1 address 06:49:97:5b:3b:c1 type veth peer name eth0 address 02:00:c0:a8:1e:02 netns nsnet.mtu-black-hole.told.node.n1
ip -n nsnet.mtu-black-hole.fabric link set told_n1 master br-told up
ip -n nsnet.mtu-black-hole.fabric link add told_n2 address 06:f2:e1:77:6f:9b type veth peer name eth0 address 02:00:c0:a8:1e:03 netns nsnet.mtu-black-hole.told.node.n2
ip -n nsnet.mtu-black-hole.fabric link set told_n2 master br-told up
ip -n nsnet.mtu-black-hole.fabric link add gw-told address 06:5e:a7:ab:79:ce type veth peer name eth0 address 02:00:c0:a8:1e:01 netns nsnet.mtu-black-hole.told.gateway
ip -n nsnet.mtu-black-hole.fabric link set gw-told master br-told up
ip -n nsnet.mtu-black-hole.fabric link add out-told address 06:49:93:f5:53:23 type veth peer name eth1 address 02:00:c6:12:00:04 netns nsnet.mtu-black-hole.told.gateway
ip -n nsnet.mtu-black-hole.fabric link set out-told master br-fabric up
ip -n nsnet.mtu-black-hole.fabric link add ext-archive address 06:cc:e6:72:36:b6 type veth peer name eth0 address 02:00:cb:00:71:50 netns nsnet.mtu-black-hole.external.archive
ip -n nsnet.mtu-black-hole.fabric link set ext-archive master br-fabric up
ip -n nsnet.mtu-black-hole.fabric link add ext-archive6 address 06:d8:45:29:56:27 type veth peer name eth0 address 02:06:00:00:00:80 netns nsnet.mtu-black-hole.external.archive6
ip -n nsnet.mtu-black-hole.fabric link set ext-archive6 master br-fabric up
ip -n nsnet.mtu-black-hole.wrong.node.n1 link add client address 06:e1:75:77:4c:0d type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.mtu-black-hole.wrong.pod.default.client
ip -n nsnet.mtu-black-hole.wrong.node.n1 link set client master cbr0 up
bridge -n nsnet.mtu-black-hole.wrong.node.n1 link set dev client hairpin on
ip -n nsnet.mtu-black-hole.wrong.node.n2 link add web address 06:57:43:fd:4d:a8 type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.mtu-black-hole.wrong.pod.default.web
ip -n nsnet.mtu-black-hole.wrong.node.n2 link set web master cbr0 up
bridge -n nsnet.mtu-black-hole.wrong.node.n2 link set dev web hairpin on
ip -n nsnet.mtu-black-hole.right.node.n1 link add client address 06:3f:1a:2c:cc:50 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.mtu-black-hole.right.pod.default.client
ip -n nsnet.mtu-black-hole.right.node.n1 link set client master cbr0 up
bridge -n nsnet.mtu-black-hole.right.node.n1 link set dev client hairpin on
ip -n nsnet.mtu-black-hole.right.node.n2 link add web address 06:7b:09:9d:e4:3d type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.mtu-black-hole.right.pod.default.web
ip -n nsnet.mtu-black-hole.right.node.n2 link set web master cbr0 up
bridge -n nsnet.mtu-black-hole.right.node.n2 link set dev web hairpin on
ip -n nsnet.mtu-black-hole.told.node.n1 link add client address 06:0c:e1:fe:ae:64 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.mtu-black-hole.told.pod.default.client
ip -n nsnet.mtu-black-hole.told.node.n1 link set client master cbr0 up
bridge -n nsnet.mtu-black-hole.told.node.n1 link set dev client hairpin on
ip -n nsnet.mtu-black-hole.told.node.n2 link add web address 06:87:81:70:c9:ce type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.mtu-black-hole.told.pod.default.web
ip -n nsnet.mtu-black-hole.told.node.n2 link set web master cbr0 up
bridge -n nsnet.mtu-black-hole.told.node.n2 link set dev web hairpin on
ip -n nsnet.mtu-black-hole.wrong.node.n1 link add flannel.1 address 02:00:0a:f4:00:00 type vxlan id 1 dev eth0 local 192.168.10.2 dstport 8472 nolearning
ip -n nsnet.mtu-black-hole.wrong.node.n1 link set flannel.1 up
ip -n nsnet.mtu-black-hole.wrong.node.n2 link add flannel.1 address 02:00:0a:f4:01:00 type vxlan id 1 dev eth0 local 192.168.10.3 dstport 8472 nolearning
ip -n nsnet.mtu-black-hole.wrong.node.n2 link set flannel.1 up
ip -n nsnet.mtu-black-hole.right.node.n1 link add flannel.1 address 02:00:0a:f4:00:00 type vxlan id 1 dev eth0 local 192.168.20.2 dstport 8472 nolearning
ip -n nsnet.mtu-black-hole.right.node.n1 link set flannel.1 up
ip -n nsnet.mtu-black-hole.right.node.n2 link add flannel.1 address 02:00:0a:f4:01:00 type vxlan id 1 dev eth0 local 192.168.20.3 dstport 8472 nolearning
ip -n nsnet.mtu-black-hole.right.node.n2 link set flannel.1 up
ip -n nsnet.mtu-black-hole.told.node.n1 link add flannel.1 address 02:00:0a:f4:00:00 type vxlan id 1 dev eth0 local 192.168.30.2 dstport 8472 nolearning
ip -n nsnet.mtu-black-hole.told.node.n1 link set flannel.1 up
ip -n nsnet.mtu-black-hole.told.node.n2 link add flannel.1 address 02:00:0a:f4:01:00 type vxlan id 1 dev eth0 local 192.168.30.3 dstport 8472 nolearning
ip -n nsnet.mtu-black-hole.told.node.n2 link set flannel.1 up
ip -n nsnet.mtu-black-hole.servers link set lo up
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.fabric sysctl -q -w net.ipv6.neigh.br-fabric.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.fabric link set lo up
ip -n nsnet.mtu-black-hole.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.mtu-black-hole.fabric addr add fd00:198:18::1/64 dev br-fabric
ip -n nsnet.mtu-black-hole.fabric route add 203.0.113.80/32 dev br-fabric mtu 1400
ip -n nsnet.mtu-black-hole.fabric route add 2001:db8::80/128 dev br-fabric mtu 1400
ip netns exec nsnet.mtu-black-hole.external.archive sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.external.archive link set lo up
ip -n nsnet.mtu-black-hole.external.archive link set eth0 up
ip -n nsnet.mtu-black-hole.external.archive addr add 203.0.113.80/32 dev eth0
ip -n nsnet.mtu-black-hole.external.archive route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.mtu-black-hole.external.archive6 sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.external.archive6 link set lo up
ip -n nsnet.mtu-black-hole.external.archive6 link set eth0 up
ip -n nsnet.mtu-black-hole.external.archive6 addr add 2001:db8::80/128 dev eth0
ip -n nsnet.mtu-black-hole.external.archive6 route add default via fd00:198:18::1 dev eth0 onlink
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv4.neigh.eth1.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.wrong.gateway sysctl -q -w net.ipv6.neigh.eth1.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.wrong.gateway link set lo up
ip -n nsnet.mtu-black-hole.wrong.gateway link set eth0 up
ip -n nsnet.mtu-black-hole.wrong.gateway link set eth1 up
ip -n nsnet.mtu-black-hole.wrong.gateway addr add 192.168.10.1/24 dev eth0
ip -n nsnet.mtu-black-hole.wrong.gateway addr add fd00:192:168:10::1/64 dev eth0
ip -n nsnet.mtu-black-hole.wrong.gateway addr add 198.18.0.2/16 dev eth1
ip -n nsnet.mtu-black-hole.wrong.gateway addr add fd00:198:18::2/64 dev eth1
ip -n nsnet.mtu-black-hole.wrong.gateway route add default via 198.18.0.1 dev eth1
ip -n nsnet.mtu-black-hole.wrong.gateway route add default via fd00:198:18::1 dev eth1
ip -n nsnet.mtu-black-hole.wrong.gateway route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip -n nsnet.mtu-black-hole.wrong.gateway route add fd00:10:244::/64 via fd00:192:168:10::2 dev eth0
ip -n nsnet.mtu-black-hole.wrong.gateway route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip -n nsnet.mtu-black-hole.wrong.gateway route add fd00:10:244:1::/64 via fd00:192:168:10::3 dev eth0
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv6.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.wrong.node.n1 link set lo up
ip -n nsnet.mtu-black-hole.wrong.node.n1 link set eth0 up
ip -n nsnet.mtu-black-hole.wrong.node.n1 link set flannel.1 mtu 1450
ip -n nsnet.mtu-black-hole.wrong.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.mtu-black-hole.wrong.node.n1 addr add fd00:10:244::1/64 dev cbr0
ip -n nsnet.mtu-black-hole.wrong.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.mtu-black-hole.wrong.node.n1 addr add fd00:192:168:10::2/64 dev eth0
ip -n nsnet.mtu-black-hole.wrong.node.n1 addr add 10.244.0.0/32 dev flannel.1
ip -n nsnet.mtu-black-hole.wrong.node.n1 addr add fd00:10:244::/128 dev flannel.1
ip -n nsnet.mtu-black-hole.wrong.node.n1 route add default via 192.168.10.1 dev eth0
ip -n nsnet.mtu-black-hole.wrong.node.n1 route add default via fd00:192:168:10::1 dev eth0
ip -n nsnet.mtu-black-hole.wrong.node.n1 route add 10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink
ip -n nsnet.mtu-black-hole.wrong.node.n1 route add fd00:10:244:1::/64 via fd00:10:244:1:: dev flannel.1 onlink
ip -n nsnet.mtu-black-hole.wrong.node.n1 neigh replace 10.244.1.0 lladdr 02:00:0a:f4:01:00 dev flannel.1 nud permanent
ip -n nsnet.mtu-black-hole.wrong.node.n1 neigh replace fd00:10:244:1:: lladdr 02:00:0a:f4:01:00 dev flannel.1 nud permanent
bridge -n nsnet.mtu-black-hole.wrong.node.n1 fdb replace 02:00:0a:f4:01:00 dev flannel.1 dst 192.168.10.3 self permanent
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv6.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.wrong.node.n2 link set lo up
ip -n nsnet.mtu-black-hole.wrong.node.n2 link set eth0 up
ip -n nsnet.mtu-black-hole.wrong.node.n2 link set flannel.1 mtu 1450
ip -n nsnet.mtu-black-hole.wrong.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.mtu-black-hole.wrong.node.n2 addr add fd00:10:244:1::1/64 dev cbr0
ip -n nsnet.mtu-black-hole.wrong.node.n2 addr add 192.168.10.3/24 dev eth0
ip -n nsnet.mtu-black-hole.wrong.node.n2 addr add fd00:192:168:10::3/64 dev eth0
ip -n nsnet.mtu-black-hole.wrong.node.n2 addr add 10.244.1.0/32 dev flannel.1
ip -n nsnet.mtu-black-hole.wrong.node.n2 addr add fd00:10:244:1::/128 dev flannel.1
ip -n nsnet.mtu-black-hole.wrong.node.n2 route add default via 192.168.10.1 dev eth0
ip -n nsnet.mtu-black-hole.wrong.node.n2 route add default via fd00:192:168:10::1 dev eth0
ip -n nsnet.mtu-black-hole.wrong.node.n2 route add 10.244.0.0/24 via 10.244.0.0 dev flannel.1 onlink
ip -n nsnet.mtu-black-hole.wrong.node.n2 route add fd00:10:244::/64 via fd00:10:244:: dev flannel.1 onlink
ip -n nsnet.mtu-black-hole.wrong.node.n2 neigh replace 10.244.0.0 lladdr 02:00:0a:f4:00:00 dev flannel.1 nud permanent
ip -n nsnet.mtu-black-hole.wrong.node.n2 neigh replace fd00:10:244:: lladdr 02:00:0a:f4:00:00 dev flannel.1 nud permanent
bridge -n nsnet.mtu-black-hole.wrong.node.n2 fdb replace 02:00:0a:f4:00:00 dev flannel.1 dst 192.168.10.2 self permanent
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.client sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.wrong.pod.default.client link set lo up
ip -n nsnet.mtu-black-hole.wrong.pod.default.client link set eth0 up
ip -n nsnet.mtu-black-hole.wrong.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.mtu-black-hole.wrong.pod.default.client addr add fd00:10:244::2/64 dev eth0
ip -n nsnet.mtu-black-hole.wrong.pod.default.client route add default via 10.244.0.1 dev eth0
ip -n nsnet.mtu-black-hole.wrong.pod.default.client route add default via fd00:10:244::1 dev eth0
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.web sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.wrong.pod.default.web sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.wrong.pod.default.web link set lo up
ip -n nsnet.mtu-black-hole.wrong.pod.default.web link set eth0 up
ip -n nsnet.mtu-black-hole.wrong.pod.default.web addr add 10.244.1.2/24 dev eth0
ip -n nsnet.mtu-black-hole.wrong.pod.default.web addr add fd00:10:244:1::2/64 dev eth0
ip -n nsnet.mtu-black-hole.wrong.pod.default.web route add default via 10.244.1.1 dev eth0
ip -n nsnet.mtu-black-hole.wrong.pod.default.web route add default via fd00:10:244:1::1 dev eth0
ip netns exec nsnet.mtu-black-hole.right.gateway sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.right.gateway sysctl -q -w net.ipv4.neigh.eth1.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.right.gateway link set lo up
ip -n nsnet.mtu-black-hole.right.gateway link set eth0 up
ip -n nsnet.mtu-black-hole.right.gateway link set eth1 up
ip -n nsnet.mtu-black-hole.right.gateway addr add 192.168.20.1/24 dev eth0
ip -n nsnet.mtu-black-hole.right.gateway addr add 198.18.0.3/16 dev eth1
ip -n nsnet.mtu-black-hole.right.gateway route add default via 198.18.0.1 dev eth1
ip -n nsnet.mtu-black-hole.right.gateway route add 10.244.0.0/24 via 192.168.20.2 dev eth0
ip -n nsnet.mtu-black-hole.right.gateway route add 10.244.1.0/24 via 192.168.20.3 dev eth0
ip netns exec nsnet.mtu-black-hole.right.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.right.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.right.node.n1 link set lo up
ip -n nsnet.mtu-black-hole.right.node.n1 link set eth0 up
ip -n nsnet.mtu-black-hole.right.node.n1 link set cbr0 mtu 1450
ip -n nsnet.mtu-black-hole.right.node.n1 link set client mtu 1450
ip -n nsnet.mtu-black-hole.right.node.n1 link set flannel.1 mtu 1450
ip -n nsnet.mtu-black-hole.right.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.mtu-black-hole.right.node.n1 addr add 192.168.20.2/24 dev eth0
ip -n nsnet.mtu-black-hole.right.node.n1 addr add 10.244.0.0/32 dev flannel.1
ip -n nsnet.mtu-black-hole.right.node.n1 route add default via 192.168.20.1 dev eth0
ip -n nsnet.mtu-black-hole.right.node.n1 route add 10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink
ip -n nsnet.mtu-black-hole.right.node.n1 neigh replace 10.244.1.0 lladdr 02:00:0a:f4:01:00 dev flannel.1 nud permanent
bridge -n nsnet.mtu-black-hole.right.node.n1 fdb replace 02:00:0a:f4:01:00 dev flannel.1 dst 192.168.20.3 self permanent
ip netns exec nsnet.mtu-black-hole.right.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.right.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.right.node.n2 link set lo up
ip -n nsnet.mtu-black-hole.right.node.n2 link set eth0 up
ip -n nsnet.mtu-black-hole.right.node.n2 link set cbr0 mtu 1450
ip -n nsnet.mtu-black-hole.right.node.n2 link set web mtu 1450
ip -n nsnet.mtu-black-hole.right.node.n2 link set flannel.1 mtu 1450
ip -n nsnet.mtu-black-hole.right.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.mtu-black-hole.right.node.n2 addr add 192.168.20.3/24 dev eth0
ip -n nsnet.mtu-black-hole.right.node.n2 addr add 10.244.1.0/32 dev flannel.1
ip -n nsnet.mtu-black-hole.right.node.n2 route add default via 192.168.20.1 dev eth0
ip -n nsnet.mtu-black-hole.right.node.n2 route add 10.244.0.0/24 via 10.244.0.0 dev flannel.1 onlink
ip -n nsnet.mtu-black-hole.right.node.n2 neigh replace 10.244.0.0 lladdr 02:00:0a:f4:00:00 dev flannel.1 nud permanent
bridge -n nsnet.mtu-black-hole.right.node.n2 fdb replace 02:00:0a:f4:00:00 dev flannel.1 dst 192.168.20.2 self permanent
ip netns exec nsnet.mtu-black-hole.right.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.right.pod.default.client link set lo up
ip -n nsnet.mtu-black-hole.right.pod.default.client link set eth0 up
ip -n nsnet.mtu-black-hole.right.pod.default.client link set eth0 mtu 1450
ip -n nsnet.mtu-black-hole.right.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.mtu-black-hole.right.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.mtu-black-hole.right.pod.default.web sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.right.pod.default.web link set lo up
ip -n nsnet.mtu-black-hole.right.pod.default.web link set eth0 up
ip -n nsnet.mtu-black-hole.right.pod.default.web link set eth0 mtu 1450
ip -n nsnet.mtu-black-hole.right.pod.default.web addr add 10.244.1.2/24 dev eth0
ip -n nsnet.mtu-black-hole.right.pod.default.web route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv4.neigh.eth1.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.told.gateway sysctl -q -w net.ipv6.neigh.eth1.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.told.gateway link set lo up
ip -n nsnet.mtu-black-hole.told.gateway link set eth0 up
ip -n nsnet.mtu-black-hole.told.gateway link set eth1 up
ip -n nsnet.mtu-black-hole.told.gateway addr add 192.168.30.1/24 dev eth0
ip -n nsnet.mtu-black-hole.told.gateway addr add fd00:192:168:30::1/64 dev eth0
ip -n nsnet.mtu-black-hole.told.gateway addr add 198.18.0.4/16 dev eth1
ip -n nsnet.mtu-black-hole.told.gateway addr add fd00:198:18::3/64 dev eth1
ip -n nsnet.mtu-black-hole.told.gateway route add default via 198.18.0.1 dev eth1
ip -n nsnet.mtu-black-hole.told.gateway route add default via fd00:198:18::1 dev eth1
ip -n nsnet.mtu-black-hole.told.gateway route add 10.244.0.0/24 via 192.168.30.2 dev eth0
ip -n nsnet.mtu-black-hole.told.gateway route add fd00:10:244::/64 via fd00:192:168:30::2 dev eth0
ip -n nsnet.mtu-black-hole.told.gateway route add 10.244.1.0/24 via 192.168.30.3 dev eth0
ip -n nsnet.mtu-black-hole.told.gateway route add fd00:10:244:1::/64 via fd00:192:168:30::3 dev eth0
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv6.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.told.node.n1 sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.told.node.n1 link set lo up
ip -n nsnet.mtu-black-hole.told.node.n1 link set eth0 up
ip -n nsnet.mtu-black-hole.told.node.n1 link set flannel.1 mtu 1450
ip -n nsnet.mtu-black-hole.told.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.mtu-black-hole.told.node.n1 addr add fd00:10:244::1/64 dev cbr0
ip -n nsnet.mtu-black-hole.told.node.n1 addr add 192.168.30.2/24 dev eth0
ip -n nsnet.mtu-black-hole.told.node.n1 addr add fd00:192:168:30::2/64 dev eth0
ip -n nsnet.mtu-black-hole.told.node.n1 addr add 10.244.0.0/32 dev flannel.1
ip -n nsnet.mtu-black-hole.told.node.n1 addr add fd00:10:244::/128 dev flannel.1
ip -n nsnet.mtu-black-hole.told.node.n1 route add default via 192.168.30.1 dev eth0
ip -n nsnet.mtu-black-hole.told.node.n1 route add default via fd00:192:168:30::1 dev eth0
ip -n nsnet.mtu-black-hole.told.node.n1 route add 10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink
ip -n nsnet.mtu-black-hole.told.node.n1 route add fd00:10:244:1::/64 via fd00:10:244:1:: dev flannel.1 onlink
ip -n nsnet.mtu-black-hole.told.node.n1 neigh replace 10.244.1.0 lladdr 02:00:0a:f4:01:00 dev flannel.1 nud permanent
ip -n nsnet.mtu-black-hole.told.node.n1 neigh replace fd00:10:244:1:: lladdr 02:00:0a:f4:01:00 dev flannel.1 nud permanent
bridge -n nsnet.mtu-black-hole.told.node.n1 fdb replace 02:00:0a:f4:01:00 dev flannel.1 dst 192.168.30.3 self permanent
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv6.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.told.node.n2 sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.told.node.n2 link set lo up
ip -n nsnet.mtu-black-hole.told.node.n2 link set eth0 up
ip -n nsnet.mtu-black-hole.told.node.n2 link set flannel.1 mtu 1450
ip -n nsnet.mtu-black-hole.told.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.mtu-black-hole.told.node.n2 addr add fd00:10:244:1::1/64 dev cbr0
ip -n nsnet.mtu-black-hole.told.node.n2 addr add 192.168.30.3/24 dev eth0
ip -n nsnet.mtu-black-hole.told.node.n2 addr add fd00:192:168:30::3/64 dev eth0
ip -n nsnet.mtu-black-hole.told.node.n2 addr add 10.244.1.0/32 dev flannel.1
ip -n nsnet.mtu-black-hole.told.node.n2 addr add fd00:10:244:1::/128 dev flannel.1
ip -n nsnet.mtu-black-hole.told.node.n2 route add default via 192.168.30.1 dev eth0
ip -n nsnet.mtu-black-hole.told.node.n2 route add default via fd00:192:168:30::1 dev eth0
ip -n nsnet.mtu-black-hole.told.node.n2 route add 10.244.0.0/24 via 10.244.0.0 dev flannel.1 onlink
ip -n nsnet.mtu-black-hole.told.node.n2 route add fd00:10:244::/64 via fd00:10:244:: dev flannel.1 onlink
ip -n nsnet.mtu-black-hole.told.node.n2 neigh replace 10.244.0.0 lladdr 02:00:0a:f4:00:00 dev flannel.1 nud permanent
ip -n nsnet.mtu-black-hole.told.node.n2 neigh replace fd00:10:244:: lladdr 02:00:0a:f4:00:00 dev flannel.1 nud permanent
bridge -n nsnet.mtu-black-hole.told.node.n2 fdb replace 02:00:0a:f4:00:00 dev flannel.1 dst 192.168.30.2 self permanent
ip netns exec nsnet.mtu-black-hole.told.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.told.pod.default.client sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.told.pod.default.client link set lo up
ip -n nsnet.mtu-black-hole.told.pod.default.client link set eth0 up
ip -n nsnet.mtu-black-hole.told.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.mtu-black-hole.told.pod.default.client addr add fd00:10:244::2/64 dev eth0
ip -n nsnet.mtu-black-hole.told.pod.default.client route add default via 10.244.0.1 dev eth0
ip -n nsnet.mtu-black-hole.told.pod.default.client route add default via fd00:10:244::1 dev eth0
ip netns exec nsnet.mtu-black-hole.told.pod.default.web sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.mtu-black-hole.told.pod.default.web sysctl -q -w net.ipv6.neigh.eth0.retrans_time_ms=100
ip -n nsnet.mtu-black-hole.told.pod.default.web link set lo up
ip -n nsnet.mtu-black-hole.told.pod.default.web link set eth0 up
ip -n nsnet.mtu-black-hole.told.pod.default.web addr add 10.244.1.2/24 dev eth0
ip -n nsnet.mtu-black-hole.told.pod.default.web addr add fd00:10:244:1::2/64 dev eth0
ip -n nsnet.mtu-black-hole.told.pod.default.web route add default via 10.244.1.1 dev eth0
ip -n nsnet.mtu-black-hole.told.pod.default.web route add default via fd00:10:244:1::1 dev eth0
# nsnet.mtu-black-hole.external.archive: external/archive answers on 443/tcp
# nsnet.mtu-black-hole.external.archive: external/archive answers on 53/udp
# nsnet.mtu-black-hole.external.archive6: external/archive6 answers on 443/tcp
# nsnet.mtu-black-hole.wrong.pod.default.client: wrong/pod/client answers on 80/tcp
# nsnet.mtu-black-hole.wrong.pod.default.web: wrong/pod/web answers on 80/tcp
# nsnet.mtu-black-hole.wrong.pod.default.web: wrong/pod/web answers on 80/udp
# nsnet.mtu-black-hole.right.pod.default.client: right/pod/client answers on 80/tcp
# nsnet.mtu-black-hole.right.pod.default.web: right/pod/web answers on 80/tcp
# nsnet.mtu-black-hole.right.pod.default.web: right/pod/web answers on 80/udp
# nsnet.mtu-black-hole.told.pod.default.client: told/pod/client answers on 80/tcp
# nsnet.mtu-black-hole.told.pod.default.web: told/pod/web answers on 80/tcp
# nsnet.mtu-black-hole.told.pod.default.web: told/pod/web answers on 80/udp
ip netns exec nsnet.mtu-black-hole.wrong.gateway $IPT-restore --noflush <<'EOF'
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:NSNET-FAULTS - [0:0]
-F INPUT
-F FORWARD
-F OUTPUT
-A INPUT -j NSNET-FAULTS
-A FORWARD -j NSNET-FAULTS
-A OUTPUT -j NSNET-FAULTS
-A NSNET-FAULTS -p icmp -m comment --comment "a fault of this lab" -m icmp --icmp-type 3/4 -j DROP
COMMIT
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
ip netns exec nsnet.mtu-black-hole.wrong.gateway $IP6T-restore --noflush <<'EOF'
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:NSNET-FAULTS - [0:0]
-F INPUT
-F FORWARD
-F OUTPUT
-A INPUT -j NSNET-FAULTS
-A FORWARD -j NSNET-FAULTS
-A OUTPUT -j NSNET-FAULTS
-A NSNET-FAULTS -p ipv6-icmp -m comment --comment "a fault of this lab" -m icmp6 --icmpv6-type 2 -j DROP
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:NSNET-EXPORTS - [0:0]
:NSNET-EGRESS - [0:0]
-F PREROUTING
-F POSTROUTING
-A PREROUTING -m comment --comment "exported services" -j NSNET-EXPORTS
-A POSTROUTING -j NSNET-EGRESS
-A NSNET-EGRESS -o eth1 -m comment --comment "leaves with the address of the gateway" -j SNAT --to-source fd00:198:18::2
COMMIT
EOF
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 $IPT-restore --noflush <<'EOF'
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
:NSNET-FAULTS - [0:0]
-F INPUT
-F FORWARD
-F OUTPUT
-A INPUT -j NSNET-FAULTS
-A INPUT -j KUBE-FIREWALL
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A FORWARD -j NSNET-FAULTS
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A OUTPUT -j NSNET-FAULTS
-A OUTPUT -j KUBE-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A NSNET-FAULTS -p icmp -m comment --comment "a fault of this lab" -m icmp --icmp-type 3/4 -j DROP
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
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
COMMIT
EOF
ip netns exec nsnet.mtu-black-hole.wrong.node.n1 $IP6T-restore --noflush <<'EOF'
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:NSNET-FAULTS - [0:0]
-F INPUT
-F FORWARD
-F OUTPUT
-A INPUT -j NSNET-FAULTS
-A FORWARD -j NSNET-FAULTS
-A OUTPUT -j NSNET-FAULTS
-A NSNET-FAULTS -p ipv6-icmp -m comment --comment "a fault of this lab" -m icmp6 --icmpv6-type 2 -j DROP
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
:IP-MASQ-AGENT - [0:0]
-F POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d fd00:10:244::/56 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d fd00:192:168:10::/64 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
COMMIT
EOF
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 $IPT-restore --noflush <<'EOF'
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
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
COMMIT
EOF
ip netns exec nsnet.mtu-black-hole.wrong.node.n2 $IP6T-restore --noflush <<'EOF'
*nat
:POSTROUTING ACCEPT [0:0]
:IP-MASQ-AGENT - [0:0]
-F POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d fd00:10:244::/56 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d fd00:192:168:10::/64 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
COMMIT
EOF
ip netns exec nsnet.mtu-black-hole.right.gateway $IPT-restore --noflush <<'EOF'
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:NSNET-EXPORTS - [0:0]
:NSNET-EGRESS - [0:0]
-F PREROUTING
-F POSTROUTING
-A PREROUTING -m comment --comment "exported services" -j NSNET-EXPORTS
-A POSTROUTING -j NSNET-EGRESS
-A NSNET-EGRESS -o eth1 -m comment --comment "leaves with the address of the gateway" -j SNAT --to-source 198.18.0.3
COMMIT
EOF
ip netns exec nsnet.mtu-black-hole.right.node.n1 $IPT-restore --noflush <<'EOF'
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
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
COMMIT
EOF
ip netns exec nsnet.mtu-black-hole.right.node.n2 $IPT-restore --noflush <<'EOF'
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
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
COMMIT
EOF
ip netns exec nsnet.mtu-black-hole.told.gateway $IPT-restore --noflush <<'EOF'
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:NSNET-EXPORTS - [0:0]
:NSNET-EGRESS - [0:0]
-F PREROUTING
-F POSTROUTING
-A PREROUTING -m comment --comment "exported services" -j NSNET-EXPORTS
-A POSTROUTING -j NSNET-EGRESS
-A NSNET-EGRESS -o eth1 -m comment --comment "leaves with the address of the gateway" -j SNAT --to-source 198.18.0.4
COMMIT
EOF
ip netns exec nsnet.mtu-black-hole.told.gateway $IP6T-restore --noflush <<'EOF'
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:NSNET-EXPORTS - [0:0]
:NSNET-EGRESS - [0:0]
-F PREROUTING
-F POSTROUTING
-A PREROUTING -m comment --comment "exported services" -j NSNET-EXPORTS
-A POSTROUTING -j NSNET-EGRESS
-A NSNET-EGRESS -o eth1 -m comment --comment "leaves with the address of the gateway" -j SNAT --to-source fd00:198:18::3
COMMIT
EOF
ip netns exec nsnet.mtu-black-hole.told.node.n1 $IPT-restore --noflush <<'EOF'
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
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d 10.244.0.0/16 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 192.168.30.0/24 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
COMMIT
EOF
ip netns exec nsnet.mtu-black-hole.told.node.n1 $IP6T-restore --noflush <<'EOF'
*nat
:POSTROUTING ACCEPT [0:0]
:IP-MASQ-AGENT - [0:0]
-F POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d fd00:10:244::/56 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d fd00:192:168:30::/64 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
COMMIT
EOF
ip netns exec nsnet.mtu-black-hole.told.node.n2 $IPT-restore --noflush <<'EOF'
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
-F PREROUTING
-F OUTPUT
-F POSTROUTING
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d 10.244.0.0/16 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d 192.168.30.0/24 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
COMMIT
EOF
ip netns exec nsnet.mtu-black-hole.told.node.n2 $IP6T-restore --noflush <<'EOF'
*nat
:POSTROUTING ACCEPT [0:0]
:IP-MASQ-AGENT - [0:0]
-F POSTROUTING
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d fd00:10:244::/56 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -d fd00:192:168:30::/64 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" -j MASQUERADE
COMMIT
EOF
