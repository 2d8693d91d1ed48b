"""Executions over REST: what is taken, what is refused and with which words, what comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.gateway.store.chaves import Escopo
from shared.contrato import mask_documento
from shared.events import Arquivo
from tests.eventually import eventually
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import Loja, add_boleto, add_loja, cpf_de, list_itens
from tests.gateway.figurantes import ScraperFigurante, run_namer
from tests.gateway.motor import Maestro, falhou

ENVIO = "processar-downloads-ponto-venda"
CAMPOS = {
    "automacao_id", "ponto_venda", "status", "total_clientes", "ja_baixados", "sucessos", "erros",
    "cpf_nao_encontrado", "sem_boleto",
}  # fmt: skip


@pytest.fixture
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path) as aberto:
        yield aberto


async def count_execucoes(balcao: Balcao) -> int:
    total: int = await balcao.pool.fetchval("SELECT count(*) FROM execucoes_automacao")
    return total


async def test_a_submission_is_answered_at_once_with_the_promised_names(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool, clientes=3)
    await add_boleto(balcao.pool, loja, 1)
    resposta = await balcao.call("POST", ENVIO, {"ponto_venda": "17308", "mes": "novembro", "ano": 2026})
    assert resposta.status == 202
    assert set(resposta.data) == CAMPOS
    assert resposta.data["total_clientes"] == 3
    assert resposta.data["ja_baixados"] == 1
    assert resposta.data["ponto_venda"] == "17.308"
    lugar = resposta.headers["Location"]
    assert lugar == f"/api/automation/execucoes/{resposta.data['automacao_id']}"
    mostrada = (await balcao.call("GET", lugar)).data
    assert mostrada["execucao"]["usuario_execucao"].startswith("chave ")
    assert mostrada["execucao"]["tipo"] == "download_boletos"
    assert sum(s["quantidade"] for s in mostrada["logs_stats"]) == 3
    assert sum(mostrada["execucao"]["contadores"].values()) == 3


async def test_prefer_wait_holds_the_answer_until_the_end(balcao: Balcao) -> None:
    await add_loja(balcao.pool, clientes=3)
    async with ScraperFigurante(balcao.bus).run(), run_namer(balcao.bus):
        resposta = await balcao.call(
            "POST", ENVIO, {"ponto_venda": "17.308", "mes": 11, "ano": 2026}, headers={"Prefer": "wait=20"}
        )
    assert resposta.status == 200
    assert resposta.headers["Preference-Applied"] == "wait=20"
    assert resposta.data["status"] == "concluida"
    assert resposta.data["sucessos"] == 3


async def test_prefer_wait_that_runs_out_is_answered_as_without_it(balcao: Balcao) -> None:
    await add_loja(balcao.pool)
    corpo = {"ponto_venda": "17.308"}
    resposta = await balcao.call("POST", ENVIO, corpo, headers={"Prefer": "respond-async, wait=1"})
    assert resposta.status == 202
    assert "Preference-Applied" not in resposta.headers
    assert resposta.data["status"] == "na_fila"


async def test_the_same_idempotency_key_is_one_execution_even_all_at_once(balcao: Balcao) -> None:
    await add_loja(balcao.pool)
    headers = {"Idempotency-Key": "pedido-1"}
    corpo = {"ponto_venda": "17.308", "mes": 11}
    respostas = await asyncio.gather(*(balcao.call("POST", ENVIO, corpo, headers=headers) for _ in range(8)))
    assert {r.status for r in respostas} == {202}
    assert len({r.data["automacao_id"] for r in respostas}) == 1
    assert await count_execucoes(balcao) == 1
    outro = await balcao.call("POST", ENVIO, {**corpo, "mes": 12}, headers=headers)
    assert outro.recusa == (422, "idempotencia.outro_corpo")
    # The key is the caller's own: another caller's is another one.
    alheia = await balcao.call("POST", ENVIO, corpo, headers=headers, chave="operador")
    assert alheia.data["automacao_id"] != respostas[0].data["automacao_id"]


async def test_cpfs_choose_the_contracts_and_are_never_shown_whole(balcao: Balcao) -> None:
    await add_loja(balcao.pool, clientes=5)
    pedidos = [cpf_de(2), cpf_de(4), cpf_de(2), cpf_de(99)]
    resposta = await balcao.call("POST", ENVIO, {"ponto_venda": "17.308", "mes": 11, "cpfs": pedidos})
    assert resposta.data["total_clientes"] == 3
    id = resposta.data["automacao_id"]
    clientes = await balcao.call("GET", f"execucoes/{id}/clientes")
    assert {c["cpf"] for c in clientes.data["clientes"]} == {mask_documento(c) for c in pedidos}
    for caminho in ("", "/clientes", "/eventos"):
        bruto = (await balcao.call("GET", f"execucoes/{id}{caminho}")).bruto.decode()
        assert not [cpf for cpf in pedidos if cpf in bruto]


@pytest.mark.parametrize("mes", [3, "3", "MARÇO", "marco", " Março "])
async def test_a_month_may_be_a_number_or_a_name(balcao: Balcao, mes: int | str) -> None:
    await add_loja(balcao.pool, clientes=1)
    resposta = await balcao.call("POST", ENVIO, {"ponto_venda": "17.308", "mes": mes, "ano": 2027})
    itens = await list_itens(balcao.pool, UUID(resposta.data["automacao_id"]))
    assert [(i["mes_referencia"], i["ano_referencia"]) for i in itens] == [(3, 2027)]


async def test_a_consultor_is_found_by_name_without_accents_or_by_number(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool, clientes=2)
    await balcao.pool.execute("UPDATE consultores SET nome = 'José', nome_limpo = 'JOSE'")
    for consultor in ("jose", "JOSÉ", loja.consultor_id):
        resposta = await balcao.call("POST", ENVIO, {"ponto_venda": "17308", "mes": 11, "consultor": consultor})
        assert resposta.data["total_clientes"] == 2
    recusada = await balcao.call("POST", ENVIO, {"ponto_venda": "17308", "consultor": "Ninguém"})
    assert recusada.recusa == (404, "consultor.nao_encontrado")


BASE_CORPO: dict[str, Any] = {"ponto_venda": "17.308"}
# corpo, status, codigo, and for each refused field a part of what is said of it
RUINS: list[tuple[Any, int, str, dict[str, str]]] = [
    ({}, 422, "requisicao.invalida", {"ponto_venda": "obrigatório"}),
    ({"ponto_venda": 17308}, 422, "requisicao.invalida", {"ponto_venda": "texto"}),
    ({"ponto_venda": "  "}, 422, "requisicao.invalida", {"ponto_venda": "curto demais"}),
    ({"ponto_venda": "99.999"}, 404, "ponto_venda.nao_encontrado", {}),
    ({**BASE_CORPO, "mes": 13}, 422, "requisicao.invalida", {"mes": "de 1 a 12"}),
    ({**BASE_CORPO, "mes": 0}, 422, "requisicao.invalida", {"mes": "de 1 a 12"}),
    ({**BASE_CORPO, "mes": "brumário"}, 422, "requisicao.invalida", {"mes": "de 1 a 12"}),
    ({**BASE_CORPO, "mes": 1.5}, 422, "requisicao.invalida", {"mes": "inteiro"}),
    ({**BASE_CORPO, "mes": True}, 422, "requisicao.invalida", {"mes": "inteiro"}),
    ({**BASE_CORPO, "mes": "9" * 5000}, 422, "requisicao.invalida", {"mes": "longo demais"}),
    ({**BASE_CORPO, "ano": 1999}, 422, "requisicao.invalida", {"ano": "no mínimo 2000"}),
    ({**BASE_CORPO, "ano": "2026"}, 422, "requisicao.invalida", {"ano": "inteiro"}),
    ({**BASE_CORPO, "limite": 0}, 422, "requisicao.invalida", {"limite": "no mínimo 1"}),
    ({**BASE_CORPO, "limite": -5}, 422, "requisicao.invalida", {"limite": "no mínimo 1"}),
    ({**BASE_CORPO, "limite": "dez"}, 422, "requisicao.invalida", {"limite": "inteiro"}),
    ({**BASE_CORPO, "forcar": "sim"}, 422, "requisicao.invalida", {"forcar": "true ou false"}),
    ({**BASE_CORPO, "forcar": 1}, 422, "requisicao.invalida", {"forcar": "true ou false"}),
    ({**BASE_CORPO, "cpfs": cpf_de(1)}, 422, "requisicao.invalida", {"cpfs": "lista"}),
    ({**BASE_CORPO, "cpfs": []}, 422, "requisicao.invalida", {"cpfs": "curta demais"}),
    ({**BASE_CORPO, "cpfs": [cpf_de(1), "111.111.111-11"]}, 422, "requisicao.invalida", {"cpfs[1]": "dígitos"}),
    ({**BASE_CORPO, "cpfs": [12345678909]}, 422, "requisicao.invalida", {"cpfs[0]": "texto"}),
    ({**BASE_CORPO, "consultor": []}, 422, "requisicao.invalida", {"consultor": "texto"}),
    ({**BASE_CORPO, "turbo": True}, 422, "requisicao.invalida", {"turbo": "desconhecido"}),
    ({**BASE_CORPO, "ponto_venda": "17\x00308"}, 422, "requisicao.invalida", {"ponto_venda": "caractere inválido"}),
    ({"mes": 13, "limite": 0}, 422, "requisicao.invalida", {"mes": "", "limite": "", "ponto_venda": ""}),
    ([], 422, "requisicao.invalida", {"corpo": "objeto"}),
    ("texto", 422, "requisicao.invalida", {"corpo": "objeto"}),
]


async def test_bad_input_is_refused_in_portuguese_and_changes_nothing(balcao: Balcao) -> None:
    await add_loja(balcao.pool)
    for corpo, status, codigo, campos in RUINS:
        resposta = await balcao.call(
            "POST", ENVIO, data=json.dumps(corpo), headers={"Content-Type": "application/json"}
        )
        assert resposta.recusa == (status, codigo), corpo
        assert set(resposta.campos) == set(campos), (corpo, resposta.corpo)
        assert all(parte in resposta.campos[campo] for campo, parte in campos.items()), (corpo, resposta.corpo)
        assert not [
            palavra for palavra in ("Input", "should", "valid ", "Field") if palavra in json.dumps(resposta.corpo)
        ]
        assert "111.111.111" not in resposta.bruto.decode()
    assert await count_execucoes(balcao) == 0


async def test_what_is_no_json_is_refused_by_its_kind(balcao: Balcao) -> None:
    json_ = {"Content-Type": "application/json"}
    casos = [
        (b"{", json_, 400, "requisicao.nao_json"),
        (b"", json_, 400, "requisicao.nao_json"),
        (b'{"ponto_venda": NaN}', json_, 400, "requisicao.nao_json"),
        (b'{"ponto_venda": "\xff"}', json_, 400, "requisicao.nao_json"),
        (b"[" * 5000, json_, 400, "requisicao.nao_json"),
        (b'{"x":' + b"[" * 1000 + b"]" * 1000 + b"}", json_, 422, "requisicao.invalida"),
        (
            b"ponto_venda=17308",
            {"Content-Type": "application/x-www-form-urlencoded"},
            415,
            "requisicao.tipo_de_conteudo",
        ),
        (b'{"ponto_venda": "' + b"9" * 1_000_001 + b'"}', json_, 413, "requisicao.grande_demais"),
    ]
    for dados, headers, status, codigo in casos:
        resposta = await balcao.call("POST", ENVIO, data=dados, headers=headers)
        assert resposta.recusa == (status, codigo), dados[:40]
    assert await count_execucoes(balcao) == 0


async def test_a_chunked_body_over_the_limit_is_refused_too(balcao: Balcao) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 50_000

    resposta = await balcao.call("POST", ENVIO, data=pieces(), headers={"Content-Type": "application/json"})
    assert resposta.recusa == (413, "requisicao.grande_demais")


async def test_without_credential_or_clients_nothing_begins(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool, clientes=0)
    vazia = await balcao.call("POST", ENVIO, BASE_CORPO)
    assert 400 <= vazia.recusa[0] < 500
    assert vazia.recusa[1] == "ponto_venda.sem_clientes"
    await balcao.pool.execute("DELETE FROM credenciais_canopus")
    sem = await balcao.call("POST", ENVIO, BASE_CORPO)
    assert sem.recusa[1] == "ponto_venda.sem_credencial"
    await balcao.pool.execute("UPDATE pontos_venda SET ativo = false WHERE id = $1", loja.id)
    inativa = await balcao.call("POST", ENVIO, BASE_CORPO)
    assert inativa.recusa == (409, "ponto_venda.inativo")
    assert await count_execucoes(balcao) == 0


async def test_lists_page_by_an_opaque_cursor(balcao: Balcao) -> None:
    await add_loja(balcao.pool, clientes=7)
    for _ in range(5):
        resposta = await balcao.call("POST", ENVIO, BASE_CORPO)
    id = resposta.data["automacao_id"]
    for caminho, nome, total in (("execucoes", "execucoes", 5), (f"execucoes/{id}/clientes", "clientes", 7)):
        vistos: list[Any] = []
        cursor: str | None = None
        while True:
            params = {"limite": "2"} | ({"cursor": cursor} if cursor else {})
            pagina = (await balcao.call("GET", caminho, params=params)).data
            assert set(pagina) == {nome, "cursor"}
            assert len(pagina[nome]) <= 2
            vistos += [item.get("id", item.get("automacao_id")) for item in pagina[nome]]
            cursor = pagina["cursor"]
            if cursor is None:
                break
        assert len(vistos) == len(set(vistos)) == total
    assert len((await balcao.call("GET", "execucoes", params={"limite": "100000"})).data["execucoes"]) == 5


async def test_executions_are_listed_by_type(balcao: Balcao) -> None:
    await add_loja(balcao.pool)
    id = (await balcao.call("POST", ENVIO, BASE_CORPO)).data["automacao_id"]
    for tipo, ids in (("download_boletos", [id]), ("teste", [])):
        dados = (await balcao.call("GET", "execucoes", params={"tipo": tipo})).data
        assert [execucao["automacao_id"] for execucao in dados["execucoes"]] == ids


async def test_bad_queries_are_refused(balcao: Balcao) -> None:
    id = uuid4()
    casos = [
        ("execucoes?limite=0", "limite"),
        ("execucoes?limite=-1", "limite"),
        ("execucoes?limite=dez", "limite"),
        ("execucoes?cursor=nada", "cursor"),
        ("execucoes?cursor=aWQ6LTE", "cursor"),
        ("execucoes?status=ativo", "status"),
        ("execucoes?tipo=nenhum", "tipo"),
        ("execucoes?limit=5", "limit"),
        ("execucoes?limite=1&limite=2", "limite"),
        (f"execucoes/{id}/clientes?status=feito", "status"),
        (f"execucoes/{id}/eventos?desde=-1", "desde"),
        (f"execucoes/{id}/eventos?desde=99999999999999999999", "desde"),
    ]
    for caminho, campo in casos:
        resposta = await balcao.call("GET", caminho)
        assert resposta.recusa == (422, "requisicao.invalida"), caminho
        assert set(resposta.campos) == {campo}, caminho


async def test_what_does_not_exist_is_not_found(balcao: Balcao) -> None:
    for caminho in (f"execucoes/{uuid4()}", "execucoes/17", "execucoes/%00", f"execucoes/{uuid4()}/eventos"):
        assert (await balcao.call("GET", caminho)).recusa[0] == 404
    assert (await balcao.call("POST", f"execucoes/{uuid4()}/cancelar")).recusa[0] == 404
    assert (await balcao.call("GET", "nada")).recusa == (404, "rota.nao_encontrada")
    errado = await balcao.call("DELETE", "execucoes")
    assert errado.recusa == (405, "rota.metodo_nao_permitido")
    assert "GET" in errado.headers["Allow"]


async def test_an_execution_is_paused_resumed_and_cancelled_once(balcao: Balcao) -> None:
    await add_loja(balcao.pool)
    id = (await balcao.call("POST", ENVIO, BASE_CORPO)).data["automacao_id"]
    assert (await balcao.call("POST", f"execucoes/{id}/retomar")).recusa == (409, "execucao.estado_impossivel")
    assert (await balcao.call("POST", f"execucoes/{id}/pausar")).data["execucao"]["status"] == "pausada"
    assert (await balcao.call("POST", f"execucoes/{id}/retomar")).data["execucao"]["status"] == "na_fila"
    cancelada = (await balcao.call("POST", f"execucoes/{id}/cancelar")).data["execucao"]
    assert cancelada["status"] == "cancelada"
    assert cancelada["contadores"]["cancelado"] == 3
    assert (await balcao.call("POST", f"execucoes/{id}/cancelar")).recusa[0] == 409
    acoes = {linha["acao"] for linha in await balcao.pool.fetch("SELECT acao FROM auditoria")}
    assert acoes >= {"execucao.enviar", "execucao.pausar", "execucao.retomar", "execucao.cancelar"}


async def fail_all(balcao: Balcao, loja: Loja, id: str, **campos: Any) -> list[int]:
    maestro = Maestro(balcao.pool)
    cerca = await maestro.lease(loja)
    itens = [item["id"] for item in await list_itens(balcao.pool, UUID(id))]
    for item in itens:
        await maestro.apply(falhou(await maestro.send(item, cerca), "cliente.ambiguo", **campos))
    return itens


async def test_what_failed_is_done_again_in_a_linked_execution(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool)
    id = (await balcao.call("POST", ENVIO, BASE_CORPO)).data["automacao_id"]
    itens = await fail_all(balcao, loja, id)
    filtrada = await balcao.call("GET", f"execucoes/{id}/clientes?codigo=cliente&status=erro")
    assert len(filtrada.data["clientes"]) == 3
    uma = await balcao.call("POST", f"execucoes/{id}/reprocessar", {"clientes": itens[:1]})
    assert uma.status == 201
    assert uma.data["id"] == uma.data["automacao_id"]
    assert uma.data["origem"] == id
    assert uma.data["tipo"] == "reprocessamento"
    assert uma.data["total_clientes"] == 1
    assert uma.headers["Location"].endswith(uma.data["id"])
    todas = await balcao.call("POST", f"execucoes/{id}/reprocessar")
    assert todas.data["total_clientes"] == 3
    nenhuma = await balcao.call("POST", f"execucoes/{id}/reprocessar", {"codigos": ["portal"]})
    assert nenhuma.recusa == (422, "execucao.sem_clientes")
    ruim = await balcao.call("POST", f"execucoes/{id}/reprocessar", {"status": ["feito"]})
    assert set(ruim.campos) == {"status[0]"}
    antes = await count_execucoes(balcao)
    await balcao.pool.execute("UPDATE pontos_venda SET ativo = false")
    inativa = await balcao.call("POST", f"execucoes/{id}/reprocessar")
    assert inativa.recusa == (409, "ponto_venda.inativo") and await count_execucoes(balcao) == antes


async def test_evidence_is_reached_from_the_row_and_never_served_as_a_page(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool, clientes=1)
    id = (await balcao.call("POST", ENVIO, BASE_CORPO)).data["automacao_id"]
    files = balcao.gateway.ctx.files
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 20
    guardadas: list[Arquivo] = [
        await files.put_interno("evidencias", dados) for dados in (png, b"<script>alert(1)</script>", b'{"etapa": 1}')
    ]
    await fail_all(balcao, loja, id, evidencia=tuple(guardadas))
    linha = (await balcao.call("GET", f"execucoes/{id}/clientes")).data["clientes"][0]
    respostas = [await balcao.call("GET", endereco) for endereco in linha["evidencias"]]
    assert [r.headers["Content-Type"].split(";")[0] for r in respostas] == [
        "image/png", "text/plain", "application/json",
    ]  # fmt: skip
    assert respostas[0].bruto == png
    assert all(r.headers["X-Content-Type-Options"] == "nosniff" for r in respostas)
    await files.delete(guardadas[0].caminho)
    assert (await balcao.call("GET", linha["evidencias"][0])).recusa == (404, "evidencia.removida")
    alem = f"execucoes/{id}/clientes/{linha['id']}/evidencia/3"
    assert (await balcao.call("GET", alem)).recusa == (404, "evidencia.nao_encontrada")
    await balcao.add_chave("alheia", Escopo.LEITURA, (await add_loja(balcao.pool, "21.400", base=50)).id)
    assert (await balcao.call("GET", linha["evidencias"][1], chave="alheia")).recusa[0] == 404


async def test_evidence_that_is_strange_or_was_changed_is_told_as_what_it_is(balcao: Balcao, tmp_path: Path) -> None:
    loja = await add_loja(balcao.pool, clientes=1)
    id = (await balcao.call("POST", ENVIO, BASE_CORPO)).data["automacao_id"]
    fundo = b"[" * 100_000
    guardadas = [await balcao.gateway.ctx.files.put_interno("evidencias", dados) for dados in (fundo, b"inteira")]
    await fail_all(balcao, loja, id, evidencia=tuple(guardadas))
    (tmp_path / "downloads" / guardadas[1].caminho).write_bytes(b"mexida!")
    linha = (await balcao.call("GET", f"execucoes/{id}/clientes")).data["clientes"][0]
    funda, mexida = [await balcao.call("GET", endereco) for endereco in linha["evidencias"]]
    assert (funda.status, funda.headers["Content-Type"].split(";")[0], funda.bruto) == (200, "text/plain", fundo)
    assert mexida.recusa == (500, "arquivo.alterado")


async def test_events_over_rest_are_the_sockets_own_text(balcao: Balcao) -> None:
    await add_loja(balcao.pool)
    id = (await balcao.call("POST", ENVIO, BASE_CORPO)).data["automacao_id"]
    todos = (await balcao.call("GET", f"execucoes/{id}/eventos")).data
    assert [e["seq"] for e in todos["eventos"]] == list(range(1, todos["seq"] + 1))
    depois = (await balcao.call("GET", f"execucoes/{id}/eventos?desde=2")).data
    assert depois["eventos"] == todos["eventos"][2:]
    pagina = (await balcao.call("GET", f"execucoes/{id}/eventos?limite=1")).data
    seguinte = (await balcao.call("GET", f"execucoes/{id}/eventos?limite=1&cursor={pagina['cursor']}")).data
    assert [e["seq"] for e in seguinte["eventos"]] == [2]


async def test_an_answer_is_held_no_longer_than_the_process_lives(database_url: str, tmp_path: Path) -> None:
    async with open_balcao(database_url, tmp_path) as balcao:
        await add_loja(balcao.pool)
        presa = asyncio.create_task(balcao.call("POST", ENVIO, BASE_CORPO, headers={"Prefer": "wait=600"}))
        await eventually(lambda: count_execucoes(balcao))
        balcao.gateway.ctx.live.close_sockets()
        assert (await asyncio.wait_for(presa, 5)).status == 202
