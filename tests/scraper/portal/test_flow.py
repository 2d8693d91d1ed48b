"""The flow over every driver against the simulator: every knob that changes what a contract meets."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from services.scraper.drivers import Drivers
from services.scraper.portal import Acesso
from services.scraper.portal.browser.launch import Navegador
from services.scraper.portal.errors import Falha, JaBaixado
from services.scraper.portal.flow import Emissao, begin, fetch_boleto, log_in
from services.scraper.portal.pace import Ritmo
from services.scraper.portal.profile import Perfil, load_perfil
from services.scraper.portal.selection import Pedido
from services.scraper.portal.steps import Passos
from services.scraper.verification import Conferido, Procurado, verify
from shared.contrato import Cota, MesReferencia
from shared.outcomes import Etapa
from tests.scraper.scenes import (
    ANA,
    BETO,
    CECI,
    COTA_BETO,
    EMPRESA,
    HOJE,
    SENHA,
    USUARIO,
    cenario,
    cliente,
    cota,
    parcela,
    pedido,
)
from tests.simulator.scenario import Cenario
from tests.simulator.server import Simulador

completo = pytest.mark.completo
# One browser for all of them, and so one loop: each test has a context of its own in it.
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _ignore(_: Etapa) -> None:
    """Nobody listens."""


def quick_perfil() -> Perfil:
    """The profile with short waits for what never comes."""
    perfil = load_perfil("canopus")
    esperas = perfil.esperas.model_copy(update={"reacao_s": 2.0, "janela_s": 1.5, "pdf_s": 3.0, "navegacao_s": 8.0})
    return perfil.model_copy(update={"esperas": esperas})


# What is the same in every driver: the longer ones are left to the long run.
um_basta = pytest.mark.parametrize(
    "entered",
    ["http", *(pytest.param(nome, marks=completo) for nome in ("navegador", "auto"))],
    indirect=True,
)

Entrar = Callable[..., AbstractAsyncContextManager[tuple[Passos, Simulador, Acesso]]]
Terminar = Callable[..., Awaitable[str]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def navegador() -> AsyncIterator[Navegador]:
    async with Navegador() as navegador:
        yield navegador


@pytest.fixture(params=["navegador", "http", "auto"])
def entered(request: pytest.FixtureRequest, navegador: Navegador) -> Entrar:
    """Opens a portal and a session of one driver, not logged in: every test runs over all three."""

    @asynccontextmanager
    async def enter(
        cena: Cenario, *, ritmo_ms: int = 0, senha: str = SENHA, por_cota: bool = False
    ) -> AsyncIterator[tuple[Passos, Simulador, Acesso]]:
        drivers = Drivers(request.param, navegador)
        async with Simulador(cena) as portal:
            acesso, ritmo = Acesso(portal.url, USUARIO, senha, "0101"), Ritmo(ritmo_ms)
            perfil = quick_perfil().model_copy(update={"busca_por_cota": por_cota})
            driver = await drivers.open(perfil, ritmo)
            try:
                yield Passos(driver, perfil, acesso.url_base, ritmo), portal, acesso
            finally:
                await driver.close()

    return enter


@pytest.fixture
def outcome(entered: Entrar) -> Terminar:
    """`ok`, or the code of what the contract ended with, login included."""

    async def find_outcome(cena: Cenario, o_que: Pedido | None = None, **campos: Any) -> str:
        async with entered(cena, **campos) as (passos, portal, acesso):
            try:
                await log_in(passos, acesso)
                await begin(passos)
                await fetch(passos, o_que or pedido())
            except Falha as falha:
                return falha.codigo
            except JaBaixado:
                return "ja_baixado"
            assert portal.emitidos[-1]["documento"] == "certo"
            return "ok"

    return find_outcome


async def fetch(passos: Passos, o_que: Pedido) -> tuple[Emissao, Conferido]:
    emissao = await fetch_boleto(passos, o_que, _ignore)
    assert emissao.parcela.vencimento and emissao.parcela.receber
    procurado = Procurado(
        o_que.cpf, emissao.cliente.cota, emissao.parcela.vencimento, emissao.parcela.receber, o_que.hoje
    )
    return emissao, await verify(emissao.pdf, procurado)


async def test_the_right_boleto_comes_out_among_rows_that_tempt(entered: Entrar) -> None:
    """An empty first row, a cancelled twin, another cota, a fee and a leftover in the month, overdue rows."""
    cena = cenario(
        cliente(
            ANA,
            "ANA PAULA SOUZA LIMA",
            cota(6650, 2278, parcela(valor="9.99"), situacao="CAN", versao="01"),
            cota(6650, 999, parcela(valor="55.55")),
            cota(6650, 2278, parcela("2026-10-10", "1200.00"), parcela("2026-11-10", "1210.00"), parcela()),
        ),
        cobranca={"primeira_linha_zerada": True, "taxa": True, "residuo": True, "outras_cotas": True},
        emissao={"alerta": "Existem parcelas em atraso.", "janela_fecha_s": 0.1},
        busca={"confirmar": True, "criterio_atraso_ms": 150},
    )
    async with entered(cena) as (passos, portal, acesso):
        await log_in(passos, acesso)
        await begin(passos)
        emissao, conferido = await fetch(passos, pedido())
        assert emissao.parcela.receber == Decimal("1234.56")
        assert conferido.linha.linha == portal.emitidos[0]["linha"]
        assert emissao.cliente.nome == "ANA PAULA SOUZA LIMA" and emissao.cliente.contrato == "998877"


async def test_a_warm_session_asks_only_for_what_a_contract_needs(entered: Entrar) -> None:
    """Twelve pages and the PDF's two: no home, no second login; and nothing waits for a time. The bound is wide, for
    machines under load: alone, a contract takes about half a second."""
    async with entered(cenario()) as (passos, portal, acesso):
        await log_in(passos, acesso)
        await begin(passos)
        antes, inicio = len(portal.registro), time.monotonic()
        await fetch(passos, pedido())
        duracao_s = time.monotonic() - inicio
        await fetch(passos, pedido(BETO, COTA_BETO))
        paginas = [r["pagina"] for r in portal.registro[antes:]]
        assert len(paginas) <= 2 * 12 and not {"login", "inicio", "identificacao"} & set(paginas)
        assert duracao_s < 5.0


NOME = "Ana Paula Souza Lima - 70%"


async def test_where_the_profile_allows_it_a_contract_of_known_cota_and_name_is_found_with_one_post(
    entered: Entrar,
) -> None:
    async with entered(cenario(), por_cota=True) as (passos, portal, acesso):
        await log_in(passos, acesso)
        await begin(passos)
        antes = len(portal.registro)
        emissao, _ = await fetch(passos, replace(pedido(), nome=NOME))
        visitas = [r["pagina"] for r in portal.registro[antes:]]
        assert "busca" not in visitas and len(visitas) <= 9 and emissao.cliente.nome == "ANA PAULA SOUZA LIMA"


@pytest.mark.parametrize(
    ("ana", "botoes", "codigo"),
    [
        (cota(versao="01"), {}, "ok"),
        (cota(), {"aparencia": {"trocar_ids": {"edtGrupo": "txt"}}}, "ok"),
        (cota(situacao="CAN"), {}, "cliente.cota_inativa"),
        (cota(situacao="CAN"), {"busca": {"inativa_por_cota": "invalida"}}, "cliente.cota_inativa"),
        (cota(6650, 2278, parcela("2026-11-10")), {}, "boleto.inexistente.outro_mes"),
    ],
    ids=str,
)
async def test_what_the_cota_alone_does_not_settle_is_searched_by_the_document(
    outcome: Terminar, ana: dict[str, Any], botoes: dict[str, Any], codigo: str
) -> None:
    """Versão 00 of her cota is the seller's; or the page is another; or why there is no boleto is said elsewhere."""
    vendedor = cliente("12345678909", "VALDO DE TAL", cota(6650, 2278, versao="00"))
    clientes = [cliente(ANA, "ANA PAULA SOUZA LIMA", ana)]
    cena = cenario(*([vendedor] if ana.get("versao") == "01" else []), *clientes, **botoes)
    assert await outcome(cena, replace(pedido(), nome=NOME), por_cota=True) == codigo


@um_basta
async def test_a_post_too_soon_slows_the_session_down(entered: Entrar) -> None:
    cena = cenario(ritmo={"minimo_ms": 250, "castigo_s": 0.3})
    async with entered(cena) as (passos, portal, acesso):
        codigos = []
        for _ in range(6):
            try:
                await log_in(passos, acesso)
                await begin(passos)
                await fetch(passos, pedido())
                break
            except Falha as falha:
                codigos.append(falha.codigo)
        assert portal.emitidos and set(codigos) <= {"portal.limite", "portal.fora_do_ar.http_5xx"}
        # A browser on a loaded machine may be slow enough by itself; requests never are.
        assert codigos or passos.driver.nome == "navegador"
        assert (passos.ritmo.intervalo_s >= 0.4) == bool(codigos)


@completo
async def test_the_pace_is_kept_by_the_pages_own_posts_too(outcome: Terminar) -> None:
    cena = cenario(ritmo={"minimo_ms": 150, "castigo_s": 2.0})
    assert await outcome(cena, ritmo_ms=500) == "ok"


async def test_a_cnpj_is_searched_by_its_own_criterion(outcome: Terminar) -> None:
    empresa = cliente(EMPRESA, "ACACIO TRANSPORTES LTDA", cota(6655, 77))
    assert await outcome(cenario(empresa), pedido(EMPRESA, Cota(6655, 77))) == "ok"


ENTREGAS = (["html_depois_pdf", "pdf", "embutido", "anexo", "octet_stream", "form_post", "stimulsoft", "redireciona"],)


@completo
@pytest.mark.parametrize("fecha_s", [0.01, 0.3, 12.0])
@pytest.mark.parametrize("entrega", *ENTREGAS)
async def test_the_pdf_is_captured_however_it_is_served(outcome: Terminar, entrega: str, fecha_s: float) -> None:
    assert await outcome(cenario(emissao={"entrega": entrega, "janela_fecha_s": fecha_s})) == "ok"


async def test_the_report_viewer_is_worked_in_its_own_window_beside_that_of_the_pop_up_test(outcome: Terminar) -> None:
    """Looked for in the first window that opened, its Save button was never pressed."""
    assert await outcome(cenario(emissao={"entrega": "stimulsoft", "janela_teste": True})) == "ok"


@completo
@pytest.mark.parametrize(
    "emissao",
    [
        {"recargas": 3},
        {"janela_atraso_ms": 700},
        {"janela_teste": True},
        {"chave_unica": True},
        {"chave_unica": True, "entrega": "form_post"},
        {"relatorio_na_sessao": False},
        {"confirmacao": "Confirma a emissão?"},
        {"disposicao": ""},
        {"tamanho_kb": 109},
        {"tamanho_kb": 0},
        {"modelo": "ficha"},
        {"modelo": "colunas"},
        {"modelo": "linhas"},
        {"modelo": "arrecadacao"},
    ],
    ids=str,
)
async def test_an_emission_that_is_odd_but_right_succeeds(outcome: Terminar, emissao: dict[str, Any]) -> None:
    assert await outcome(cenario(emissao=emissao)) == "ok"


@completo
@pytest.mark.parametrize(
    ("emissao", "codigo"),
    [
        ({"documento": "vazio"}, "download.falhou.vazio"),
        ({"documento": "html"}, "download.falhou.nao_pdf"),
        ({"documento": "truncado"}, "download.falhou.truncado"),
        ({"documento": "em_branco"}, "download.falhou.vazio"),
        ({"documento": "outro_cliente"}, "documento.divergente.cliente"),
        ({"documento": "outro_cpf"}, "documento.divergente.cliente"),
        ({"documento": "outra_cota"}, "documento.divergente.cota"),
        ({"documento": "outro_mes"}, "documento.divergente.mes"),
        ({"documento": "outro_valor"}, "documento.divergente.valor"),
        ({"documento": "digito_errado"}, "documento.divergente.digito"),
        ({"documento": "linha_de_outro_valor"}, "documento.divergente.digito"),
        ({"documento": "sem_linha"}, "documento.divergente.digito"),
        ({"entrega": "involucro"}, "download.falhou.nao_pdf"),
        ({"entrega": "html_eterno"}, "download.falhou.nao_pdf"),
        ({"entrega": "nunca"}, "download.falhou.tempo_esgotado"),
        ({"entrega": "sem_janela"}, "download.falhou.tempo_esgotado"),
    ],
    ids=str,
)
async def test_a_document_that_is_wrong_is_named_so(outcome: Terminar, emissao: dict[str, Any], codigo: str) -> None:
    assert await outcome(cenario(emissao=emissao)) == codigo


@completo
@pytest.mark.parametrize(
    ("botoes", "codigo"),
    [
        ({"busca": {"primeira_linha_vazia": False}}, "ok"),
        ({"busca": {"ordem": "inversa"}}, "ok"),
        ({"busca": {"alerta": "Cliente com pendências."}}, "ok"),
        ({"busca": {"confirmacao": "Buscar?"}}, "ok"),
        ({"busca": {"cabecalho": "espacos"}}, "ok"),
        ({"busca": {"valor_cpf": "PF"}}, "ok"),
        ({"menu": {"cobranca": "ctl10"}}, "ok"),
        ({"menu": {"cobranca": "so_texto"}}, "ok"),
        ({"menu": {"cobranca": "ausente"}}, "ok"),
        ({"menu": {"icone": False}}, "ok"),
        ({"menu": {"cobranca": "ausente", "acesso_direto": False}}, "portal.sem_permissao"),
        ({"menu": {"icone": False, "acesso_direto": False}}, "portal.sem_permissao"),
        ({"cobranca": {"grade": "ausente"}}, "boleto.inexistente"),
        ({"cobranca": {"grade": "so_cabecalho"}}, "boleto.inexistente"),
        ({"cobranca": {"exige_localizar": True}}, "ok"),
        ({"cobranca": {"radio_marcado": False}}, "ok"),
        ({"cobranca": {"unificar": "ausente", "ordem": "inversa"}}, "ok"),
        ({"cobranca": {"alerta": "Existem parcelas em atraso."}}, "ok"),
        ({"aparencia": {"charset": "iso-8859-1"}}, "ok"),
        ({"aparencia": {"prefixo": "ctl00_Miolo", "primeira_linha": 3}}, "ok"),
        ({"aparencia": {"trocar_ids": {"btnBuscar": "cmdBuscar", "btnEmitir": "cmdEmitir"}}}, "ok"),
        ({"aparencia": {"trocar_ids": {"grdBoleto_Avulso": "tabela"}}}, "portal.mudou.seletor"),
        ({"aparencia": {"trocar_ids": {"edtContextoBusca": "txt"}}}, "portal.mudou.seletor"),
        ({"sessao": {"formato": "viewstate", "exclusiva": True}}, "ok"),
        ({"sessao": {"expirar_na": "emissao"}}, "sessao.expirada"),
        ({"sessao": {"expirar_na": "impressao"}}, "sessao.expirada"),
        ({"firewall": {"bloqueio": "uma_vez", "na": "emissao", "status": 403}}, "portal.bloqueado"),
        ({"falhas": {"erros": 1, "status": 503, "na": "busca"}}, "portal.fora_do_ar.http_5xx"),
        ({"falhas": {"erros": 1, "na": "emissao"}}, "portal.limite"),
        ({"falhas": {"cortes": 1, "na": "cobranca"}}, "portal.fora_do_ar.conexao"),
        ({"falhas": {"cortes": 1, "na": "busca", "metodo": "POST"}}, "portal.fora_do_ar.conexao"),
        ({"falhas": {"resets": -1, "na": "busca", "metodo": "POST"}}, "portal.fora_do_ar.conexao"),
        ({"falhas": {"resets": -1, "na": "cobranca"}}, "portal.fora_do_ar.conexao"),
        ({"latencia": {"atendimento": 20000}}, "portal.fora_do_ar.tempo_esgotado"),
    ],
    ids=str,
)
async def test_what_a_portal_may_do_has_its_outcome(outcome: Terminar, botoes: dict[str, Any], codigo: str) -> None:
    assert await outcome(cenario(**botoes)) == codigo


@pytest.mark.parametrize("onde", ["busca", pytest.param("cobranca", marks=completo)])
async def test_a_session_that_ends_at_a_login_page_that_is_dead_is_over(outcome: Terminar, onde: str) -> None:
    """The portal's own redirects lead to a spelling that it cuts off: that is no portal out of reach."""
    morta = "frmCorCCCnsLogin.aspx"
    botoes: dict[str, Any] = {"login": {"resetar": [morta]}, "sessao": {"expirar_na": onde, "expirada_para": morta}}
    assert await outcome(cenario(**botoes)) == "sessao.expirada"


@completo
@pytest.mark.parametrize("situacao", ["token", "termos", "trocar_senha"])
@pytest.mark.parametrize("link", ["Central de Atendimento", "Atendimento"])
async def test_a_link_in_a_pages_foot_proves_no_login(outcome: Terminar, situacao: str, link: str) -> None:
    cena = cenario(situacao=situacao, aparencia={"rodape": f'<a href="#ajuda">{link}</a>'})
    assert await outcome(cena) == f"login.acao_necessaria.{situacao}"


@completo
async def test_a_link_in_a_pages_foot_is_not_the_icon(outcome: Terminar) -> None:
    rodape = {"rodape": '<a href="#ajuda">Central de Atendimento</a>'}
    cena = cenario(menu={"icone": False, "acesso_direto": False}, aparencia=rodape)
    assert await outcome(cena) == "portal.sem_permissao"
    assert await outcome(cenario(aparencia=rodape)) == "ok"


@completo
@pytest.mark.parametrize("no_lugar", ["<html><body>Sistema em manutenção</body></html>", ""])
async def test_a_page_that_is_not_the_billing_page_does_not_prove_that_nothing_is_pending(
    outcome: Terminar, no_lugar: str
) -> None:
    cobranca = {"exige_localizar": True, "no_lugar": no_lugar}
    assert await outcome(cenario(cobranca=cobranca)) == "portal.mudou.fluxo"


@completo
async def test_a_header_may_name_its_numbers(outcome: Terminar) -> None:
    assert await outcome(cenario(cobranca={"rotulos": True})) == "ok"


@completo
async def test_an_address_that_only_a_click_would_open_is_not_the_window(outcome: Terminar) -> None:
    """A helper on every page; nothing runs it, and at its address lies what was printed before."""
    ajuda = "function AbrirImpressao(){ window.open('../CONCM/frmConCmImpressao.aspx'); }"
    assert await outcome(cenario(aparencia={"rodape": f"<script>{ajuda}</script>"})) == "ok"


@completo
async def test_a_slow_emission_is_waited_for(outcome: Terminar) -> None:
    """Each of its two posts takes most of what the window may take to open after them."""
    assert await outcome(cenario(latencia={"emissao": 1200})) == "ok"


@completo
@pytest.mark.parametrize(
    ("sem_resultado", "codigo"),
    [
        ("mensagem", "cliente.nao_encontrado"),
        ("alerta", "cliente.nao_encontrado"),
        ("grade_vazia", "cliente.nao_encontrado"),
        ("nada", "portal.mudou.fluxo"),
    ],
)
async def test_only_a_message_or_an_empty_grid_says_not_found(
    outcome: Terminar, sem_resultado: str, codigo: str
) -> None:
    assert await outcome(cenario(busca={"sem_resultado": sem_resultado}), pedido(CECI)) == codigo


@completo
@pytest.mark.parametrize(
    ("botoes", "campos", "codigo"),
    [
        ({"login": {"resetar": ["frmCorCcCnsLogin.aspx"]}}, {}, "ok"),
        (
            {"login": {"resetar": ["frmCorCcCnsLogin.aspx", "frmCorCCCnsLogin.aspx"]}},
            {},
            "portal.fora_do_ar.conexao",
        ),
        ({"login": {"mensagem_em": "solta"}}, {"senha": "x"}, "login.recusado"),
        ({"login": {"mensagem_em": "errmsg"}}, {"senha": "x"}, "login.recusado"),
        ({"login": {"mensagem_em": "alert", "mensagem": "Falha 17"}}, {"senha": "x"}, "login.recusado"),
        ({"login": {"mensagem": ""}}, {"senha": "x"}, "login.recusado"),
        ({"login": {"mensagem": "Sua senha expirou."}}, {"senha": "x"}, "login.acao_necessaria.trocar_senha"),
        ({"login": {"captcha": "sempre"}}, {}, "login.captcha"),
        ({"login": {"bloquear_apos": 1}}, {"senha": "x"}, "login.recusado"),
        ({"situacao": "bloqueada"}, {}, "login.bloqueado"),
        ({"situacao": "trocar_senha"}, {}, "login.acao_necessaria.trocar_senha"),
        ({"situacao": "termos"}, {}, "login.acao_necessaria.termos"),
        ({"situacao": "token"}, {}, "login.acao_necessaria.token"),
        ({"situacao": "sso"}, {}, "login.acao_necessaria"),
        ({"situacao": "unidade"}, {}, "ok"),
        ({"falhas": {"erros": 1, "na": "login", "metodo": "POST", "status": 503}}, {}, "portal.fora_do_ar.http_5xx"),
        ({"firewall": {"bloqueio": "uma_vez", "na": "login"}}, {}, "portal.bloqueado"),
    ],
    ids=str,
)
async def test_a_login_tells_why_it_did_not_succeed(
    outcome: Terminar, botoes: dict[str, Any], campos: dict[str, Any], codigo: str
) -> None:
    assert await outcome(cenario(**botoes), **campos) == codigo


@completo
async def test_the_grid_leads_to_a_boleto_already_filed(outcome: Terminar) -> None:
    conhecido = frozenset({(Cota(6650, 2278), MesReferencia(2026, 12))})
    assert await outcome(cenario(), Pedido(ANA, None, None, None, HOJE, ja_baixados=conhecido)) == "ja_baixado"


@um_basta
async def test_the_portals_own_time_is_told_from_our_pace(entered: Entrar) -> None:
    """Three pages of the search take 200 ms each, and the pace between their posts is slower still."""
    async with entered(cenario(latencia={"busca": 200}), ritmo_ms=500) as (passos, portal, acesso):
        await log_in(passos, acesso)
        await begin(passos)
        vistos: dict[Etapa, tuple[float, float]] = {}

        async def note(etapa: Etapa) -> None:
            vistos[etapa] = passos.driver.portal_s, time.monotonic()

        await fetch_boleto(passos, pedido(), note)
    (antes_s, inicio), (depois_s, fim) = vistos[Etapa.BUSCANDO], vistos[Etapa.EMITINDO]
    assert [r["ms"] >= 200 for r in portal.registro if r["pagina"] == "busca"][-3:] == [True] * 3
    assert 0.55 < depois_s - antes_s < fim - inicio - 0.5
