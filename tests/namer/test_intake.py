"""What is no workbook, or a dangerous one, is refused in a moment, with the reason and the remedy."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from services.namer.intake import LIMITE_BYTES, PlanilhaRecusada, check_arquivo
from services.namer.workbook import read_planilha
from tests.namer.planilhas import make_generica
from tests.namer.xls import make_cifrado, make_xls

CPF = "52998224725"
BOA = make_generica(["CPF", "NOME"], [[CPF, "ANA"]])
MEGA = 1 << 20


def zip_of(partes: dict[str, bytes], metodo: int = zipfile.ZIP_DEFLATED) -> bytes:
    saida = io.BytesIO()
    with zipfile.ZipFile(saida, "w", metodo) as pacote:
        for nome, dados in partes.items():
            pacote.writestr(nome, dados)
    return saida.getvalue()


def lie_about_size(dados: bytes, tamanho: int) -> bytes:
    """Every size in the directory and in the entries' own headers says `tamanho`."""
    mexido = bytearray(dados)
    for assinatura, posicao in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        inicio = mexido.find(assinatura)
        while inicio >= 0:
            struct.pack_into("<L", mexido, inicio + posicao, tamanho)
            inicio = mexido.find(assinatura, inicio + 4)
    return bytes(mexido)


def share_bytes(dados: bytes, vezes: int) -> bytes:
    """A zip whose directory names one entry's bytes many times."""
    fim = dados.rindex(b"PK\x05\x06")
    inicio = struct.unpack_from("<L", dados, fim + 16)[0]
    diretorio = dados[inicio:fim] * vezes
    final = bytearray(dados[fim:])
    struct.pack_into("<2H2L", final, 8, vezes, vezes, len(diretorio), inicio)
    return dados[:inicio] + diretorio + bytes(final)


def test_a_workbook_passes() -> None:
    check_arquivo(BOA)
    check_arquivo(make_xls([["CPF"]]))


@pytest.mark.parametrize(
    ("dados", "motivo"),
    [
        (b"", "vazio"),
        (b"CPF;NOME\n1;ANA", "não é uma planilha"),
        (b"<html><table><tr><td>CPF</td></tr></table></html>", "não é uma planilha"),
        (b"%PDF-1.4", "não é uma planilha"),
        (b"\x00" * 100, "não é uma planilha"),
        (b"PK\x03\x04" + b"\x00" * 100, "danificada"),
        (BOA[: len(BOA) // 2], "danificada"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "não é uma planilha"),
        (zip_of({"leia.txt": b"oi"}), "não é uma planilha"),
        (zip_of({"a.xml": b"x"}, zipfile.ZIP_BZIP2), "compressão desconhecida"),
        (make_cifrado(), "protegida por senha"),
        (make_xls([["CPF", "NOME"], [CPF, "ANA"]], com_senha=True), "protegida por senha"),
    ],
)
def test_what_is_no_workbook_is_refused_with_the_remedy(dados: bytes, motivo: str) -> None:
    with pytest.raises(PlanilhaRecusada, match=motivo) as recusa:
        read_planilha(dados, ())
    assert "envie de novo" in str(recusa.value) or "Envie a planilha" in str(recusa.value)


def test_a_file_over_20_mb_is_refused() -> None:
    check_arquivo(zip_of({"a": b"\x00" * (LIMITE_BYTES - MEGA)}, zipfile.ZIP_STORED))
    with pytest.raises(PlanilhaRecusada, match="20 MB"):
        check_arquivo(zip_of({"a": b"\x00" * LIMITE_BYTES}, zipfile.ZIP_STORED))


@pytest.fixture(scope="module")
def bomba() -> bytes:
    return zip_of({"xl/worksheets/sheet1.xml": b"\x00" * (201 * MEGA)})


def test_a_zip_bomb_is_refused_by_what_it_says(bomba: bytes) -> None:
    assert len(bomba) < MEGA
    with pytest.raises(PlanilhaRecusada, match="200 MB"):
        check_arquivo(bomba)


def test_a_zip_bomb_that_lies_is_refused_by_what_comes_out(bomba: bytes) -> None:
    with pytest.raises(PlanilhaRecusada, match="200 MB"):
        check_arquivo(lie_about_size(bomba, 1000))


def test_entries_that_share_their_bytes_count_each_time() -> None:
    um = lie_about_size(zip_of({"a.xml": b"\x00" * (30 * MEGA)}), 1000)
    check_arquivo(share_bytes(um, 6))
    with pytest.raises(PlanilhaRecusada, match="200 MB"):
        check_arquivo(share_bytes(um, 7))


def test_a_directory_of_thousands_of_parts_is_refused() -> None:
    with pytest.raises(PlanilhaRecusada):
        check_arquivo(share_bytes(zip_of({"a.xml": b"x"}), 6000))


def test_an_old_xls_is_read_like_any_other() -> None:
    linhas: list[list[str | float | None]] = [
        ["CPF", " G/C", "Concorciado", "  P.V"],
        [float(CPF), "6650 0007", "ANA LIMA - 70%", 17308.0],
    ]
    lida = read_planilha(make_xls(linhas, "PLANILHA GERAL "), ())
    linha = lida.linhas[0]
    assert (linha.aba, linha.linha, linha.cpf, linha.grupo, linha.cota) == ("PLANILHA GERAL ", 2, CPF, 6650, 7)
    assert (linha.nome, linha.ponto_venda) == ("ANA LIMA", "17308")
