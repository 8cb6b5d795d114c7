#!/bin/sh
# Builds the lab services without its server. To remove it again: nsnet down services
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.services.servers
# nsnet.services.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.services.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.services.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.services.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.services.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.services.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.services.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.services.fabric
ip netns exec nsnet.services.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.services.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.services.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.services.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.services.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.services.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.services.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.services.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.services.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.services.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.services.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.services.east.node.n1
ip netns exec nsnet.services.east.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.services.east.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.services.east.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.services.east.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.services.east.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.services.east.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.services.east.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.services.east.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.services.east.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.services.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.services.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.services.east.node.n1 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.services.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.services.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.services.east.node.n2
ip netns exec nsnet.services.east.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.services.east.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.services.east.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.services.east.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.services.east.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.services.east.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.services.east.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.services.east.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.services.east.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.services.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.services.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.services.east.node.n2 sysctl -q -w net.ipv4.conf.all.route_localnet=1
ip netns exec nsnet.services.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.services.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.services.east.pod.default.client
ip netns exec nsnet.services.east.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.services.east.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.services.east.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.services.east.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.services.east.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.services.east.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.services.east.pod.default.going
ip netns exec nsnet.services.east.pod.default.going sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.services.east.pod.default.going sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.services.east.pod.default.going sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.services.east.pod.default.going sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.services.east.pod.default.going sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.services.east.pod.default.going sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.services.east.pod.default.remote
ip netns exec nsnet.services.east.pod.default.remote sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.services.east.pod.default.remote sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.services.east.pod.default.remote sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.services.east.pod.default.remote sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.services.east.pod.default.remote sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.services.east.pod.default.remote sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.services.east.pod.default.unready
ip netns exec nsnet.services.east.pod.default.unready sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.services.east.pod.default.unready sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.services.east.pod.default.unready sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.services.east.pod.default.unready sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.services.east.pod.default.unready sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.services.east.pod.default.unready sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.services.east.pod.default.web-0
ip netns exec nsnet.services.east.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.services.east.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.services.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.services.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.services.east.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.services.east.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.services.east.pod.default.web-1
ip netns exec nsnet.services.east.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.services.east.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.services.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.services.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.services.east.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.services.east.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.services.east.pod.kube-system.coredns-0
ip netns exec nsnet.services.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.services.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.services.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.services.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.services.east.pod.kube-system.coredns-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.services.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.services.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.services.fabric link set br-fabric up
ip -n nsnet.services.fabric link add br-east address 02:00:c0:a8:0a:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.services.fabric link set br-east up
ip -n nsnet.services.fabric link add east_n1 address 06:04:24:58:4e:6e type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.services.east.node.n1
ip -n nsnet.services.fabric link set east_n1 master br-east up
ip -n nsnet.services.fabric link add east_n2 address 06:b3:9c:87:c7:63 type veth peer name eth0 address 02:00:c0:a8:0a:03 netns nsnet.services.east.node.n2
ip -n nsnet.services.fabric link set east_n2 master br-east up
ip -n nsnet.services.east.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.services.east.node.n1 link set cbr0 up
ip -n nsnet.services.east.node.n1 link add client address 06:07:15:83:f6:01 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.services.east.pod.default.client
ip -n nsnet.services.east.node.n1 link set client master cbr0 up
bridge -n nsnet.services.east.node.n1 link set dev client hairpin on
ip -n nsnet.services.east.node.n1 link add unready address 06:a0:cf:05:1b:75 type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.services.east.pod.default.unready
ip -n nsnet.services.east.node.n1 link set unready master cbr0 up
bridge -n nsnet.services.east.node.n1 link set dev unready hairpin on
ip -n nsnet.services.east.node.n1 link add web-0 address 06:d8:7a:c1:12:2d type veth peer name eth0 address 02:00:0a:f4:00:04 netns nsnet.services.east.pod.default.web-0
ip -n nsnet.services.east.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.services.east.node.n1 link set dev web-0 hairpin on
ip -n nsnet.services.east.node.n1 link add coredns-_12124f address 06:cc:96:ce:a3:e6 type veth peer name eth0 address 02:00:0a:f4:00:fe netns nsnet.services.east.pod.kube-system.coredns-0
ip -n nsnet.services.east.node.n1 link set coredns-_12124f master cbr0 up
bridge -n nsnet.services.east.node.n1 link set dev coredns-_12124f hairpin on
ip -n nsnet.services.east.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.services.east.node.n2 link set cbr0 up
ip -n nsnet.services.east.node.n2 link add going address 06:92:dd:99:6e:33 type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.services.east.pod.default.going
ip -n nsnet.services.east.node.n2 link set going master cbr0 up
bridge -n nsnet.services.east.node.n2 link set dev going hairpin on
ip -n nsnet.services.east.node.n2 link add remote address 06:5f:5b:e0:b6:b0 type veth peer name eth0 address 02:00:0a:f4:01:03 netns nsnet.services.east.pod.default.remote
ip -n nsnet.services.east.node.n2 link set remote master cbr0 up
bridge -n nsnet.services.east.node.n2 link set dev remote hairpin on
ip -n nsnet.services.east.node.n2 link add web-1 address 06:5a:43:10:47:f9 type veth peer name eth0 address 02:00:0a:f4:01:04 netns nsnet.services.east.pod.default.web-1
ip -n nsnet.services.east.node.n2 link set web-1 master cbr0 up
bridge -n nsnet.services.east.node.n2 link set dev web-1 hairpin on
ip -n nsnet.services.servers link set lo up
ip netns exec nsnet.services.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip netns exec nsnet.services.fabric sysctl -q -w net.ipv4.neigh.br-east.retrans_time_ms=100
ip -n nsnet.services.fabric link set lo up
ip -n nsnet.services.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.services.fabric addr add 192.168.10.1/24 dev br-east
ip netns exec nsnet.services.east.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.services.east.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip -n nsnet.services.east.node.n1 link set lo up
ip -n nsnet.services.east.node.n1 link set eth0 up
ip -n nsnet.services.east.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.services.east.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.services.east.node.n1 route add default via 192.168.10.1 dev eth0
ip -n nsnet.services.east.node.n1 route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.services.east.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.services.east.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip -n nsnet.services.east.node.n2 link set lo up
ip -n nsnet.services.east.node.n2 link set eth0 up
ip -n nsnet.services.east.node.n2 addr add 192.168.10.3/24 dev eth0
ip -n nsnet.services.east.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.services.east.node.n2 route add default via 192.168.10.1 dev eth0
ip -n nsnet.services.east.node.n2 route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip netns exec nsnet.services.east.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.services.east.pod.default.client link set lo up
ip -n nsnet.services.east.pod.default.client link set eth0 up
ip -n nsnet.services.east.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.services.east.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.services.east.pod.default.going sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.services.east.pod.default.going link set lo up
ip -n nsnet.services.east.pod.default.going link set eth0 up
ip -n nsnet.services.east.pod.default.going addr add 10.244.1.2/24 dev eth0
ip -n nsnet.services.east.pod.default.going route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.services.east.pod.default.remote sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.services.east.pod.default.remote link set lo up
ip -n nsnet.services.east.pod.default.remote link set eth0 up
ip -n nsnet.services.east.pod.default.remote addr add 10.244.1.3/24 dev eth0
ip -n nsnet.services.east.pod.default.remote route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.services.east.pod.default.unready sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.services.east.pod.default.unready link set lo up
ip -n nsnet.services.east.pod.default.unready link set eth0 up
ip -n nsnet.services.east.pod.default.unready addr add 10.244.0.3/24 dev eth0
ip -n nsnet.services.east.pod.default.unready route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.services.east.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.services.east.pod.default.web-0 link set lo up
ip -n nsnet.services.east.pod.default.web-0 link set eth0 up
ip -n nsnet.services.east.pod.default.web-0 addr add 10.244.0.4/24 dev eth0
ip -n nsnet.services.east.pod.default.web-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.services.east.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.services.east.pod.default.web-1 link set lo up
ip -n nsnet.services.east.pod.default.web-1 link set eth0 up
ip -n nsnet.services.east.pod.default.web-1 addr add 10.244.1.4/24 dev eth0
ip -n nsnet.services.east.pod.default.web-1 route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.services.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.services.east.pod.kube-system.coredns-0 link set lo up
ip -n nsnet.services.east.pod.kube-system.coredns-0 link set eth0 up
ip -n nsnet.services.east.pod.kube-system.coredns-0 addr add 10.244.0.254/24 dev eth0
ip -n nsnet.services.east.pod.kube-system.coredns-0 route add default via 10.244.0.1 dev eth0
# nsnet.services.east.pod.default.going: east/pod/going answers on 80/tcp
# nsnet.services.east.pod.default.unready: east/pod/unready answers on 80/tcp
# nsnet.services.east.pod.default.web-0: east/pod/web-0 answers on 8080/tcp
# nsnet.services.east.pod.default.web-0: east/pod/web-0 answers on 8443/udp
# nsnet.services.east.pod.default.web-0: east/pod/web-0 answers on 9090/tcp
# nsnet.services.east.pod.default.web-1: east/pod/web-1 answers on 8080/tcp
# nsnet.services.east.pod.default.web-1: east/pod/web-1 answers on 8443/udp
# nsnet.services.east.pod.default.web-1: east/pod/web-1 answers on 9090/tcp
# nsnet.services.east.pod.kube-system.coredns-0: east/pod/coredns-0.kube-system answers DNS queries on 53/udp
# nsnet.services.east.pod.kube-system.coredns-0: east/pod/coredns-0.kube-system answers DNS queries on 53/tcp
ip netns exec nsnet.services.east.node.n1 $IPT-restore --noflush <<'EOF'
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
-A KUBE-SERVICES -d 10.96.0.5/32 -p tcp -m comment --comment "default/far has no local endpoints" -m tcp --dport 80 -j DROP
-A KUBE-SERVICES -d 10.96.0.7/32 -p tcp -m comment --comment "default/unready has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
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
:KUBE-SEP-MQPSSF2DIKDEHI3U - [0:0]
:KUBE-SEP-LOQZ6LJZSXX5P3TW - [0:0]
:KUBE-EXT-PI4MBHA223WUCGYJ - [0:0]
:KUBE-SVC-PI4MBHA223WUCGYJ - [0:0]
:KUBE-SEP-Z3GNYMV4XARJVHXB - [0:0]
:KUBE-SEP-M53GWD4TG2BBRKRB - [0:0]
:KUBE-EXT-HAP236S3IXM3377R - [0:0]
:KUBE-SVC-HAP236S3IXM3377R - [0:0]
:KUBE-SEP-27BNBCYQ4DBN34CW - [0:0]
:KUBE-SEP-OSQWBJ74ATFRKTJW - [0:0]
:KUBE-SVC-BJWR5DPVIKTHVKZU - [0:0]
:KUBE-SEP-4HY4DVZLSLFCQS4V - [0:0]
:KUBE-SEP-IBHVSYI3CZUQBJM7 - [0:0]
:KUBE-SVL-JP74GBMZCWWFJUWR - [0:0]
:KUBE-SEP-FLFUU2KJHGAEP2QV - [0:0]
:KUBE-SVC-DGZRZY653ANWN7N7 - [0:0]
:KUBE-SEP-TTG5PM4ETLMNV3DR - [0:0]
:KUBE-SVC-INCNLRHD6S4XOICL - [0:0]
:KUBE-SEP-OK3NRTUTQFW4XAFV - [0:0]
:KUBE-SVC-VOHOZ5SJDOGIILLV - [0:0]
:KUBE-SEP-3O7CRKSJJCLTDL3W - [0:0]
:KUBE-SVC-GDAY7HUAPXMCMK53 - [0:0]
:KUBE-SEP-AY2VQRJWQBOPM7TC - [0:0]
:KUBE-SEP-CMJN4BCPA6VEOTUC - [0:0]
:KUBE-SEP-BHW4DM5WK7EWKCD2 - [0:0]
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
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 198.51.100.7/32 -p tcp -m comment --comment "default/web:http external IP" -m tcp --dport 80 -j KUBE-EXT-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.96.0.2/32 -p udp -m comment --comment "default/web:quic cluster IP" -m udp --dport 80 -j KUBE-SVC-PI4MBHA223WUCGYJ
-A KUBE-SERVICES -d 198.51.100.7/32 -p udp -m comment --comment "default/web:quic external IP" -m udp --dport 80 -j KUBE-EXT-PI4MBHA223WUCGYJ
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:admin cluster IP" -m tcp --dport 9000 -j KUBE-SVC-HAP236S3IXM3377R
-A KUBE-SERVICES -d 198.51.100.7/32 -p tcp -m comment --comment "default/web:admin external IP" -m tcp --dport 9000 -j KUBE-EXT-HAP236S3IXM3377R
-A KUBE-SERVICES -d 10.96.0.3/32 -p tcp -m comment --comment "default/sticky cluster IP" -m tcp --dport 80 -j KUBE-SVC-BJWR5DPVIKTHVKZU
-A KUBE-SERVICES -d 10.96.0.4/32 -p tcp -m comment --comment "default/near cluster IP" -m tcp --dport 80 -j KUBE-SVL-JP74GBMZCWWFJUWR
-A KUBE-SERVICES -d 10.96.0.6/32 -p tcp -m comment --comment "default/zonal cluster IP" -m tcp --dport 80 -j KUBE-SVC-DGZRZY653ANWN7N7
-A KUBE-SERVICES -d 10.96.0.8/32 -p tcp -m comment --comment "default/impatient cluster IP" -m tcp --dport 80 -j KUBE-SVC-INCNLRHD6S4XOICL
-A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "default/going cluster IP" -m tcp --dport 80 -j KUBE-SVC-VOHOZ5SJDOGIILLV
-A KUBE-SERVICES -d 10.96.0.11/32 -p tcp -m comment --comment "default/sliced:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-GDAY7HUAPXMCMK53
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-SVC-ERIFXISQEP7F7OF4
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-EXT-CDGGSHYLG3RE2FKL -m comment --comment "masquerade traffic for default/web:http external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-CDGGSHYLG3RE2FKL -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.4:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-MQPSSF2DIKDEHI3U
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.4:8080" -j KUBE-SEP-LOQZ6LJZSXX5P3TW
-A KUBE-SEP-MQPSSF2DIKDEHI3U -s 10.244.0.4/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQPSSF2DIKDEHI3U -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.4:8080
-A KUBE-SEP-LOQZ6LJZSXX5P3TW -s 10.244.1.4/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-LOQZ6LJZSXX5P3TW -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.4:8080
-A KUBE-EXT-PI4MBHA223WUCGYJ -m comment --comment "masquerade traffic for default/web:quic external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-PI4MBHA223WUCGYJ -j KUBE-SVC-PI4MBHA223WUCGYJ
-A KUBE-SVC-PI4MBHA223WUCGYJ ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p udp -m comment --comment "default/web:quic cluster IP" -m udp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-PI4MBHA223WUCGYJ -m comment --comment "default/web:quic -> 10.244.0.4:8443" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-Z3GNYMV4XARJVHXB
-A KUBE-SVC-PI4MBHA223WUCGYJ -m comment --comment "default/web:quic -> 10.244.1.4:8443" -j KUBE-SEP-M53GWD4TG2BBRKRB
-A KUBE-SEP-Z3GNYMV4XARJVHXB -s 10.244.0.4/32 -m comment --comment "default/web:quic" -j KUBE-MARK-MASQ
-A KUBE-SEP-Z3GNYMV4XARJVHXB -p udp -m comment --comment "default/web:quic" -m udp -j DNAT --to-destination 10.244.0.4:8443
-A KUBE-SEP-M53GWD4TG2BBRKRB -s 10.244.1.4/32 -m comment --comment "default/web:quic" -j KUBE-MARK-MASQ
-A KUBE-SEP-M53GWD4TG2BBRKRB -p udp -m comment --comment "default/web:quic" -m udp -j DNAT --to-destination 10.244.1.4:8443
-A KUBE-EXT-HAP236S3IXM3377R -m comment --comment "masquerade traffic for default/web:admin external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-HAP236S3IXM3377R -j KUBE-SVC-HAP236S3IXM3377R
-A KUBE-SVC-HAP236S3IXM3377R ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:admin cluster IP" -m tcp --dport 9000 -j KUBE-MARK-MASQ
-A KUBE-SVC-HAP236S3IXM3377R -m comment --comment "default/web:admin -> 10.244.0.4:9090" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-27BNBCYQ4DBN34CW
-A KUBE-SVC-HAP236S3IXM3377R -m comment --comment "default/web:admin -> 10.244.1.4:9090" -j KUBE-SEP-OSQWBJ74ATFRKTJW
-A KUBE-SEP-27BNBCYQ4DBN34CW -s 10.244.0.4/32 -m comment --comment "default/web:admin" -j KUBE-MARK-MASQ
-A KUBE-SEP-27BNBCYQ4DBN34CW -p tcp -m comment --comment "default/web:admin" -m tcp -j DNAT --to-destination 10.244.0.4:9090
-A KUBE-SEP-OSQWBJ74ATFRKTJW -s 10.244.1.4/32 -m comment --comment "default/web:admin" -j KUBE-MARK-MASQ
-A KUBE-SEP-OSQWBJ74ATFRKTJW -p tcp -m comment --comment "default/web:admin" -m tcp -j DNAT --to-destination 10.244.1.4:9090
-A KUBE-SVC-BJWR5DPVIKTHVKZU ! -s 10.244.0.0/16 -d 10.96.0.3/32 -p tcp -m comment --comment "default/sticky cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-BJWR5DPVIKTHVKZU -m comment --comment "default/sticky -> 10.244.0.4:8080" -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-4HY4DVZLSLFCQS4V --mask 255.255.255.255 --rsource -j KUBE-SEP-4HY4DVZLSLFCQS4V
-A KUBE-SVC-BJWR5DPVIKTHVKZU -m comment --comment "default/sticky -> 10.244.1.4:8080" -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-IBHVSYI3CZUQBJM7 --mask 255.255.255.255 --rsource -j KUBE-SEP-IBHVSYI3CZUQBJM7
-A KUBE-SVC-BJWR5DPVIKTHVKZU -m comment --comment "default/sticky -> 10.244.0.4:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-4HY4DVZLSLFCQS4V
-A KUBE-SVC-BJWR5DPVIKTHVKZU -m comment --comment "default/sticky -> 10.244.1.4:8080" -j KUBE-SEP-IBHVSYI3CZUQBJM7
-A KUBE-SEP-4HY4DVZLSLFCQS4V -s 10.244.0.4/32 -m comment --comment "default/sticky" -j KUBE-MARK-MASQ
-A KUBE-SEP-4HY4DVZLSLFCQS4V -p tcp -m comment --comment "default/sticky" -m recent --set --name KUBE-SEP-4HY4DVZLSLFCQS4V --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.244.0.4:8080
-A KUBE-SEP-IBHVSYI3CZUQBJM7 -s 10.244.1.4/32 -m comment --comment "default/sticky" -j KUBE-MARK-MASQ
-A KUBE-SEP-IBHVSYI3CZUQBJM7 -p tcp -m comment --comment "default/sticky" -m recent --set --name KUBE-SEP-IBHVSYI3CZUQBJM7 --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.244.1.4:8080
-A KUBE-SVL-JP74GBMZCWWFJUWR ! -s 10.244.0.0/16 -d 10.96.0.4/32 -p tcp -m comment --comment "default/near cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVL-JP74GBMZCWWFJUWR -m comment --comment "default/near -> 10.244.0.4:8080" -j KUBE-SEP-FLFUU2KJHGAEP2QV
-A KUBE-SEP-FLFUU2KJHGAEP2QV -s 10.244.0.4/32 -m comment --comment "default/near" -j KUBE-MARK-MASQ
-A KUBE-SEP-FLFUU2KJHGAEP2QV -p tcp -m comment --comment "default/near" -m tcp -j DNAT --to-destination 10.244.0.4:8080
-A KUBE-SVC-DGZRZY653ANWN7N7 ! -s 10.244.0.0/16 -d 10.96.0.6/32 -p tcp -m comment --comment "default/zonal cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-DGZRZY653ANWN7N7 -m comment --comment "default/zonal -> 10.244.0.4:8080" -j KUBE-SEP-TTG5PM4ETLMNV3DR
-A KUBE-SEP-TTG5PM4ETLMNV3DR -s 10.244.0.4/32 -m comment --comment "default/zonal" -j KUBE-MARK-MASQ
-A KUBE-SEP-TTG5PM4ETLMNV3DR -p tcp -m comment --comment "default/zonal" -m tcp -j DNAT --to-destination 10.244.0.4:8080
-A KUBE-SVC-INCNLRHD6S4XOICL ! -s 10.244.0.0/16 -d 10.96.0.8/32 -p tcp -m comment --comment "default/impatient cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-INCNLRHD6S4XOICL -m comment --comment "default/impatient -> 10.244.0.3:80" -j KUBE-SEP-OK3NRTUTQFW4XAFV
-A KUBE-SEP-OK3NRTUTQFW4XAFV -s 10.244.0.3/32 -m comment --comment "default/impatient" -j KUBE-MARK-MASQ
-A KUBE-SEP-OK3NRTUTQFW4XAFV -p tcp -m comment --comment "default/impatient" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SVC-VOHOZ5SJDOGIILLV ! -s 10.244.0.0/16 -d 10.96.0.9/32 -p tcp -m comment --comment "default/going cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-VOHOZ5SJDOGIILLV -m comment --comment "default/going -> 10.244.1.2:80" -j KUBE-SEP-3O7CRKSJJCLTDL3W
-A KUBE-SEP-3O7CRKSJJCLTDL3W -s 10.244.1.2/32 -m comment --comment "default/going" -j KUBE-MARK-MASQ
-A KUBE-SEP-3O7CRKSJJCLTDL3W -p tcp -m comment --comment "default/going" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-GDAY7HUAPXMCMK53 ! -s 10.244.0.0/16 -d 10.96.0.11/32 -p tcp -m comment --comment "default/sliced:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-GDAY7HUAPXMCMK53 -m comment --comment "default/sliced:http -> 10.244.0.4:8080" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-AY2VQRJWQBOPM7TC
-A KUBE-SVC-GDAY7HUAPXMCMK53 -m comment --comment "default/sliced:http -> 10.244.1.2:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-CMJN4BCPA6VEOTUC
-A KUBE-SVC-GDAY7HUAPXMCMK53 -m comment --comment "default/sliced:http -> 10.244.1.4:8080" -j KUBE-SEP-BHW4DM5WK7EWKCD2
-A KUBE-SEP-AY2VQRJWQBOPM7TC -s 10.244.0.4/32 -m comment --comment "default/sliced:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-AY2VQRJWQBOPM7TC -p tcp -m comment --comment "default/sliced:http" -m tcp -j DNAT --to-destination 10.244.0.4:8080
-A KUBE-SEP-CMJN4BCPA6VEOTUC -s 10.244.1.2/32 -m comment --comment "default/sliced:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-CMJN4BCPA6VEOTUC -p tcp -m comment --comment "default/sliced:http" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SEP-BHW4DM5WK7EWKCD2 -s 10.244.1.4/32 -m comment --comment "default/sliced:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-BHW4DM5WK7EWKCD2 -p tcp -m comment --comment "default/sliced:http" -m tcp -j DNAT --to-destination 10.244.1.4:8080
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
ip netns exec nsnet.services.east.node.n2 $IPT-restore --noflush <<'EOF'
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
-A KUBE-SERVICES -d 10.96.0.7/32 -p tcp -m comment --comment "default/unready has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
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
:KUBE-SEP-MQPSSF2DIKDEHI3U - [0:0]
:KUBE-SEP-LOQZ6LJZSXX5P3TW - [0:0]
:KUBE-EXT-PI4MBHA223WUCGYJ - [0:0]
:KUBE-SVC-PI4MBHA223WUCGYJ - [0:0]
:KUBE-SEP-Z3GNYMV4XARJVHXB - [0:0]
:KUBE-SEP-M53GWD4TG2BBRKRB - [0:0]
:KUBE-EXT-HAP236S3IXM3377R - [0:0]
:KUBE-SVC-HAP236S3IXM3377R - [0:0]
:KUBE-SEP-27BNBCYQ4DBN34CW - [0:0]
:KUBE-SEP-OSQWBJ74ATFRKTJW - [0:0]
:KUBE-SVC-BJWR5DPVIKTHVKZU - [0:0]
:KUBE-SEP-4HY4DVZLSLFCQS4V - [0:0]
:KUBE-SEP-IBHVSYI3CZUQBJM7 - [0:0]
:KUBE-SVL-JP74GBMZCWWFJUWR - [0:0]
:KUBE-SEP-DJLMDMSO46R6EWH5 - [0:0]
:KUBE-SVL-I55P7MSL3WB3WNBE - [0:0]
:KUBE-SEP-OUL4DWIE2J7W2ND2 - [0:0]
:KUBE-SVC-DGZRZY653ANWN7N7 - [0:0]
:KUBE-SEP-SCGAVOY3Y4UOBW2K - [0:0]
:KUBE-SVC-INCNLRHD6S4XOICL - [0:0]
:KUBE-SEP-OK3NRTUTQFW4XAFV - [0:0]
:KUBE-SVC-VOHOZ5SJDOGIILLV - [0:0]
:KUBE-SEP-3O7CRKSJJCLTDL3W - [0:0]
:KUBE-SVC-GDAY7HUAPXMCMK53 - [0:0]
:KUBE-SEP-AY2VQRJWQBOPM7TC - [0:0]
:KUBE-SEP-CMJN4BCPA6VEOTUC - [0:0]
:KUBE-SEP-BHW4DM5WK7EWKCD2 - [0:0]
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
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 198.51.100.7/32 -p tcp -m comment --comment "default/web:http external IP" -m tcp --dport 80 -j KUBE-EXT-CDGGSHYLG3RE2FKL
-A KUBE-SERVICES -d 10.96.0.2/32 -p udp -m comment --comment "default/web:quic cluster IP" -m udp --dport 80 -j KUBE-SVC-PI4MBHA223WUCGYJ
-A KUBE-SERVICES -d 198.51.100.7/32 -p udp -m comment --comment "default/web:quic external IP" -m udp --dport 80 -j KUBE-EXT-PI4MBHA223WUCGYJ
-A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:admin cluster IP" -m tcp --dport 9000 -j KUBE-SVC-HAP236S3IXM3377R
-A KUBE-SERVICES -d 198.51.100.7/32 -p tcp -m comment --comment "default/web:admin external IP" -m tcp --dport 9000 -j KUBE-EXT-HAP236S3IXM3377R
-A KUBE-SERVICES -d 10.96.0.3/32 -p tcp -m comment --comment "default/sticky cluster IP" -m tcp --dport 80 -j KUBE-SVC-BJWR5DPVIKTHVKZU
-A KUBE-SERVICES -d 10.96.0.4/32 -p tcp -m comment --comment "default/near cluster IP" -m tcp --dport 80 -j KUBE-SVL-JP74GBMZCWWFJUWR
-A KUBE-SERVICES -d 10.96.0.5/32 -p tcp -m comment --comment "default/far cluster IP" -m tcp --dport 80 -j KUBE-SVL-I55P7MSL3WB3WNBE
-A KUBE-SERVICES -d 10.96.0.6/32 -p tcp -m comment --comment "default/zonal cluster IP" -m tcp --dport 80 -j KUBE-SVC-DGZRZY653ANWN7N7
-A KUBE-SERVICES -d 10.96.0.8/32 -p tcp -m comment --comment "default/impatient cluster IP" -m tcp --dport 80 -j KUBE-SVC-INCNLRHD6S4XOICL
-A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "default/going cluster IP" -m tcp --dport 80 -j KUBE-SVC-VOHOZ5SJDOGIILLV
-A KUBE-SERVICES -d 10.96.0.11/32 -p tcp -m comment --comment "default/sliced:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-GDAY7HUAPXMCMK53
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -m tcp --dport 53 -j KUBE-SVC-ERIFXISQEP7F7OF4
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-EXT-CDGGSHYLG3RE2FKL -m comment --comment "masquerade traffic for default/web:http external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-CDGGSHYLG3RE2FKL -j KUBE-SVC-CDGGSHYLG3RE2FKL
-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.0.4:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-MQPSSF2DIKDEHI3U
-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.4:8080" -j KUBE-SEP-LOQZ6LJZSXX5P3TW
-A KUBE-SEP-MQPSSF2DIKDEHI3U -s 10.244.0.4/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-MQPSSF2DIKDEHI3U -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.4:8080
-A KUBE-SEP-LOQZ6LJZSXX5P3TW -s 10.244.1.4/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-LOQZ6LJZSXX5P3TW -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.4:8080
-A KUBE-EXT-PI4MBHA223WUCGYJ -m comment --comment "masquerade traffic for default/web:quic external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-PI4MBHA223WUCGYJ -j KUBE-SVC-PI4MBHA223WUCGYJ
-A KUBE-SVC-PI4MBHA223WUCGYJ ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p udp -m comment --comment "default/web:quic cluster IP" -m udp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-PI4MBHA223WUCGYJ -m comment --comment "default/web:quic -> 10.244.0.4:8443" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-Z3GNYMV4XARJVHXB
-A KUBE-SVC-PI4MBHA223WUCGYJ -m comment --comment "default/web:quic -> 10.244.1.4:8443" -j KUBE-SEP-M53GWD4TG2BBRKRB
-A KUBE-SEP-Z3GNYMV4XARJVHXB -s 10.244.0.4/32 -m comment --comment "default/web:quic" -j KUBE-MARK-MASQ
-A KUBE-SEP-Z3GNYMV4XARJVHXB -p udp -m comment --comment "default/web:quic" -m udp -j DNAT --to-destination 10.244.0.4:8443
-A KUBE-SEP-M53GWD4TG2BBRKRB -s 10.244.1.4/32 -m comment --comment "default/web:quic" -j KUBE-MARK-MASQ
-A KUBE-SEP-M53GWD4TG2BBRKRB -p udp -m comment --comment "default/web:quic" -m udp -j DNAT --to-destination 10.244.1.4:8443
-A KUBE-EXT-HAP236S3IXM3377R -m comment --comment "masquerade traffic for default/web:admin external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-HAP236S3IXM3377R -j KUBE-SVC-HAP236S3IXM3377R
-A KUBE-SVC-HAP236S3IXM3377R ! -s 10.244.0.0/16 -d 10.96.0.2/32 -p tcp -m comment --comment "default/web:admin cluster IP" -m tcp --dport 9000 -j KUBE-MARK-MASQ
-A KUBE-SVC-HAP236S3IXM3377R -m comment --comment "default/web:admin -> 10.244.0.4:9090" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-27BNBCYQ4DBN34CW
-A KUBE-SVC-HAP236S3IXM3377R -m comment --comment "default/web:admin -> 10.244.1.4:9090" -j KUBE-SEP-OSQWBJ74ATFRKTJW
-A KUBE-SEP-27BNBCYQ4DBN34CW -s 10.244.0.4/32 -m comment --comment "default/web:admin" -j KUBE-MARK-MASQ
-A KUBE-SEP-27BNBCYQ4DBN34CW -p tcp -m comment --comment "default/web:admin" -m tcp -j DNAT --to-destination 10.244.0.4:9090
-A KUBE-SEP-OSQWBJ74ATFRKTJW -s 10.244.1.4/32 -m comment --comment "default/web:admin" -j KUBE-MARK-MASQ
-A KUBE-SEP-OSQWBJ74ATFRKTJW -p tcp -m comment --comment "default/web:admin" -m tcp -j DNAT --to-destination 10.244.1.4:9090
-A KUBE-SVC-BJWR5DPVIKTHVKZU ! -s 10.244.0.0/16 -d 10.96.0.3/32 -p tcp -m comment --comment "default/sticky cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-BJWR5DPVIKTHVKZU -m comment --comment "default/sticky -> 10.244.0.4:8080" -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-4HY4DVZLSLFCQS4V --mask 255.255.255.255 --rsource -j KUBE-SEP-4HY4DVZLSLFCQS4V
-A KUBE-SVC-BJWR5DPVIKTHVKZU -m comment --comment "default/sticky -> 10.244.1.4:8080" -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-IBHVSYI3CZUQBJM7 --mask 255.255.255.255 --rsource -j KUBE-SEP-IBHVSYI3CZUQBJM7
-A KUBE-SVC-BJWR5DPVIKTHVKZU -m comment --comment "default/sticky -> 10.244.0.4:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-4HY4DVZLSLFCQS4V
-A KUBE-SVC-BJWR5DPVIKTHVKZU -m comment --comment "default/sticky -> 10.244.1.4:8080" -j KUBE-SEP-IBHVSYI3CZUQBJM7
-A KUBE-SEP-4HY4DVZLSLFCQS4V -s 10.244.0.4/32 -m comment --comment "default/sticky" -j KUBE-MARK-MASQ
-A KUBE-SEP-4HY4DVZLSLFCQS4V -p tcp -m comment --comment "default/sticky" -m recent --set --name KUBE-SEP-4HY4DVZLSLFCQS4V --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.244.0.4:8080
-A KUBE-SEP-IBHVSYI3CZUQBJM7 -s 10.244.1.4/32 -m comment --comment "default/sticky" -j KUBE-MARK-MASQ
-A KUBE-SEP-IBHVSYI3CZUQBJM7 -p tcp -m comment --comment "default/sticky" -m recent --set --name KUBE-SEP-IBHVSYI3CZUQBJM7 --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.244.1.4:8080
-A KUBE-SVL-JP74GBMZCWWFJUWR ! -s 10.244.0.0/16 -d 10.96.0.4/32 -p tcp -m comment --comment "default/near cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVL-JP74GBMZCWWFJUWR -m comment --comment "default/near -> 10.244.1.4:8080" -j KUBE-SEP-DJLMDMSO46R6EWH5
-A KUBE-SEP-DJLMDMSO46R6EWH5 -s 10.244.1.4/32 -m comment --comment "default/near" -j KUBE-MARK-MASQ
-A KUBE-SEP-DJLMDMSO46R6EWH5 -p tcp -m comment --comment "default/near" -m tcp -j DNAT --to-destination 10.244.1.4:8080
-A KUBE-SVL-I55P7MSL3WB3WNBE ! -s 10.244.0.0/16 -d 10.96.0.5/32 -p tcp -m comment --comment "default/far cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVL-I55P7MSL3WB3WNBE -m comment --comment "default/far -> 10.244.1.2:80" -j KUBE-SEP-OUL4DWIE2J7W2ND2
-A KUBE-SEP-OUL4DWIE2J7W2ND2 -s 10.244.1.2/32 -m comment --comment "default/far" -j KUBE-MARK-MASQ
-A KUBE-SEP-OUL4DWIE2J7W2ND2 -p tcp -m comment --comment "default/far" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-DGZRZY653ANWN7N7 ! -s 10.244.0.0/16 -d 10.96.0.6/32 -p tcp -m comment --comment "default/zonal cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-DGZRZY653ANWN7N7 -m comment --comment "default/zonal -> 10.244.1.4:8080" -j KUBE-SEP-SCGAVOY3Y4UOBW2K
-A KUBE-SEP-SCGAVOY3Y4UOBW2K -s 10.244.1.4/32 -m comment --comment "default/zonal" -j KUBE-MARK-MASQ
-A KUBE-SEP-SCGAVOY3Y4UOBW2K -p tcp -m comment --comment "default/zonal" -m tcp -j DNAT --to-destination 10.244.1.4:8080
-A KUBE-SVC-INCNLRHD6S4XOICL ! -s 10.244.0.0/16 -d 10.96.0.8/32 -p tcp -m comment --comment "default/impatient cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-INCNLRHD6S4XOICL -m comment --comment "default/impatient -> 10.244.0.3:80" -j KUBE-SEP-OK3NRTUTQFW4XAFV
-A KUBE-SEP-OK3NRTUTQFW4XAFV -s 10.244.0.3/32 -m comment --comment "default/impatient" -j KUBE-MARK-MASQ
-A KUBE-SEP-OK3NRTUTQFW4XAFV -p tcp -m comment --comment "default/impatient" -m tcp -j DNAT --to-destination 10.244.0.3:80
-A KUBE-SVC-VOHOZ5SJDOGIILLV ! -s 10.244.0.0/16 -d 10.96.0.9/32 -p tcp -m comment --comment "default/going cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-VOHOZ5SJDOGIILLV -m comment --comment "default/going -> 10.244.1.2:80" -j KUBE-SEP-3O7CRKSJJCLTDL3W
-A KUBE-SEP-3O7CRKSJJCLTDL3W -s 10.244.1.2/32 -m comment --comment "default/going" -j KUBE-MARK-MASQ
-A KUBE-SEP-3O7CRKSJJCLTDL3W -p tcp -m comment --comment "default/going" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SVC-GDAY7HUAPXMCMK53 ! -s 10.244.0.0/16 -d 10.96.0.11/32 -p tcp -m comment --comment "default/sliced:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-GDAY7HUAPXMCMK53 -m comment --comment "default/sliced:http -> 10.244.0.4:8080" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-AY2VQRJWQBOPM7TC
-A KUBE-SVC-GDAY7HUAPXMCMK53 -m comment --comment "default/sliced:http -> 10.244.1.2:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-CMJN4BCPA6VEOTUC
-A KUBE-SVC-GDAY7HUAPXMCMK53 -m comment --comment "default/sliced:http -> 10.244.1.4:8080" -j KUBE-SEP-BHW4DM5WK7EWKCD2
-A KUBE-SEP-AY2VQRJWQBOPM7TC -s 10.244.0.4/32 -m comment --comment "default/sliced:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-AY2VQRJWQBOPM7TC -p tcp -m comment --comment "default/sliced:http" -m tcp -j DNAT --to-destination 10.244.0.4:8080
-A KUBE-SEP-CMJN4BCPA6VEOTUC -s 10.244.1.2/32 -m comment --comment "default/sliced:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-CMJN4BCPA6VEOTUC -p tcp -m comment --comment "default/sliced:http" -m tcp -j DNAT --to-destination 10.244.1.2:80
-A KUBE-SEP-BHW4DM5WK7EWKCD2 -s 10.244.1.4/32 -m comment --comment "default/sliced:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-BHW4DM5WK7EWKCD2 -p tcp -m comment --comment "default/sliced:http" -m tcp -j DNAT --to-destination 10.244.1.4:8080
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
