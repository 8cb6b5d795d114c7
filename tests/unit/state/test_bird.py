"""The configuration of bird, to the letter.

Source: the user's guide of bird 2.0.12.
"""

from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from nsnet.state.bird import Bird, Session, argv, configuration
from tests.support.labs import ip, net

ROUTER = Session("fabric", ip("192.168.10.2"), ip("192.168.10.1"), 64512)
ROUTER6 = Session("fabric", ip("fd10::2"), ip("fd10::1"), 64512)
NODE = Bird(
    IPv4Address("192.168.10.2"),
    4211274498,
    ("eth0",),
    (ROUTER,),
    announced=(net("10.244.0.0/24"), net("10.96.0.80/32")),
    accepted=(net("10.244.0.0/16"),),
)
NODE_TEXT = """\
log stderr all;
router id 192.168.10.2;
protocol device { }
protocol bfd { interface "eth0" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
protocol static announced4 {
  ipv4;
  route 10.244.0.0/24 unreachable;
  route 10.96.0.80/32 unreachable;
}
protocol kernel kernel4 {
  scan time 5; merge paths on limit 255;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp to_192_168_10_1 {
  description "fabric";
  local 192.168.10.2 as 4211274498;
  neighbor 192.168.10.1 as 64512;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 10.244.0.0/16+ ];
    export filter { if source != RTS_STATIC then reject; accept; };
  };
}
"""
FABRIC = Bird(
    IPv4Address("198.18.0.1"),
    64512,
    ("br-east", "br-west"),
    (Session("east/node/n1", ip("192.168.10.1"), ip("192.168.10.2"), 4211274498, passive=True),),
    accepted=(net("0.0.0.0/0"), net("::/0")),
    transit=True,
)
FABRIC_TEXT = """\
log stderr all;
router id 198.18.0.1;
protocol device { }
protocol bfd { interface "br-east", "br-west" { \
min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }
protocol kernel kernel4 {
  scan time 5; merge paths on limit 255;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp to_192_168_10_2 {
  description "east/node/n1";
  local 192.168.10.1 as 64512;
  neighbor 192.168.10.2 as 4211274498;
  passive;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv4 {
    import where net ~ [ 0.0.0.0/0 ];
    export all;
  };
}
"""


def of_six(bird: Bird) -> str:
    """Return the bird with an IPv6 session and network, too."""
    both = replace(
        bird,
        sessions=(*bird.sessions, ROUTER6),
        announced=(*bird.announced, net("fd00:10:244::/64")),
        accepted=(*bird.accepted, net("fd00:10:244::/56")),
    )
    return configuration(both)


SIX_TEXT = """\
protocol static announced6 {
  ipv6;
  route fd00:10:244::/64 unreachable;
}
protocol kernel kernel6 {
  scan time 5; merge paths on limit 255;
  ipv6 { import none; export where source = RTS_BGP; };
}
"""
SIX_SESSION = """\
protocol bgp to_fd10__1 {
  description "fabric";
  local fd10::2 as 4211274498;
  neighbor fd10::1 as 64512;
  hold time 9; keepalive time 3;
  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;
  bfd on;
  ipv6 {
    next hop prefer global;
    import where net ~ [ fd00:10:244::/56+ ];
    export filter { if source != RTS_STATIC then reject; accept; };
  };
}
"""


@pytest.mark.parametrize(("bird", "text"), [(NODE, NODE_TEXT), (FABRIC, FABRIC_TEXT)])
def test_the_configuration_of_a_bird(bird: Bird, text: str) -> None:
    assert configuration(bird) == text


def test_each_family_has_its_own_table_routes_and_session() -> None:
    before, session = NODE_TEXT.split("protocol bgp")
    assert of_six(NODE) == f"{before}{SIX_TEXT}protocol bgp{session}{SIX_SESSION}"


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        (
            replace(NODE, prepended=2),
            "    export filter { if source != RTS_STATIC then reject; "
            "bgp_path.prepend(4211274498); bgp_path.prepend(4211274498); accept; };",
        ),
        (replace(NODE, accepted=()), "    import none;"),
        (
            replace(NODE, accepted=(net("10.0.0.0/8"), net("fd00::/8"), net("192.0.2.0/24"))),
            "    import where net ~ [ 10.0.0.0/8+, 192.0.2.0/24+ ];",
        ),
        (replace(NODE, sessions=(replace(ROUTER, passive=True),)), "  passive;"),
        (replace(NODE, transit=True), "    export all;"),
        (replace(NODE, watched_link="eth0"), "  ipv4; check link;"),
        (replace(NODE, watched_link="eth0"), '  route 10.244.0.0/24 via "eth0";'),
    ],
)
def test_what_each_field_of_a_bird_adds(changed: Bird, line: str) -> None:
    assert line not in NODE_TEXT
    assert line in configuration(changed).splitlines()


@pytest.mark.parametrize(("background", "more"), [(False, ("-f",)), (True, ())])
def test_bird_stays_in_the_foreground_on_request(background: bool, more: tuple[str, ...]) -> None:
    stem = "/run/nsnet/demo/fabric.bird"
    files = ("-c", f"{stem}.conf", "-s", f"{stem}.ctl", "-P", f"{stem}.pid")
    assert argv(Path(stem), background=background) == ("bird", *more, *files)
