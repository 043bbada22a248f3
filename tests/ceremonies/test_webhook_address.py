"""Where a webhook may go: public addresses over https, however they are spelled; this machine only while developing."""

import pytest

from idverify.ceremonies.webhook_address import Target, target_of
from idverify.errors import InvalidInput

NOT_PUBLIC = [
    "0.0.0.0",
    "10.0.0.7",
    "100.64.0.1",  # carrier-grade NAT
    "100.100.100.200",  # metadata of a cloud
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",  # a cloud's agent
    "169.254.169.254",  # metadata of most clouds
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",  # metadata of a cloud
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.7",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::1",
    "2001:db8::1",
    "2001:0:5ef5:79fd::1",  # Teredo
    "2002:7f00:1::1",  # 6to4 of 127.0.0.1
    "fc00::1",
    "fd00:ec2::254",  # metadata of a cloud
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "4000::1",
]
PUBLIC = ["1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]


def spelled(address: str) -> str:
    """As a URL has it."""
    return f"[{address}]" if ":" in address else address


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused_as_url_and_as_what_a_name_leads_to(address):
    """Private, loopback, link-local, shared, reserved, multicast, metadata, and IPv4 hidden in IPv6."""
    with pytest.raises(InvalidInput):
        target_of(f"https://{spelled(address)}/", dev=False)
    assert not target_of("https://hotel.example/", dev=False).permits(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_permitted(address):
    """Else nothing would ever be delivered."""
    assert target_of(f"https://{spelled(address)}/", dev=False).permits(address)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "017700000001", "127.1", "0x7f.1", "0", "[::ffff:7f00:1]"])
def test_other_notations_of_loopback_are_refused_as_well(host):
    """The resolver reads them, so an attacker writes them."""
    with pytest.raises(InvalidInput):
        target_of(f"https://{host}/", dev=False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hotel.example/hook",
        "ftp://hotel.example/",
        "file:///etc/passwd",
        "https://",
        "https:///hook",
        "https://user@hotel.example/",
        "https://user:word@hotel.example/",
        "https://@hotel.example/",
        "https://hotel.example/#part",
        "https://hotel.example:0/",
        "https://hotel.example:65536/",
        "https://hotel.example:port/",
        "https://hotel example/",
        "https://hotel.example/\r\nX-Injected: 1",
        "https://hôtel.example/",
        "https://hotel.example\\@127.0.0.1/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://-/",
        "https://hotel..example/",
        f"https://{'a' * 64}.example/",
        "https://hotel.example/" + "a" * 2000,
    ],
)
@pytest.mark.parametrize("dev", [False, True])
def test_a_url_of_another_form_is_refused(url, dev):
    """Whatever two parsers could read in two ways, or would carry more than an address."""
    with pytest.raises(InvalidInput):
        target_of(url, dev=dev)


def test_the_parts_of_a_url_are_kept_as_they_are():
    """Port, path and query; a URL without a path asks for the root."""
    assert target_of("https://hotel.example:8443/a/b?key=1%202", dev=False) == Target(
        True, "hotel.example", 8443, "/a/b?key=1%202", False
    )
    assert target_of("https://hotel.example?x=1", dev=False).path == "/?x=1"
    assert target_of("https://hotel.example", dev=False).port == 443


def test_while_developing_this_machine_may_be_meant_and_the_network_still_not():
    """Plain http goes to loopback only, https to loopback as well; both keep out of the network around."""
    assert target_of("http://localhost:9000/", dev=True).permits("127.0.0.1")
    assert target_of("http://[::1]:9000/", dev=True).permits("::1")
    assert target_of("https://localhost:9000/", dev=True).permits("::1")
    for url in ("http://hotel.example/", "https://hotel.example/"):
        assert not any(target_of(url, dev=True).permits(address) for address in ("10.0.0.7", "169.254.169.254", "fe80::1"))
    assert not target_of("http://hotel.example/", dev=True).permits("1.1.1.1")
    assert not target_of("https://hotel.example/", dev=False).permits("127.0.0.1")
    with pytest.raises(InvalidInput):
        target_of("http://localhost:9000/", dev=False)
