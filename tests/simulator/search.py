"""Finding the client: home, identification by grupo and cota, advanced search."""

import re
from collections.abc import Iterable
from html import escape

from aiohttp import web

from tests.simulator.knobs import Botoes, Busca
from tests.simulator.pages import fill, ordinal
from tests.simulator.requests import Pedido
from tests.simulator.scenario import Cliente, Cota
from tests.simulator.state import Portal, SessaoPortal

P = "ctl00$Conteudo$"
GRADE = f"{P}grdBuscaAvancada$"
_CPF = re.compile(r"^\d{3}\.\d{3}\.\d{3}-\d{2}$")
_CNPJ = re.compile(r"^[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-\d{2}$")
Achado = tuple[Cliente, Cota]


async def show_inicio(pedido: Pedido) -> web.Response:
    usuario = pedido.sessao.credencial.usuario.zfill(10) if pedido.sessao.credencial else ""
    return pedido.show(fill("inicio", usuario=usuario, erro=""), "Página Inicial")


async def show_identificacao(pedido: Pedido) -> web.Response:
    if pedido.post is None:
        return _show_identificacao(pedido, "")
    if pedido.post.evento == f"{P}btnBuscaAvancada":
        return pedido.redirect("busca")
    found = find_por_cota(pedido.portal, pedido.sessao, pedido.post.campos)
    if found is None or (found[1].inativa and pedido.botoes.busca.inativa_por_cota == "invalida"):
        pedido.notas["resultado"] = "busca.nada"
        return _show_identificacao(pedido, "Consorciado inválido.")
    return _open(pedido, *found)


def _show_identificacao(pedido: Pedido, erro: str) -> web.Response:
    spot = fill("rotulo", id="ctl00_Conteudo_lblErrMsg", mensagem=erro) if erro else ""
    return pedido.show(fill("identificacao", erro=spot), "Identificação da Cota")


def find_por_cota(portal: Portal, sessao: SessaoPortal, campos: dict[str, str]) -> Achado | None:
    """By grupo, cota and versão, all three as numbers, among the clients of this login's ponto de venda."""
    typed = [campos.get(f"{P}{name}", "").strip() for name in ("edtGrupo", "edtCota", "edtVersao")]
    if not all(text.isdecimal() for text in typed):
        return None
    for cliente in portal.clientes_de(sessao):
        for cota in cliente.cotas:
            if [int(cota.grupo), int(cota.cota), int(cota.versao)] == [int(text) for text in typed]:
                return cliente, cota
    return None


def _open(pedido: Pedido, cliente: Cliente | None, cota: Cota | None) -> web.Response:
    pedido.sessao.open_cota(cliente, cota)
    pedido.notas["resultado"] = "busca.aberta"
    return pedido.redirect("atendimento")


async def show_busca(pedido: Pedido) -> web.Response:
    post, criterio = pedido.post, pedido.estado.get("criterio", "N")
    if post is None:
        return _show_busca(pedido, "N", "")
    chosen, typed = post.text(f"{P}cbxCriterioBusca"), post.text(f"{P}edtContextoBusca")
    # The criterion's own postback redraws the input; a search that comes before it is only that redraw.
    if chosen != criterio or post.evento.endswith("cbxCriterioBusca"):
        return _show_busca(pedido, chosen, "")
    if post.evento == f"{P}btnBuscar":
        return _search(pedido, chosen, typed)
    if post.evento == f"{P}btnConfirma":
        return _choose(pedido, int(pedido.estado["linha"]))
    if post.evento.startswith(GRADE):
        return _click(pedido, chosen, typed, post.evento)
    return _show_busca(pedido, chosen, typed)


def find_por_criterio(portal: Portal, sessao: SessaoPortal, botoes: Botoes, criterio: str, texto: str) -> list[Achado]:
    """Every cota of the clients that the criterion finds, cancelled ones too."""
    busca, bare = botoes.busca, "".join(c for c in texto.upper() if c.isalnum())

    def matches(cliente: Cliente, cota: Cota) -> bool:
        if criterio in (busca.valor_cpf, busca.valor_cnpj):
            size = 11 if criterio == busca.valor_cpf else 14
            return len(bare) == size and bare == cliente.cpf
        if criterio == busca.valor_contrato:
            return bool(bare) and bare == cota.contrato
        return len(bare) > 2 and texto.upper() in cliente.nome

    return [(c, cota) for c in portal.clientes_de(sessao) for cota in c.cotas if matches(c, cota)]


def find_cliente(portal: Portal, sessao: SessaoPortal, campos: dict[str, str]) -> Cliente | None:
    """Whose knobs a post to the search pages is under: the first client that what was typed finds."""
    if not sessao.credencial:
        return None
    if found := find_por_cota(portal, sessao, campos):
        return found[0]
    typed = "".join(c for c in campos.get(f"{P}edtContextoBusca", "").upper() if c.isalnum())
    return next((c for c in portal.clientes_de(sessao) if typed and c.cpf == typed), None)


def _has_mask(criterio: str, texto: str, botoes: Botoes) -> bool:
    masks = {botoes.busca.valor_cpf: _CPF, botoes.busca.valor_cnpj: _CNPJ}
    return criterio not in masks or not botoes.busca.exige_mascara or bool(masks[criterio].match(texto))


def _search(pedido: Pedido, criterio: str, texto: str) -> web.Response:
    if not _has_mask(criterio, texto, pedido.botoes):
        return _show_busca(pedido, criterio, texto, mensagem=pedido.botoes.busca.mensagem_mascara)
    found = find_por_criterio(pedido.portal, pedido.sessao, pedido.botoes, criterio, texto)
    pedido.notas["resultado"] = f"busca.{len(found)}"
    if pedido.botoes.busca.ordem == "inversa":
        found.reverse()
    rows: list[Achado | None] = list(found)
    if found and pedido.botoes.busca.primeira_linha_vazia:
        rows.insert(0, None)
    if found:
        script = _alert(pedido.botoes.busca.alerta)
        return _show_busca(pedido, criterio, texto, rows=rows, script=script)
    busca = pedido.botoes.busca
    match busca.sem_resultado:
        case "mensagem":
            return _show_busca(pedido, criterio, texto, mensagem=busca.mensagem)
        case "alerta":
            return _show_busca(pedido, criterio, texto, script=_alert(busca.mensagem))
        case "grade_vazia":
            return _show_busca(pedido, criterio, texto, rows=[])
        case "nada":
            return _show_busca(pedido, criterio, texto)


def _alert(text: str) -> str:
    return f"alert('{text}');" if text else ""


def _click(pedido: Pedido, criterio: str, texto: str, evento: str) -> web.Response:
    index = int(evento.removeprefix(GRADE)[3:5]) - pedido.botoes.aparencia.primeira_linha
    if pedido.botoes.busca.confirmar:
        return _show_busca(pedido, criterio, texto, rows=pedido.estado["linhas"], linha=index)
    return _choose(pedido, index)


def _choose(pedido: Pedido, index: int) -> web.Response:
    """The empty row opens a client's page with nothing on it."""
    row = pedido.estado["linhas"][index]
    return _open(pedido, *(row or (None, None)))


def _show_busca(
    pedido: Pedido, criterio: str, texto: str, *, mensagem: str = "", script: str = "",
    rows: list[Achado | None] | None = None, linha: int | None = None,
) -> web.Response:  # fmt: skip
    busca = pedido.botoes.busca
    options = {
        "N": "Nome",
        busca.valor_cpf: busca.rotulo_cpf,
        busca.valor_cnpj: "CNPJ",
        busca.valor_contrato: "Contrato",
    }
    html = fill(
        "busca", texto=texto, mensagem=mensagem, atraso=busca.criterio_atraso_ms,
        largura={busca.valor_cpf: 14, busca.valor_cnpj: 18}.get(criterio, 60),
        opcoes="\n".join(_option(v, t, v == criterio) for v, t in options.items()),
        tipo="button" if busca.buscar_por_evento else "submit", ao_clicar=_write_clique(busca),
        grade="" if rows is None else _write_grade(rows, pedido.botoes),
        confirma=fill("confirma") if linha is not None else "",
    )  # fmt: skip
    return pedido.show(html, "Busca Avançada", script, criterio=criterio, linhas=rows, linha=linha)


def _write_clique(busca: Busca) -> str:
    asked = f"confirm('{escape(busca.confirmacao)}')" if busca.confirmacao else ""
    if not busca.buscar_por_evento:
        return f' onclick="return {asked};"' if asked else ""
    guard = f"if(!{asked}) return false; " if asked else ""
    return f""" onclick="{guard}__doPostBack('{P}btnBuscar','')\""""


def _option(value: str, text: str, selected: bool) -> str:
    mark = ' selected="selected"' if selected else ""
    return f'<option value="{escape(value)}"{mark}>{escape(text)}</option>'


def _write_grade(rows: Iterable[Achado | None], botoes: Botoes) -> str:
    head = "<tr><th>Grupo/Cota</th><th>Contrato</th><th>Nome</th><th>Situação</th></tr>"
    lines = [head]
    for index, row in enumerate(rows):
        cells = (_link(ordinal(index, botoes.aparencia), *cell) for cell in _list_celulas(row, botoes))
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f'<table id="ctl00_Conteudo_grdBuscaAvancada">{"".join(lines)}</table>'


def _list_celulas(row: Achado | None, botoes: Botoes) -> tuple[tuple[str, str], ...]:
    """Control and text of the four links of a row; the empty row has the links without the text."""
    texts = (write_cota(row[1], botoes), row[1].contrato, row[0].nome, row[1].situacao) if row else ("",) * 4
    names = ("lnkGrupoCota", "lnkID_Documento", "lnkNM_Pessoa", "lnkCD_Situacao_Cobranca")
    return tuple(zip(names, texts, strict=True))


def write_cota(cota: Cota, botoes: Botoes) -> str:
    return cota.codigo if botoes.busca.cabecalho == "barra" else cota.codigo.replace("/", " ").replace("-", " ")


def _link(row: str, control: str, text: str) -> str:
    name = f"{GRADE}{row}${control}"
    href = f"javascript:__doPostBack('{name}','')"
    return f'<td><a id="{name.replace("$", "_")}" href="{href}">{escape(text)}</a></td>'
