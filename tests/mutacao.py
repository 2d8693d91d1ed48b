"""Real files put out of order, from a seed: their bytes, the parts of a ZIP, the text of XML, the objects of a PDF."""

from __future__ import annotations

import io
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from random import Random

Mutacao = Callable[[bytes, Random], bytes]

NUMEROS = [b"0", b"-1", b"1e99", b"99999999999", b"2147483648", b"-2147483649", b"65536", b"0.0001", b"", b"NaN", b"x"]


def mutate_bytes(dados: bytes, sorte: Random) -> bytes:
    """Flips, cuts, repeats, and numbers that are often read as lengths."""
    mexido = bytearray(dados)
    for _ in range(sorte.choice((1, 1, 2, 8, 40))):
        onde = sorte.randrange(len(mexido) + 1)
        tamanho = min(sorte.choice((1, 2, 4, 16, 300)), len(mexido) - onde)
        match sorte.randrange(7):
            case 0:
                mexido[onde : onde + 1] = bytes([sorte.randrange(256)])
            case 1:
                mexido[onde : onde + tamanho] = sorte.randbytes(tamanho)
            case 2:
                del mexido[onde : onde + tamanho]
            case 3:
                mexido[onde:onde] = mexido[onde : onde + tamanho] * sorte.choice((1, 3, 50))
            case 4:
                mexido[onde : onde + tamanho] = bytes(tamanho)
            case 5:
                mexido[onde : onde + 4] = struct.pack("<L", sorte.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)))
            case _:
                del mexido[onde:]
        if not mexido:
            break
    return bytes(mexido)


# --- ZIP and XML ------------------------------------------------------------------------------------------------------


def mutate_partes(dados: bytes, sorte: Random) -> bytes:
    """One part gone, twice, empty, renamed, swapped with another, or put out of order itself."""
    partes = _open_partes(dados)
    indice, outro = sorte.randrange(len(partes)), sorte.randrange(len(partes))
    nome, conteudo = partes[indice]
    match sorte.randrange(7):
        case 0:
            del partes[indice]
        case 1:
            partes.append((nome, partes[outro][1]))
        case 2:
            partes[indice] = nome, b""
        case 3:
            partes[indice] = sorte.choice(("../" + nome, nome.upper(), nome.replace("/", "\\"), "x" * 300)), conteudo
        case 4:
            partes[indice], partes[outro] = (nome, partes[outro][1]), (partes[outro][0], conteudo)
        case 5:
            partes[indice] = nome, mutate_bytes(conteudo, sorte)
        case _:
            partes[indice] = nome, conteudo + conteudo
    return _close_partes(partes, sorte)


BOMBA = b'<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%b">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9)
) + b'<!ENTITY x SYSTEM "file:///etc/passwd">]>'  # fmt: skip


def mutate_xml(dados: bytes, sorte: Random) -> bytes:
    """One XML part: values, references, tags, encodings, entities."""
    partes = _open_partes(dados)
    indice = sorte.choice([i for i, (nome, _) in enumerate(partes) if nome.endswith((".xml", ".rels"))])
    nome, texto = partes[indice]
    for _ in range(sorte.choice((1, 1, 3, 10))):
        texto = _mutate_texto_xml(texto, sorte)
    partes[indice] = nome, texto
    return _close_partes(partes, sorte)


def _mutate_texto_xml(texto: bytes, sorte: Random) -> bytes:
    match sorte.randrange(9):
        case 0:
            return _replace_one(rb'="[^"]*"', b'="%b"' % sorte.choice(NUMEROS), texto, sorte)
        case 1:
            return _replace_one(rb">[^<>]+<", b">%b<" % sorte.choice(NUMEROS), texto, sorte)
        case 2:
            celula = sorte.choice(
                (b"XFD1048576", b"A0", b"A99999999999", b"ZZZZZ1", b"1A", b"a1", b"A1:XFD1048576", b"CL99999")
            )
            return _replace_one(rb'\br(?:ef)?="[^"]*"', b'ref="%b"' % celula, texto, sorte)
        case 3:
            return _replace_one(rb"<[^<>]+>", b"", texto, sorte)
        case 4:
            return _replace_one(rb"<[^<>]+>", b"<a>" * 3000, texto, sorte)
        case 5:
            return (
                re.sub(rb"^(<\?xml[^>]*\?>)?", lambda m: m[0] + BOMBA, texto)
                if sorte.random() < 0.5
                else texto.replace(b"<v>", b"<v>&j;")
            )
        case 6:
            return texto.replace(b"utf-8", sorte.choice((b"utf-16", b"latin-1", b"nenhuma"))).replace(
                b"UTF-8", b"UTF-7"
            )
        case 7:
            return _replace_one(rb">[^<>]+<", b">\xff\x00&#0;&#xD800;]]><", texto, sorte)
        case _:
            tipo = sorte.choice((b"s", b"n", b"b", b"e", b"d", b"str", b"inlineStr", b"z"))
            return _replace_one(rb'\bt="[^"]*"', b't="%b"' % tipo, texto, sorte)


def _replace_one(padrao: bytes, novo: bytes, texto: bytes, sorte: Random) -> bytes:
    achados = list(re.finditer(padrao, texto))
    if not achados:
        return texto
    achado = sorte.choice(achados)
    return texto[: achado.start()] + novo + texto[achado.end() :]


def _open_partes(dados: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(dados)) as pacote:
        return [(nome, pacote.read(nome)) for nome in pacote.namelist()]


def _close_partes(partes: list[tuple[str, bytes]], sorte: Random) -> bytes:
    saida = io.BytesIO()
    with (
        warnings.catch_warnings(),
        zipfile.ZipFile(saida, "w", sorte.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as z,
    ):
        warnings.simplefilter("ignore")  # a name that stands twice
        for nome, conteudo in partes:
            z.writestr(nome, conteudo)
    return saida.getvalue()


# --- PDF --------------------------------------------------------------------------------------------------------------

_OBJETO = re.compile(rb"(\d+) 0 obj\b.*?endobj", re.S)
_FLUXO = re.compile(rb"(/Length )\d+(.*?>>\s*stream\r?\n)(.*?)(\r?\nendstream)", re.S)


def mutate_objetos(dados: bytes, sorte: Random) -> bytes:
    """An object gone, twice, in another's place, or with other numbers, names and references; the table is not told."""
    objetos = list(_OBJETO.finditer(dados))
    um, outro = sorte.choice(objetos), sorte.choice(objetos)
    match sorte.randrange(7):
        case 0:
            novo = b""
        case 1:
            novo = um[0] + b"\n" + um[0]
        case 2:
            novo = outro[0].replace(outro[1] + b" 0 obj", um[1] + b" 0 obj", 1)
        case 3:
            novo = _replace_one(rb"(?<=[ \[])-?\d+(?:\.\d+)?(?=[ \]/])", sorte.choice(NUMEROS), um[0], sorte)
        case 4:
            novo = _replace_one(rb"\d+ 0 R", b"%b 0 R" % sorte.choice((um[1], outro[1], b"0", b"99999")), um[0], sorte)
        case 5:
            novo = _replace_one(
                rb"/[A-Z]\w+", sorte.choice((b"/Kids", b"/Parent", b"/Nada", b"/Filter", b"/Pages")), um[0], sorte
            )
        case _:
            novo = um[0].replace(b"<<", b"<<" * 200)
    return dados[: um.start()] + novo + dados[um.end() :]


def mutate_fluxo(dados: bytes, sorte: Random) -> bytes:
    """What a page draws: other numbers and operators, and its length told right."""
    fluxos = [
        fluxo
        for fluxo in _FLUXO.finditer(dados)
        if b"/FlateDecode" in fluxo[2] or b"/FlateDecode" in dados[: fluxo.start()][-200:]
    ]
    if not fluxos:
        return mutate_objetos(dados, sorte)
    fluxo = sorte.choice(fluxos)
    try:
        texto = zlib.decompress(fluxo[3])
    except zlib.error:
        return mutate_objetos(dados, sorte)
    for _ in range(sorte.choice((1, 3, 10))):
        match sorte.randrange(4):
            case 0:
                texto = _replace_one(rb"(?<=\s)-?\d+(?:\.\d+)?(?=\s)", sorte.choice(NUMEROS), texto, sorte)
            case 1:
                texto = _replace_one(
                    rb"(?<=\s)[A-Za-z*]{1,2}(?=\s)",
                    sorte.choice((b"q", b"Q", b"BT", b"ET", b"Tj", b"Do", b"Tm")),
                    texto,
                    sorte,
                )
            case 2:
                texto = mutate_bytes(texto, sorte)
            case _:
                texto = _replace_one(
                    rb"BT",
                    b"BT 1 0 0 1 %d %d Tm" % (sorte.choice((0, 14_000, 99_999)), sorte.randrange(-99_999, 99_999)),
                    texto,
                    sorte,
                )
    novo = zlib.compress(texto)
    return dados[: fluxo.start()] + fluxo[1] + b"%d" % len(novo) + fluxo[2] + novo + fluxo[4] + dados[fluxo.end() :]


def mutate(dados: bytes, semente: int, mutacoes: tuple[Mutacao, ...]) -> bytes:
    """One of them, by the seed; now and then two."""
    sorte = Random(semente)
    for mutacao in sorte.choices(mutacoes, k=sorte.choice((1, 1, 1, 2))):
        try:
            dados = mutacao(dados, sorte)
        except (zipfile.BadZipFile, IndexError, ValueError, NotImplementedError, zlib.error, struct.error):
            dados = mutate_bytes(dados or b"x", sorte)  # too far out of order already for anything finer
    return dados
