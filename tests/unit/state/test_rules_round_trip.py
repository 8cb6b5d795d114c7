"""What is written of a rule, read again, is the rule: nothing is lost, nothing is added."""

import re
from ipaddress import ip_address

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from nsnet.ip import Family
from nsnet.state import ipsets, iptables_text, nftables_text
from nsnet.state.rules import Chain, NftMap
from tests.support import generated_rules as generated
from tests.support import read_rules

# No shrinking: it takes minutes for a rule, and pytest shows the field that differs anyway.
SEVERAL = settings(max_examples=50, deadline=None, phases=(Phase.reuse, Phase.generate))


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("table", generated.TABLES)
@SEVERAL
@given(data=st.data())
def test_a_rule_of_iptables_reads_back_as_itself(
    table: generated.Table, family: Family, data: st.DataObject
) -> None:
    rule = data.draw(generated.iptables_rules(table, family, ipvs=True))
    line = iptables_text.line(Chain(table, "CHAIN", family=family), rule)
    assert read_rules.iptables(line, family) == ("CHAIN", rule)


@pytest.mark.parametrize("family", [4, 6])
@SEVERAL
@given(data=st.data())
def test_a_rule_of_nftables_reads_back_as_itself(family: Family, data: st.DataObject) -> None:
    rule = data.draw(generated.nft_rules(family))
    line = nftables_text.line(rule, family)
    assert read_rules.plain(read_rules.nft(line, family)) == read_rules.plain(rule)


@pytest.mark.parametrize("family", [4, 6])
@SEVERAL
@given(data=st.data())
def test_the_elements_of_a_map_read_back_as_themselves(family: Family, data: st.DataObject) -> None:
    for each in data.draw(generated.nft_sets(family)):
        lines = nftables_text.lines(each)
        elements = lines[len(lines) - len(each.elements) :]
        read = read_rules.nft_element if isinstance(each, NftMap) else ip_address
        assert tuple(map(read, elements)) == each.elements


@pytest.mark.parametrize("family", [4, 6])
@SEVERAL
@given(data=st.data())
def test_the_members_of_an_ipset_read_back_as_themselves(
    family: Family, data: st.DataObject
) -> None:
    sets = data.draw(generated.filled_ipsets(family))
    # `ipset save` prints what fills the set that is swapped in, with the name of the set.
    saved = re.sub(
        r"^(create|add) (\S+)\.new ", r"\1 \2 ", ipsets.fill_input(sets), flags=re.MULTILINE
    )
    assert ipsets.parse_saved(saved) == sets
