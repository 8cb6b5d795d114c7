#!/bin/sh
# The first program in the VM, as root: the kernel's modules are loaded, then
#   guest.sh FOLDER   the FOLDER's `command` runs, and `status` there says how it ended
#   guest.sh          there is a shell
# Of all files, only what is written to FOLDER outlives the VM.
root=$(cd "$(dirname "$0")/../.." && pwd)
vm=$root/.cache/vm
export PATH="$root/.venv/bin:$vm/sbin:$vm/usr/sbin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export HOME=/root

# What every new Python reads comes through the cache. Nobody changes it while the VM runs.
mkdir /run/cached
mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose cached /run/cached &&
    for folder in "$root" /usr/lib/python3* "/usr/lib/$(uname -m)-linux-gnu"; do
        mount --bind "/run/cached$folder" "$folder"
    done
cd "$root" || exit
loaded=$(vagrant/provision.sh --modules 2>&1)

if [ $# -eq 0 ]; then
    echo "$loaded"
    echo "Linux $(uname -r), emulated; nsnet is here, files of the host cannot be changed; Ctrl-D ends it"
    exec bash
fi
echo "$loaded" >"$1/modules"
# On the console the kernel speaks, too.
{
    sh "$1/command"
    echo $? >"$1/status.new"
} 2>&1 | tee "$1/output"
mv "$1/status.new" "$1/status"
