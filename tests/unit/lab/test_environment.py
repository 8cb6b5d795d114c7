"""The environment of processes that are started in a machine of a lab."""

import pytest

from nsnet.errors import UsageError
from nsnet.lab.environment import PATH, left_out, process_environment
from nsnet.topology.interior import ContainerInterior, Interior

CALLER = {"PATH": "/opt", "TERM": "linux", "SECRET": "x", "LANG": "de_DE.UTF-8"}
CLEAN = {"PATH": PATH, "HOME": "/root", "TERM": "linux", "LANG": "de_DE.UTF-8", "HOSTNAME": "web"}


def inside(**variables: str) -> Interior:
    """Return the inside of a pod whose container has these variables."""
    containers = (ContainerInterior("main", tuple(variables.items())), ContainerInterior("other"))
    return Interior("web", "", "", containers)


def test_a_pod_has_a_clean_environment_and_its_own_variables() -> None:
    assert process_environment(inside(A="b"), "", CALLER) == {**CLEAN, "A": "b"}
    assert process_environment(inside(A="b"), "other", CALLER) == CLEAN
    assert process_environment(inside(), "", {})["LANG"] == "C.UTF-8"
    assert process_environment(inside(HOSTNAME="h", TERM="dumb"), "", CALLER) == {
        **CLEAN,
        "HOSTNAME": "h",
        "TERM": "dumb",
    }


def test_the_environment_of_the_caller_is_kept_if_wanted_and_elsewhere() -> None:
    kept = process_environment(inside(A="b", LANG="C"), "", CALLER, keep=True)
    assert kept == {**CALLER, "A": "b", "LANG": "C", "HOSTNAME": "web"}
    assert process_environment(Interior("n1", "", ""), "", CALLER) == CALLER


@pytest.mark.parametrize("place", [inside(), Interior("n1", "", "")])
def test_there_may_be_no_such_container(place: Interior) -> None:
    with pytest.raises(UsageError, match="has no container"):
        process_environment(place, "nope", CALLER)


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "HOME", "IFS", "ENV", "BASH_ENV", "BASH_FUNC_ls%%", "PS4", "PROMPT_COMMAND"),
        *("LD_PRELOAD", "LD_LIBRARY_PATH", "GCONV_PATH", "LOCPATH", "HOSTALIASES", "MALLOC_CHECK_"),
        *("PYTHONPATH", "PYTHONSTARTUP", "PERL5LIB", "PERL5OPT", "RUBYOPT", "NODE_OPTIONS"),
        *("_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "CLASSPATH", "LUA_INIT", "GIT_SSH_COMMAND"),
        *("PAGER", "EDITOR", "LESSOPEN", "MANPAGER", "SSH_ASKPASS", "CURL_HOME", "SSLKEYLOGFILE"),
    ],
)
def test_what_would_make_programs_use_other_files_is_left_out(name: str) -> None:
    pod = inside(**{name: "/tmp/x", "A": "b"})
    assert process_environment(pod, "", CALLER) == {**CLEAN, "A": "b"}
    assert list(left_out(pod, "")) == [name]


@pytest.mark.parametrize(
    "name",
    [
        *("LDAP_URL", "MANAGER", "GITLAB_TOKEN", "PATH_PREFIX", "HOME_PAGE", "LESSON", "SSL_MODE"),
        *("GIT_SERVICE_HOST", "LD_PORT_80_TCP", "PYTHON_PORT", "LUA_SERVICE_PORT_HTTP", "APP_ENV"),
        *("RES_OPTIONS", "http_proxy", "PYROSCOPE", "GEMINI_KEY", "RUBY_VERSION", "DATABASE_SHELL"),
    ],
)
def test_what_only_resembles_them_is_kept(name: str) -> None:
    assert process_environment(inside(**{name: "b"}), "", CALLER)[name] == "b"
    assert list(left_out(inside(**{name: "b"}), "")) == []


@pytest.mark.parametrize(
    ("value", "is_kept"), [("\udcff", True), ("a\0b", False), ("\ud800", False)]
)
def test_what_no_program_can_be_started_with_is_left_out(value: str, is_kept: bool) -> None:
    assert ("A" in process_environment(inside(A=value), "", CALLER)) is is_kept
