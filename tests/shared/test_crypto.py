"""The key ring: rotation, and keys made once whoever starts first."""

from __future__ import annotations

import asyncio
import multiprocessing
import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from shared.crypto import (
    ChaveInvalida,
    Chaveiro,
    create_chaves,
    find_chaves,
    read_chaves,
    sign_rs256,
    wait_for_chaves,
    write_chaves,
)
from shared.settings import ConfiguracaoInvalida

VELHA, NOVA = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_what_any_key_of_the_ring_encrypted_opens() -> None:
    cifrado = Chaveiro(VELHA).encrypt("senhá")
    assert "senhá" not in cifrado
    assert Chaveiro(f"{NOVA}, {VELHA}").decrypt(cifrado) == "senhá"


def test_the_first_key_encrypts_and_rotation_makes_the_old_one_needless() -> None:
    ambas = Chaveiro(f"{NOVA},{VELHA}")
    rodado = ambas.rotate(Chaveiro(VELHA).encrypt("segredo"))
    assert Chaveiro(NOVA).decrypt(rodado) == "segredo"
    assert Chaveiro(NOVA).decrypt(ambas.encrypt("outro")) == "outro"
    with pytest.raises(ChaveInvalida):
        Chaveiro(VELHA).decrypt(rodado)


@pytest.mark.parametrize("chaves", ["", " , ", "curta", pytest.param(f"{NOVA},x", id="uma boa, outra não")])
def test_a_malformed_key_is_refused_without_being_quoted(chaves: str) -> None:
    with pytest.raises(ChaveInvalida) as erro:
        Chaveiro(chaves)
    assert NOVA not in str(erro.value) and "curta" not in str(erro.value)


@pytest.mark.parametrize("cifrado", ["", "lixo", "não é base64"])
def test_what_no_key_opens_is_an_error_of_its_own(cifrado: str) -> None:
    with pytest.raises(ChaveInvalida):
        Chaveiro(NOVA).decrypt(cifrado)
    with pytest.raises(ChaveInvalida):
        Chaveiro(NOVA).rotate(cifrado)


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    pasta = tmp_path / "dados"
    primeira = create_chaves(pasta)
    assert create_chaves(pasta) == primeira
    assert stat.S_IMODE((pasta / "chaves_fernet").stat().st_mode) == 0o600
    assert [p.name for p in pasta.iterdir()] == ["chaves_fernet"]
    Chaveiro(primeira)


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(8) as processos:
        feitas = processos.map(create_chaves, [tmp_path] * 32)
    assert len(set(feitas)) == 1


def test_a_rotation_replaces_the_file_and_keeps_the_order(tmp_path: Path) -> None:
    create_chaves(tmp_path)
    write_chaves(tmp_path, f"{NOVA},{VELHA}")
    assert read_chaves(tmp_path / "chaves_fernet") == f"{NOVA},{VELHA}"
    assert stat.S_IMODE((tmp_path / "chaves_fernet").stat().st_mode) == 0o600


async def test_a_service_waits_for_the_keys_of_another(tmp_path: Path) -> None:
    async with asyncio.TaskGroup() as grupo:
        espera = grupo.create_task(wait_for_chaves(tmp_path, 10))
        await asyncio.sleep(0)
        feita = create_chaves(tmp_path)
    assert espera.result() == feita


async def test_keys_that_never_come_are_given_up(tmp_path: Path) -> None:
    assert await wait_for_chaves(tmp_path, 0.5) is None


async def test_a_key_file_that_may_not_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "chaves_fernet").mkdir()
    for usar in (create_chaves, find_chaves, lambda pasta: write_chaves(pasta, NOVA)):
        with pytest.raises(ConfiguracaoInvalida, match="CANOPUS_DATA_DIR: "):
            usar(tmp_path)
    with pytest.raises(ConfiguracaoInvalida, match="CANOPUS_DATA_DIR: "):
        await wait_for_chaves(tmp_path)


def test_only_an_rsa_key_signs() -> None:
    curva = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for pem in (curva.decode(), "", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"):
        with pytest.raises(ChaveInvalida):
            sign_rs256(pem, b"x")


def test_an_rsa_key_is_checked_once_and_one_that_is_too_large_never(monkeypatch: pytest.MonkeyPatch) -> None:
    """To check one takes 40 ms, 0.3 s at 4096 bits and seconds beyond, in which nothing else runs."""
    lidas: list[int] = []

    def load(dados: bytes, password: None) -> PrivateKeyTypes:
        lidas.append(len(dados))
        return serialization.load_pem_private_key(dados, password)

    monkeypatch.setattr("shared.crypto.load_pem_private_key", load)
    pem = rsa.generate_private_key(65537, 1024).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert len({sign_rs256(pem.decode(), b"x") for _ in range(3)}) == 1
    with pytest.raises(ChaveInvalida, match="4096 bits"):
        sign_rs256(pem.decode() + "A" * 4000, b"x")
    assert lidas == [len(pem)]
