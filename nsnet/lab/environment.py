"""The environment of processes that are started in a machine of a lab.

The files of a lab are not trusted, and the programs are those of this host: variables that would
make a program load or run other files are left out.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from nsnet.topology.interior import Interior

PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What a shell gets from the caller: the kind of its terminal, and its language.
_PASSED_ON: Final = ("TERM", "LANG", "LC_ALL", "COLORTERM", "NO_COLOR")
_UNSAFE: Final = re.compile(
    r"PATH|HOME|IFS|ENV|CDPATH|PAGER|EDITOR|VISUAL|SHELL|SHELLOPTS|PS[0-9]|PROMPT_COMMAND|GLOBIGNORE"
    r"|NLSPATH|LOCPATH|GCONV_PATH|HOSTALIASES|LOCALDOMAIN|RES_OPTIONS|TMPDIR|TERMINFO|TERMCAP"
    r"|NODE_OPTIONS|_?JAVA_(TOOL_)?OPTIONS|JDK_JAVA_OPTIONS|MALLOC_.*|GLIBC_.*|GETCONF_DIR"
    r"|(LD|DYLD|BASH|PYTHON|PERL|PERL5|RUBY|GEM|LUA|GIT|LESS|MAN|XDG|SSH|OPENSSL|SSL|CURL|WGET)_?.*"
)


def process_environment(
    inside: Interior, container: str, caller: Mapping[str, str], *, keep: bool = False
) -> dict[str, str]:
    """Return the environment of a process. In a pod it is that of the container ("": the default
    one) on a clean one, or with `keep` on that of the caller; elsewhere it is the caller's."""
    if not inside.is_pod:
        return dict(caller)
    clean = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8"}
    clean |= {name: caller[name] for name in _PASSED_ON if name in caller}
    variables = dict(inside.container(container).environment)
    own = {name: value for name, value in variables.items() if not _UNSAFE.fullmatch(name)}
    return {**(caller if keep else clean), **own, "HOSTNAME": inside.hostname}


def left_out(inside: Interior, container: str) -> Iterator[str]:
    """Yield the names of the container's variables that processes do not get."""
    if inside.is_pod:
        yield from (
            name for name, _ in inside.container(container).environment if _UNSAFE.fullmatch(name)
        )
