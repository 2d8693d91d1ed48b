"""Single steps over scripted pages: what a portal answers that the simulator does not say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from services.scraper.portal import Exame
from services.scraper.portal.billing import choose, list_parcelas
from services.scraper.portal.errors import Falha, SessaoPerdida
from services.scraper.portal.grids import read_parcelas
from services.scraper.portal.login import open_login
from services.scraper.portal.pace import Ritmo
from services.scraper.portal.pages import Controle, Pagina
from services.scraper.portal.profile import load_perfil
from services.scraper.portal.search import choose_criterio, open_cliente
from services.scraper.portal.selection import Pedido
from services.scraper.portal.steps import Passos
from shared.contrato import Cota

BUSCA = """<input type=hidden name=__VSTATE><select id="ctl00_Conteudo_cbxCriterioBusca"><option value=F>CPF</select>
<input id="ctl00_Conteudo_edtContextoBusca" value="{}"><input type=submit id="ctl00_Conteudo_btnBuscar">{}"""
INICIO = "<input type=hidden name=__VSTATE><p>Página Inicial</p>{}"
ICONE = '<input type="image" id="ctl00_img_Atendimento">'
PEDIDO = Pedido("52998224725", Cota(6650, 2278), 12, 2026, date(2026, 11, 24))


class Roteiro:
    """A driver that answers with these pages in turn, whatever it is asked; the first stands open."""

    def __init__(self, *paginas: tuple[str, str]) -> None:
        self._paginas = [Pagina(f"http://x/WWW/{caminho}", 200, html) for caminho, html in paginas]

    @property
    def nome(self) -> str:
        return "roteiro"

    @property
    def pagina(self) -> Pagina:
        return self._paginas[0]

    @property
    def portal_s(self) -> float:
        return 0.0

    async def open(self, url: str) -> Pagina:
        del self._paginas[0]
        return self.pagina

    async def press(self, controle: Controle, campos: Mapping[Controle, str] | None = None) -> Pagina:
        del self._paginas[0]
        return self.pagina

    async def settle(self) -> Pagina:
        return self.pagina

    async def emit(self, controle: Controle, campos: Mapping[Controle, str], exame: Exame) -> bytes:
        raise NotImplementedError

    def take_alertas(self) -> tuple[str, ...]:
        return ()

    async def screenshot(self, segredos: tuple[str, ...]) -> bytes | None:
        return None

    async def adapt(self, *, proven: bool = False) -> bool:
        return False

    async def retreat(self, falha: Falha, *, for_good: bool = False) -> bool:
        return False

    async def close(self) -> None:
        self._paginas.clear()


def walk(*paginas: tuple[str, str]) -> Passos:
    return Passos(Roteiro(*paginas), load_perfil("canopus"), "http://x", Ritmo(0))


@pytest.mark.parametrize(
    ("html", "codigo"),
    [
        ("<input id=i0116><input id=i0118 type=password>", "login.acao_necessaria"),
        ("<input id=edtUsuarioAD><input id=btnUsuario type=submit>", "login.acao_necessaria.token"),
        ("<p>Em obras</p>", "portal.mudou.seletor"),
    ],
)
async def test_a_way_in_that_is_not_ours_stops_before_a_password_is_typed(html: str, codigo: str) -> None:
    with pytest.raises(Falha) as erro:
        await open_login(walk(("x", ""), *[("frmCorCcCnsLogin.aspx", html)] * 2))
    assert erro.value.codigo == codigo


async def search(resposta: str, documento: str = "529.982.247-25") -> str:
    busca = "CONAT/frmBuscaCota.aspx"
    passos = walk(("frmMain.aspx", ""), (busca, BUSCA.format("", "")), (busca, BUSCA.format(documento, resposta)))
    with pytest.raises(Falha) as erro:
        await open_cliente(passos, PEDIDO)
    return erro.value.codigo


@pytest.mark.parametrize(
    "dito",
    [
        "Nenhum registro localizado.",
        "CPF não encontrado.",
        "Não foram encontrados registros.",
        "Não existem registros para o filtro.",
        "A consulta não retornou dados.",
        "CPF não cadastrado",
        "Nenhum dado encontrado",
        "0 registro(s) encontrado(s)",
    ],
)
@pytest.mark.parametrize("onde", ["<span id=ctl00_Conteudo_lblMensagem>{}</span>", "<p><font color=red>{}</font></p>"])
async def test_not_found_is_understood_in_other_words_and_places(onde: str, dito: str) -> None:
    assert await search(onde.format(dito)) == "cliente.nao_encontrado"


async def test_words_of_not_found_without_the_search_they_answer_prove_nothing() -> None:
    assert await search("<p>Página não encontrada</p>", documento="") == "portal.mudou.fluxo"


@pytest.mark.parametrize(
    ("opcoes", "escolhida"),
    [
        ("<option value=N>Nome<option value=F>Pessoa Física", "F"),
        ("<option value=N>Nome<option value=F>Documento", "F"),
        ("<option value=F>Nome fantasia<option value=X>CPF", "X"),
        ("<option value=0>Selecione<option value=PF>C.P.F.", "PF"),
        ("<option value=1>CPF do cônjuge<option value=2>CPF", "2"),
    ],
)
async def test_the_criterion_is_known_by_its_words_first_and_by_its_value_where_none_says_it(
    opcoes: str, escolhida: str
) -> None:
    busca = f"<input type=hidden name=__VSTATE><select id=ctl00_Conteudo_cbxCriterioBusca>{opcoes}</select>"
    marcada = busca.replace(f"value={escolhida}", f"value={escolhida} selected")
    pagina = "CONAT/frmBuscaCota.aspx"
    passos = walk((pagina, busca), (pagina, marcada))
    assert await choose_criterio(passos, "52998224725")
    assert [v for v, _, selected in passos.pagina.options(passos.perfil.controles.criterio) if selected] == [escolhida]


COBRANCA = "CONCO/frmConCoRelBoletoAvulso.aspx"
MARCA = "<input type=image id=g_ctl02_{} src=ckUnchecked.gif>"
CELULAS = ("012", "RECBTO. PARCELA", "10/12/2026", "1.234,56", "0,00", "0,00", "1.234,56", "1.234,56")


def charge(grade: str) -> str:
    """What choosing from this billing page ends with."""
    passos = walk((COBRANCA, f"<input type=hidden name=__VSTATE><input type=submit id=c_btnEmitir>{grade}"))
    try:
        choose(passos, read_parcelas(passos.pagina, passos.perfil) or [], Cota(6650, 2278), PEDIDO)
    except Falha as falha:
        return falha.codigo
    return "ok"


def grid(*celulas: str, id_: str = "ctl00_Conteudo_grdBoleto_Avulso") -> str:
    linha = "".join(f"<td>{celula}</td>" for celula in celulas)
    return (
        f"<table><tr><td><table id={id_}><tr><th>Histórico<th>Vencimento</tr><tr>{linha}</tr></table></td></tr></table>"
    )


@pytest.mark.parametrize(
    ("grade", "codigo"),
    [
        (grid(MARCA.format("imgEmite_Boleto"), "006650/2278-00", *CELULAS), "ok"),
        (grid("&nbsp;", "006650/2278-00", *CELULAS), "boleto.inexistente.ja_pago"),
        (grid(MARCA.format("imgEmite_Boleto"), "006650/2278-00", *CELULAS, id_="parcelas"), "portal.mudou.seletor"),
        (grid(MARCA.format("imgOutra"), "006650/2278-00", *CELULAS), "portal.mudou.seletor"),
        (grid("<input type=checkbox name=x>", "006650/2278-00", *CELULAS), "portal.mudou.seletor"),
        (grid(MARCA.format("imgEmite_Boleto"), "6650", *CELULAS), "portal.mudou.seletor"),
        (grid(MARCA.format("imgEmite_Boleto"), "006650/2278-00", *CELULAS[:6]), "portal.mudou.seletor"),
        (grid("Nenhum registro", id_="parcelas"), "boleto.inexistente"),
        (grid(), "boleto.inexistente"),
        (grid(MARCA.format("x"), "", "", "RECBTO. TAXA TRANSF", *CELULAS[2:]), "boleto.inexistente"),
        ("<p>Não há pendências.</p>", "boleto.inexistente"),
        ("<table><tr><td>Compensação<td>24/11/2026<td><input type=image></table>", "boleto.inexistente"),
    ],
)
def test_no_boleto_is_proven_only_where_every_instalment_reads(grade: str, codigo: str) -> None:
    """A grid under another id was taken for a client without boletos: everybody's month looked empty."""
    assert charge(grade) == codigo


async def test_a_home_page_that_lost_its_icon_is_a_session_that_ended() -> None:
    passos = walk(("x", ""), ("frmMain.aspx", INICIO.format(ICONE)), ("frmMain.aspx", INICIO.format("")))
    await passos.open("frmMain.aspx")
    with pytest.raises(SessaoPerdida, match="expirada"):
        await passos.open("CONAT/frmBuscaCota.aspx")


async def test_a_home_page_that_never_had_the_icon_is_no_ended_session() -> None:
    await walk(("x", ""), ("frmMain.aspx", INICIO.format(""))).open("frmMain.aspx")


async def test_a_grid_of_headings_alone_is_asked_for_its_rows_once() -> None:
    grade = """<input type=hidden name=__VSTATE><table id="ctl00_Conteudo_grdBoleto_Avulso"><tr><th>Vencimento</th></tr>
    {}</table><input type=submit id="ctl00_Conteudo_btnLocalizar">"""
    linha = f"<tr>{'<td>1</td>' * 10}</tr>"
    cobranca = "CONCO/frmConCoRelBoletoAvulso.aspx"
    assert len(await list_parcelas(walk((cobranca, grade.format("")), (cobranca, grade.format(linha))))) == 1
    assert await list_parcelas(walk((cobranca, grade.format("")), (cobranca, grade.format("")))) == []


@pytest.mark.parametrize(
    "cabecalho",
    ["006650 2278 00 ANA LIMA", "006650/2278-00 - ANA LIMA", "Grupo: 006650 Cota: 2278 Versão: 00 - ANA LIMA"],
)
async def test_the_clients_heading_is_read_however_it_is_written(cabecalho: str) -> None:
    busca, link = "CONAT/frmBuscaCota.aspx", "<a href='javascript:x' id='ctl00_grdBuscaAvancada_ctl02_lnkGrupoCota'>"
    grade = f"<table id=ctl00_Conteudo_grdBuscaAvancada><tr><td>{link}006650/2278-00</a></td></tr></table>"
    cliente = f"<input type=hidden name=__VSTATE><span id=ctl00_Conteudo_lblCD_Cota>{cabecalho}</span>"
    passos = walk(
        ("frmMain.aspx", ""),
        (busca, BUSCA.format("", "")),
        (busca, BUSCA.format("529.982.247-25", grade)),
        ("CONAT/frmConAtCnsAtendimento.aspx", cliente),
    )
    aberto = await open_cliente(passos, PEDIDO)
    assert (aberto.cota, aberto.nome) == (Cota(6650, 2278), "ANA LIMA")
