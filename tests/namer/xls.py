"""A .xls of one sheet, by hand: the old binary format (BIFF8 in a compound file), as far as a reader needs it."""

from __future__ import annotations

import struct
from collections.abc import Sequence

_SETOR = 512
_FIM_DA_CADEIA, _SETOR_FAT, _LIVRE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF


def make_xls(
    linhas: Sequence[Sequence[str | float | None]], aba: str = "Planilha1", *, com_senha: bool = False
) -> bytes:
    return _make_composto("Workbook", _make_biff(linhas, aba, com_senha))


def make_cifrado() -> bytes:
    """What Excel writes for a .xlsx that is protected by a password: a compound file around the encrypted package."""
    return _make_composto("EncryptedPackage", b"\x00" * 4096)


def _make_biff(linhas: Sequence[Sequence[str | float | None]], aba: str, com_senha: bool) -> bytes:
    celulas = b"".join(
        _record(0x0203, struct.pack("<3Hd", linha, coluna, 0, valor))
        if isinstance(valor, (int, float))
        else _record(0x0204, struct.pack("<4HB", linha, coluna, 0, len(valor), 1) + valor.encode("utf-16-le"))
        for linha, valores in enumerate(linhas)
        for coluna, valor in enumerate(valores)
        if valor is not None
    )
    folha = _record(0x0809, struct.pack("<4H2L", 0x0600, 0x0010, 0, 0, 0, 0)) + celulas + _record(0x000A, b"")
    inicio = _record(0x0809, struct.pack("<4H2L", 0x0600, 0x0005, 0, 0, 0, 0))
    if com_senha:
        inicio += _record(0x002F, struct.pack("<3H", 1, 1, 1) + b"\x00" * 48)
    nome = struct.pack("<BB", len(aba), 1) + aba.encode("utf-16-le")
    posicao = len(inicio) + 4 + 6 + len(nome) + 4
    return inicio + _record(0x0085, struct.pack("<LH", posicao, 0) + nome) + _record(0x000A, b"") + folha


def _record(tipo: int, dados: bytes) -> bytes:
    return struct.pack("<2H", tipo, len(dados)) + dados


def _make_composto(nome: str, fluxo: bytes) -> bytes:
    """One stream, large enough to live in whole sectors; sector 0 is the FAT, 1 the directory, then the stream."""
    fluxo = fluxo.ljust(max(4096, -(-len(fluxo) // _SETOR) * _SETOR), b"\x00")
    setores = len(fluxo) // _SETOR
    cadeia = [*range(3, setores + 2), _FIM_DA_CADEIA]
    fat = [_SETOR_FAT, _FIM_DA_CADEIA, *cadeia]
    assert len(fat) <= _SETOR // 4, "one FAT sector holds streams of up to 64 kB"
    fat += [_LIVRE] * (_SETOR // 4 - len(fat))
    cabecalho = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 16
    cabecalho += struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    cabecalho += struct.pack("<10L", 0, 1, 1, 0, 4096, _FIM_DA_CADEIA, 0, _FIM_DA_CADEIA, 0, 0)
    cabecalho += struct.pack("<L", _LIVRE) * 108
    diretorio = _entry("Root Entry", 5, _FIM_DA_CADEIA, 0, filho=1) + _entry(nome, 2, 2, len(fluxo))
    return cabecalho + struct.pack(f"<{len(fat)}L", *fat) + diretorio.ljust(_SETOR, b"\x00") + fluxo


def _entry(nome: str, tipo: int, setor: int, tamanho: int, filho: int = _LIVRE) -> bytes:
    texto = (nome + "\x00").encode("utf-16-le")
    return (
        texto.ljust(64, b"\x00")
        + struct.pack("<HBB3L", len(texto), tipo, 1, _LIVRE, _LIVRE, filho)
        + b"\x00" * 36
        + struct.pack("<LQ", setor, tamanho)
    )
