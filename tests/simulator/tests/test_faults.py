"""Faults of the whole portal: expiry, firewall, server errors, resets, latency, and the switches that set them."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from tests.simulator.server import Simulador
from tests.simulator.tests.scenes import ANA, ANA_F, BIA_F, make_cenario
from tests.simulator.tests.visitor import Visitante

LOGIN = "frmCorCcCnsLogin.aspx"


async def test_a_session_expires_after_so_many_requests() -> None:
    async with Simulador(make_cenario({"sessao": {"expira_requisicoes": 3}})) as portal, Visitante(portal) as v:
        await v.login()
        assert [(await v.get("frmMain.aspx")).nome for _ in range(3)] == ["frmMain.aspx", "frmMain.aspx", LOGIN]
        assert portal.log.count("sessao.expirada", "17308") == 1
        assert (await v.login()).nome == "frmMain.aspx"


async def test_a_session_expires_with_time() -> None:
    async with Simulador(make_cenario({"sessao": {"expira_minutos": 0.002}})) as portal, Visitante(portal) as v:
        await v.login()
        await asyncio.sleep(0.15)
        assert (await v.get("frmMain.aspx")).nome == LOGIN


async def test_a_session_expires_once_on_one_page() -> None:
    knobs = {"sessao": {"expirar_na": "cobranca", "expirar_vezes": 1}}
    async with Simulador(make_cenario(ana=knobs)) as portal, Visitante(portal) as v:
        await v.login()
        await v.open_cliente(BIA_F)
        assert (await v.open_cobranca()).nome != LOGIN
        await v.open_cliente(ANA_F)
        assert (await v.open_cobranca()).nome == LOGIN
        await v.login()
        assert (await v.download(ANA_F)).corpo.startswith(b"%PDF")


async def test_a_session_that_ends_may_lead_to_another_spelling_of_the_login() -> None:
    knobs = {"sessao": {"expirar_na": "busca", "expirada_para": "frmCorCCCnsLogin.aspx"}}
    async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
        await v.login()
        assert (await v.get("CONAT/frmBuscaCota.aspx")).url.name == "frmCorCCCnsLogin.aspx"


async def test_a_page_may_have_a_foot() -> None:
    knobs = {"aparencia": {"rodape": "<p>Central de Atendimento</p>"}}
    async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
        await v.get("frmCorCcCnsLogin.aspx")
        assert "<p>Central de Atendimento</p></body>" in v.pagina.html
        await v.login()
        assert "<p>Central de Atendimento</p></body>" in v.pagina.html


async def test_the_firewall_throws_one_session_out_and_lets_the_next_in() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v, Visitante(portal) as fresh:
        await v.login()
        portal.turn(firewall={"bloqueio": "uma_vez", "na": "busca", "status": 403})
        await v.open_busca()
        assert v.pagina.status == 403
        assert "Violation Category: APPFW_SIGNATURE_MATCH" in (await v.get("frmMain.aspx")).html
        await fresh.login()
        assert (await fresh.download(ANA_F)).corpo.startswith(b"%PDF")


@pytest.mark.parametrize("na", ["", "login"])
async def test_the_firewall_may_stand_before_everything_or_the_login(na: str) -> None:
    async with (
        Simulador(make_cenario({"firewall": {"bloqueio": "sempre", "na": na}})) as portal,
        Visitante(portal) as v,
    ):
        assert "Página não acessível" in (await v.get(LOGIN)).html


async def test_the_next_requests_fail_and_then_no_more() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login()
        portal.turn(falhas={"erros": 2, "status": 503})
        assert [(await v.get("frmMain.aspx")).status for _ in range(3)] == [503, 503, 200]


async def test_one_clients_page_may_fail_for_ever_while_others_work() -> None:
    cenario = make_cenario(ana={"falhas": {"erros": -1, "na": "cobranca", "metodo": "GET"}})
    async with Simulador(cenario) as portal, Visitante(portal) as v:
        await v.login()
        await v.open_cliente(ANA_F)
        assert [(await v.open_cobranca()).status for _ in range(3)] == [500, 500, 500]
        assert (await v.download(BIA_F)).corpo.startswith(b"%PDF")


async def test_connections_are_reset_without_a_byte() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login()
        portal.turn(falhas={"resets": 2, "na": "inicio"})
        with pytest.raises(aiohttp.ClientConnectionError):
            await v.get("frmMain.aspx")
        assert (await v.get("frmMain.aspx")).status == 200


async def test_an_answer_may_end_in_the_middle() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login()
        await v.open_cliente(ANA_F)
        await v.open_cobranca()
        url = await v.emit()
        portal.turn(falhas={"cortes": -1, "na": "impressao"})
        with pytest.raises(aiohttp.ClientError):
            await v.get(url)


STEPS = ["login", "inicio", "identificacao", "busca", "atendimento", "cobranca", "emissao", "impressao"]


@pytest.mark.parametrize("passo", STEPS)
async def test_each_step_has_its_own_latency(passo: str) -> None:
    async with Simulador(make_cenario({"latencia": {passo: [30, 40]}})) as portal, Visitante(portal) as v:
        await v.login()
        await v.download(ANA_F)
    slow = {e["pagina"] for e in portal.registro if e["ms"] >= 29}
    assert passo in slow
    assert all(e["ms"] >= 29 for e in portal.registro if e["pagina"] == passo)


async def test_peak_hours_multiply_the_latency() -> None:
    knobs = {"latencia": {"login": 20, "pico_de_s": 0, "pico_ate_s": 60, "pico_fator": 5}}
    async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
        await v.get(LOGIN)
    assert portal.registro[0]["ms"] >= 99


@pytest.mark.parametrize(("simultaneas", "ms"), [(0, 150), (1, 600), (2, 300)])
async def test_requests_wait_in_line_where_few_are_worked_at_a_time(simultaneas: int, ms: int) -> None:
    async with AsyncExitStack() as pilha:
        knobs = {"latencia": {"login": 150, "simultaneas": simultaneas}}
        portal = await pilha.enter_async_context(Simulador(make_cenario(knobs)))
        visitantes = [await pilha.enter_async_context(Visitante(portal)) for _ in range(4)]
        await asyncio.gather(*(v.get(LOGIN) for v in visitantes))
    assert ms - 1 <= max(e["ms"] for e in portal.registro) < 2 * ms


async def read_control(v: Visitante, what: str) -> Any:
    async with v.http.get(f"{v.portal.origem}/_simulador/{what}") as answer:
        return await answer.json()


async def test_the_control_routes_tell_what_happened() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login()
        await v.download(ANA_F)
        assert (await read_control(v, "emitidos"))[0]["cpf"] == ANA
        assert len(await read_control(v, "registro")) == len(portal.registro)
        seen = (await read_control(v, "sessoes"))["credenciais"]["17308"]
        assert (seen["logins"], seen["paralelas"]) == (1, 1)
        assert seen["segundos"] > 0


async def test_knobs_turn_while_it_runs_and_wrong_ones_are_refused() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        address = f"{portal.origem}/_simulador/botoes"
        async with v.http.post(address, json={"emissao": {"documento": "truncado"}}) as answer:
            assert (await answer.json())["emissao"]["documento"] == "truncado"
        async with v.http.post(address, json={"emissao": {"documento": "inventado"}}) as answer:
            assert answer.status == 422
        async with v.http.post(address, json={"cpf": ANA, "emissao": {"documento": "vazio"}}) as answer:
            assert answer.status == 200
        assert (await read_control(v, "botoes"))["emissao"]["documento"] == "truncado"
        await v.login()
        assert (await v.download(ANA_F)).corpo == b""
