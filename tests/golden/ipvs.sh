#!/bin/sh
# Builds the lab ipvs without its server. To remove it again: nsnet down ipvs
set -eu
IPT=${IPT:-iptables-legacy}       # or iptables-nft
IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}

ip netns add nsnet.ipvs.servers
# nsnet.ipvs.servers: nsnet starts its server here; it answers for every pod
ip netns exec nsnet.ipvs.servers sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.ipvs.servers sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.ipvs.servers sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.ipvs.servers sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.ipvs.servers sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.ipvs.servers sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.ipvs.fabric
ip netns exec nsnet.ipvs.fabric sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.ipvs.fabric sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.ipvs.fabric sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.ipvs.fabric sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.ipvs.fabric sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.ipvs.fabric sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.ipvs.fabric sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.ipvs.fabric sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.ipvs.fabric sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.ipvs.fabric sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ip netns exec nsnet.ipvs.fabric sysctl -q -w net.bridge.bridge-nf-call-ip6tables=0
ip netns add nsnet.ipvs.external.laptop
ip netns exec nsnet.ipvs.external.laptop sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.ipvs.external.laptop sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.ipvs.external.laptop sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.ipvs.external.laptop sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.ipvs.external.laptop sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.ipvs.external.laptop sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.ipvs.east.node.n1
ip netns exec nsnet.ipvs.east.node.n1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.ipvs.east.node.n1 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.ipvs.east.node.n1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.ipvs.east.node.n1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.ipvs.east.node.n1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.ipvs.east.node.n1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.ipvs.east.node.n1 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.ipvs.east.node.n1 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.ipvs.east.node.n1 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.ipvs.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.ipvs.east.node.n1 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.ipvs.east.node.n1 sysctl -q -w net.ipv4.vs.conntrack=1
ip netns exec nsnet.ipvs.east.node.n1 sysctl -q -w net.ipv4.vs.expire_nodest_conn=1
ip netns exec nsnet.ipvs.east.node.n1 sysctl -q -w net.ipv4.vs.expire_quiescent_template=1
ip netns exec nsnet.ipvs.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.ipvs.east.node.n1 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.ipvs.east.node.n2
ip netns exec nsnet.ipvs.east.node.n2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.ipvs.east.node.n2 sysctl -q -w net.ipv4.ip_forward=1
ip netns exec nsnet.ipvs.east.node.n2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.ipvs.east.node.n2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.ipvs.east.node.n2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.ipvs.east.node.n2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns exec nsnet.ipvs.east.node.n2 sysctl -q -w net.ipv4.conf.all.send_redirects=0
ip netns exec nsnet.ipvs.east.node.n2 sysctl -q -w net.ipv4.conf.default.send_redirects=0
ip netns exec nsnet.ipvs.east.node.n2 sysctl -q -w net.ipv4.fib_multipath_hash_policy=1
ip netns exec nsnet.ipvs.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-iptables=1
ip netns exec nsnet.ipvs.east.node.n2 sysctl -q -w net.bridge.bridge-nf-call-ip6tables=1
ip netns exec nsnet.ipvs.east.node.n2 sysctl -q -w net.ipv4.vs.conntrack=1
ip netns exec nsnet.ipvs.east.node.n2 sysctl -q -w net.ipv4.vs.expire_nodest_conn=1
ip netns exec nsnet.ipvs.east.node.n2 sysctl -q -w net.ipv4.vs.expire_quiescent_template=1
ip netns exec nsnet.ipvs.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_established=86400
ip netns exec nsnet.ipvs.east.node.n2 sysctl -qe -w net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600
ip netns add nsnet.ipvs.east.pod.default.client
ip netns exec nsnet.ipvs.east.pod.default.client sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.ipvs.east.pod.default.client sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.ipvs.east.pod.default.client sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.ipvs.east.pod.default.client sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.ipvs.east.pod.default.client sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.ipvs.east.pod.default.client sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.ipvs.east.pod.default.web-0
ip netns exec nsnet.ipvs.east.pod.default.web-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.ipvs.east.pod.default.web-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.ipvs.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.ipvs.east.pod.default.web-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.ipvs.east.pod.default.web-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.ipvs.east.pod.default.web-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.ipvs.east.pod.default.web-1
ip netns exec nsnet.ipvs.east.pod.default.web-1 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.ipvs.east.pod.default.web-1 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.ipvs.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.ipvs.east.pod.default.web-1 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.ipvs.east.pod.default.web-1 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.ipvs.east.pod.default.web-1 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.ipvs.east.pod.default.web-2
ip netns exec nsnet.ipvs.east.pod.default.web-2 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.ipvs.east.pod.default.web-2 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.ipvs.east.pod.default.web-2 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.ipvs.east.pod.default.web-2 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.ipvs.east.pod.default.web-2 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.ipvs.east.pod.default.web-2 sysctl -q -w net.ipv4.icmp_ratemask=0
ip netns add nsnet.ipvs.east.pod.kube-system.coredns-0
ip netns exec nsnet.ipvs.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
ip netns exec nsnet.ipvs.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.ip_forward=0
ip netns exec nsnet.ipvs.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.conf.all.rp_filter=0
ip netns exec nsnet.ipvs.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.conf.default.rp_filter=0
ip netns exec nsnet.ipvs.east.pod.kube-system.coredns-0 sysctl -qe -w net.core.txrehash=0
ip netns exec nsnet.ipvs.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.icmp_ratemask=0
ip -n nsnet.ipvs.fabric link add br-fabric address 02:00:c6:12:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.ipvs.fabric link set br-fabric up
ip -n nsnet.ipvs.fabric link add br-east address 02:00:c0:a8:0a:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.ipvs.fabric link set br-east up
ip -n nsnet.ipvs.fabric link add east_n1 address 06:90:ed:e3:fa:b2 type veth peer name eth0 address 02:00:c0:a8:0a:02 netns nsnet.ipvs.east.node.n1
ip -n nsnet.ipvs.fabric link set east_n1 master br-east up
ip -n nsnet.ipvs.fabric link add east_n2 address 06:ad:fd:92:09:93 type veth peer name eth0 address 02:00:c0:a8:0a:03 netns nsnet.ipvs.east.node.n2
ip -n nsnet.ipvs.fabric link set east_n2 master br-east up
ip -n nsnet.ipvs.fabric link add ext-laptop address 06:d3:f1:fc:c8:8a type veth peer name eth0 address 02:00:cb:00:71:0a netns nsnet.ipvs.external.laptop
ip -n nsnet.ipvs.fabric link set ext-laptop master br-fabric up
ip -n nsnet.ipvs.east.node.n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.ipvs.east.node.n1 link set cbr0 up
ip -n nsnet.ipvs.east.node.n1 link add kube-ipvs0 address 06:e3:ee:cc:5b:00 type dummy
ip -n nsnet.ipvs.east.node.n1 link add client address 06:e0:70:5d:73:d9 type veth peer name eth0 address 02:00:0a:f4:00:02 netns nsnet.ipvs.east.pod.default.client
ip -n nsnet.ipvs.east.node.n1 link set client master cbr0 up
bridge -n nsnet.ipvs.east.node.n1 link set dev client hairpin on
ip -n nsnet.ipvs.east.node.n1 link add web-0 address 06:03:23:e0:4f:49 type veth peer name eth0 address 02:00:0a:f4:00:03 netns nsnet.ipvs.east.pod.default.web-0
ip -n nsnet.ipvs.east.node.n1 link set web-0 master cbr0 up
bridge -n nsnet.ipvs.east.node.n1 link set dev web-0 hairpin on
ip -n nsnet.ipvs.east.node.n1 link add web-2 address 06:b3:be:df:55:4b type veth peer name eth0 address 02:00:0a:f4:00:04 netns nsnet.ipvs.east.pod.default.web-2
ip -n nsnet.ipvs.east.node.n1 link set web-2 master cbr0 up
bridge -n nsnet.ipvs.east.node.n1 link set dev web-2 hairpin on
ip -n nsnet.ipvs.east.node.n2 link add cbr0 address 02:00:0a:f4:01:01 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
ip -n nsnet.ipvs.east.node.n2 link set cbr0 up
ip -n nsnet.ipvs.east.node.n2 link add kube-ipvs0 address 06:45:c9:90:1f:52 type dummy
ip -n nsnet.ipvs.east.node.n2 link add web-1 address 06:0c:56:91:f8:97 type veth peer name eth0 address 02:00:0a:f4:01:02 netns nsnet.ipvs.east.pod.default.web-1
ip -n nsnet.ipvs.east.node.n2 link set web-1 master cbr0 up
bridge -n nsnet.ipvs.east.node.n2 link set dev web-1 hairpin on
ip -n nsnet.ipvs.east.node.n2 link add coredns-_12124f address 06:44:22:d5:54:ab type veth peer name eth0 address 02:00:0a:f4:01:fe netns nsnet.ipvs.east.pod.kube-system.coredns-0
ip -n nsnet.ipvs.east.node.n2 link set coredns-_12124f master cbr0 up
bridge -n nsnet.ipvs.east.node.n2 link set dev coredns-_12124f hairpin on
ip -n nsnet.ipvs.servers link set lo up
ip netns exec nsnet.ipvs.fabric sysctl -q -w net.ipv4.neigh.br-fabric.retrans_time_ms=100
ip netns exec nsnet.ipvs.fabric sysctl -q -w net.ipv4.neigh.br-east.retrans_time_ms=100
ip -n nsnet.ipvs.fabric link set lo up
ip -n nsnet.ipvs.fabric addr add 198.18.0.1/16 dev br-fabric
ip -n nsnet.ipvs.fabric addr add 192.168.10.1/24 dev br-east
ip -n nsnet.ipvs.fabric route add 203.0.113.10/32 dev br-fabric
ip netns exec nsnet.ipvs.external.laptop sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.ipvs.external.laptop link set lo up
ip -n nsnet.ipvs.external.laptop link set eth0 up
ip -n nsnet.ipvs.external.laptop addr add 203.0.113.10/32 dev eth0
ip -n nsnet.ipvs.external.laptop route add default via 198.18.0.1 dev eth0 onlink
ip netns exec nsnet.ipvs.east.node.n1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.ipvs.east.node.n1 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.ipvs.east.node.n1 sysctl -q -w net.ipv4.neigh.kube-ipvs0.retrans_time_ms=100
ip -n nsnet.ipvs.east.node.n1 link set lo up
ip -n nsnet.ipvs.east.node.n1 link set eth0 up
ip -n nsnet.ipvs.east.node.n1 addr add 192.168.10.2/24 dev eth0
ip -n nsnet.ipvs.east.node.n1 addr add 10.244.0.1/24 dev cbr0
ip -n nsnet.ipvs.east.node.n1 addr add 10.96.0.2/32 dev kube-ipvs0
ip -n nsnet.ipvs.east.node.n1 addr add 10.96.0.3/32 dev kube-ipvs0
ip -n nsnet.ipvs.east.node.n1 addr add 10.96.0.4/32 dev kube-ipvs0
ip -n nsnet.ipvs.east.node.n1 addr add 10.96.0.10/32 dev kube-ipvs0
ip -n nsnet.ipvs.east.node.n1 route add default via 192.168.10.1 dev eth0
ip -n nsnet.ipvs.east.node.n1 route add 10.244.1.0/24 via 192.168.10.3 dev eth0
ip netns exec nsnet.ipvs.east.node.n2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip netns exec nsnet.ipvs.east.node.n2 sysctl -q -w net.ipv4.neigh.cbr0.retrans_time_ms=100
ip netns exec nsnet.ipvs.east.node.n2 sysctl -q -w net.ipv4.neigh.kube-ipvs0.retrans_time_ms=100
ip -n nsnet.ipvs.east.node.n2 link set lo up
ip -n nsnet.ipvs.east.node.n2 link set eth0 up
ip -n nsnet.ipvs.east.node.n2 addr add 192.168.10.3/24 dev eth0
ip -n nsnet.ipvs.east.node.n2 addr add 10.244.1.1/24 dev cbr0
ip -n nsnet.ipvs.east.node.n2 addr add 10.96.0.2/32 dev kube-ipvs0
ip -n nsnet.ipvs.east.node.n2 addr add 10.96.0.3/32 dev kube-ipvs0
ip -n nsnet.ipvs.east.node.n2 addr add 10.96.0.4/32 dev kube-ipvs0
ip -n nsnet.ipvs.east.node.n2 addr add 10.96.0.10/32 dev kube-ipvs0
ip -n nsnet.ipvs.east.node.n2 route add default via 192.168.10.1 dev eth0
ip -n nsnet.ipvs.east.node.n2 route add 10.244.0.0/24 via 192.168.10.2 dev eth0
ip netns exec nsnet.ipvs.east.pod.default.client sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.ipvs.east.pod.default.client link set lo up
ip -n nsnet.ipvs.east.pod.default.client link set eth0 up
ip -n nsnet.ipvs.east.pod.default.client addr add 10.244.0.2/24 dev eth0
ip -n nsnet.ipvs.east.pod.default.client route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.ipvs.east.pod.default.web-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.ipvs.east.pod.default.web-0 link set lo up
ip -n nsnet.ipvs.east.pod.default.web-0 link set eth0 up
ip -n nsnet.ipvs.east.pod.default.web-0 addr add 10.244.0.3/24 dev eth0
ip -n nsnet.ipvs.east.pod.default.web-0 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.ipvs.east.pod.default.web-1 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.ipvs.east.pod.default.web-1 link set lo up
ip -n nsnet.ipvs.east.pod.default.web-1 link set eth0 up
ip -n nsnet.ipvs.east.pod.default.web-1 addr add 10.244.1.2/24 dev eth0
ip -n nsnet.ipvs.east.pod.default.web-1 route add default via 10.244.1.1 dev eth0
ip netns exec nsnet.ipvs.east.pod.default.web-2 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.ipvs.east.pod.default.web-2 link set lo up
ip -n nsnet.ipvs.east.pod.default.web-2 link set eth0 up
ip -n nsnet.ipvs.east.pod.default.web-2 addr add 10.244.0.4/24 dev eth0
ip -n nsnet.ipvs.east.pod.default.web-2 route add default via 10.244.0.1 dev eth0
ip netns exec nsnet.ipvs.east.pod.kube-system.coredns-0 sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100
ip -n nsnet.ipvs.east.pod.kube-system.coredns-0 link set lo up
ip -n nsnet.ipvs.east.pod.kube-system.coredns-0 link set eth0 up
ip -n nsnet.ipvs.east.pod.kube-system.coredns-0 addr add 10.244.1.254/24 dev eth0
ip -n nsnet.ipvs.east.pod.kube-system.coredns-0 route add default via 10.244.1.1 dev eth0
# nsnet.ipvs.east.pod.default.web-0: east/pod/web-0 answers on 80/tcp
# nsnet.ipvs.east.pod.default.web-1: east/pod/web-1 answers on 80/tcp
# nsnet.ipvs.east.pod.default.web-2: east/pod/web-2 answers on 80/tcp
# nsnet.ipvs.east.pod.kube-system.coredns-0: east/pod/coredns-0.kube-system answers DNS queries on 53/udp
# nsnet.ipvs.east.pod.kube-system.coredns-0: east/pod/coredns-0.kube-system answers DNS queries on 53/tcp
ip netns exec nsnet.ipvs.east.node.n1 ipset restore -exist <<'EOF'
create KUBE-LOOP-BACK hash:ip,port,ip family inet hashsize 1024 maxelem 65536
create KUBE-LOOP-BACK.new hash:ip,port,ip family inet hashsize 1024 maxelem 65536
flush KUBE-LOOP-BACK.new
add KUBE-LOOP-BACK.new 10.244.0.3,tcp:80,10.244.0.3
add KUBE-LOOP-BACK.new 10.244.0.4,tcp:80,10.244.0.4
swap KUBE-LOOP-BACK.new KUBE-LOOP-BACK
destroy KUBE-LOOP-BACK.new
create KUBE-CLUSTER-IP hash:ip,port family inet hashsize 1024 maxelem 65536
create KUBE-CLUSTER-IP.new hash:ip,port family inet hashsize 1024 maxelem 65536
flush KUBE-CLUSTER-IP.new
add KUBE-CLUSTER-IP.new 10.96.0.2,tcp:80
add KUBE-CLUSTER-IP.new 10.96.0.3,tcp:80
add KUBE-CLUSTER-IP.new 10.96.0.4,tcp:80
add KUBE-CLUSTER-IP.new 10.96.0.10,udp:53
add KUBE-CLUSTER-IP.new 10.96.0.10,tcp:53
swap KUBE-CLUSTER-IP.new KUBE-CLUSTER-IP
destroy KUBE-CLUSTER-IP.new
create KUBE-EXTERNAL-IP hash:ip,port family inet hashsize 1024 maxelem 65536
create KUBE-EXTERNAL-IP.new hash:ip,port family inet hashsize 1024 maxelem 65536
flush KUBE-EXTERNAL-IP.new
swap KUBE-EXTERNAL-IP.new KUBE-EXTERNAL-IP
destroy KUBE-EXTERNAL-IP.new
create KUBE-EXTERNAL-IP-LOCAL hash:ip,port family inet hashsize 1024 maxelem 65536
create KUBE-EXTERNAL-IP-LOCAL.new hash:ip,port family inet hashsize 1024 maxelem 65536
flush KUBE-EXTERNAL-IP-LOCAL.new
swap KUBE-EXTERNAL-IP-LOCAL.new KUBE-EXTERNAL-IP-LOCAL
destroy KUBE-EXTERNAL-IP-LOCAL.new
create KUBE-LOAD-BALANCER hash:ip,port family inet hashsize 1024 maxelem 65536
create KUBE-LOAD-BALANCER.new hash:ip,port family inet hashsize 1024 maxelem 65536
flush KUBE-LOAD-BALANCER.new
swap KUBE-LOAD-BALANCER.new KUBE-LOAD-BALANCER
destroy KUBE-LOAD-BALANCER.new
create KUBE-LOAD-BALANCER-FW hash:ip,port family inet hashsize 1024 maxelem 65536
create KUBE-LOAD-BALANCER-FW.new hash:ip,port family inet hashsize 1024 maxelem 65536
flush KUBE-LOAD-BALANCER-FW.new
swap KUBE-LOAD-BALANCER-FW.new KUBE-LOAD-BALANCER-FW
destroy KUBE-LOAD-BALANCER-FW.new
create KUBE-LOAD-BALANCER-LOCAL hash:ip,port family inet hashsize 1024 maxelem 65536
create KUBE-LOAD-BALANCER-LOCAL.new hash:ip,port family inet hashsize 1024 maxelem 65536
flush KUBE-LOAD-BALANCER-LOCAL.new
swap KUBE-LOAD-BALANCER-LOCAL.new KUBE-LOAD-BALANCER-LOCAL
destroy KUBE-LOAD-BALANCER-LOCAL.new
create KUBE-LOAD-BALANCER-SOURCE-IP hash:ip,port,ip family inet hashsize 1024 maxelem 65536
create KUBE-LOAD-BALANCER-SOURCE-I.new hash:ip,port,ip family inet hashsize 1024 maxelem 65536
flush KUBE-LOAD-BALANCER-SOURCE-I.new
swap KUBE-LOAD-BALANCER-SOURCE-I.new KUBE-LOAD-BALANCER-SOURCE-IP
destroy KUBE-LOAD-BALANCER-SOURCE-I.new
create KUBE-LOAD-BALANCER-SOURCE-CIDR hash:ip,port,net family inet hashsize 1024 maxelem 65536
create KUBE-LOAD-BALANCER-SOURCE-C.new hash:ip,port,net family inet hashsize 1024 maxelem 65536
flush KUBE-LOAD-BALANCER-SOURCE-C.new
swap KUBE-LOAD-BALANCER-SOURCE-C.new KUBE-LOAD-BALANCER-SOURCE-CIDR
destroy KUBE-LOAD-BALANCER-SOURCE-C.new
create KUBE-NODE-PORT-TCP bitmap:port range 0-65535
create KUBE-NODE-PORT-TCP.new bitmap:port range 0-65535
flush KUBE-NODE-PORT-TCP.new
add KUBE-NODE-PORT-TCP.new 30080
swap KUBE-NODE-PORT-TCP.new KUBE-NODE-PORT-TCP
destroy KUBE-NODE-PORT-TCP.new
create KUBE-NODE-PORT-UDP bitmap:port range 0-65535
create KUBE-NODE-PORT-UDP.new bitmap:port range 0-65535
flush KUBE-NODE-PORT-UDP.new
swap KUBE-NODE-PORT-UDP.new KUBE-NODE-PORT-UDP
destroy KUBE-NODE-PORT-UDP.new
create KUBE-NODE-PORT-LOCAL-TCP bitmap:port range 0-65535
create KUBE-NODE-PORT-LOCAL-TCP.new bitmap:port range 0-65535
flush KUBE-NODE-PORT-LOCAL-TCP.new
swap KUBE-NODE-PORT-LOCAL-TCP.new KUBE-NODE-PORT-LOCAL-TCP
destroy KUBE-NODE-PORT-LOCAL-TCP.new
create KUBE-NODE-PORT-LOCAL-UDP bitmap:port range 0-65535
create KUBE-NODE-PORT-LOCAL-UDP.new bitmap:port range 0-65535
flush KUBE-NODE-PORT-LOCAL-UDP.new
swap KUBE-NODE-PORT-LOCAL-UDP.new KUBE-NODE-PORT-LOCAL-UDP
destroy KUBE-NODE-PORT-LOCAL-UDP.new
create KUBE-HEALTH-CHECK-NODE-PORT bitmap:port range 0-65535
create KUBE-HEALTH-CHECK-NODE-PORT.new bitmap:port range 0-65535
flush KUBE-HEALTH-CHECK-NODE-PORT.new
swap KUBE-HEALTH-CHECK-NODE-PORT.new KUBE-HEALTH-CHECK-NODE-PORT
destroy KUBE-HEALTH-CHECK-NODE-PORT.new
create KUBE-IPVS-IPS hash:ip family inet hashsize 1024 maxelem 65536
create KUBE-IPVS-IPS.new hash:ip family inet hashsize 1024 maxelem 65536
flush KUBE-IPVS-IPS.new
add KUBE-IPVS-IPS.new 10.96.0.2
add KUBE-IPVS-IPS.new 10.96.0.3
add KUBE-IPVS-IPS.new 10.96.0.4
add KUBE-IPVS-IPS.new 10.96.0.10
swap KUBE-IPVS-IPS.new KUBE-IPVS-IPS
destroy KUBE-IPVS-IPS.new
EOF
ip netns exec nsnet.ipvs.east.node.n2 ipset restore -exist <<'EOF'
create KUBE-LOOP-BACK hash:ip,port,ip family inet hashsize 1024 maxelem 65536
create KUBE-LOOP-BACK.new hash:ip,port,ip family inet hashsize 1024 maxelem 65536
flush KUBE-LOOP-BACK.new
add KUBE-LOOP-BACK.new 10.244.1.2,tcp:80,10.244.1.2
add KUBE-LOOP-BACK.new 10.244.1.254,udp:53,10.244.1.254
add KUBE-LOOP-BACK.new 10.244.1.254,tcp:53,10.244.1.254
swap KUBE-LOOP-BACK.new KUBE-LOOP-BACK
destroy KUBE-LOOP-BACK.new
create KUBE-CLUSTER-IP hash:ip,port family inet hashsize 1024 maxelem 65536
create KUBE-CLUSTER-IP.new hash:ip,port family inet hashsize 1024 maxelem 65536
flush KUBE-CLUSTER-IP.new
add KUBE-CLUSTER-IP.new 10.96.0.2,tcp:80
add KUBE-CLUSTER-IP.new 10.96.0.3,tcp:80
add KUBE-CLUSTER-IP.new 10.96.0.4,tcp:80
add KUBE-CLUSTER-IP.new 10.96.0.10,udp:53
add KUBE-CLUSTER-IP.new 10.96.0.10,tcp:53
swap KUBE-CLUSTER-IP.new KUBE-CLUSTER-IP
destroy KUBE-CLUSTER-IP.new
create KUBE-EXTERNAL-IP hash:ip,port family inet hashsize 1024 maxelem 65536
create KUBE-EXTERNAL-IP.new hash:ip,port family inet hashsize 1024 maxelem 65536
flush KUBE-EXTERNAL-IP.new
swap KUBE-EXTERNAL-IP.new KUBE-EXTERNAL-IP
destroy KUBE-EXTERNAL-IP.new
create KUBE-EXTERNAL-IP-LOCAL hash:ip,port family inet hashsize 1024 maxelem 65536
create KUBE-EXTERNAL-IP-LOCAL.new hash:ip,port family inet hashsize 1024 maxelem 65536
flush KUBE-EXTERNAL-IP-LOCAL.new
swap KUBE-EXTERNAL-IP-LOCAL.new KUBE-EXTERNAL-IP-LOCAL
destroy KUBE-EXTERNAL-IP-LOCAL.new
create KUBE-LOAD-BALANCER hash:ip,port family inet hashsize 1024 maxelem 65536
create KUBE-LOAD-BALANCER.new hash:ip,port family inet hashsize 1024 maxelem 65536
flush KUBE-LOAD-BALANCER.new
swap KUBE-LOAD-BALANCER.new KUBE-LOAD-BALANCER
destroy KUBE-LOAD-BALANCER.new
create KUBE-LOAD-BALANCER-FW hash:ip,port family inet hashsize 1024 maxelem 65536
create KUBE-LOAD-BALANCER-FW.new hash:ip,port family inet hashsize 1024 maxelem 65536
flush KUBE-LOAD-BALANCER-FW.new
swap KUBE-LOAD-BALANCER-FW.new KUBE-LOAD-BALANCER-FW
destroy KUBE-LOAD-BALANCER-FW.new
create KUBE-LOAD-BALANCER-LOCAL hash:ip,port family inet hashsize 1024 maxelem 65536
create KUBE-LOAD-BALANCER-LOCAL.new hash:ip,port family inet hashsize 1024 maxelem 65536
flush KUBE-LOAD-BALANCER-LOCAL.new
swap KUBE-LOAD-BALANCER-LOCAL.new KUBE-LOAD-BALANCER-LOCAL
destroy KUBE-LOAD-BALANCER-LOCAL.new
create KUBE-LOAD-BALANCER-SOURCE-IP hash:ip,port,ip family inet hashsize 1024 maxelem 65536
create KUBE-LOAD-BALANCER-SOURCE-I.new hash:ip,port,ip family inet hashsize 1024 maxelem 65536
flush KUBE-LOAD-BALANCER-SOURCE-I.new
swap KUBE-LOAD-BALANCER-SOURCE-I.new KUBE-LOAD-BALANCER-SOURCE-IP
destroy KUBE-LOAD-BALANCER-SOURCE-I.new
create KUBE-LOAD-BALANCER-SOURCE-CIDR hash:ip,port,net family inet hashsize 1024 maxelem 65536
create KUBE-LOAD-BALANCER-SOURCE-C.new hash:ip,port,net family inet hashsize 1024 maxelem 65536
flush KUBE-LOAD-BALANCER-SOURCE-C.new
swap KUBE-LOAD-BALANCER-SOURCE-C.new KUBE-LOAD-BALANCER-SOURCE-CIDR
destroy KUBE-LOAD-BALANCER-SOURCE-C.new
create KUBE-NODE-PORT-TCP bitmap:port range 0-65535
create KUBE-NODE-PORT-TCP.new bitmap:port range 0-65535
flush KUBE-NODE-PORT-TCP.new
add KUBE-NODE-PORT-TCP.new 30080
swap KUBE-NODE-PORT-TCP.new KUBE-NODE-PORT-TCP
destroy KUBE-NODE-PORT-TCP.new
create KUBE-NODE-PORT-UDP bitmap:port range 0-65535
create KUBE-NODE-PORT-UDP.new bitmap:port range 0-65535
flush KUBE-NODE-PORT-UDP.new
swap KUBE-NODE-PORT-UDP.new KUBE-NODE-PORT-UDP
destroy KUBE-NODE-PORT-UDP.new
create KUBE-NODE-PORT-LOCAL-TCP bitmap:port range 0-65535
create KUBE-NODE-PORT-LOCAL-TCP.new bitmap:port range 0-65535
flush KUBE-NODE-PORT-LOCAL-TCP.new
swap KUBE-NODE-PORT-LOCAL-TCP.new KUBE-NODE-PORT-LOCAL-TCP
destroy KUBE-NODE-PORT-LOCAL-TCP.new
create KUBE-NODE-PORT-LOCAL-UDP bitmap:port range 0-65535
create KUBE-NODE-PORT-LOCAL-UDP.new bitmap:port range 0-65535
flush KUBE-NODE-PORT-LOCAL-UDP.new
swap KUBE-NODE-PORT-LOCAL-UDP.new KUBE-NODE-PORT-LOCAL-UDP
destroy KUBE-NODE-PORT-LOCAL-UDP.new
create KUBE-HEALTH-CHECK-NODE-PORT bitmap:port range 0-65535
create KUBE-HEALTH-CHECK-NODE-PORT.new bitmap:port range 0-65535
flush KUBE-HEALTH-CHECK-NODE-PORT.new
swap KUBE-HEALTH-CHECK-NODE-PORT.new KUBE-HEALTH-CHECK-NODE-PORT
destroy KUBE-HEALTH-CHECK-NODE-PORT.new
create KUBE-IPVS-IPS hash:ip family inet hashsize 1024 maxelem 65536
create KUBE-IPVS-IPS.new hash:ip family inet hashsize 1024 maxelem 65536
flush KUBE-IPVS-IPS.new
add KUBE-IPVS-IPS.new 10.96.0.2
add KUBE-IPVS-IPS.new 10.96.0.3
add KUBE-IPVS-IPS.new 10.96.0.4
add KUBE-IPVS-IPS.new 10.96.0.10
swap KUBE-IPVS-IPS.new KUBE-IPVS-IPS
destroy KUBE-IPVS-IPS.new
EOF
ip netns exec nsnet.ipvs.east.node.n1 $IPT-restore --noflush <<'EOF'
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-NODE-PORT - [0:0]
:KUBE-PROXY-FIREWALL - [0:0]
:KUBE-SOURCE-RANGES-FIREWALL - [0:0]
:KUBE-IPVS-FILTER - [0:0]
:KUBE-IPVS-OUT-FILTER - [0:0]
-F INPUT
-F FORWARD
-F OUTPUT
-A INPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-FILTER
-A INPUT -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL
-A INPUT -m comment --comment "kubernetes health check rules" -j KUBE-NODE-PORT
-A FORWARD -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A OUTPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-OUT-FILTER
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A KUBE-NODE-PORT -m comment --comment "Kubernetes health check node port" -m set --match-set KUBE-HEALTH-CHECK-NODE-PORT dst -j ACCEPT
-A KUBE-SOURCE-RANGES-FIREWALL -j DROP
-A KUBE-IPVS-FILTER -m set --match-set KUBE-LOAD-BALANCER dst,dst -j RETURN
-A KUBE-IPVS-FILTER -m set --match-set KUBE-CLUSTER-IP dst,dst -j RETURN
-A KUBE-IPVS-FILTER -m set --match-set KUBE-EXTERNAL-IP dst,dst -j RETURN
-A KUBE-IPVS-FILTER -m set --match-set KUBE-EXTERNAL-IP-LOCAL dst,dst -j RETURN
-A KUBE-IPVS-FILTER -m set --match-set KUBE-HEALTH-CHECK-NODE-PORT dst -j RETURN
-A KUBE-IPVS-FILTER -m conntrack --ctstate NEW -m set --match-set KUBE-IPVS-IPS dst -j REJECT --reject-with icmp-port-unreachable
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:IP-MASQ-AGENT - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-LOAD-BALANCER - [0:0]
:KUBE-NODE-PORT - [0:0]
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
-A KUBE-POSTROUTING -m comment --comment "Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose" -m set --match-set KUBE-LOOP-BACK dst,dst,src -j MASQUERADE
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -s 127.0.0.0/8 -j RETURN
-A KUBE-SERVICES ! -s 10.244.0.0/16 -m comment --comment "Kubernetes service cluster ip + port for masquerade purpose" -m set --match-set KUBE-CLUSTER-IP dst,dst -j KUBE-MARK-MASQ
-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODE-PORT
-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT
-A KUBE-LOAD-BALANCER -j KUBE-MARK-MASQ
-A KUBE-NODE-PORT -p tcp -m comment --comment "Kubernetes nodeport TCP port for masquerade purpose" -m set --match-set KUBE-NODE-PORT-TCP dst -j KUBE-MARK-MASQ
COMMIT
EOF
ip netns exec nsnet.ipvs.east.node.n2 $IPT-restore --noflush <<'EOF'
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-NODE-PORT - [0:0]
:KUBE-PROXY-FIREWALL - [0:0]
:KUBE-SOURCE-RANGES-FIREWALL - [0:0]
:KUBE-IPVS-FILTER - [0:0]
:KUBE-IPVS-OUT-FILTER - [0:0]
-F INPUT
-F FORWARD
-F OUTPUT
-A INPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-FILTER
-A INPUT -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL
-A INPUT -m comment --comment "kubernetes health check rules" -j KUBE-NODE-PORT
-A FORWARD -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A OUTPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-OUT-FILTER
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A KUBE-NODE-PORT -m comment --comment "Kubernetes health check node port" -m set --match-set KUBE-HEALTH-CHECK-NODE-PORT dst -j ACCEPT
-A KUBE-SOURCE-RANGES-FIREWALL -j DROP
-A KUBE-IPVS-FILTER -m set --match-set KUBE-LOAD-BALANCER dst,dst -j RETURN
-A KUBE-IPVS-FILTER -m set --match-set KUBE-CLUSTER-IP dst,dst -j RETURN
-A KUBE-IPVS-FILTER -m set --match-set KUBE-EXTERNAL-IP dst,dst -j RETURN
-A KUBE-IPVS-FILTER -m set --match-set KUBE-EXTERNAL-IP-LOCAL dst,dst -j RETURN
-A KUBE-IPVS-FILTER -m set --match-set KUBE-HEALTH-CHECK-NODE-PORT dst -j RETURN
-A KUBE-IPVS-FILTER -m conntrack --ctstate NEW -m set --match-set KUBE-IPVS-IPS dst -j REJECT --reject-with icmp-port-unreachable
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:IP-MASQ-AGENT - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-LOAD-BALANCER - [0:0]
:KUBE-NODE-PORT - [0:0]
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
-A KUBE-POSTROUTING -m comment --comment "Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose" -m set --match-set KUBE-LOOP-BACK dst,dst,src -j MASQUERADE
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -s 127.0.0.0/8 -j RETURN
-A KUBE-SERVICES ! -s 10.244.0.0/16 -m comment --comment "Kubernetes service cluster ip + port for masquerade purpose" -m set --match-set KUBE-CLUSTER-IP dst,dst -j KUBE-MARK-MASQ
-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODE-PORT
-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT
-A KUBE-LOAD-BALANCER -j KUBE-MARK-MASQ
-A KUBE-NODE-PORT -p tcp -m comment --comment "Kubernetes nodeport TCP port for masquerade purpose" -m set --match-set KUBE-NODE-PORT-TCP dst -j KUBE-MARK-MASQ
COMMIT
EOF
ip netns exec nsnet.ipvs.east.node.n1 ipvsadm --restore <<'EOF'
-A -t 10.96.0.2:80 -s rr
-a -t 10.96.0.2:80 -r 10.244.0.3:80 -m -w 1
-a -t 10.96.0.2:80 -r 10.244.0.4:80 -m -w 1
-a -t 10.96.0.2:80 -r 10.244.1.2:80 -m -w 1
-A -t 192.168.10.2:30080 -s rr
-a -t 192.168.10.2:30080 -r 10.244.0.3:80 -m -w 1
-a -t 192.168.10.2:30080 -r 10.244.0.4:80 -m -w 1
-a -t 192.168.10.2:30080 -r 10.244.1.2:80 -m -w 1
-A -t 10.244.0.1:30080 -s rr
-a -t 10.244.0.1:30080 -r 10.244.0.3:80 -m -w 1
-a -t 10.244.0.1:30080 -r 10.244.0.4:80 -m -w 1
-a -t 10.244.0.1:30080 -r 10.244.1.2:80 -m -w 1
-A -t 10.96.0.3:80 -s rr -p 10800
-a -t 10.96.0.3:80 -r 10.244.0.3:80 -m -w 1
-a -t 10.96.0.3:80 -r 10.244.0.4:80 -m -w 1
-a -t 10.96.0.3:80 -r 10.244.1.2:80 -m -w 1
-A -t 10.96.0.4:80 -s rr
-A -u 10.96.0.10:53 -s rr
-a -u 10.96.0.10:53 -r 10.244.1.254:53 -m -w 1
-A -t 10.96.0.10:53 -s rr
-a -t 10.96.0.10:53 -r 10.244.1.254:53 -m -w 1
EOF
ip netns exec nsnet.ipvs.east.node.n2 ipvsadm --restore <<'EOF'
-A -t 10.96.0.2:80 -s rr
-a -t 10.96.0.2:80 -r 10.244.0.3:80 -m -w 1
-a -t 10.96.0.2:80 -r 10.244.0.4:80 -m -w 1
-a -t 10.96.0.2:80 -r 10.244.1.2:80 -m -w 1
-A -t 192.168.10.3:30080 -s rr
-a -t 192.168.10.3:30080 -r 10.244.0.3:80 -m -w 1
-a -t 192.168.10.3:30080 -r 10.244.0.4:80 -m -w 1
-a -t 192.168.10.3:30080 -r 10.244.1.2:80 -m -w 1
-A -t 10.244.1.1:30080 -s rr
-a -t 10.244.1.1:30080 -r 10.244.0.3:80 -m -w 1
-a -t 10.244.1.1:30080 -r 10.244.0.4:80 -m -w 1
-a -t 10.244.1.1:30080 -r 10.244.1.2:80 -m -w 1
-A -t 10.96.0.3:80 -s rr -p 10800
-a -t 10.96.0.3:80 -r 10.244.0.3:80 -m -w 1
-a -t 10.96.0.3:80 -r 10.244.0.4:80 -m -w 1
-a -t 10.96.0.3:80 -r 10.244.1.2:80 -m -w 1
-A -t 10.96.0.4:80 -s rr
-A -u 10.96.0.10:53 -s rr
-a -u 10.96.0.10:53 -r 10.244.1.254:53 -m -w 1
-A -t 10.96.0.10:53 -s rr
-a -t 10.96.0.10:53 -r 10.244.1.254:53 -m -w 1
EOF
