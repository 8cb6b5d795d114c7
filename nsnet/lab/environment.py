"""The environment of processes that are started in a machine of a lab.

The files of a lab are not trusted, and the programs are those of this host: variables that would
make a program load, run or write other files are left out.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from nsnet.topology.interior import ContainerInterior, Interior

PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What a shell gets from the caller: the kind of its terminal, and its language.
_PASSED_ON: Final = ("TERM", "LANG", "LC_ALL", "COLORTERM", "NO_COLOR")
_UNSAFE: Final = re.compile(
    # of libraries
    r"(LD|DYLD|MALLOC|GLIBC|XDG)_.*|NLSPATH|LOCPATH|GCONV_PATH|GETCONF_DIR|HOSTALIASES|TERMCAP"
    r"|TERMINFO(_DIRS)?|TMPDIR|OPENSSL_.*|SSL_CERT_.*|SSLKEYLOGFILE|INPUTRC"
    # of shells
    r"|PATH|HOME|IFS|ENV|CDPATH|FPATH|ZDOTDIR|SHELL|SHELLOPTS|BASHOPTS|BASH_.*|PS[0-9]"
    r"|PROMPT_COMMAND|GLOBIGNORE|HISTFILE"
    # of languages
    r"|PYTHON.*|PERL(5|IO|_).*|RUBY(LIB|OPT|PATH|SHELL)|GEM_.*|LUA_.*|NODE_(OPTIONS|PATH)|CLASSPATH"
    r"|_?JAVA_(TOOL_)?OPTIONS|JDK_JAVA_OPTIONS"
    # of programs
    r"|PAGER|EDITOR|VISUAL|BROWSER|LESS(OPEN|CLOSE|KEY.*|HISTFILE|EDIT)?|MAN(PATH|PAGER|OPT)|GIT_.*"
    r"|SSH_.*|CURL_HOME|WGETRC|SYSTEM_WGETRC|TAR_OPTIONS"
)
# Variables of a Service are harmless, whatever it is called.
_OF_SERVICE: Final = re.compile(
    r".*_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)


def process_environment(
    inside: Interior, container: str, caller: Mapping[str, str], *, keep: bool = False
) -> dict[str, str]:
    """Return the environment of a process. In a pod it is that of the container ("": the default
    one) on a clean one, or with `keep` on that of the caller; elsewhere it is the caller's. Raises
    UsageError if there is no such container."""
    if not inside.is_pod and not container:
        return dict(caller)
    clean = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8"}
    clean |= {name: caller[name] for name in _PASSED_ON if name in caller}
    variables = inside.container(container).environment
    own = {name: value for name, value in variables if not _is_left_out(name, value)}
    return {**(caller if keep else clean), "HOSTNAME": inside.hostname, **own}


def container_environment(
    inside: Interior, container: ContainerInterior, home: str
) -> dict[str, str]:
    """Return the environment of a command of the files. Whoever allows the command allows all its
    variables, too. `home`: of the user; "": root's."""
    clean = {"PATH": PATH, "HOME": home or "/root", "LANG": "C.UTF-8"}
    return {**clean, "HOSTNAME": inside.hostname, **dict(container.environment)}


def left_out(inside: Interior, container: str) -> Iterator[str]:
    """Yield the names of the container's variables that processes do not get."""
    if inside.is_pod:
        for name, value in inside.container(container).environment:
            if _is_left_out(name, value):
                yield name


def _is_left_out(name: str, value: str) -> bool:
    """Return whether a variable is unsafe, or no program can be started with it."""
    try:
        value.encode(errors="surrogateescape")  # the bytes of a Secret need not be text
    except UnicodeEncodeError:
        return True
    unsafe = _UNSAFE.fullmatch(name) and not _OF_SERVICE.fullmatch(name)
    return bool(unsafe) or "\0" in value
