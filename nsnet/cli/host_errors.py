"""What this host lacks or does not allow: errors of the operating system as one line, with what to
do. Any other error is a bug of nsnet and keeps its traceback."""

import errno
import os

from nsnet.errors import UnsupportedError

_MEMORY = "free memory, or raise the limit: ulimit -v unlimited"
_FILES = "raise the limit of open files: ulimit -n 65536"
_TASKS = "raise the limits: ulimit -u unlimited; ulimit -v unlimited"
_RIGHTS = "run it as root (sudo nsnet …), or choose a file that you may use"
_ROOM = "make room there, or write to another place"
TOO_MANY_VARIABLES = "give the pod fewer variables: enableServiceLinks: false"
_HINTS = {
    errno.ENOMEM: _MEMORY,
    errno.EMFILE: _FILES,
    errno.ENFILE: "end other programs: this host has no file descriptors left",
    errno.EAGAIN: _TASKS,
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: "raise the limit of file sizes: ulimit -f unlimited",
    errno.EROFS: "it is on a read-only file system; labs need a /run that can be written to",
    errno.EIO: "the device or file system fails: see dmesg",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.ENOTDIR: "a file is where a folder should be: move it away",
    errno.ELOOP: "a symbolic link leads to itself: remove it",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EPIPE: "",
    errno.E2BIG: TOO_MANY_VARIABLES,
}
# How the dynamic linker and Python word a lack of memory or files.
_LINKER = {
    "failed to map segment": errno.ENOMEM,
    "cannot allocate memory": errno.ENOMEM,
    "out of memory": errno.ENOMEM,
    "can't start new thread": errno.EAGAIN,
    "Too many open files": errno.EMFILE,
}


def host_error(error: BaseException) -> UnsupportedError | None:
    """Return the error as a message with what to do, if this host causes it; None if it is a bug of
    nsnet."""
    match error:
        case MemoryError():
            return UnsupportedError("there is not enough memory", hint=_MEMORY)
        case OSError() if error.errno in _HINTS:
            what = ": ".join(str(each) for each in (error.filename, error.strerror) if each)
            return UnsupportedError(what, hint=_HINTS[error.errno])
        case FileNotFoundError() if not _has_folder():
            return UnsupportedError(
                "the current folder does not exist any more", hint="cd to another one"
            )
        case OSError() | ImportError() | RuntimeError():
            text = str(error)
            for words, number in _LINKER.items():
                if words in text:
                    return UnsupportedError(text, hint=_HINTS[number])
            return None
        case _:
            return None


def _has_folder() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True
