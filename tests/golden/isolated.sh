#!/bin/sh
# Builds the lab isolated, but for its server. To remove it again: nsnet down isolated
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.isolated.servers
# nsnet.isolated.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.isolated.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.isolated.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.isolated.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.isolated.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.isolated.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.isolated.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.isolated.fabric
ip netns exec nsnet.isolated.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.isolated.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.isolated.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.isolated.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.isolated.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.isolated.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.isolated.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.isolated.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.isolated.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.isolated.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.isolated.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.isolated.external.laptop
ip netns exec nsnet.isolated.external.laptop sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.isolated.external.laptop sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.isolated.external.laptop sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.isolated.external.laptop sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.isolated.external.laptop sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.isolated.external.laptop sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.isolated.east.node.n1
ip netns exec nsnet.isolated.east.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.isolated.east.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.isolated.east.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.isolated.east.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.isolated.east.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.isolated.east.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.isolated.east.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.isolated.east.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.isolated.east.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.isolated.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.isolated.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.isolated.east.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.isolated.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.isolated.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.isolated.east.node.n2
ip netns exec nsnet.isolated.east.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.isolated.east.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.isolated.east.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.isolated.east.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.isolated.east.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.isolated.east.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.isolated.east.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.isolated.east.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.isolated.east.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.isolated.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.isolated.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.isolated.east.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.isolated.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.isolated.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.isolated.east.pod.default.client
ip netns exec nsnet.isolated.east.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.isolated.east.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.isolated.east.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.isolated.east.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.isolated.east.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.isolated.east.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.isolated.east.pod.default.web
ip netns exec nsnet.isolated.east.pod.default.web sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.isolated.east.pod.default.web sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.isolated.east.pod.default.web sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.isolated.east.pod.default.web sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.isolated.east.pod.default.web sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.isolated.east.pod.default.web sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.isolated.west.node.n1
ip netns exec nsnet.isolated.west.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.isolated.west.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.isolated.west.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.isolated.west.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.isolated.west.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.isolated.west.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.isolated.west.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.isolated.west.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.isolated.west.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.isolated.west.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.isolated.west.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.isolated.west.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.isolated.west.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.isolated.west.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.isolated.west.pod.default.client
ip netns exec nsnet.isolated.west.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.isolated.west.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.isolated.west.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.isolated.west.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.isolated.west.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.isolated.west.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.isolated.west.pod.default.web
ip netns exec nsnet.isolated.west.pod.default.web sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.isolated.west.pod.default.web sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.isolated.west.pod.default.web sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.isolated.west.pod.default.web sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.isolated.west.pod.default.web sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.isolated.west.pod.default.web sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.isolated.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.isolated.fabric link set br-fabric up
ip -n nsnet.isolated.fabric link add br-east address 06:34:c4:5b:89:33 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.isolated.fabric link set br-east up
ip -n nsnet.isolated.fabric link add br-west address 06:b9:bc:46:8c:c0 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.isolated.fabric link set br-west up
ip -n nsnet.isolated.east.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.isolated.east.node.n1 link set cbr0 up
ip -n nsnet.isolated.east.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.isolated.east.node.n2 link set cbr0 up
ip -n nsnet.isolated.west.node.n1 link add cbr0 address 02:00:0a:f5:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.isolated.west.node.n1 link set cbr0 up
ip -n nsnet.isolated.fabric link add east_n1 address 06:8f:3f:a8:97:13 type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.isolated.east.node.n1
ip -n nsnet.isolated.fabric link set east_n1 master br-east up
ip -n nsnet.isolated.fabric link add east_n2 address 06:78:c1:01:2b:5b type veth peer name eth0 address 02:00:c0:a8:0a:03 netns nsnet.isolated.east.node.n2
ip -n nsnet.isolated.fabric link set east_n2 master br-east up
ip -n nsnet.isolated.fabric link add west_n1 address 06:9c:af:fb:28:6f type veth peer name eth0 address 02:00:c0:a8:14:02 netns nsnet.isolated.west.node.n1
ip -n nsnet.isolated.fabric link set west_n1 master br-west up
ip -n nsnet.isolated.fabric link add ext-laptop address 06:b8:7a:bd:11:e0 type veth peer name eth0 address 02:00:cb:00:71:0a netns nsnet.isolated.external.laptop
ip -n nsnet.isolated.fabric link set ext-laptop master br-fabric up
ip -n nsnet.isolated.east.node.n1 link add client address 06:b4:7e:e1:15:ac type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.isolated.east.pod.default.client
ip -n nsnet.isolated.east.node.n1 link set client master cbr0 up
bridge -n nsnet.isolated.east.node.n1 link set dev client hairpin on
ip -n nsnet.isolated.east.node.n1 link add web address 06:21:e1:fb:d2:62 type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.isolated.east.pod.default.web
ip -n nsnet.isolated.east.node.n1 link set web master cbr0 up
bridge -n nsnet.isolated.east.node.n1 link set dev web hairpin on
ip -n nsnet.isolated.west.node.n1 link add client address 06:c5:78:40:b5:07 type veth peer name eth0 address 02:00:0a:f5:00:02 netns nsnet.isolated.west.pod.default.client
ip -n nsnet.isolated.west.node.n1 link set client master cbr0 up
bridge -n nsnet.isolated.west.node.n1 link set dev client hairpin on
ip -n nsnet.isolated.west.node.n1 link add web address 06:0f:bf:fa:c9:3f type veth peer name eth0 address 02:00:0a:f5:00:03 netns nsnet.isolated.west.pod.default.web
ip -n nsnet.isolated.west.node.n1 link set web master cbr0 up
bridge -n nsnet.isolated.west.node.n1 link set dev web hairpin on
ip -n nsnet.isolated.servers link set lo up
ip netns exec nsnet.isolated.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip -n nsnet.isolated.fabric link set lo up
ip -n nsnet.isolated.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.isolated.fabric route add 203.0.113.10/32 dev br-fabric
ip netns exec nsnet.isolated.external.laptop sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.isolated.external.laptop link set lo up
ip -n nsnet.isolated.external.laptop link set eth0 up
ip -n nsnet.isolated.external.laptop addr add 203.0.113.10/32 dev eth0
ip -n nsnet.isolated.external.laptop route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.isolated.east.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.isolated.east.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.isolated.east.node.n1 link set lo up
ip -n nsnet.isolated.east.node.n1 link set eth0 up
ip -n nsnet.isolated.east.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.isolated.east.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.isolated.east.node.n1 route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.isolated.east.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.isolated.east.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.isolated.east.node.n2 link set lo up
ip -n nsnet.isolated.east.node.n2 link set eth0 up
ip -n nsnet.isolated.east.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.isolated.east.node.n2 addr add 192.168.10.3/24 dev eth0
ip -n nsnet.isolated.east.node.n2 route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip netns exec nsnet.isolated.east.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.isolated.east.pod.default.client link set lo up
ip -n nsnet.isolated.east.pod.default.client link set eth0 up
ip -n nsnet.isolated.east.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.isolated.east.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.isolated.east.pod.default.web sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.isolated.east.pod.default.web link set lo up
ip -n nsnet.isolated.east.pod.default.web link set eth0 up
ip -n nsnet.isolated.east.pod.default.web addr add 10.244.0.3/24 dev eth0
ip -n nsnet.isolated.east.pod.default.web route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.isolated.west.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.isolated.west.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.isolated.west.node.n1 link set lo up
ip -n nsnet.isolated.west.node.n1 link set eth0 up
ip -n nsnet.isolated.west.node.n1 addr add 10.245.0.1/24 dev cbr0
ip -n nsnet.isolated.west.node.n1 addr add 192.168.20.2/24 dev eth0
ip netns exec nsnet.isolated.west.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.isolated.west.pod.default.client link set lo up
ip -n nsnet.isolated.west.pod.default.client link set eth0 up
ip -n nsnet.isolated.west.pod.default.client addr add 10.245.0.2/24 dev eth0
ip -n nsnet.isolated.west.pod.default.client route add default via 10.245.0.1 dev eth0
ip netns exec nsnet.isolated.west.pod.default.web sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.isolated.west.pod.default.web link set lo up
ip -n nsnet.isolated.west.pod.default.web link set eth0 up
ip -n nsnet.isolated.west.pod.default.web addr add 10.245.0.3/24 dev eth0
ip -n nsnet.isolated.west.pod.default.web route add default via 10.245.0.1 dev eth0
# nsnet.isolated.east.pod.default.web: east/pod/web answers on 80/tcp
# nsnet.isolated.west.pod.default.web: west/pod/web answers on 80/tcp
ip netns exec nsnet.isolated.east.node.n1 $IPT-restore --noflush <<'EOF'
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
:KUBE-SVC-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SEP-VPJCWIHGOZWNRC6B - [0:0]
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
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.0.3:80" -j KUBE-SEP-VPJCWIHGOZWNRC6B
-A KUBE-SEP-VPJCWIHGOZWNRC6B -s 10.244.0.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-VPJCWIHGOZWNRC6B -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.0.3:80
COMMIT
EOF
ip netns exec nsnet.isolated.east.node.n2 $IPT-restore --noflush <<'EOF'
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
:KUBE-SVC-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SEP-VPJCWIHGOZWNRC6B - [0:0]
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
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.244.0.3:80" -j KUBE-SEP-VPJCWIHGOZWNRC6B
-A KUBE-SEP-VPJCWIHGOZWNRC6B -s 10.244.0.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-VPJCWIHGOZWNRC6B -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.244.0.3:80
COMMIT
EOF
ip netns exec nsnet.isolated.west.node.n1 $IPT-restore --noflush <<'EOF'
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
:KUBE-SVC-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SEP-HJILITJD4OI3XZ63 - [0:0]
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
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.245.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.245.0.3:80" -j KUBE-SEP-HJILITJD4OI3XZ63
-A KUBE-SEP-HJILITJD4OI3XZ63 -s 10.245.0.3/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-HJILITJD4OI3XZ63 -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.245.0.3:80
COMMIT
EOF
