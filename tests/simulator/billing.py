"""The billing page: the pending grid of whoever is open in the session, ticking, and emission."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html import escape
from urllib.parse import quote

from aiohttp import web

from tests.simulator.boleto import Boleto, make_boleto
from tests.simulator.codes import format_valor
from tests.simulator.dates import month_after
from tests.simulator.forms import make_chave
from tests.simulator.knobs import Emissao
from tests.simulator.pages import fill, ordinal
from tests.simulator.requests import Pedido
from tests.simulator.scenario import Cliente, Cota, Parcela
from tests.simulator.search import P
from tests.simulator.state import Linha, Relatorio

GRADE = f"{P}grdBoleto_Avulso$"
_HEAD = ("", "Cota", "Pcl", "Histórico", "Vencimento", "Valor", "Multa", "Juros", "Vl. devido", "Vl. receber")


async def show_cobranca(pedido: Pedido) -> web.Response:
    post = pedido.post
    if post is None:
        script = _alert(pedido.botoes.cobranca.alerta)
        return _show(pedido, frozenset(), script=script, listed=not pedido.botoes.cobranca.exige_localizar)
    ticked: frozenset[int] = frozenset(pedido.estado.get("marcadas", ()))
    others, listed = f"{P}chkUnificarParcelas" in post.campos, bool(pedido.estado.get("listada", True))
    if post.evento.startswith(GRADE):
        return _show(pedido, ticked ^ {_row(pedido, post.evento)}, others=others, listed=listed)
    if post.evento == f"{P}btnLocalizar" and pedido.botoes.cobranca.no_lugar is not None:
        return web.Response(text=pedido.botoes.cobranca.no_lugar, content_type="text/html")
    if post.evento == f"{P}btnLocalizar":
        return _show(pedido, frozenset(), others=others)
    if post.evento == f"{P}btnEmitir":
        problem = _find_problem(pedido, ticked, post.text(f"{P}rdlTipoEmissao"))
        script = _alert(problem) if problem else _write_teste(pedido)
        return _show(pedido, ticked, others=others, script=script, emitindo=not problem)
    if post.evento == f"{P}btnVerificaPopUp" and pedido.estado.get("emitindo"):
        return _emit(pedido, ticked, others)
    return _show(pedido, frozenset(), others=others, listed=listed)


def _write_cabecalho(pedido: Pedido) -> str:
    cliente, cota = pedido.sessao.cliente, pedido.sessao.cota
    if cliente is None or cota is None:
        return ""
    if not pedido.botoes.cobranca.rotulos:
        return f"{cota.codigo} {cliente.nome}"
    grupo, numero, versao = cota.codigo.replace("/", "-").split("-")
    return f"Grupo: {grupo} Cota: {numero}-{versao} {cliente.nome}"


def _row(pedido: Pedido, evento: str) -> int:
    return int(evento.removeprefix(GRADE)[3:5]) - pedido.botoes.aparencia.primeira_linha


def _find_problem(pedido: Pedido, ticked: frozenset[int], tipo: str) -> str:
    if not ticked:
        return "Selecione ao menos uma parcela."
    return "" if tipo == "BA" else "Selecione o tipo de emissão."


def _alert(text: str) -> str:
    return f"alert('{text}');" if text else ""


def _write_teste(pedido: Pedido) -> str:
    """The pop-up test: the page posts btnVerificaPopUp by itself, perhaps after opening a window to try."""
    emissao = pedido.botoes.emissao
    go = f"__doPostBack('{P}btnVerificaPopUp','');"
    if emissao.janela_teste:
        go = f"var t = window.open('','_teste','width=10,height=10'); if (t) {{ t.close(); {go} }}"
    return f"{_alert(emissao.alerta)} {go}"


def list_linhas(pedido: Pedido, others: bool) -> list[Linha]:
    """The grid's rows for the session's current cota, with what the knobs add."""
    cliente, cota, knobs = pedido.sessao.cliente, pedido.sessao.cota, pedido.botoes.cobranca
    if cliente is None or cota is None or cota.inativa or knobs.grade != "normal":
        return []
    rows = [Linha(cota, parcela) for parcela in cota.parcelas]
    if knobs.ordem == "inversa":
        rows.reverse()
    proxima = month_after(pedido.portal.cenario.dia, 1, 10)
    if knobs.primeira_linha_zerada:
        rows.insert(0, Linha(cota, _extra(month_after(proxima, -1, 10), "0.00", "RECBTO. PARCELA")))
    if knobs.taxa:
        rows.append(Linha(cota, _extra(proxima, "85.40", "RECBTO. TAXA TRANSF")))
    if knobs.residuo:
        rows.append(Linha(cota, _extra(proxima, "0.37", "DIFERENCA DE PARCELA")))
    if others or knobs.outras_cotas:
        rows += [Linha(c, p) for c in cliente.cotas if c is not cota and not c.inativa for p in c.parcelas]
    return rows


def _extra(due: date, valor: str, historico: str) -> Parcela:
    return Parcela(vencimento=due.isoformat(), valor=Decimal(valor), historico=historico, numero=0)


def _show(
    pedido: Pedido, ticked: frozenset[int], *, others: bool = False, listed: bool = True, script: str = "",
    emitindo: bool = False,
) -> web.Response:  # fmt: skip
    cota, knobs = pedido.sessao.cota, pedido.botoes
    rows = list_linhas(pedido, others) if listed else []
    drawn = listed and cota is not None and knobs.cobranca.grade != "ausente"
    ask = knobs.emissao.confirmacao
    go = f"__doPostBack('{P}btnEmitir','')"
    html = fill(
        "cobranca", cabecalho=_write_cabecalho(pedido),
        hoje=f"{pedido.portal.cenario.dia:%d/%m/%Y}", mensagem="" if rows else knobs.cobranca.mensagem,
        unificar=_write_unificar(knobs.cobranca.unificar, others), radio=' checked="checked"' if _radio(pedido) else "",
        grade=_write_grade(pedido, rows, ticked) if drawn else "",
        emitir=f"if(!confirm('{ask}')) return false; {go}" if ask else f"javascript:{go}",
    )  # fmt: skip
    return pedido.show(html, "Emissão de Cobrança", script, marcadas=ticked, listada=listed, emitindo=emitindo)


def _write_unificar(kind: str, checked: bool) -> str:
    if kind == "ausente":
        return ""
    mark = ' checked="checked"' if checked else ""
    return fill("unificar", marca=' disabled="disabled"' if kind == "desabilitado" else mark)


def _radio(pedido: Pedido) -> bool:
    if pedido.post is None:
        return pedido.botoes.cobranca.radio_marcado
    return pedido.post.text(f"{P}rdlTipoEmissao") == "BA"


def _write_grade(pedido: Pedido, rows: list[Linha], ticked: frozenset[int]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in _HEAD)
    body = "".join(f"<tr>{_write_linha(pedido, i, row, i in ticked)}</tr>" for i, row in enumerate(rows))
    return f'<table id="ctl00_Conteudo_grdBoleto_Avulso"><tr>{head}</tr>{body}</table>'


def _write_linha(pedido: Pedido, index: int, row: Linha, ticked: bool) -> str:
    parcela, name = row.parcela, f"{GRADE}{ordinal(index, pedido.botoes.aparencia)}$imgEmite_Boleto"
    icon = "ckChecked" if ticked else "ckUnchecked"
    image = (
        f'<input type="image" name="{name}" id="{name.replace("$", "_")}" src="../Imagens/{icon}.gif"'
        ' width="16" height="16" />'
    )
    money = (parcela.valor, parcela.multa, parcela.juros, parcela.devido, parcela.a_receber)
    cells = (
        image if parcela.emitivel else "&nbsp;", row.cota.codigo, f"{parcela.numero:03d}", escape(parcela.historico),
        f"{pedido.portal.cenario.vencimento(parcela):%d/%m/%Y}", *map(format_valor, money),
    )  # fmt: skip
    return "".join(f"<td>{cell}</td>" for cell in cells)


def _emit(pedido: Pedido, ticked: frozenset[int], others: bool) -> web.Response:
    """The report is made now, for the session's current cota, and kept in the session."""
    rows = list_linhas(pedido, others)
    chosen = [rows[i] for i in sorted(ticked) if i < len(rows)]
    cliente = pedido.sessao.cliente
    if not chosen or cliente is None:
        return _show(pedido, frozenset(), others=others, script=_alert("Nenhuma parcela selecionada."))
    relatorio = _make_relatorio(pedido, cliente, chosen)
    chave = make_chave()
    pedido.sessao.relatorio = pedido.sessao.relatorios[chave] = relatorio
    pedido.notas["resultado"] = "emissao"
    return _show(pedido, ticked, others=others, script=_write_janela(pedido, chave))


def _make_relatorio(pedido: Pedido, cliente: Cliente, chosen: list[Linha]) -> Relatorio:
    """Several ticked parcelas make one slip for their sum, due with the first."""
    cota, knobs = chosen[0].cota, pedido.botoes.emissao
    boleto = make_boleto_de(pedido, cliente, cota, chosen[0].parcela)
    if len(chosen) > 1:
        boleto = boleto.change(valor=sum((row.parcela.a_receber for row in chosen), Decimal(0)))
    broken = not knobs.vezes or pedido.portal.spend(cliente.cpf, "emissao", knobs.vezes)
    return Relatorio(boleto, cliente, cota, pedido.botoes, broken)


def make_boleto_de(pedido: Pedido, cliente: Cliente, cota: Cota, parcela: Parcela) -> Boleto:
    cenario = pedido.portal.cenario
    return make_boleto(
        nome=cliente.nome, documento=cliente.documento, grupo=cota.grupo, cota=cota.cota, versao=cota.versao,
        numero=parcela.numero, vencimento=cenario.vencimento(parcela), valor=parcela.a_receber, emissao=cenario.dia,
        contrato=cota.contrato, arrecadacao=pedido.botoes.emissao.modelo == "arrecadacao", semente=cenario.semente,
    )  # fmt: skip


def make_outros(relatorio: Relatorio, clientes: tuple[Cliente, ...]) -> tuple[Boleto, Boleto]:
    """Somebody else's slip, and one of another cota of the same payer; their codes are valid."""
    mine, me = relatorio.boleto, relatorio.cliente
    someone = next((c for c in clientes if c.cpf != me.cpf and len(c.cpf) == 11 and c.cotas), None)
    second = next((c.cota for c in me.cotas if c is not relatorio.cota), str(int(mine.cota) % 9999 + 1))
    if someone is None:
        other = replace(mine, nome="JOSE DE TAL SOBRINHO", documento="111.444.777-35", cota=second)
    else:
        theirs = someone.cotas[0]
        other = replace(mine, nome=someone.nome, documento=someone.documento, grupo=theirs.grupo, cota=theirs.cota)
    return other.change(valor=mine.valor + 7), replace(mine, cota=second)


def _write_url(url: str, emissao: Emissao) -> str:
    """A literal; or put together by the script, so that only what runs it knows the address."""
    if not emissao.janela_montada:
        return json.dumps(url)
    return f"{json.dumps(url[::-1])}.split('').reverse().join('')"


def _write_janela(pedido: Pedido, chave: str) -> str:
    """window.open of the print page by a URL relative to this folder, and the closing that follows."""
    emissao = pedido.botoes.emissao
    page = "frmConCmNewconReports" if emissao.entrega == "stimulsoft" else "frmConCmImpressao"
    url = f"../CONCM/{page}.aspx?applicationKey={quote(chave, safe='')}"
    first = "about:blank" if emissao.janela_branca else url
    opening = f"var janela = window.open({_write_url(first, emissao)},'_blank','width=800,height=600,scrollbars=yes');"
    if emissao.janela_branca:
        opening += f" janela.location = {json.dumps(url)};"
    if emissao.janela_fecha_s:
        ms = int(emissao.janela_fecha_s * 1000)
        opening += f" setTimeout(function () {{ if (janela) janela.close(); }}, {ms});"
    if emissao.entrega == "sem_janela":
        return ""
    if emissao.janela_atraso_ms:
        return f"setTimeout(function () {{ {opening} }}, {emissao.janela_atraso_ms});"
    return opening
