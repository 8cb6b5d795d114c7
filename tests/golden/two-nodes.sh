#!/bin/sh
# Builds the lab two-nodes without its server. To remove it again: nsnet down two-nodes
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.two-nodes.servers
# nsnet.two-nodes.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.two-nodes.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.two-nodes.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.two-nodes.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.two-nodes.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.two-nodes.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.two-nodes.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.two-nodes.fabric
ip netns exec nsnet.two-nodes.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.two-nodes.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.two-nodes.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.two-nodes.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.two-nodes.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.two-nodes.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.two-nodes.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.two-nodes.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.two-nodes.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.two-nodes.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.two-nodes.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.two-nodes.east.node.n1
ip netns exec nsnet.two-nodes.east.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.two-nodes.east.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.two-nodes.east.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.two-nodes.east.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.two-nodes.east.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.two-nodes.east.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.two-nodes.east.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.two-nodes.east.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.two-nodes.east.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.two-nodes.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.two-nodes.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.two-nodes.east.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.two-nodes.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.two-nodes.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.two-nodes.east.node.n2
ip netns exec nsnet.two-nodes.east.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.two-nodes.east.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.two-nodes.east.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.two-nodes.east.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.two-nodes.east.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.two-nodes.east.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.two-nodes.east.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.two-nodes.east.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.two-nodes.east.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.two-nodes.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.two-nodes.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.two-nodes.east.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.two-nodes.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.two-nodes.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.two-nodes.east.pod.default.client
ip netns exec nsnet.two-nodes.east.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.two-nodes.east.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.two-nodes.east.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.two-nodes.east.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.two-nodes.east.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.two-nodes.east.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.two-nodes.east.pod.default.far
ip netns exec nsnet.two-nodes.east.pod.default.far sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.two-nodes.east.pod.default.far sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.two-nodes.east.pod.default.far sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.two-nodes.east.pod.default.far sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.two-nodes.east.pod.default.far sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.two-nodes.east.pod.default.far sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.two-nodes.east.pod.default.near
ip netns exec nsnet.two-nodes.east.pod.default.near sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.two-nodes.east.pod.default.near sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.two-nodes.east.pod.default.near sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.two-nodes.east.pod.default.near sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.two-nodes.east.pod.default.near sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.two-nodes.east.pod.default.near sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.two-nodes.east.pod.kube-system.coredns-0
ip netns exec nsnet.two-nodes.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.two-nodes.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.two-nodes.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.two-nodes.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.two-nodes.east.pod.kube-system.coredns-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.two-nodes.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.two-nodes.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.two-nodes.fabric link set br-fabric up
ip -n nsnet.two-nodes.fabric link add br-east address 02:00:c0:a8:0a:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.two-nodes.fabric link set br-east up
ip -n nsnet.two-nodes.fabric link add east_n1 address 06:6e:15:f0:f4:38 type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.two-nodes.east.node.n1
ip -n nsnet.two-nodes.fabric link set east_n1 master br-east up
ip -n nsnet.two-nodes.fabric link add east_n2 address 06:d9:c2:52:2c:90 type veth peer name eth0 address 02:00:c0:a8:0a:03 netns nsnet.two-nodes.east.node.n2
ip -n nsnet.two-nodes.fabric link set east_n2 master br-east up
ip -n nsnet.two-nodes.east.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.two-nodes.east.node.n1 link set cbr0 up
ip -n nsnet.two-nodes.east.node.n1 link add client address 06:d8:a8:65:c1:83 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.two-nodes.east.pod.default.client
ip -n nsnet.two-nodes.east.node.n1 link set client master cbr0 up
bridge -n nsnet.two-nodes.east.node.n1 link set dev client hairpin on
ip -n nsnet.two-nodes.east.node.n1 link add near address 06:41:f3:07:2f:eb type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.two-nodes.east.pod.default.near
ip -n nsnet.two-nodes.east.node.n1 link set near master cbr0 up
bridge -n nsnet.two-nodes.east.node.n1 link set dev near hairpin on
ip -n nsnet.two-nodes.east.node.n1 link add coredns-_12124f address 06:9b:ea:2f:45:58 type veth peer name eth0 address 02:00:0a:f4:00:fe netns nsnet.two-nodes.east.pod.kube-system.coredns-0
ip -n nsnet.two-nodes.east.node.n1 link set coredns-_12124f master cbr0 up
bridge -n nsnet.two-nodes.east.node.n1 link set dev coredns-_12124f hairpin on
ip -n nsnet.two-nodes.east.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.two-nodes.east.node.n2 link set cbr0 up
ip -n nsnet.two-nodes.east.node.n2 link add far address 06:01:d6:20:d9:6e type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.two-nodes.east.pod.default.far
ip -n nsnet.two-nodes.east.node.n2 link set far master cbr0 up
bridge -n nsnet.two-nodes.east.node.n2 link set dev far hairpin on
ip -n nsnet.two-nodes.servers link set lo up
ip netns exec nsnet.two-nodes.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip netns exec nsnet.two-nodes.fabric sysctl -q -w net.ipv4.neigh.br-east.retrans_time_ms=100
ip -n nsnet.two-nodes.fabric link set lo up
ip -n nsnet.two-nodes.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.two-nodes.fabric addr add 192.168.10.1/24 dev br-east
ip netns exec nsnet.two-nodes.east.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.two-nodes.east.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip -n nsnet.two-nodes.east.node.n1 link set lo up
ip -n nsnet.two-nodes.east.node.n1 link set eth0 up
ip -n nsnet.two-nodes.east.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.two-nodes.east.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.two-nodes.east.node.n1 route add default via 192.168.10.1 dev eth0
ip -n nsnet.two-nodes.east.node.n1 route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.two-nodes.east.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.two-nodes.east.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip -n nsnet.two-nodes.east.node.n2 link set lo up
ip -n nsnet.two-nodes.east.node.n2 link set eth0 up
ip -n nsnet.two-nodes.east.node.n2 addr add 192.168.10.3/24 dev eth0
ip -n nsnet.two-nodes.east.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.two-nodes.east.node.n2 route add default via 192.168.10.1 dev eth0
ip -n nsnet.two-nodes.east.node.n2 route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip netns exec nsnet.two-nodes.east.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.two-nodes.east.pod.default.client link set lo up
ip -n nsnet.two-nodes.east.pod.default.client link set eth0 up
ip -n nsnet.two-nodes.east.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.two-nodes.east.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.two-nodes.east.pod.default.far sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.two-nodes.east.pod.default.far link set lo up
ip -n nsnet.two-nodes.east.pod.default.far link set eth0 up
ip -n nsnet.two-nodes.east.pod.default.far addr add 10.244.1.2/24 dev eth0
ip -n nsnet.two-nodes.east.pod.default.far route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.two-nodes.east.pod.default.near sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.two-nodes.east.pod.default.near link set lo up
ip -n nsnet.two-nodes.east.pod.default.near link set eth0 up
ip -n nsnet.two-nodes.east.pod.default.near addr add 10.244.0.3/24 dev eth0
ip -n nsnet.two-nodes.east.pod.default.near route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.two-nodes.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.two-nodes.east.pod.kube-system.coredns-0 link set lo up
ip -n nsnet.two-nodes.east.pod.kube-system.coredns-0 link set eth0 up
ip -n nsnet.two-nodes.east.pod.kube-system.coredns-0 addr add 10.244.0.254/24 dev eth0
ip -n nsnet.two-nodes.east.pod.kube-system.coredns-0 route add default via 10.244.0.1 dev eth0
# nsnet.two-nodes.east.pod.default.far: east/pod/far answers on 80/tcp
# nsnet.two-nodes.east.pod.default.far: east/pod/far answers on 53/udp
# nsnet.two-nodes.east.pod.default.near: east/pod/near answers on 80/tcp
# nsnet.two-nodes.east.pod.kube-system.coredns-0: east/pod/coredns-0.kube-system answers DNS queries on 53/udp
# nsnet.two-nodes.east.pod.kube-system.coredns-0: east/pod/coredns-0.kube-system answers DNS queries on 53/tcp
ip netns exec nsnet.two-nodes.east.node.n1 $IPT-restore --noflush <<'EOF'
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
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-SVC-ERIFXISQEP7F7OF4
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
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
ip netns exec nsnet.two-nodes.east.node.n2 $IPT-restore --noflush <<'EOF'
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
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-SVC-ERIFXISQEP7F7OF4
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
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
