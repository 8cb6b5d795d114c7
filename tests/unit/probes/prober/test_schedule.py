"""The order in which attempts start."""

from nsnet.ip import Protocol
from nsnet.probes.prober import Flow
from nsnet.probes.prober.schedule import Schedule
from tests.support.labs import ip


def flow(netns: str, **said: object) -> Flow:
    return Flow(netns, ip("10.0.0.1"), 80, Protocol.TCP, **said)  # type: ignore[arg-type]


def test_flows_and_namespaces_take_turns() -> None:
    schedule = Schedule([flow("a", times=3), flow("a", times=1), flow("b", times=2)])
    first, second, third = schedule.flows
    assert schedule.take(3) == ("a", [first, second, first])
    assert schedule.take(3) == ("b", [third, third])
    assert schedule.take(3) == ("a", [first])
    assert schedule.take(3) == ("", [])


def test_a_source_port_is_for_one_attempt_at_a_time() -> None:
    schedule = Schedule([flow("a", times=2, source_port=5)])
    (scheduled,) = schedule.flows
    assert schedule.take(9) == ("a", [scheduled])
    assert schedule.take(9) == ("", [])
    schedule.ended(scheduled)
    assert schedule.take(9) == ("a", [scheduled])


def test_a_flow_has_ended_when_no_attempt_is_left_or_under_way() -> None:
    schedule = Schedule([flow("a", times=2)])
    (scheduled,) = schedule.flows
    seen = [scheduled.has_ended]
    schedule.take(1)
    schedule.ended(scheduled)
    seen.append(scheduled.has_ended)
    schedule.take(1)
    seen.append(scheduled.has_ended)
    schedule.ended(scheduled)
    assert [*seen, scheduled.has_ended] == [False, False, False, True]


def test_attempts_of_one_pace_start_one_at_a_time() -> None:
    schedule = Schedule([flow("a", times=2, pace="r"), flow("a", pace="r"), flow("b")])
    first, second, other = schedule.flows
    assert schedule.take(9) == ("a", [first])
    assert schedule.take(9) == ("b", [other])
    schedule.ended(first)
    assert schedule.take(9) == ("", [])
    for expected in (second, first):
        schedule.release_pace("r")
        assert schedule.take(9) == ("a", [expected])
    schedule.release_pace("r")
    assert schedule.take(9) == ("", [])


def test_a_pace_that_another_process_holds_is_released_later() -> None:
    schedule = Schedule([flow("a", times=2, pace="r"), flow("b")], {"r"})
    first, other = schedule.flows
    assert schedule.take(9) == ("b", [other])
    assert schedule.take(9) == ("", [])
    for more in (True, False):
        schedule.release_pace("r")
        assert schedule.take(9) == ("a", [first])
        assert schedule.has_more("r") is more


def test_flows_of_one_label_start_before_all_others() -> None:
    schedule = Schedule(
        [flow("a"), flow("a", together="x", times=2), flow("b", together="x"), flow("b")]
    )
    first, second, third, fourth = schedule.flows
    assert schedule.together() == [[second, third]]
    assert schedule.take(9) == ("a", [first, second])
    assert schedule.take(9) == ("b", [fourth])
    assert schedule.take(9) == ("", [])


def test_a_paced_flow_waits_for_its_pace_even_with_a_label() -> None:
    schedule = Schedule([flow("a", together="x", pace="r"), flow("b", together="x", pace="r")])
    first, second = schedule.flows
    assert schedule.together() == [[first]]
    schedule.release_pace("r")
    assert schedule.take(9) == ("b", [second])
