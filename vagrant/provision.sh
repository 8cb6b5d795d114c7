#!/bin/sh
# Set up the system: the packages that nsnet uses and is built with.
#
#   vagrant/provision.sh               install missing packages; calls apt only if there are any
#   vagrant/provision.sh --daemons FOLDER
#                                      unpack the programs that labs run, haproxy and bird, into that folder
#   vagrant/provision.sh --vm FOLDER   install an emulator; unpack a stock kernel for it into that folder
#   vagrant/provision.sh --modules     load the kernel modules that a lab can use; only for a VM that runs nothing else
#
# No package that it installs starts a service when installed.
set -eu

packages="python3 python3-venv python3-dev gcc libc6-dev make
    iproute2 iptables nftables ipset conntrack iputils-ping kmod procps util-linux bind9-dnsutils wrk iperf3 sockperf"

# nsnet itself never loads a module: br_netfilter would change the behaviour of the host's own bridges.
# ipip is not loaded: it would add a link tunl0 to every namespace.
modules="bridge br_netfilter veth dummy macvlan vxlan vrf wireguard sch_netem sch_tbf
    nf_conntrack nf_tables ip_tables ip6_tables iptable_nat ip6table_nat
    ip_vs ip_vs_rr ip_vs_wrr ip_vs_lc ip_vs_wlc ip_vs_sh ip_vs_dh ip_vs_sed ip_vs_nq ip_vs_mh
    ip_set ip_set_hash_ip ip_set_hash_net ip_set_hash_ipport ip_set_hash_ipportip
    ip_set_hash_ipportnet ip_set_bitmap_port xt_set xt_ipvs xt_statistic xt_recent
    iptable_raw ip6table_raw iptable_mangle ip6table_mangle xt_CT xt_connmark"

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
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package};' "$@" 2>/dev/null) || true
    for package in "$@"; do
        case $installed in
            *"installed $package;"*) ;;
            *) printf '%s ' "$package" ;;
        esac
    done
}

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null; }

install_packages() {
    command -v apt-get >/dev/null || fail "there is no apt here; install these Debian packages, or your system's equivalent, by hand: $*"
    missing=$(missing_packages "$@")
    if [ -n "$missing" ]; then
        say "installing $missing"
        apt update
        # shellcheck disable=SC2086
        said=$(apt install --yes --no-install-recommends $missing 2>&1) || fail "apt-get install said: $said"
    fi
}

# If installed, each would start a service on this host, so they are only unpacked. Their libraries are installed.
daemons="haproxy bird2"

unpack_daemons() {
    mkdir -p "$1"
    cd "$1"
    say "fetching $daemons (not installed: they would be services of this host)"
    apt update
    rm -rf ./*
    for each in $daemons; do
        unpack "$each"
        # shellcheck disable=SC2046  # a list, on purpose
        install_packages $(tr ',' '\n' <depends | sed -n 's/^ *\(lib[^ ]*\).*/\1/p')
    done
    echo "$daemons" >fetched
}

# No kernel is installed or booted. The file `version` is written last: it says that the folder is complete.
fetch_vm() {
    case $(uname -m) in
        x86_64) emulator=qemu-system-x86 ;;
        aarch64) emulator=qemu-system-arm ;;
        *) fail "no emulator is known for $(uname -m)" ;;
    esac
    install_packages "$emulator"
    mkdir -p "$1"
    cd "$1"
    if [ ! -e version ]; then
        say "fetching a stock kernel for the VM (70 MB, nothing of it is installed)"
        apt update
        rm -rf ./*
        unpack_kernel
        unpack busybox-static  # the VM's init
        # If installed, it would start a service on this host.
        unpack ipvsadm
        apt satisfy --yes --no-install-recommends "$(cat depends)" >/dev/null
        PATH=$PATH:/sbin:/usr/sbin depmod -b . "$version"
        echo "$version" >version
    fi
    touch version
}

unpack_kernel() {
    # The metapackages of Debian and Ubuntu, which depend on the current kernel package.
    image=""
    for any in "linux-image-$(dpkg --print-architecture)" linux-image-generic; do
        [ -n "$image" ] ||
            image=$(apt-cache depends "$any" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p')
    done
    [ -n "$image" ] || fail "apt knows no stock kernel"
    version=${image#linux-image-}
    unpack "$image"
    for extra in "linux-modules-$version" "linux-modules-extra-$version"; do
        ! apt-cache show "$extra" >/dev/null 2>&1 || unpack "$extra"
    done
    chmod a+r boot/*
    [ -e lib ] || ln -s usr/lib lib
}

unpack() {
    apt-get -qq -o APT::Sandbox::User=root download "$1"
    dpkg-deb -f "$1"_*.deb Depends >depends
    dpkg-deb -x "$1"_*.deb .
    rm "$1"_*.deb
}

load_modules() {
    # shellcheck disable=SC2086  # a list, on purpose
    as_root modprobe --all --quiet $modules || true
    absent=""
    for module in $modules; do
        # A module that is built into the kernel has this folder, too.
        [ -d "/sys/module/$module" ] || as_root modprobe --quiet "$module" || absent="$absent $module"
    done
    say "kernel modules loaded${absent:+, but this kernel lacks$absent}"
}

case "${1-}:$#" in
    :0)
        # shellcheck disable=SC2086
        install_packages $packages
        ;;
    --daemons:2)
        unpack_daemons "$2"
        ;;
    --vm:2)
        fetch_vm "$2"
        ;;
    --modules:1)
        load_modules
        ;;
    *)
        fail "usage: $0 [--daemons FOLDER | --vm FOLDER | --modules]"
        ;;
esac
