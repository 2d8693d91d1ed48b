"""Which addresses are nobody's inside."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from services.gateway.destinos import parse_destino
from services.gateway.enderecos import is_publico


@pytest.mark.parametrize(
    "endereco",
    [
        "127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
        "240.0.0.1", "255.255.255.255", "192.0.2.1", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1",
        "fc00::1", "fec0::1", "ff02::1", "2001:db8::1", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a00:1::",
    ],
)  # fmt: skip
def test_an_internal_address_is_not_public_however_it_is_written(endereco: str) -> None:
    assert not is_publico(ip_address(endereco))


@pytest.mark.parametrize("endereco", ["8.8.8.8", "2800:3f0::1", "64:ff9b::808:808", "2002:808:808::", "::ffff:8.8.8.8"])
def test_what_is_on_the_internet_is_public(endereco: str) -> None:
    assert is_publico(ip_address(endereco))


def test_beside_ours_everything_may_be_told_and_http_will_do() -> None:
    for url in ("http://127.0.0.1:8000/canopus", "http://crm/", "https://crm.exemplo.com.br/a?b=c"):
        assert parse_destino(url, privados=True) == url
    assert parse_destino("https://crm.exemplo.com.br:8443/a?b=c", privados=False)
    for url in ("ftp://crm/", "http://u:s@crm/", "http://"):
        with pytest.raises(ValueError, match=r"https://|usuário"):
            parse_destino(url, privados=True)
