#!/bin/sh
# Started in the VM by its init, as root. It loads the kernel's modules, then
#   guest.sh FOLDER   runs the FOLDER's `command` and writes its exit status to `status` there
#   guest.sh          starts a shell
# Only what is written to FOLDER is kept when the VM ends.
root=$(cd "$(dirname "$0")/../.." && pwd)
vm=$root/.cache/vm
export PATH="$root/.venv/bin:$vm/sbin:$vm/usr/sbin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export HOME=/root

# Python's files and the repository are read through a cache: they do not change while the VM runs.
mkdir /run/cached
mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose cached /run/cached &&
    for folder in "$root" /usr/lib/python3* "/usr/lib/$(uname -m)-linux-gnu"; do
        mount --bind "/run/cached$folder" "$folder"
    done
cd "$root" || exit
loaded=$(vagrant/provision.sh --modules 2>&1)

if [ $# -eq 0 ]; then
    echo "$loaded"
    echo "Linux $(uname -r), emulated; nsnet is on the PATH; files of the host cannot be changed; Ctrl-D ends the VM"
    exec bash
fi
echo "$loaded" >"$1/modules"
# Output goes to a file: the console also has the kernel's messages.
{
    sh "$1/command"
    echo $? >"$1/status.new"
} 2>&1 | tee "$1/output"
mv "$1/status.new" "$1/status"
