#!/bin/sh
# Builds the lab clusterip, but for its server. To remove it again: nsnet down clusterip
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.clusterip.servers
# nsnet.clusterip.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.clusterip.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.clusterip.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.clusterip.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.clusterip.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.clusterip.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.clusterip.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.clusterip.fabric
ip netns exec nsnet.clusterip.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.clusterip.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.clusterip.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.clusterip.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.clusterip.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.clusterip.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.clusterip.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.clusterip.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.clusterip.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.clusterip.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.clusterip.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.clusterip.east.node.n1
ip netns exec nsnet.clusterip.east.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.clusterip.east.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.clusterip.east.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.clusterip.east.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.clusterip.east.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.clusterip.east.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.clusterip.east.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.clusterip.east.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.clusterip.east.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.clusterip.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.clusterip.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.clusterip.east.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.clusterip.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.clusterip.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.clusterip.east.node.n2
ip netns exec nsnet.clusterip.east.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.clusterip.east.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.clusterip.east.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.clusterip.east.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.clusterip.east.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.clusterip.east.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.clusterip.east.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.clusterip.east.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.clusterip.east.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.clusterip.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.clusterip.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.clusterip.east.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.clusterip.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.clusterip.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.clusterip.east.pod.default.client
ip netns exec nsnet.clusterip.east.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.clusterip.east.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.clusterip.east.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.clusterip.east.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.clusterip.east.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.clusterip.east.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.clusterip.east.pod.default.dns
ip netns exec nsnet.clusterip.east.pod.default.dns sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.clusterip.east.pod.default.dns sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.clusterip.east.pod.default.dns sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.clusterip.east.pod.default.dns sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.clusterip.east.pod.default.dns sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.clusterip.east.pod.default.dns sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.clusterip.east.pod.default.web-0
ip netns exec nsnet.clusterip.east.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.clusterip.east.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.clusterip.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.clusterip.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.clusterip.east.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.clusterip.east.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.clusterip.east.pod.default.web-1
ip netns exec nsnet.clusterip.east.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.clusterip.east.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.clusterip.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.clusterip.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.clusterip.east.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.clusterip.east.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.clusterip.east.pod.default.web-2
ip netns exec nsnet.clusterip.east.pod.default.web-2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.clusterip.east.pod.default.web-2 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.clusterip.east.pod.default.web-2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.clusterip.east.pod.default.web-2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.clusterip.east.pod.default.web-2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.clusterip.east.pod.default.web-2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.clusterip.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.clusterip.fabric link set br-fabric up
ip -n nsnet.clusterip.fabric link add br-east address 02:00:c0:a8:0a:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.clusterip.fabric link set br-east up
ip -n nsnet.clusterip.east.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.clusterip.east.node.n1 link set cbr0 up
ip -n nsnet.clusterip.east.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.clusterip.east.node.n2 link set cbr0 up
ip -n nsnet.clusterip.fabric link add east_n1 address 06:4a:66:0c:4b:8a type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.clusterip.east.node.n1
ip -n nsnet.clusterip.fabric link set east_n1 master br-east up
ip -n nsnet.clusterip.fabric link add east_n2 address 06:4d:79:13:f4:df type veth peer name eth0 address 02:00:c0:a8:0a:03 netns nsnet.clusterip.east.node.n2
ip -n nsnet.clusterip.fabric link set east_n2 master br-east up
ip -n nsnet.clusterip.east.node.n1 link add client address 06:41:ab:5b:97:15 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.clusterip.east.pod.default.client
ip -n nsnet.clusterip.east.node.n1 link set client master cbr0 up
bridge -n nsnet.clusterip.east.node.n1 link set dev client hairpin on
ip -n nsnet.clusterip.east.node.n1 link add dns address 06:2c:f7:27:aa:07 type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.clusterip.east.pod.default.dns
ip -n nsnet.clusterip.east.node.n1 link set dns master cbr0 up
bridge -n nsnet.clusterip.east.node.n1 link set dev dns hairpin on
ip -n nsnet.clusterip.east.node.n1 link add web-0 address 06:4f:eb:36:fa:ef type veth peer name eth0 address 02:00:0a:f4:00:04 netns nsnet.clusterip.east.pod.default.web-0
ip -n nsnet.clusterip.east.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.clusterip.east.node.n1 link set dev web-0 hairpin on
ip -n nsnet.clusterip.east.node.n1 link add web-2 address 06:6e:d2:c4:2d:fc type veth peer name eth0 address 02:00:0a:f4:00:05 netns nsnet.clusterip.east.pod.default.web-2
ip -n nsnet.clusterip.east.node.n1 link set web-2 master cbr0 up
bridge -n nsnet.clusterip.east.node.n1 link set dev web-2 hairpin on
ip -n nsnet.clusterip.east.node.n2 link add web-1 address 06:14:fe:c3:31:91 type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.clusterip.east.pod.default.web-1
ip -n nsnet.clusterip.east.node.n2 link set web-1 master cbr0 up
bridge -n nsnet.clusterip.east.node.n2 link set dev web-1 hairpin on
ip -n nsnet.clusterip.servers link set lo up
ip netns exec nsnet.clusterip.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip netns exec nsnet.clusterip.fabric sysctl -q -w net.ipv4.neigh.br-east.retrans_time_ms=100
ip -n nsnet.clusterip.fabric link set lo up
ip -n nsnet.clusterip.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.clusterip.fabric addr add 192.168.10.1/24 dev br-east
ip netns exec nsnet.clusterip.east.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.clusterip.east.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.clusterip.east.node.n1 link set lo up
ip -n nsnet.clusterip.east.node.n1 link set eth0 up
ip -n nsnet.clusterip.east.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.clusterip.east.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.clusterip.east.node.n1 route add default via 192.168.10.1 dev eth0
ip -n nsnet.clusterip.east.node.n1 route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.clusterip.east.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.clusterip.east.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.clusterip.east.node.n2 link set lo up
ip -n nsnet.clusterip.east.node.n2 link set eth0 up
ip -n nsnet.clusterip.east.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.clusterip.east.node.n2 addr add 192.168.10.3/24 dev eth0
ip -n nsnet.clusterip.east.node.n2 route add default via 192.168.10.1 dev eth0
ip -n nsnet.clusterip.east.node.n2 route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip netns exec nsnet.clusterip.east.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.clusterip.east.pod.default.client link set lo up
ip -n nsnet.clusterip.east.pod.default.client link set eth0 up
ip -n nsnet.clusterip.east.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.clusterip.east.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.clusterip.east.pod.default.dns sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.clusterip.east.pod.default.dns link set lo up
ip -n nsnet.clusterip.east.pod.default.dns link set eth0 up
ip -n nsnet.clusterip.east.pod.default.dns addr add 10.244.0.3/24 dev eth0
ip -n nsnet.clusterip.east.pod.default.dns route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.clusterip.east.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.clusterip.east.pod.default.web-0 link set lo up
ip -n nsnet.clusterip.east.pod.default.web-0 link set eth0 up
ip -n nsnet.clusterip.east.pod.default.web-0 addr add 10.244.0.4/24 dev eth0
ip -n nsnet.clusterip.east.pod.default.web-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.clusterip.east.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.clusterip.east.pod.default.web-1 link set lo up
ip -n nsnet.clusterip.east.pod.default.web-1 link set eth0 up
ip -n nsnet.clusterip.east.pod.default.web-1 addr add 10.244.1.2/24 dev eth0
ip -n nsnet.clusterip.east.pod.default.web-1 route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.clusterip.east.pod.default.web-2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.clusterip.east.pod.default.web-2 link set lo up
ip -n nsnet.clusterip.east.pod.default.web-2 link set eth0 up
ip -n nsnet.clusterip.east.pod.default.web-2 addr add 10.244.0.5/24 dev eth0
ip -n nsnet.clusterip.east.pod.default.web-2 route add default via 10.244.0.1 dev eth0
# nsnet.clusterip.east.pod.default.dns: east/pod/dns answers on 5353/udp
# nsnet.clusterip.east.pod.default.web-0: east/pod/web-0 answers on 8080/tcp
# nsnet.clusterip.east.pod.default.web-1: east/pod/web-1 answers on 8080/tcp
# nsnet.clusterip.east.pod.default.web-2: east/pod/web-2 answers on 8080/tcp
ip netns exec nsnet.clusterip.east.node.n1 $IPT-restore --noflush <<'EOF'
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
-A KUBE-SERVICES -d 10.96.0.4/32 -p tcp -m comment --comment "default/empty has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
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
:KUBE-SEP-MQPSSF2DIKDEHI3U - [0:0]
:KUBE-SEP-7U6MWNJWR3SADOJA - [0:0]
:KUBE-SEP-UIQK3OSOSTRHRPBX - [0:0]
:KUBE-SVC-CR2V5ZP3AXU5XYAF - [0:0]
:KUBE-SEP-DQ6NHHCTWXWUGO7E - [0:0]
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
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.96.0.3/32 -p udp -m comment --comment "default/dns cluster IP" -m udp --dport 53 -j KUBE-SVC-CR2V5ZP3AXU5XYAF
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.4:8080" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-MQPSSF2DIKDEHI3U
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.5:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-7U6MWNJWR3SADOJA
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.2:8080" -j KUBE-SEP-UIQK3OSOSTRHRPBX
-A KUBE-SEP-MQPSSF2DIKDEHI3U -s 10.244.0.4/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQPSSF2DIKDEHI3U -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.4:8080
-A KUBE-SEP-7U6MWNJWR3SADOJA -s 10.244.0.5/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-7U6MWNJWR3SADOJA -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.5:8080
-A KUBE-SEP-UIQK3OSOSTRHRPBX -s 10.244.1.2/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-UIQK3OSOSTRHRPBX -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.2:8080
-A KUBE-SVC-CR2V5ZP3AXU5XYAF ! -s 10.244.0.0/16 -d 10.96.0.3/32 -p udp -m comment --comment "default/dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-CR2V5ZP3AXU5XYAF -m comment --comment "default/dns -> 10.244.0.3:5353" -j KUBE-SEP-DQ6NHHCTWXWUGO7E
-A KUBE-SEP-DQ6NHHCTWXWUGO7E -s 10.244.0.3/32 -m comment --comment "default/dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-DQ6NHHCTWXWUGO7E -p udp -m comment --comment "default/dns" -m udp -j DNAT --to-destination 10.244.0.3:5353
COMMIT
EOF
ip netns exec nsnet.clusterip.east.node.n2 $IPT-restore --noflush <<'EOF'
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
-A KUBE-SERVICES -d 10.96.0.4/32 -p tcp -m comment --comment "default/empty has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
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
:KUBE-SEP-MQPSSF2DIKDEHI3U - [0:0]
:KUBE-SEP-7U6MWNJWR3SADOJA - [0:0]
:KUBE-SEP-UIQK3OSOSTRHRPBX - [0:0]
:KUBE-SVC-CR2V5ZP3AXU5XYAF - [0:0]
:KUBE-SEP-DQ6NHHCTWXWUGO7E - [0:0]
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
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.96.0.3/32 -p udp -m comment --comment "default/dns cluster IP" -m udp --dport 53 -j KUBE-SVC-CR2V5ZP3AXU5XYAF
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.4:8080" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-MQPSSF2DIKDEHI3U
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.5:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-7U6MWNJWR3SADOJA
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.2:8080" -j KUBE-SEP-UIQK3OSOSTRHRPBX
-A KUBE-SEP-MQPSSF2DIKDEHI3U -s 10.244.0.4/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQPSSF2DIKDEHI3U -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.4:8080
-A KUBE-SEP-7U6MWNJWR3SADOJA -s 10.244.0.5/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-7U6MWNJWR3SADOJA -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.5:8080
-A KUBE-SEP-UIQK3OSOSTRHRPBX -s 10.244.1.2/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-UIQK3OSOSTRHRPBX -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.2:8080
-A KUBE-SVC-CR2V5ZP3AXU5XYAF ! -s 10.244.0.0/16 -d 10.96.0.3/32 -p udp -m comment --comment "default/dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-CR2V5ZP3AXU5XYAF -m comment --comment "default/dns -> 10.244.0.3:5353" -j KUBE-SEP-DQ6NHHCTWXWUGO7E
-A KUBE-SEP-DQ6NHHCTWXWUGO7E -s 10.244.0.3/32 -m comment --comment "default/dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-DQ6NHHCTWXWUGO7E -p udp -m comment --comment "default/dns" -m udp -j DNAT --to-destination 10.244.0.3:5353
COMMIT
EOF
