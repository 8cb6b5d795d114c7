#!/bin/sh
# The system half of the set-up: the packages that nsnet drives and is built with.
#
#   vagrant/provision.sh             install what is missing; when nothing is, apt is not even called
#   vagrant/provision.sh --modules   and load the kernel modules a lab can use: for a VM that is ours alone
#
# It starts no service: none of these packages brings one that runs on install.
set -eu

packages="python3 python3-venv python3-dev gcc libc6-dev make
    iproute2 iptables nftables ipset iputils-ping kmod procps util-linux"

# nsnet itself never loads a module: br_netfilter would change the bridges the host already has.
# Not ipip: it would put a link tunl0 into every namespace.
modules="bridge br_netfilter veth dummy macvlan vxlan vrf wireguard sch_netem sch_tbf
    nf_conntrack nf_tables ip_tables ip6_tables iptable_nat ip6table_nat
    ip_vs ip_vs_rr ip_vs_wrr ip_vs_lc ip_vs_wlc ip_vs_sh ip_vs_dh ip_vs_sed ip_vs_nq ip_vs_mh
    ip_set ip_set_hash_ip ip_set_hash_net ip_set_hash_ipport ip_set_hash_ipportip
    ip_set_hash_ipportnet ip_set_bitmap_port xt_set xt_ipvs xt_statistic xt_recent"

say() { echo "setup: $*"; }

fail() {
    echo "setup: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "this needs root and there is no sudo: $*"
    fi
}

missing_packages() {
    # shellcheck disable=SC2086  # a list, on purpose
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package};' $packages 2>/dev/null) || true
    for package in $packages; do
        case $installed in
            *"installed $package;"*) ;;
            *) printf '%s ' "$package" ;;
        esac
    done
}

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null; }

install_packages() {
    # shellcheck disable=SC2086
    command -v apt-get >/dev/null || fail "there is no apt here; install by hand what Debian calls" $packages
    missing=$(missing_packages)
    if [ -n "$missing" ]; then
        say "installing $missing"
        apt update
        # shellcheck disable=SC2086
        said=$(apt install --yes --no-install-recommends $missing 2>&1) || fail "apt-get install said: $said"
    fi
}

load_modules() {
    absent=""
    for module in $modules; do
        # One that is built in, or loaded already, is no failure.
        as_root modprobe --quiet "$module" || [ -d "/sys/module/$module" ] || absent="$absent $module"
    done
    say "kernel modules loaded${absent:+, but this kernel lacks$absent}"
}

case "${1-}" in
    "")
        install_packages
        ;;
    --modules)
        install_packages
        load_modules
        ;;
    *)
        fail "usage: $0 [--modules]"
        ;;
esac
