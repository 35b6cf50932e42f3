"""Where a call comes from, as it is counted: one address, or of version 6 the network of one customer."""

from __future__ import annotations

import ipaddress
from typing import Final

#: Of an address of version 6, what stands for one customer.
_NETWORK: Final = 64


def counted_as(said: str) -> str:
    """Return an address as it is counted; nothing for what is none."""
    try:
        address = ipaddress.ip_address(said.strip())
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _NETWORK), strict=False))
    return str(address)
