"""The print page: text/html first, then the PDF on the same URL, or any of the other ways it has been seen to come."""

import asyncio
import hashlib
from html import escape
from typing import Any
from urllib.parse import quote

from aiohttp import web

from tests.simulator.billing import make_outros
from tests.simulator.clients import show_aviso
from tests.simulator.documents import build_documento, wrapper_html
from tests.simulator.knobs import Documento, Entrega
from tests.simulator.pages import fill
from tests.simulator.requests import Pedido
from tests.simulator.search import P
from tests.simulator.state import Relatorio


async def show_impressao(pedido: Pedido) -> web.StreamResponse:
    """Serves the session's report. Its key must be one of this session's."""
    chave = pedido.consulta.get("applicationKey", "")
    relatorio = _find_relatorio(pedido, chave)
    if relatorio is None:
        return web.Response(status=500, text=fill("erro"), content_type="text/html")
    relatorio.pedidos += 1
    entrega = relatorio.botoes.emissao.entrega if relatorio.com_defeito else "html_depois_pdf"
    pedido.notas["resultado"] = f"impressao.{entrega}"
    return await _deliver(pedido, relatorio, entrega, chave)


def _find_relatorio(pedido: Pedido, chave: str) -> Relatorio | None:
    """By default the session's last report, whatever key asks: two tabs receive each other's."""
    sessao, emissao = pedido.sessao, pedido.botoes.emissao
    if chave and chave not in sessao.relatorios:
        return None
    if emissao.relatorio_na_sessao or not chave:
        return sessao.relatorio
    return sessao.relatorios[chave]


async def _deliver(pedido: Pedido, relatorio: Relatorio, entrega: Entrega, chave: str) -> web.StreamResponse:
    knobs = relatorio.botoes.emissao
    match entrega:
        case "html_depois_pdf":
            if relatorio.pedidos <= knobs.recargas:
                return _html(fill("impressao", fecha=_write_fecha(knobs.janela_fecha_s)))
        case "html_eterno":
            return _html(fill("impressao", fecha=""))
        case "nunca":
            await asyncio.sleep(knobs.espera_s)
            return _html("<html><body></body></html>")
        case "involucro":
            return _html(wrapper_html("about:blank"))
        case "embutido" if pedido.consulta.get("parte") != "1":
            return _html(wrapper_html(f"?applicationKey={escape(_quote(chave))}&amp;parte=1"))
        case "redireciona" if pedido.consulta.get("parte") != "1":
            where = f"frmConCmImpressao.aspx?applicationKey={_quote(chave)}&parte=1"
            return web.Response(status=302, headers={"Location": where}, text="Object moved")
        case "form_post" if "hdnRelatorio" not in pedido.corpo:
            return _html(fill("impressao_post", chave=_quote(chave), relatorio=chave))
    return _pdf(pedido, relatorio, entrega)


def _quote(chave: str) -> str:
    return quote(chave, safe="")


def _write_fecha(seconds: float) -> str:
    return f" setTimeout(function () {{ window.close(); }}, {int(seconds * 1000)});" if seconds else ""


def _html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html", charset="utf-8")


def _pdf(pedido: Pedido, relatorio: Relatorio, entrega: Entrega) -> web.Response:
    knobs = relatorio.botoes.emissao
    if knobs.chave_unica and relatorio.entregas:
        pedido.notas["resultado"] = "impressao.chave_usada"
        return web.Response(status=500, text=fill("erro"), content_type="text/html")
    relatorio.entregas += 1
    kind: Documento = knobs.documento if relatorio.com_defeito else "certo"
    body = build_documento(
        kind, relatorio.boleto, *make_outros(relatorio, pedido.portal.cenario.clientes), knobs
    )  # fmt: skip
    pedido.notas |= {"resultado": f"pdf.{kind}", "bytes": len(body)}
    _note_emitido(pedido, relatorio, kind, body)
    headers = {"Content-Type": "application/pdf", "Cache-Control": "private"}
    if entrega == "octet_stream":
        headers["Content-Type"] = "application/octet-stream"
    if entrega in ("anexo", "octet_stream", "stimulsoft"):
        headers["Content-Disposition"] = 'attachment; filename="Cobranca.pdf"'
    elif knobs.disposicao:
        headers["Content-Disposition"] = 'inline; filename="Cobranca.pdf"'
    return web.Response(body=body, headers=headers)


def _note_emitido(pedido: Pedido, relatorio: Relatorio, kind: str, body: bytes) -> None:
    """What was owed, beside what was served: a test compares saved files with this."""
    boleto, sessao = relatorio.boleto, pedido.sessao
    entry: dict[str, Any] = {
        "cpf": relatorio.cliente.cpf, "nome": boleto.nome, "grupo": boleto.grupo, "cota": boleto.cota,
        "versao": boleto.versao, "vencimento": boleto.vencimento.isoformat(), "valor": f"{boleto.valor:.2f}",
        "linha": boleto.linha, "documento": kind, "sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body),
        "usuario": sessao.credencial.usuario if sessao.credencial else "", "sessao": sessao.id[:8],
    }  # fmt: skip
    pedido.portal.emitidos.append(entry)


async def show_relatorio(pedido: Pedido) -> web.StreamResponse:
    """The report viewer that some installations use in place of a PDF stream."""
    relatorio = _find_relatorio(pedido, pedido.estado.get("chave") or pedido.consulta.get("applicationKey", ""))
    if relatorio is None:
        return show_aviso(pedido, "Relatório não encontrado.")
    post = pedido.post
    if post is not None and post.evento.endswith("StiWebRelatorio_Save"):
        if post.text(f"{P}StiWebRelatorio_SaveTypeList") == "Pdf":
            return _pdf(pedido, relatorio, "stimulsoft")
        return show_aviso(pedido, "Formato não disponível.")
    return pedido.show(fill("relatorio"), "Relatório", chave=pedido.consulta.get("applicationKey", ""))
