"""Which addresses are on the open internet, and which are somebody's inside."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network

# What travels to an IPv4 address that stands within an IPv6 one (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")
# All that is given out of IPv6 so far.
_UNICAST = IPv6Network("2000::/3")


def is_publico(endereco: IPv4Address | IPv6Address) -> bool:
    """Whether this address, or the IPv4 address that it stands for, is on the open internet."""
    if isinstance(endereco, IPv6Address):
        nat64 = IPv4Address(int(endereco) & 0xFFFFFFFF) if endereco in _NAT64 else None
        if dentro := endereco.ipv4_mapped or endereco.sixtofour or nat64:
            return is_publico(dentro)
        return endereco.is_global and endereco in _UNICAST
    return endereco.is_global and not endereco.is_multicast
