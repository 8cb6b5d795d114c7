#!/bin/sh
# The first program in the VM, as root: the kernel's modules are loaded, then
#   guest.sh FOLDER   the FOLDER's `command` runs, and `status` there says how it ended
#   guest.sh          there is a shell
# Of all files, only what is written to FOLDER outlives the VM.
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root" || exit
vm=$root/.cache/vm
export PATH="$root/.venv/bin:$vm/sbin:$vm/usr/sbin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export HOME=/root
loaded=$(vagrant/provision.sh --modules 2>&1)

if [ $# -eq 0 ]; then
    echo "$loaded"
    echo "Linux $(uname -r), emulated; nsnet is here, files of the host cannot be changed; Ctrl-D ends it"
    exec bash
fi
echo "$loaded" >"$1/modules"
sh "$1/command"
# Renamed when it is whole.
echo $? >"$1/status.new" && mv "$1/status.new" "$1/status"
