"""Meta's words: who signed them, what they say of a message, and which refusals another attempt would not change."""

from __future__ import annotations

import pytest

from services.gateway.whatsapp import check_assinatura, read_situacoes
from tests.gateway.agencia import SEGREDO_APP, make_situacao, sign_meta

CORPO = make_situacao("wamid.1", "delivered", "c1")


def test_a_signature_holds_for_its_bytes_and_its_secret_alone() -> None:
    certa = sign_meta(CORPO)["X-Hub-Signature-256"]
    assert check_assinatura(SEGREDO_APP, CORPO, certa)
    for corpo, cabecalho in (
        (CORPO + b" ", certa), (CORPO, ""), (CORPO, certa[:-1]), (CORPO, certa.removeprefix("sha256=")),
        (CORPO, certa.replace("sha256", "sha1")), (CORPO, "sha256=é"),
        (CORPO, sign_meta(CORPO, "outro")["X-Hub-Signature-256"]),
    ):  # fmt: skip
        assert not check_assinatura(SEGREDO_APP, corpo, cabecalho)


@pytest.mark.parametrize(
    ("status", "estado"), [("sent", "aceito"), ("delivered", "entregue"), ("read", "lido"), ("failed", None)]
)
def test_each_status_has_its_word(status: str, estado: str | None) -> None:
    (dita,) = read_situacoes(make_situacao("wamid.1", status, "c1"))
    assert (dita.externo_id, dita.chave, dita.estado) == ("wamid.1", "c1", estado)
    assert dita.em is not None and dita.em.timestamp() == 1764079200


def test_a_failure_says_why_and_whether_another_attempt_would_end_the_same_way() -> None:
    """A code that nobody knows yet is tried again, and shown."""
    (passa,), (fica,), (nova,) = (
        read_situacoes(make_situacao("w", "failed", erro=codigo)) for codigo in (131000, 131026, 139999)
    )
    assert (passa.definitiva, fica.definitiva, nova.definitiva) == (False, True, False)
    assert "(139999)" in nova.erro
    assert fica.erro.startswith("O WhatsApp recusou (131026). O número não usa o WhatsApp")


def test_what_is_none_of_a_messages_is_left_out() -> None:
    assert (
        read_situacoes(b'{"object": "x", "entry": [{"id": "1", "changes": [{"field": "x", "value": {"a": 1}}]}]}') == []
    )
    assert read_situacoes(make_situacao("w", "played")) == []
    impossiveis = [
        make_situacao("w" * 201, "read"), make_situacao("w\x00", "read"), make_situacao("w", "read", "c\x00"),
        make_situacao("w", "read").replace(b"1764079200", b"99999999999999"),
    ]  # fmt: skip
    for corpo in (b"", b"[]", b'{"entry": 1}', b"\xff", *impossiveis):
        with pytest.raises(ValueError, match="callback"):
            read_situacoes(corpo)
