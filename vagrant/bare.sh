#!/bin/sh
# Test the README's commands on a bare Debian 12, which is in a folder.
#
#   vagrant/bare.sh     as root, on a Debian 12 whose apt and pip reach their packages
#
# Debian is fetched once (.cache/bare/debian-12.tar, 170 MB). Each run unpacks it, copies the last commit into it and
# enters it in new mount and PID namespaces: the kernel removes mounts and processes, however the run ends. The
# network is the host's, to download packages; labs have their own networks.
# Packages come from this host's apt sources, with its settings of apt and pip.
set -eu
cd "$(dirname "$0")/.."

release=bookworm
cache=$PWD/.cache/bare
base=$cache/debian-12.tar
root=$cache/root
home=/root/nsnet

say() { echo "test-bare: $*"; }

fail() {
    echo "test-bare: $*" >&2
    exit 1
}

# The commands that the README tells a user to type on a new machine.
commands() {
    echo "apt-get -qq update && apt-get -qq install --yes make >/dev/null 2>&1"
    echo "make demo"
    echo "make test"
}

# deb lines of the Debian release, as this host's apt has them.
sources() {
    # shellcheck disable=SC2016  # apt fills these in
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' 'Origin: Debian' | grep "^deb [^ ]* $release"
}

# Give the machine what the host uses to download packages: names, mirrors, proxies, certificates.
connect() {
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    sources >"$root/etc/apt/sources.list"
    apt-config dump Acquire | grep -E '^Acquire::(https?|Check-)' >"$root/etc/apt/apt.conf.d/99host" || true
    # In another folder, because /etc/ssl/certs belongs to Debian's package ca-certificates.
    certificates=/etc/ssl/certs/ca-certificates.crt
    mkdir -p "$root/etc/ssl/host"
    ! test -e $certificates || cp -L $certificates "$root/etc/ssl/host/"
    {
        echo "[global]"
        ! test -e $certificates || echo "cert = /etc/ssl/host/ca-certificates.crt"
        .venv/bin/python -m pip config list | sed -n "s/^\(global\|:env:\)\.\(index-url\|proxy\)='\(.*\)'$/\2 = \3/p"
    } >"$root/etc/pip.conf"
    ! test -e $certificates ||
        echo 'Acquire::https::CAInfo "/etc/ssl/host/ca-certificates.crt";' >>"$root/etc/apt/apt.conf.d/99host"
}

# Pack the smallest variant of Debian 12 into a file.
fetch() {
    mirror=$(sources | awk -v release=$release '$3 == release { print $2; exit }')
    test -n "$mirror" || fail "apt knows no mirror of Debian 12 here; run this on Debian 12, after apt-get update"
    command -v debootstrap >/dev/null ||
        DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends debootstrap >/dev/null
    debootstrap --variant=minbase $release "$root" "$mirror" >"$cache/debootstrap.log" 2>&1 ||
        fail "debootstrap failed; it said: $(tail -n 3 "$cache/debootstrap.log")"
    chroot "$root" apt-get clean
    tar -C "$root" --numeric-owner -cf "$base.new" .
    mv "$base.new" "$base"
}

# Runs as the first process of the namespaces.
inside() {
    # `ip netns exec` remounts /, so / has to be a mount.
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount -t sysfs sysfs "$root/sys"
    mount -t tmpfs tmpfs "$root/run"
    mount -t tmpfs tmpfs "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
    # pivot_root, not chroot: in a chroot the kernel refuses to create user namespaces (EPERM), and processes could
    # still reach the host's files.
    cd "$root"
    pivot_root . mnt
    umount --lazy /mnt
    commands | while read -r command; do
        echo "== $command"
        started=$(date +%s)
        # This runs in the background, for which the shell ignored SIGINT and SIGQUIT: restore their defaults.
        env -i --default-signal=INT,QUIT HOME=/root \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            sh -c "cd $home && $command" </dev/null || exit
        echo "== $command: $(($(date +%s) - started)) s"
    done
}

leave() { rm -rf --one-file-system "$root"; }

case "${1-}" in
    "")
        test "$(id -u)" -eq 0 || fail "this needs root: sudo make test-bare"
        exec unshare --mount --propagation private "$0" --apart # also for the mounts of debootstrap
        ;;
    --apart) ;;
    --inside)
        inside
        exit
        ;;
    *) fail "usage: $0" ;;
esac
mkdir -p "$cache"
exec 9>"$cache/lock"
flock --nonblock 9 || fail "another one is running"

pid=
trap 'test -z "$pid" || kill -KILL "$pid" 2>/dev/null; exit 130' INT TERM HUP
trap leave EXIT
leave
if test -e "$base"; then
    say "unpacking Debian 12 (from $base)"
    mkdir "$root"
    tar -C "$root" --numeric-owner -xf "$base"
else
    say "fetching Debian 12 (once)"
    fetch
fi
test -z "$(git status --porcelain)" || say "the tree has changes that are not committed; they are not tested"
say "copying commit $(git rev-parse --short HEAD) to $home"
mkdir -p "$root$home"
git archive HEAD | tar -C "$root$home" --no-same-owner -xf -
connect
say "entering it"
setpriv --pdeathsig KILL unshare --mount --propagation private --pid --fork --kill-child \
    "$0" --inside 9>&- &
pid=$!
wait "$pid" || fail "the README's commands do not pass on a bare Debian 12"
say "the README's commands pass on a bare Debian 12"
