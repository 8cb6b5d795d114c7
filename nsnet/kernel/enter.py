"""Run a command in a namespace of a lab, with the hostname, the /sys and files in /etc that its pod
or node has. No file of the host changes.

python -m nsnet.kernel.enter NETNS HOSTNAME DIRECTORY PIECES FILES… COMMAND…

FILES is a JSON object in so many pieces: the text of files in /etc by their names.
"""

import errno
import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from nsnet.kernel import netns, uapi

_ETC: Final = Path("/etc")
# A directory that every host has. Files are written in a tmpfs on it; it gets its own mount later.
_WORK: Final = Path("/sys")
_OLD: Final = ".host"  # the host's /etc, if /etc has to be another directory
_CACHE: Final = Path("/run/nscd")  # with the socket of a daemon that resolves names elsewhere
_PIECE: Final = 100_000  # bytes; Linux allows 128 KiB for one argument (MAX_ARG_STRLEN)
_FLAGS: Final = uapi.MS_NOSUID | uapi.MS_NODEV | uapi.MS_NOEXEC


def enter(name: str, hostname: str, files: Mapping[str, str]) -> None:
    """Move the calling process into the namespace for good, and give it the hostname, a /sys of the
    namespace, and these files in /etc: their texts by name. Raises FileNotFoundError if the
    namespace does not exist."""
    fd = netns.open_named(name)
    netns.setns(fd)
    os.close(fd)
    netns.unshare(uapi.CLONE_NEWNS | uapi.CLONE_NEWUTS)
    # A slave: mounts of the host propagate here, and none of ours propagate to the host.
    netns.mount("none", "/", "none", uapi.MS_REC | uapi.MS_SLAVE)
    if files:
        _mount_files(files)
    if _CACHE.is_dir():
        netns.mount("nsnet", str(_CACHE), "tmpfs", _FLAGS)
    try:
        netns.mount("sysfs", str(_WORK), "sysfs", _FLAGS)
    except OSError as error:
        if error.errno != errno.EBUSY:  # it is there: the caller is in the namespace already
            raise
    socket.sethostname(hostname[:64])


def _mount_files(files: Mapping[str, str]) -> None:
    """Mount files over those of /etc. If one of these does not exist, so that nothing can be
    mounted on it, mount a directory over /etc that refers to the host's for all others. Symbolic
    links are copied, because relative ones lead elsewhere from another directory."""
    netns.mount("nsnet", str(_WORK), "tmpfs", _FLAGS, "mode=0755")
    for file, text in files.items():
        (_WORK / file).write_text(text, encoding="utf-8")
        (_WORK / file).chmod(0o644)
    if all((_ETC / file).exists() for file in files):
        for file in files:
            netns.mount(str(_WORK / file), str(_ETC / file), "none", uapi.MS_BIND)
    else:
        (_WORK / _OLD).mkdir()
        netns.mount(str(_ETC), str(_WORK / _OLD), "none", uapi.MS_BIND | uapi.MS_REC)
        for each in os.listdir(_ETC):
            if each not in files:
                link = os.readlink(_ETC / each) if (_ETC / each).is_symlink() else f"{_OLD}/{each}"
                (_WORK / each).symlink_to(link)
        netns.mount(str(_WORK), str(_ETC), "none", uapi.MS_BIND | uapi.MS_REC)
    netns.unmount(str(_WORK))


def command(
    name: str, hostname: str, files: Mapping[str, str], argv: Sequence[str], directory: str = ""
) -> list[str]:
    """Return a command line that runs `argv` in the namespace, by this module."""
    text = json.dumps(files)
    pieces = [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]
    inside = (name, hostname, directory, str(len(pieces)), *pieces)
    return [sys.executable, "-I", "-m", __name__, *inside, *argv]


if __name__ == "__main__":
    _, netns_name, host, folder, count, *rest = sys.argv
    enter(netns_name, host, json.loads("".join(rest[: int(count)])))
    wanted = rest[int(count) :]
    try:
        os.chdir(folder or ".")
        os.execvp(wanted[0], wanted)
    except OSError as problem:
        os.write(2, f"{wanted[0]}: {problem.strerror}\n".encode())
        os._exit(127)  # a shell's exit status for "command not found"
