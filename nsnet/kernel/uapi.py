"""Numbers of the kernel's interface to programs for which Python's standard library has no names.

They are grouped by the header that defines them, under include/uapi in the kernel's sources. Their
names are the kernel's. Importing this module costs almost nothing, because it imports only typing.
"""

from typing import Final

# linux/sched.h
CLONE_NEWNS: Final = 0x00020000
CLONE_NEWUTS: Final = 0x04000000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWPID: Final = 0x20000000
CLONE_NEWNET: Final = 0x40000000

# linux/mount.h; MNT_DETACH: include/linux/fs.h
MS_NOSUID: Final = 0x2
MS_NODEV: Final = 0x4
MS_NOEXEC: Final = 0x8
MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x40000
MS_SLAVE: Final = 0x80000
MS_SHARED: Final = 0x100000
MNT_DETACH: Final = 0x2

# linux/prctl.h
PR_SET_PDEATHSIG: Final = 1
PR_SET_NO_NEW_PRIVS: Final = 38
PR_SET_DUMPABLE: Final = 4

# asm-generic/socket.h
SO_ATTACH_FILTER: Final = 26
SO_RCVBUFFORCE: Final = 33
SO_TIMESTAMPNS: Final = 35

# include/linux/socket.h
SOL_RAW: Final = 255
SOL_PACKET: Final = 263
SOL_NETLINK: Final = 270

# linux/sockios.h
SIOCSIFFLAGS: Final = 0x8914

# linux/in.h, linux/in6.h
IP_PKTINFO: Final = 8
IP_RECVERR: Final = 11
IPV6_RECVERR: Final = 25

# linux/icmp.h, linux/icmpv6.h
ICMP_FILTER: Final = 1
ICMPV6_FILTER: Final = 1

# linux/tcp.h
TCP_REPAIR: Final = 19
TCP_REPAIR_QUEUE: Final = 20
TCP_QUEUE_SEQ: Final = 21
TCP_SEND_QUEUE: Final = 2
TCP_REPAIR_OFF_NO_WP: Final = -1  # off, without a window probe

# linux/if_ether.h, linux/if_arp.h, linux/if_packet.h
ETH_P_ALL: Final = 3
ARPHRD_LOOPBACK: Final = 772
PACKET_STATISTICS: Final = 6

# linux/if.h
IFF_UP: Final = 0x1

# linux/netlink.h
NETLINK_NETFILTER: Final = 12
NETLINK_GENERIC: Final = 16
NETLINK_CAP_ACK: Final = 10
NETLINK_EXT_ACK: Final = 11
NLMSG_ERROR: Final = 2
NLMSG_DONE: Final = 3
NLMSGERR_ATTR_MSG: Final = 1
NLM_F_REQUEST: Final = 0x1
NLM_F_ACK: Final = 0x4
NLM_F_DUMP_INTR: Final = 0x10
NLM_F_DUMP: Final = 0x300
NLM_F_REPLACE: Final = 0x100
NLM_F_EXCL: Final = 0x200
NLM_F_CREATE: Final = 0x400
NLM_F_ACK_TLVS: Final = 0x200  # of an answer; the others of 0x100 and above are of requests
NLA_F_NESTED: Final = 0x8000
NLA_TYPE_MASK: Final = 0x3FFF

# linux/rtnetlink.h
RTM_NEWLINK: Final = 16
RTM_DELLINK: Final = 17
RTM_GETLINK: Final = 18
RTM_SETLINK: Final = 19
RTM_NEWADDR: Final = 20
RTM_DELADDR: Final = 21
RTM_GETADDR: Final = 22
RTM_NEWROUTE: Final = 24
RTM_DELROUTE: Final = 25
RTM_GETROUTE: Final = 26
RTM_NEWNEIGH: Final = 28
RTM_DELNEIGH: Final = 29
RTM_GETNEIGH: Final = 30
RTM_NEWRULE: Final = 32
RTM_DELRULE: Final = 33
RTM_GETRULE: Final = 34
RTM_NEWQDISC: Final = 36
RTM_GETNSID: Final = 90
RTM_F_CLONED: Final = 0x200  # a cached route: a redirect or a path MTU
RTEXT_FILTER_SKIP_STATS: Final = 8
RTN_UNICAST: Final = 1
RTN_BLACKHOLE: Final = 6
RTPROT_KERNEL: Final = 2
RTPROT_BOOT: Final = 3  # what `ip route add` writes
RTPROT_BIRD: Final = 12
RT_SCOPE_LINK: Final = 253
RT_TABLE_DEFAULT: Final = 253
RT_TABLE_MAIN: Final = 254
RT_TABLE_LOCAL: Final = 255
RTNH_F_ONLINK: Final = 0x4
TCA_KIND: Final = 1

# linux/if_link.h
IFLA_ADDRESS: Final = 1
IFLA_LINKINFO: Final = 18
IFLA_INFO_KIND: Final = 1
BRIDGE_MODE_HAIRPIN: Final = 1

# linux/neighbour.h
NUD_PERMANENT: Final = 0x80
NTF_SELF: Final = 0x2  # the link's own table, not that of the bridge it may be a port of

# linux/fib_rules.h
FR_ACT_TO_TBL: Final = 1
FIB_RULE_INVERT: Final = 0x2

# linux/net_namespace.h
NETNSA_NSID: Final = 1
NETNSA_FD: Final = 3
NETNSA_NSID_NOT_ASSIGNED: Final = -1

# linux/pkt_sched.h
TC_H_ROOT: Final = 0xFFFFFFFF

# linux/genetlink.h
GENL_ID_CTRL: Final = 16
CTRL_CMD_GETFAMILY: Final = 3
CTRL_ATTR_FAMILY_ID: Final = 1
CTRL_ATTR_FAMILY_NAME: Final = 2

# linux/ip_vs.h
IPVS_CMD_NEW_SERVICE: Final = 1
IPVS_CMD_SET_SERVICE: Final = 2
IPVS_CMD_DEL_SERVICE: Final = 3
IPVS_CMD_GET_SERVICE: Final = 4
IPVS_CMD_NEW_DEST: Final = 5
IPVS_CMD_SET_DEST: Final = 6
IPVS_CMD_DEL_DEST: Final = 7
IPVS_CMD_GET_DEST: Final = 8
IPVS_CMD_ATTR_SERVICE: Final = 1
IPVS_CMD_ATTR_DEST: Final = 2
IPVS_SVC_ATTR_AF: Final = 1
IPVS_SVC_ATTR_PROTOCOL: Final = 2
IPVS_SVC_ATTR_ADDR: Final = 3
IPVS_SVC_ATTR_PORT: Final = 4
IPVS_SVC_ATTR_SCHED_NAME: Final = 6
IPVS_SVC_ATTR_FLAGS: Final = 7
IPVS_SVC_ATTR_TIMEOUT: Final = 8
IPVS_SVC_ATTR_NETMASK: Final = 9
IPVS_DEST_ATTR_ADDR: Final = 1
IPVS_DEST_ATTR_PORT: Final = 2
IPVS_DEST_ATTR_FWD_METHOD: Final = 3
IPVS_DEST_ATTR_WEIGHT: Final = 4
IPVS_DEST_ATTR_U_THRESH: Final = 5
IPVS_DEST_ATTR_L_THRESH: Final = 6
IPVS_DEST_ATTR_ACTIVE_CONNS: Final = 7
IPVS_DEST_ATTR_INACT_CONNS: Final = 8
IPVS_DEST_ATTR_ADDR_FAMILY: Final = 11
IP_VS_SVC_F_PERSISTENT: Final = 0x1
IP_VS_SVC_F_SCHED_MH_PORT: Final = 0x10  # SCHED2 there; net/netfilter/ipvs/ip_vs_mh.c
IP_VS_CONN_F_MASQ: Final = 0  # forward by NAT

# linux/netfilter_ipv4/ip_tables.h; the same number as IP6T_SO_GET_INFO
IPT_SO_GET_INFO: Final = 64

# linux/netfilter/nfnetlink.h: a message's type is the subsystem's number << 8 | the message's
_NFNL_SUBSYS_CTNETLINK: Final = 1 << 8
_NFNL_SUBSYS_IPSET: Final = 6 << 8
_NFNL_SUBSYS_NFTABLES: Final = 10 << 8

# linux/netfilter/nf_tables.h
NFT_MSG_GETTABLE: Final = _NFNL_SUBSYS_NFTABLES | 1
NFT_MSG_GETGEN: Final = _NFNL_SUBSYS_NFTABLES | 16
NFTA_TABLE_NAME: Final = 1

# linux/netfilter/ipset/ip_set.h
IPSET_CMD_PROTOCOL: Final = _NFNL_SUBSYS_IPSET | 1
IPSET_ATTR_PROTOCOL: Final = 1
IPSET_PROTOCOL_MIN: Final = 6  # every kernel speaks this version

# linux/netfilter/nfnetlink_conntrack.h
IPCTNL_MSG_CT_GET: Final = _NFNL_SUBSYS_CTNETLINK | 1
IPCTNL_MSG_CT_DELETE: Final = _NFNL_SUBSYS_CTNETLINK | 2
CTA_TUPLE_ORIG: Final = 1
CTA_TUPLE_REPLY: Final = 2
CTA_STATUS: Final = 3
CTA_PROTOINFO: Final = 4
CTA_ID: Final = 12
CTA_ZONE: Final = 18
CTA_TUPLE_IP: Final = 1
CTA_TUPLE_PROTO: Final = 2
CTA_IP_V4_SRC: Final = 1
CTA_IP_V4_DST: Final = 2
CTA_IP_V6_SRC: Final = 3
CTA_IP_V6_DST: Final = 4
CTA_PROTO_NUM: Final = 1
CTA_PROTO_SRC_PORT: Final = 2
CTA_PROTO_DST_PORT: Final = 3
CTA_PROTOINFO_TCP: Final = 1
CTA_PROTOINFO_TCP_STATE: Final = 1

# linux/netfilter/nf_conntrack_tcp.h, linux/netfilter/nf_conntrack_common.h
TCP_CONNTRACK_SYN_SENT: Final = 1
TCP_CONNTRACK_SYN_RECV: Final = 2
IPS_SRC_NAT: Final = 1 << 4
IPS_DST_NAT: Final = 1 << 5
