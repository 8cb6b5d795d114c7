#!/bin/sh
# Builds the lab node-port, but for its server. To remove it again: nsnet down node-port
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.node-port.servers
# nsnet.node-port.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.node-port.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.node-port.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.node-port.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.node-port.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.node-port.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.node-port.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.node-port.fabric
ip netns exec nsnet.node-port.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.node-port.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.node-port.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.node-port.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.node-port.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.node-port.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.node-port.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.node-port.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.node-port.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.node-port.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.node-port.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.node-port.external.laptop
ip netns exec nsnet.node-port.external.laptop sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.node-port.external.laptop sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.node-port.external.laptop sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.node-port.external.laptop sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.node-port.external.laptop sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.node-port.external.laptop sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.node-port.east.node.n1
ip netns exec nsnet.node-port.east.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.node-port.east.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.node-port.east.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.node-port.east.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.node-port.east.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.node-port.east.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.node-port.east.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.node-port.east.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.node-port.east.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.node-port.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.node-port.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.node-port.east.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.node-port.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.node-port.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.node-port.east.node.n2
ip netns exec nsnet.node-port.east.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.node-port.east.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.node-port.east.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.node-port.east.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.node-port.east.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.node-port.east.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.node-port.east.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.node-port.east.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.node-port.east.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.node-port.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.node-port.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.node-port.east.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.node-port.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.node-port.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.node-port.east.pod.default.alone
ip netns exec nsnet.node-port.east.pod.default.alone sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.node-port.east.pod.default.alone sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.node-port.east.pod.default.alone sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.node-port.east.pod.default.alone sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.node-port.east.pod.default.alone sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.node-port.east.pod.default.alone sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.node-port.east.pod.default.client
ip netns exec nsnet.node-port.east.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.node-port.east.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.node-port.east.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.node-port.east.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.node-port.east.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.node-port.east.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.node-port.east.pod.default.web-0
ip netns exec nsnet.node-port.east.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.node-port.east.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.node-port.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.node-port.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.node-port.east.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.node-port.east.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.node-port.east.pod.default.web-1
ip netns exec nsnet.node-port.east.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.node-port.east.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.node-port.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.node-port.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.node-port.east.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.node-port.east.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.node-port.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.node-port.fabric link set br-fabric up
ip -n nsnet.node-port.fabric link add br-east address 02:00:c0:a8:0a:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.node-port.fabric link set br-east up
ip -n nsnet.node-port.east.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.node-port.east.node.n1 link set cbr0 up
ip -n nsnet.node-port.east.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.node-port.east.node.n2 link set cbr0 up
ip -n nsnet.node-port.fabric link add east_n1 address 06:35:8e:ba:c8:e5 type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.node-port.east.node.n1
ip -n nsnet.node-port.fabric link set east_n1 master br-east up
ip -n nsnet.node-port.fabric link add east_n2 address 06:99:93:25:3e:4c type veth peer name eth0 address 02:00:c0:a8:0a:03 netns nsnet.node-port.east.node.n2
ip -n nsnet.node-port.fabric link set east_n2 master br-east up
ip -n nsnet.node-port.fabric link add ext-laptop address 06:a7:33:52:15:55 type veth peer name eth0 address 02:00:cb:00:71:0a netns nsnet.node-port.external.laptop
ip -n nsnet.node-port.fabric link set ext-laptop master br-fabric up
ip -n nsnet.node-port.east.node.n1 link add client address 06:c7:de:cd:48:79 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.node-port.east.pod.default.client
ip -n nsnet.node-port.east.node.n1 link set client master cbr0 up
bridge -n nsnet.node-port.east.node.n1 link set dev client hairpin on
ip -n nsnet.node-port.east.node.n1 link add web-0 address 06:73:9d:41:f0:31 type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.node-port.east.pod.default.web-0
ip -n nsnet.node-port.east.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.node-port.east.node.n1 link set dev web-0 hairpin on
ip -n nsnet.node-port.east.node.n2 link add alone address 06:f3:b6:f7:b0:7e type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.node-port.east.pod.default.alone
ip -n nsnet.node-port.east.node.n2 link set alone master cbr0 up
bridge -n nsnet.node-port.east.node.n2 link set dev alone hairpin on
ip -n nsnet.node-port.east.node.n2 link add web-1 address 06:c1:cd:a0:00:c7 type veth peer name eth0 address 02:00:0a:f4:01:03 netns nsnet.node-port.east.pod.default.web-1
ip -n nsnet.node-port.east.node.n2 link set web-1 master cbr0 up
bridge -n nsnet.node-port.east.node.n2 link set dev web-1 hairpin on
ip -n nsnet.node-port.servers link set lo up
ip netns exec nsnet.node-port.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip netns exec nsnet.node-port.fabric sysctl -q -w net.ipv4.neigh.br-east.retrans_time_ms=100
ip -n nsnet.node-port.fabric link set lo up
ip -n nsnet.node-port.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.node-port.fabric addr add 192.168.10.1/24 dev br-east
ip -n nsnet.node-port.fabric route add 203.0.113.10/32 dev br-fabric
ip netns exec nsnet.node-port.external.laptop sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.node-port.external.laptop link set lo up
ip -n nsnet.node-port.external.laptop link set eth0 up
ip -n nsnet.node-port.external.laptop addr add 203.0.113.10/32 dev eth0
ip -n nsnet.node-port.external.laptop route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.node-port.east.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.node-port.east.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.node-port.east.node.n1 link set lo up
ip -n nsnet.node-port.east.node.n1 link set eth0 up
ip -n nsnet.node-port.east.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.node-port.east.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.node-port.east.node.n1 route add default via 192.168.10.1 dev eth0
ip -n nsnet.node-port.east.node.n1 route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.node-port.east.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.node-port.east.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.node-port.east.node.n2 link set lo up
ip -n nsnet.node-port.east.node.n2 link set eth0 up
ip -n nsnet.node-port.east.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.node-port.east.node.n2 addr add 192.168.10.3/24 dev eth0
ip -n nsnet.node-port.east.node.n2 route add default via 192.168.10.1 dev eth0
ip -n nsnet.node-port.east.node.n2 route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip netns exec nsnet.node-port.east.pod.default.alone sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.node-port.east.pod.default.alone link set lo up
ip -n nsnet.node-port.east.pod.default.alone link set eth0 up
ip -n nsnet.node-port.east.pod.default.alone addr add 10.244.1.2/24 dev eth0
ip -n nsnet.node-port.east.pod.default.alone route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.node-port.east.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.node-port.east.pod.default.client link set lo up
ip -n nsnet.node-port.east.pod.default.client link set eth0 up
ip -n nsnet.node-port.east.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.node-port.east.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.node-port.east.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.node-port.east.pod.default.web-0 link set lo up
ip -n nsnet.node-port.east.pod.default.web-0 link set eth0 up
ip -n nsnet.node-port.east.pod.default.web-0 addr add 10.244.0.3/24 dev eth0
ip -n nsnet.node-port.east.pod.default.web-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.node-port.east.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.node-port.east.pod.default.web-1 link set lo up
ip -n nsnet.node-port.east.pod.default.web-1 link set eth0 up
ip -n nsnet.node-port.east.pod.default.web-1 addr add 10.244.1.3/24 dev eth0
ip -n nsnet.node-port.east.pod.default.web-1 route add default via 10.244.1.1 dev eth0
# nsnet.node-port.east.pod.default.alone: east/pod/alone answers on 80/tcp
# nsnet.node-port.east.pod.default.web-0: east/pod/web-0 answers on 8080/tcp
# nsnet.node-port.east.pod.default.web-0: east/pod/web-0 answers on 8080/udp
# nsnet.node-port.east.pod.default.web-1: east/pod/web-1 answers on 8080/tcp
# nsnet.node-port.east.pod.default.web-1: east/pod/web-1 answers on 8080/udp
ip netns exec nsnet.node-port.east.node.n1 $IPT-restore --noflush <<'EOF'
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
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/alone has no local endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30082 -j DROP
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/empty has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30083 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A KUBE-SERVICES -d 10.96.0.5/32 -p tcp -m comment --comment "default/empty has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
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
:KUBE-EXT-CDGGSHYLG3RE2FKL - [0:0]
:KUBE-SVC-CDGGSHYLG3RE2FKL - [0:0]
:KUBE-SEP-TCD3IFXQZW3ZEZQU - [0:0]
:KUBE-SEP-2AZ33KU3V5PGPQZH - [0:0]
:KUBE-EXT-PI4MBHA223WUCGYJ - [0:0]
:KUBE-SVC-PI4MBHA223WUCGYJ - [0:0]
:KUBE-SEP-ZISYBKRPQCUBPSQT - [0:0]
:KUBE-SEP-Y5JCWK2F7IVRJFS4 - [0:0]
:KUBE-EXT-W6DWRVOIQKRHXDQP - [0:0]
:KUBE-SVC-W6DWRVOIQKRHXDQP - [0:0]
:KUBE-SVL-W6DWRVOIQKRHXDQP - [0:0]
:KUBE-SEP-LPFT5RL7BNUU5HKJ - [0:0]
:KUBE-SEP-OHQGRS4YKH3572KY - [0:0]
:KUBE-EXT-55LL6N33PHM7HQQR - [0:0]
:KUBE-SVC-55LL6N33PHM7HQQR - [0:0]
:KUBE-SEP-SB5SC6LX3MIHLXU6 - [0:0]
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
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web:http" -m tcp --dport 30080 -j KUBE-EXT-CDGGSHYLG3RE2FKL
-A KUBE-NODEPORTS -p udp -m comment --comment "default/web:quic" -m udp --dport 30080 -j KUBE-EXT-PI4MBHA223WUCGYJ
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web-local" -m tcp --dport 30081 -j KUBE-EXT-W6DWRVOIQKRHXDQP
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/alone" -m tcp --dport 30082 -j KUBE-EXT-55LL6N33PHM7HQQR
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.96.0.2/32 -p udp -m comment --comment "default/web:quic cluster IP" -m udp --dport 80 -j KUBE-SVC-PI4MBHA223WUCGYJ
-A KUBE-SERVICES -d 10.96.0.3/32 -p tcp -m comment --comment "default/web-local cluster IP" -m tcp --dport 80 -j KUBE-SVC-W6DWRVOIQKRHXDQP
-A KUBE-SERVICES -d 10.96.0.4/32 -p tcp -m comment --comment "default/alone cluster IP" -m tcp --dport 80 -j KUBE-SVC-55LL6N33PHM7HQQR
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-EXT-CDGGSHYLG3RE2FKL -m comment --comment "masquerade traffic for default/web:http external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-CDGGSHYLG3RE2FKL -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.3:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-TCD3IFXQZW3ZEZQU
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.3:8080" -j KUBE-SEP-2AZ33KU3V5PGPQZH
-A KUBE-SEP-TCD3IFXQZW3ZEZQU -s 10.244.0.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-TCD3IFXQZW3ZEZQU -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.3:8080
-A KUBE-SEP-2AZ33KU3V5PGPQZH -s 10.244.1.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-2AZ33KU3V5PGPQZH -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.3:8080
-A KUBE-EXT-PI4MBHA223WUCGYJ -m comment --comment "masquerade traffic for default/web:quic external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-PI4MBHA223WUCGYJ -j KUBE-SVC-PI4MBHA223WUCGYJ
-A KUBE-SVC-PI4MBHA223WUCGYJ ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p udp -m comment --comment "default/web:quic cluster IP" -m udp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-PI4MBHA223WUCGYJ -m comment --comment "default/web:quic -> 10.244.0.3:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-ZISYBKRPQCUBPSQT
-A KUBE-SVC-PI4MBHA223WUCGYJ -m comment --comment "default/web:quic -> 10.244.1.3:8080" -j KUBE-SEP-Y5JCWK2F7IVRJFS4
-A KUBE-SEP-ZISYBKRPQCUBPSQT -s 10.244.0.3/32 -m comment --comment "default/web:quic" -j KUBE-MARK-MASQ
-A KUBE-SEP-ZISYBKRPQCUBPSQT -p udp -m comment --comment "default/web:quic" -m udp -j DNAT --to-destination 10.244.0.3:8080
-A KUBE-SEP-Y5JCWK2F7IVRJFS4 -s 10.244.1.3/32 -m comment --comment "default/web:quic" -j KUBE-MARK-MASQ
-A KUBE-SEP-Y5JCWK2F7IVRJFS4 -p udp -m comment --comment "default/web:quic" -m udp -j DNAT --to-destination 10.244.1.3:8080
-A KUBE-EXT-W6DWRVOIQKRHXDQP -s 10.244.0.0/16 -m comment --comment "pod traffic for default/web-local external destinations" -j KUBE-SVC-W6DWRVOIQKRHXDQP
-A KUBE-EXT-W6DWRVOIQKRHXDQP -m comment --comment "masquerade LOCAL traffic for default/web-local external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-W6DWRVOIQKRHXDQP -m comment --comment "route LOCAL traffic for default/web-local external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-W6DWRVOIQKRHXDQP
-A KUBE-EXT-W6DWRVOIQKRHXDQP -j KUBE-SVL-W6DWRVOIQKRHXDQP
-A KUBE-SVC-W6DWRVOIQKRHXDQP ! -s 10.244.0.0/16 -d 10.96.0.3/32 -p tcp -m comment --comment "default/web-local cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-W6DWRVOIQKRHXDQP -m comment --comment "default/web-local -> 10.244.0.3:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-LPFT5RL7BNUU5HKJ
-A KUBE-SVC-W6DWRVOIQKRHXDQP -m comment --comment "default/web-local -> 10.244.1.3:8080" -j KUBE-SEP-OHQGRS4YKH3572KY
-A KUBE-SVL-W6DWRVOIQKRHXDQP -m comment --comment "default/web-local -> 10.244.0.3:8080" -j KUBE-SEP-LPFT5RL7BNUU5HKJ
-A KUBE-SEP-LPFT5RL7BNUU5HKJ -s 10.244.0.3/32 -m comment --comment "default/web-local" -j KUBE-MARK-MASQ
-A KUBE-SEP-LPFT5RL7BNUU5HKJ -p tcp -m comment --comment "default/web-local" -m tcp -j DNAT --to-destination 10.244.0.3:8080
-A KUBE-SEP-OHQGRS4YKH3572KY -s 10.244.1.3/32 -m comment --comment "default/web-local" -j KUBE-MARK-MASQ
-A KUBE-SEP-OHQGRS4YKH3572KY -p tcp -m comment --comment "default/web-local" -m tcp -j DNAT --to-destination 10.244.1.3:8080
-A KUBE-EXT-55LL6N33PHM7HQQR -s 10.244.0.0/16 -m comment --comment "pod traffic for default/alone external destinations" -j KUBE-SVC-55LL6N33PHM7HQQR
-A KUBE-EXT-55LL6N33PHM7HQQR -m comment --comment "masquerade LOCAL traffic for default/alone external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-55LL6N33PHM7HQQR -m comment --comment "route LOCAL traffic for default/alone external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-55LL6N33PHM7HQQR
-A KUBE-SVC-55LL6N33PHM7HQQR ! -s 10.244.0.0/16 -d 10.96.0.4/32 -p tcp -m comment --comment "default/alone cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-55LL6N33PHM7HQQR -m comment --comment "default/alone -> 10.244.1.2:80" -j KUBE-SEP-SB5SC6LX3MIHLXU6
-A KUBE-SEP-SB5SC6LX3MIHLXU6 -s 10.244.1.2/32 -m comment --comment "default/alone" -j KUBE-MARK-MASQ
-A KUBE-SEP-SB5SC6LX3MIHLXU6 -p tcp -m comment --comment "default/alone" -m tcp -j DNAT --to-destination 10.244.1.2:80
COMMIT
EOF
ip netns exec nsnet.node-port.east.node.n2 $IPT-restore --noflush <<'EOF'
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
-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/empty has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30083 -j REJECT --reject-with icmp-port-unreachable
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A KUBE-SERVICES -d 10.96.0.5/32 -p tcp -m comment --comment "default/empty has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
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
:KUBE-EXT-CDGGSHYLG3RE2FKL - [0:0]
:KUBE-SVC-CDGGSHYLG3RE2FKL - [0:0]
:KUBE-SEP-TCD3IFXQZW3ZEZQU - [0:0]
:KUBE-SEP-2AZ33KU3V5PGPQZH - [0:0]
:KUBE-EXT-PI4MBHA223WUCGYJ - [0:0]
:KUBE-SVC-PI4MBHA223WUCGYJ - [0:0]
:KUBE-SEP-ZISYBKRPQCUBPSQT - [0:0]
:KUBE-SEP-Y5JCWK2F7IVRJFS4 - [0:0]
:KUBE-EXT-W6DWRVOIQKRHXDQP - [0:0]
:KUBE-SVC-W6DWRVOIQKRHXDQP - [0:0]
:KUBE-SVL-W6DWRVOIQKRHXDQP - [0:0]
:KUBE-SEP-LPFT5RL7BNUU5HKJ - [0:0]
:KUBE-SEP-OHQGRS4YKH3572KY - [0:0]
:KUBE-EXT-55LL6N33PHM7HQQR - [0:0]
:KUBE-SVC-55LL6N33PHM7HQQR - [0:0]
:KUBE-SVL-55LL6N33PHM7HQQR - [0:0]
:KUBE-SEP-SB5SC6LX3MIHLXU6 - [0:0]
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
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web:http" -m tcp --dport 30080 -j KUBE-EXT-CDGGSHYLG3RE2FKL
-A KUBE-NODEPORTS -p udp -m comment --comment "default/web:quic" -m udp --dport 30080 -j KUBE-EXT-PI4MBHA223WUCGYJ
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web-local" -m tcp --dport 30081 -j KUBE-EXT-W6DWRVOIQKRHXDQP
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/alone" -m tcp --dport 30082 -j KUBE-EXT-55LL6N33PHM7HQQR
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.96.0.2/32 -p udp -m comment --comment "default/web:quic cluster IP" -m udp --dport 80 -j KUBE-SVC-PI4MBHA223WUCGYJ
-A KUBE-SERVICES -d 10.96.0.3/32 -p tcp -m comment --comment "default/web-local cluster IP" -m tcp --dport 80 -j KUBE-SVC-W6DWRVOIQKRHXDQP
-A KUBE-SERVICES -d 10.96.0.4/32 -p tcp -m comment --comment "default/alone cluster IP" -m tcp --dport 80 -j KUBE-SVC-55LL6N33PHM7HQQR
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-EXT-CDGGSHYLG3RE2FKL -m comment --comment "masquerade traffic for default/web:http external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-CDGGSHYLG3RE2FKL -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.3:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-TCD3IFXQZW3ZEZQU
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.3:8080" -j KUBE-SEP-2AZ33KU3V5PGPQZH
-A KUBE-SEP-TCD3IFXQZW3ZEZQU -s 10.244.0.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-TCD3IFXQZW3ZEZQU -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.3:8080
-A KUBE-SEP-2AZ33KU3V5PGPQZH -s 10.244.1.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-2AZ33KU3V5PGPQZH -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.3:8080
-A KUBE-EXT-PI4MBHA223WUCGYJ -m comment --comment "masquerade traffic for default/web:quic external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-PI4MBHA223WUCGYJ -j KUBE-SVC-PI4MBHA223WUCGYJ
-A KUBE-SVC-PI4MBHA223WUCGYJ ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p udp -m comment --comment "default/web:quic cluster IP" -m udp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-PI4MBHA223WUCGYJ -m comment --comment "default/web:quic -> 10.244.0.3:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-ZISYBKRPQCUBPSQT
-A KUBE-SVC-PI4MBHA223WUCGYJ -m comment --comment "default/web:quic -> 10.244.1.3:8080" -j KUBE-SEP-Y5JCWK2F7IVRJFS4
-A KUBE-SEP-ZISYBKRPQCUBPSQT -s 10.244.0.3/32 -m comment --comment "default/web:quic" -j KUBE-MARK-MASQ
-A KUBE-SEP-ZISYBKRPQCUBPSQT -p udp -m comment --comment "default/web:quic" -m udp -j DNAT --to-destination 10.244.0.3:8080
-A KUBE-SEP-Y5JCWK2F7IVRJFS4 -s 10.244.1.3/32 -m comment --comment "default/web:quic" -j KUBE-MARK-MASQ
-A KUBE-SEP-Y5JCWK2F7IVRJFS4 -p udp -m comment --comment "default/web:quic" -m udp -j DNAT --to-destination 10.244.1.3:8080
-A KUBE-EXT-W6DWRVOIQKRHXDQP -s 10.244.0.0/16 -m comment --comment "pod traffic for default/web-local external destinations" -j KUBE-SVC-W6DWRVOIQKRHXDQP
-A KUBE-EXT-W6DWRVOIQKRHXDQP -m comment --comment "masquerade LOCAL traffic for default/web-local external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-W6DWRVOIQKRHXDQP -m comment --comment "route LOCAL traffic for default/web-local external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-W6DWRVOIQKRHXDQP
-A KUBE-EXT-W6DWRVOIQKRHXDQP -j KUBE-SVL-W6DWRVOIQKRHXDQP
-A KUBE-SVC-W6DWRVOIQKRHXDQP ! -s 10.244.0.0/16 -d 10.96.0.3/32 -p tcp -m comment --comment "default/web-local cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-W6DWRVOIQKRHXDQP -m comment --comment "default/web-local -> 10.244.0.3:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-LPFT5RL7BNUU5HKJ
-A KUBE-SVC-W6DWRVOIQKRHXDQP -m comment --comment "default/web-local -> 10.244.1.3:8080" -j KUBE-SEP-OHQGRS4YKH3572KY
-A KUBE-SVL-W6DWRVOIQKRHXDQP -m comment --comment "default/web-local -> 10.244.1.3:8080" -j KUBE-SEP-OHQGRS4YKH3572KY
-A KUBE-SEP-LPFT5RL7BNUU5HKJ -s 10.244.0.3/32 -m comment --comment "default/web-local" -j KUBE-MARK-MASQ
-A KUBE-SEP-LPFT5RL7BNUU5HKJ -p tcp -m comment --comment "default/web-local" -m tcp -j DNAT --to-destination 10.244.0.3:8080
-A KUBE-SEP-OHQGRS4YKH3572KY -s 10.244.1.3/32 -m comment --comment "default/web-local" -j KUBE-MARK-MASQ
-A KUBE-SEP-OHQGRS4YKH3572KY -p tcp -m comment --comment "default/web-local" -m tcp -j DNAT --to-destination 10.244.1.3:8080
-A KUBE-EXT-55LL6N33PHM7HQQR -s 10.244.0.0/16 -m comment --comment "pod traffic for default/alone external destinations" -j KUBE-SVC-55LL6N33PHM7HQQR
-A KUBE-EXT-55LL6N33PHM7HQQR -m comment --comment "masquerade LOCAL traffic for default/alone external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-55LL6N33PHM7HQQR -m comment --comment "route LOCAL traffic for default/alone external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-55LL6N33PHM7HQQR
-A KUBE-EXT-55LL6N33PHM7HQQR -j KUBE-SVL-55LL6N33PHM7HQQR
-A KUBE-SVC-55LL6N33PHM7HQQR ! -s 10.244.0.0/16 -d 10.96.0.4/32 -p tcp -m comment --comment "default/alone cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-55LL6N33PHM7HQQR -m comment --comment "default/alone -> 10.244.1.2:80" -j KUBE-SEP-SB5SC6LX3MIHLXU6
-A KUBE-SVL-55LL6N33PHM7HQQR -m comment --comment "default/alone -> 10.244.1.2:80" -j KUBE-SEP-SB5SC6LX3MIHLXU6
-A KUBE-SEP-SB5SC6LX3MIHLXU6 -s 10.244.1.2/32 -m comment --comment "default/alone" -j KUBE-MARK-MASQ
-A KUBE-SEP-SB5SC6LX3MIHLXU6 -p tcp -m comment --comment "default/alone" -m tcp -j DNAT --to-destination 10.244.1.2:80
COMMIT
EOF
