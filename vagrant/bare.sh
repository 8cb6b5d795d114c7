#!/bin/sh
# A bare machine in a folder: Debian 12 and nothing else, in which the README's commands have to pass.
#
#   vagrant/bare.sh     as root, on a Debian 12 whose apt and pip reach their packages
#
# Debian is fetched once (.cache/bare/debian-12.tar, 170 MB); each run unpacks it, puts the last commit into it and
# enters it in mount and PID namespaces of its own: mounts and processes are gone with it, however it ends. The
# network is the host's, for the packages; labs have their own anyway.
# Packages come the way they come to this host: from its apt sources, and with its settings of apt and pip.
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

# What a reader of the README types on a machine on which nothing was typed before.
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

# Everything that a machine on the same network would be given: names, mirrors, proxies, certificates.
connect() {
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    sources >"$root/etc/apt/sources.list"
    apt-config dump Acquire | grep -E '^Acquire::(https?|Check-)' >"$root/etc/apt/apt.conf.d/99host" || true
    # Under a name of its own: the other one belongs to Debian's package of certificates.
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

# Debian 12, its smallest variant, in a file.
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
    # `ip netns exec` remounts /, which has to be a mount for that.
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount -t sysfs sysfs "$root/sys"
    mount -t tmpfs tmpfs "$root/run"
    mount -t tmpfs tmpfs "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
    # More than a chroot: the kernel gives nobody in a chroot a user namespace, and there the host's files are near.
    cd "$root"
    pivot_root . mnt
    umount --lazy /mnt
    commands | while read -r command; do
        echo "== $command"
        started=$(date +%s)
        # A shell has what it starts in the background ignore Ctrl-C, which is not how a machine comes.
        env -i --default-signal=INT,QUIT HOME=/root \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            sh -c "cd $home && $command" </dev/null || exit
        echo "== $command: $(($(date +%s) - started)) s"
    done
}

leave() { rm -rf --one-file-system "$root"; }

case "${1-}" in
    "")
        test "$(id -u)" -eq 0 || fail "a chroot needs root: sudo make test-bare"
        exec unshare --mount --propagation private "$0" --apart # debootstrap mounts, too
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
