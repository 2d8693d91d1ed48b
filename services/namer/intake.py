"""Refuses what is no workbook, or a dangerous one, before any parser sees it; each refusal says what to do."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

LIMITE_BYTES = 20 * 1024 * 1024
LIMITE_ABERTA_BYTES = 200 * 1024 * 1024
# A workbook has a few dozen parts; a directory of many is an attack on whoever reads it.
LIMITE_PARTES = 5000
_BLOCO = 1 << 20
_CABECALHO_LOCAL = struct.Struct("<4s5H3L2H")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_REGISTRO = struct.Struct("<2H")
_BOF, _FILEPASS, _PRIMEIROS_REGISTROS = b"\x09\x08\x10\x00", 0x2F, 8
_PACOTE_CIFRADO = "EncryptedPackage".encode("utf-16-le")

SALVE_XLSX = "Abra-o no Excel, salve como .xlsx e envie de novo."
COM_SENHA = "A planilha está protegida por senha. Retire a senha no Excel, salve e envie de novo."


class PlanilhaRecusada(Exception):
    """The file is not read; the text, pt-BR, names the reason and the remedy."""


def check_arquivo(dados: bytes) -> None:
    """Pass a workbook of a bounded size, packed and unpacked. Raises PlanilhaRecusada."""
    if not dados:
        raise PlanilhaRecusada("O arquivo está vazio. Envie a planilha do consultor (.xlsx, .xls ou .xlsm).")
    if len(dados) > LIMITE_BYTES:
        raise PlanilhaRecusada(
            "O arquivo passa de 20 MB. Retire imagens e abas que não são de clientes e envie de novo."
        )
    if dados.startswith(_OLE):
        if _PACOTE_CIFRADO in dados or _has_filepass(dados):
            raise PlanilhaRecusada(COM_SENHA)
    elif dados.startswith(b"PK"):
        _check_zip(dados)
    else:
        raise PlanilhaRecusada(f"O arquivo não é uma planilha do Excel. {SALVE_XLSX}")


def _has_filepass(dados: bytes) -> bool:
    """Whether a .xls is encrypted: a FILEPASS record stands near the start of its stream, right behind its BOF."""
    posicao = dados.find(_BOF)
    for _ in range(_PRIMEIROS_REGISTROS if posicao >= 0 else 0):
        if posicao + _REGISTRO.size > len(dados):
            break
        tipo, tamanho = _REGISTRO.unpack_from(dados, posicao)
        if tipo == _FILEPASS:
            return True
        posicao += _REGISTRO.size + tamanho
    return False


def _check_zip(dados: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(dados)) as pacote:
            partes = pacote.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as erro:
        raise PlanilhaRecusada(f"A planilha está danificada e não abre. {SALVE_XLSX}") from erro
    if len(partes) > LIMITE_PARTES or sum(parte.file_size for parte in partes) > LIMITE_ABERTA_BYTES:
        raise _grande_demais()
    # The directory may lie: what counts is what really comes out, entries that share their bytes counted each time.
    resta = LIMITE_ABERTA_BYTES
    for parte in partes:
        resta -= _measure_parte(dados, parte, resta)


def _measure_parte(dados: bytes, parte: zipfile.ZipInfo, limite: int) -> int:
    """Bytes that this entry inflates to. Raises PlanilhaRecusada past `limite`, or where it does not open."""
    if parte.flag_bits & 1:
        raise PlanilhaRecusada(COM_SENHA)
    try:
        *_, nome, extra = _CABECALHO_LOCAL.unpack_from(dados, parte.header_offset)
        inicio = parte.header_offset + _CABECALHO_LOCAL.size + nome + extra
        comprimido = memoryview(dados)[inicio : inicio + parte.compress_size]
        if parte.compress_type == zipfile.ZIP_STORED:
            tamanho = len(comprimido)
        elif parte.compress_type == zipfile.ZIP_DEFLATED:
            tamanho = _measure_deflate(comprimido, limite)
        else:
            raise PlanilhaRecusada(f"A planilha usa uma compressão desconhecida. {SALVE_XLSX}")
    except (struct.error, zlib.error) as erro:
        raise PlanilhaRecusada(f"A planilha está danificada e não abre. {SALVE_XLSX}") from erro
    if tamanho > limite:
        raise _grande_demais()
    return tamanho


def _measure_deflate(comprimido: memoryview, limite: int) -> int:
    inflador, tamanho, entrada = zlib.decompressobj(-zlib.MAX_WBITS), 0, bytes(comprimido)
    while not inflador.eof and tamanho <= limite:
        saida = inflador.decompress(entrada, _BLOCO)
        tamanho += len(saida)
        entrada = inflador.unconsumed_tail
        if not saida and not entrada:
            break
    return tamanho


def _grande_demais() -> PlanilhaRecusada:
    return PlanilhaRecusada(
        "A planilha passa de 200 MB depois de aberta. Apague linhas e abas que não são de clientes e envie de novo."
    )
