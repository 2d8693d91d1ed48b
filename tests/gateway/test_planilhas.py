"""Workbooks over HTTP, read by the real namer: what an import reports is what it did, and simulating writes nothing."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from services.gateway.store.chaves import Escopo
from tests.eventually import eventually
from tests.gateway.cadastro import add_loja, list_itens, submit
from tests.gateway.porta import Porta, open_porta
from tests.namer.planilhas import make_cpf, make_generica, make_geral, mask

ANA, BIA, CAIO, DAVI = (make_cpf(numero) for numero in range(1, 5))
TABELAS = ("clientes_finais", "planilhas", "pedidos", "auditoria", "outbox", "execucoes_automacao")


@pytest.fixture
async def porta(database_url: str, tmp_path: Path) -> AsyncIterator[Porta]:
    async with open_porta(database_url, tmp_path, namer=True) as aberta:
        await aberta.register()
        yield aberta


def linha(cpf: str | None, cota: str, nome: str = "ANA - 70%", pv: Any = 17308, situacao: str = "Em dia") -> list[Any]:
    return [cpf and mask(cpf), cota, None, None, situacao, nome, pv, 50000, 812.45]


def planilha(*linhas: Sequence[Any]) -> bytes:
    return make_geral(linhas)


MISTA = planilha(
    linha(ANA, "6650 1"),
    linha(BIA, "6650 2", "BIA SOUZA  50%"),
    linha(CAIO, "6650 3", "CAIO", situacao="CANCELADO"),
    linha(DAVI, "6650 4", "DAVI", pv="99.999"),
    linha(None, "6650 5", "SEM DOCUMENTO"),
)


async def count_rows(porta: Porta) -> dict[str, int]:
    return {tabela: await porta.pool.fetchval(f"SELECT count(*) FROM {tabela}") for tabela in TABELAS}  # noqa: S608


async def list_clientes(porta: Porta) -> list[dict[str, Any]]:
    clientes: list[dict[str, Any]] = (await porta.call("GET", "clientes")).data["clientes"]
    return clientes


async def test_an_import_reports_every_row_once_with_its_reason(porta: Porta) -> None:
    resposta = await porta.upload(MISTA, "MARTA")
    assert resposta.status == 201
    contagens = {campo: valor for campo, valor in resposta.data.items() if campo != "erros"}
    assert contagens == {
        "id": 1, "total": 5, "importados": 2, "atualizados": 0, "inativos": 1, "ignorados": 1, "rejeitados": 1,
        "simulado": False,
    }  # fmt: skip
    desconhecido, sem_cpf = resposta.data["erros"]
    assert desconhecido["linha"] == 17 and "99999" in desconhecido["motivo"].replace(".", "")
    assert sem_cpf["linha"] == 18 and sem_cpf["campo"].strip() == "CPF" and sem_cpf["aba"].strip() == "PLANILHA GERAL"
    ana, bia, caio = await list_clientes(porta)
    assert (ana["nome"], ana["grupo"], ana["cota"], ana["consultor"]) == ("ANA", 6650, 1, "Marta")
    assert (bia["nome"], bia["valor_parcela"], bia["ponto_venda"]) == ("BIA SOUZA", 812.45, "17.308")
    assert (caio["ativo"], caio["status_contrato"]) == (False, "cancelado")
    [guardada] = (await porta.call("GET", "planilhas")).data["planilhas"]
    vistas = {campo: guardada[campo] for campo in contagens if campo != "simulado"}
    assert vistas | {"simulado": False} == contagens
    assert guardada["erros"] == resposta.data["erros"]
    assert f"_interno/planilhas/{guardada['sha256']}" in porta.list_files()
    assert not [arquivo for arquivo in porta.list_files() if "/linhas/" in arquivo]


async def test_whoever_imports_may_have_a_long_name(porta: Porta) -> None:
    await porta.pool.execute("UPDATE chaves_api SET nome = $1 WHERE nome = 'operador'", "N" * 100)
    assert (await porta.upload(MISTA, chave="operador")).status == 201
    [guardada] = (await porta.call("GET", "planilhas")).data["planilhas"]
    assert guardada["importada_por"].endswith(f"({'N' * 100})")


async def test_simulating_gives_the_same_numbers_and_writes_nothing_at_all(porta: Porta) -> None:
    antes, arquivos = await count_rows(porta), porta.list_files()
    simulada = await porta.upload(MISTA, simular=True)
    assert simulada.status == 200
    assert (await count_rows(porta), porta.list_files()) == (antes, arquivos)
    feita = await porta.upload(MISTA)
    assert simulada.data | {"id": 1, "simulado": False} == feita.data
    # Once imported, simulating the same bytes leaves the kept workbook alone.
    arquivos = porta.list_files()
    assert (await porta.upload(MISTA, simular=True)).data["atualizados"] == 2
    assert porta.list_files() == arquivos


async def test_a_switch_without_its_value_is_no_consent_to_import(porta: Porta) -> None:
    antes, arquivos = await count_rows(porta), porta.list_files()
    for chave in ("simular", "simular=", "simular=%20"):
        recusada = await porta.upload(MISTA, caminho=f"planilhas?{chave}")
        assert (recusada.status, recusada.campos) == (422, ["simular"])
        assert recusada.corpo["detalhes"][0]["erro"] == "deve ser true ou false"
    assert (await count_rows(porta), porta.list_files()) == (antes, arquivos)
    assert (await porta.call("GET", "clientes?ativo=&busca=")).campos == ["ativo"]


async def test_importing_again_updates_and_loses_nothing_entered_by_hand(porta: Porta) -> None:
    await porta.upload(MISTA)
    ana, bia, _ = await list_clientes(porta)
    minhas = {"whatsapp": "(67) 99999-0000", "email": "ana@exemplo.com.br", "nome": "ANA DE SOUZA"}
    await porta.call("PATCH", f"clientes/{ana['id']}", minhas)
    await porta.call("PATCH", f"clientes/{bia['id']}", {"ativo": False})
    cabecalho = ("CPF", "NOME", "GRUPO", "COTA", "WHATSAPP", "E-MAIL", "SITUAÇÃO", "VALOR")
    nova = make_generica(
        cabecalho,
        [
            (mask(ANA), "ANA - 70%", 6650, 1, "67 98888-1111", "outra@exemplo.com.br", "INADIMPLENTE", 61000),
            (mask(BIA), "BIA", 6650, 2, "67 97777-1111", None, "Em dia", 1),
            (mask(CAIO), "CAIO", 6650, 3, None, None, "Em dia", 1),
            (mask(DAVI), "DAVI", 6650, 4, "67 96666-1111", None, "Em dia", 1),
        ],
    )
    relato = (await porta.upload(nova)).data
    assert [relato[campo] for campo in ("importados", "atualizados", "inativos", "ignorados")] == [1, 2, 1, 0]
    ana, bia, caio, davi = await list_clientes(porta)
    assert {campo: ana[campo] for campo in minhas} == minhas
    assert (ana["situacao"], ana["valor_credito"], ana["ativo"]) == ("INADIMPLENTE", 61000, True)
    assert (bia["ativo"], bia["status_contrato"]) == (False, "ativo"), "switched off by hand"
    assert "97777" in bia["whatsapp"], "a blank is filled"
    assert (caio["ativo"], caio["status_contrato"]) == (True, "ativo"), "no longer cancelled"
    assert davi["ponto_venda"] == "17.308", "the upload's, being the consultor's"


async def test_who_is_switched_on_by_hand_and_cancelled_again_has_been_switched_off_by_nobody(porta: Porta) -> None:
    cabecalho, ativo = ("CPF", "NOME", "G/C", "SITUAÇÃO"), []
    for situacao in ("CANCELADO", "CANCELADO", "Em dia"):
        await porta.upload(make_generica(cabecalho, [(mask(ANA), "ANA", "6650 1", situacao)]))
        [ana] = await list_clientes(porta)
        ativo.append(ana["ativo"])
        if len(ativo) == 1:
            await porta.call("PATCH", f"clientes/{ana['id']}", {"ativo": True})
    assert ativo == [False, False, True]
    # Switched off by hand it stays so.
    await porta.call("PATCH", f"clientes/{ana['id']}", {"ativo": False})
    for situacao in ("CANCELADO", "Em dia"):
        await porta.upload(make_generica(cabecalho, [(mask(ANA), "ANA", "6650 1", situacao)]))
    assert [ana["ativo"] for ana in await list_clientes(porta)] == [False]


async def test_what_a_workbook_said_before_and_nobody_touched_follows_the_newer_one(porta: Porta) -> None:
    cabecalho = ("CPF", "NOME", "G/C", "WHATSAPP", "E-MAIL", "SITUAÇÃO")
    velha = (mask(ANA), "ANA", "6650 1", "67 98888-1111", "velho@exemplo.com.br", "CANCELADO")
    nova = (mask(ANA), "ANA", "6650 1", "67 97777-2222", None, None)
    for conteudo in (velha, nova):
        assert (await porta.upload(make_generica(cabecalho, [conteudo]))).status == 201
    [ana] = await list_clientes(porta)
    assert (ana["whatsapp"], ana["email"]) == ("67977772222", "velho@exemplo.com.br"), "a blank takes nothing away"
    assert (ana["ativo"], ana["situacao"]) == (True, None), "an active contract is not shown as cancelled"


async def test_a_contract_moves_to_the_consultor_whose_workbook_brings_it(porta: Porta) -> None:
    await porta.upload(planilha(linha(ANA, "6650 1")))
    assert (await porta.call("POST", "consultores", {"nome": "Zé", "ponto_venda": "21.400"})).status == 201
    relato = (await porta.upload(planilha(linha(ANA, "6650 1", pv="21.400")), "zé")).data
    assert (relato["importados"], relato["atualizados"]) == (0, 1)
    [ana] = await list_clientes(porta)
    assert (ana["consultor"], ana["ponto_venda"], ana["planilha_id"]) == ("Zé", "21.400", 2)


async def test_a_contract_known_by_cpf_alone_gains_its_cota(porta: Porta) -> None:
    so_cpf = make_generica(("CPF", "NOME"), [(mask(ANA), "ANA")])
    assert (await porta.upload(so_cpf)).data["importados"] == 1
    assert (await porta.upload(planilha(linha(ANA, "6650 1"), linha(ANA, "6650 2")))).data["atualizados"] == 1
    assert [(c["grupo"], c["cota"]) for c in await list_clientes(porta)] == [(6650, 1), (6650, 2)]
    de_novo = (await porta.upload(so_cpf)).data
    assert (de_novo["ignorados"], de_novo["erros"][0]["campo"]) == (1, "G/C")


async def test_an_upload_for_another_ponto_de_venda_fills_rows_without_their_own(porta: Porta) -> None:
    so_cpf = make_generica(("CPF", "NOME"), [(mask(ANA), "ANA")])
    assert (await porta.upload(so_cpf, ponto_venda="21400")).status == 201
    [ana] = await list_clientes(porta)
    assert ana["ponto_venda"] == "21.400"


async def test_a_workbook_names_the_boletos_that_waited_for_it(porta: Porta) -> None:
    loja = await add_loja(porta.pool, "30.000", clientes=0)
    automacao_id = await submit(porta.pool, loja, cpfs=(ANA,))
    arquivo = await porta.files.put_interno("sem_nome", b"%PDF-1.7 boleto")
    [item] = await list_itens(porta.pool, automacao_id)
    boleto = {
        "cpf": ANA, "nome_portal": "ANA", "grupo": 6650, "cota": 1, "ano": 2026, "mes": 11,
        "vencimento": "2026-11-15", "valor": "812.45",
    }  # fmt: skip
    async with porta.pool.acquire() as conn, conn.transaction():
        await conn.execute(
            "UPDATE log_downloads_boletos SET status = 'erro', codigo = 'nome.nao_encontrado', captura = $2,"
            " dados_boleto = $3, despacho = 1, finalizado_em = now() WHERE id = $1",
            item["id"], arquivo.model_dump(), boleto,
        )  # fmt: skip
        await conn.execute(
            "UPDATE execucoes_automacao SET pendentes = 0, processados_erro = 1, status = 'concluida_com_falhas'"
        )
    assert (await porta.upload(planilha(linha(ANA, "6650 1", "ANA LIMA - 70%")), ponto_venda="17308")).status == 201

    async def named() -> bool:
        [item] = await list_itens(porta.pool, automacao_id)
        return bool(item["status"] == "sucesso")

    await eventually(named)
    assert [a for a in porta.list_files() if a.endswith(".pdf")] == ["Marta/ANA_LIMA_NOVEMBRO.pdf"]


# --- refusals ---


async def test_what_is_no_workbook_is_refused_with_the_remedy_and_leaves_nothing(porta: Porta) -> None:
    antes, arquivos = await count_rows(porta), porta.list_files()
    bomba = io.BytesIO()
    with zipfile.ZipFile(bomba, "w", zipfile.ZIP_DEFLATED) as pacote:
        pacote.writestr("xl/worksheets/sheet1.xml", bytes(210 << 20))
    sem_cpf = make_generica(("NOME", "VALOR"), [("ANA", 1)])
    for dados, texto in (
        (b"isto nao e planilha", "não é uma planilha"),
        (b"x" * (3 << 20), "não é uma planilha"),
        (b"", "vazio"),
        (sem_cpf, "CPF"),
        (bomba.getvalue(), "200 MB"),
    ):
        resposta = await porta.upload(dados)
        assert (resposta.status, resposta.corpo["codigo"], resposta.campos) == (422, "planilha_invalida", ["arquivo"])
        assert texto in resposta.corpo["error"]
    assert porta.list_files() == arquivos
    assert await count_rows(porta) == antes | {"pedidos": 5}


async def test_a_call_that_is_no_form_or_lacks_a_field_is_refused(porta: Porta) -> None:
    assert (await porta.call("POST", "planilhas", {"consultor": "Marta"})).status == 415
    vazio = aiohttp.FormData()
    vazio.add_field("outro", b"x", filename="x")
    assert (await porta.call("POST", "planilhas", data=vazio)).campos == ["outro"]
    so_nome = aiohttp.FormData()
    so_nome.add_field("consultor", "  ", content_type="text/plain")
    assert (await porta.call("POST", "planilhas", data=so_nome)).campos == ["arquivo", "consultor"]
    assert (await porta.upload(MISTA, "Ninguém")).campos == ["consultor"]
    assert (await porta.upload(MISTA, ponto_venda="99")).status == 404
    torto = await porta.call("POST", "planilhas", data=b"--x", headers={"Content-Type": "multipart/form-data"})
    assert torto.status == 400
    parte = b'--x\r\nContent-Disposition: form-data; name="arquivo"; filename="' + b"a" * 9000 + b'"\r\n\r\na\r\n--x--'
    longo = await porta.call(
        "POST", "planilhas", data=parte, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert (longo.status, longo.corpo["codigo"]) == (400, "requisicao.ilegivel")


@pytest.mark.parametrize(("fronteira", "charset"), [("x" * 40, "utf-8"), ("x", "y" * 40)])
async def test_a_form_that_begins_with_its_charset_is_refused(porta: Porta, fronteira: str, charset: str) -> None:
    parte = f'--{fronteira}\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\n{charset}\r\n--{fronteira}--\r\n'
    tipo = f"multipart/form-data; boundary={fronteira}"
    for caminho in ("planilhas", "retornos"):
        recusado = await porta.call("POST", caminho, data=parte.encode(), headers={"Content-Type": tipo})
        assert recusado.status == 400 and recusado.corpo["codigo"] == "requisicao.multipart_invalido"


async def test_names_in_a_form_that_are_no_text_are_read_all_the_same(porta: Porta) -> None:
    def form(campo: bytes, arquivo: bytes) -> bytes:
        parte = b'--x\r\nContent-Disposition: form-data; name="consultor"\r\n\r\nMarta\r\n--x\r\n'
        parte += b'Content-Disposition: form-data; name="' + campo + b'"; filename="' + arquivo + b'"\r\n\r\n'
        return parte + MISTA + b"\r\n--x--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    torto = await porta.call("POST", "planilhas", data=form(b"\xff", b"a"), headers=headers)
    assert (torto.status, torto.campos) == (422, ["?"])
    importada = await porta.call("POST", "planilhas", data=form(b"arquivo", b"\xff.xlsx"), headers=headers)
    assert importada.status == 201
    [guardada] = (await porta.call("GET", "planilhas")).data["planilhas"]
    assert guardada["nome_arquivo"] == "?.xlsx"


async def test_a_form_that_comes_too_slowly_is_not_taken_for_a_database_that_is_away(
    porta: Porta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.routes.planilhas.ENVIO_S", 0.2)

    async def drip() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="consultor"\r\n\r\n'
        await asyncio.sleep(5)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    lenta = await porta.call("POST", "planilhas", data=drip(), headers=headers)
    assert (lenta.status, lenta.corpo["codigo"]) == (408, "requisicao.lenta")


async def test_a_workbook_over_the_limit_is_refused_before_it_is_read(porta: Porta) -> None:
    for tamanho in ((20 << 20) + 1, 60 << 20):
        resposta = await porta.upload(bytes(tamanho))
        assert (resposta.status, resposta.corpo["codigo"]) == (413, "requisicao.grande_demais")
    assert not [arquivo for arquivo in porta.list_files() if "planilhas" in arquivo]


async def test_documents_stand_in_the_register_alone(porta: Porta, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    torta = planilha(linha(ANA, "6650 1"), ["123.456.789-00", "6650 2", None, None, "Em dia", "BIA", 17308])
    for simular in (True, False):
        resposta = await porta.upload(torta, simular=simular)
        assert resposta.data["rejeitados"] == 1
        assert "456.789-0" not in resposta.bruto.decode()
    tabelas = [tabela for tabela in TABELAS if tabela != "clientes_finais"]
    linhas = [await porta.pool.fetchval(f"SELECT string_agg(t::text, ' ') FROM {t} t") for t in tabelas]  # noqa: S608
    guardado = caplog.text + json.dumps(linhas)
    assert not [cpf for cpf in (ANA, mask(ANA), "12345678900", "123.456.789-00") if cpf in guardado]


async def test_a_bound_key_imports_only_its_own_rows(porta: Porta) -> None:
    await porta.upload(planilha(linha(BIA, "6650 2")))
    await porta.call("POST", "consultores", {"nome": "Zé", "ponto_venda": "21.400"})
    await porta.add_chave("loja", Escopo.OPERADOR, "21.400")
    mista = planilha(linha(ANA, "6650 1", pv="21400"), linha(BIA, "6650 2", pv="21400"), linha(CAIO, "6650 3"))
    assert (await porta.upload(mista, "Marta", chave="loja")).campos == ["consultor"]
    relato = (await porta.upload(mista, "Zé", chave="loja")).data
    assert (relato["importados"], relato["ignorados"]) == (1, 2)
    assert [c["ponto_venda"] for c in await list_clientes(porta)] == ["17.308", "21.400"]
    assert len((await porta.call("GET", "planilhas", chave="loja")).data["planilhas"]) == 1


# --- when the answer does not come in time ---


async def test_without_a_namer_the_call_says_so_at_once(database_url: str, tmp_path: Path) -> None:
    async with open_porta(database_url, tmp_path) as porta:
        await porta.register()
        resposta = await porta.upload(MISTA)
        assert (resposta.status, resposta.corpo["codigo"]) == (503, "servico.sem_namer")
        assert "Retry-After" in resposta.headers
        assert (await count_rows(porta))["pedidos"] == 0 and not porta.list_files()


async def test_a_late_answer_is_found_under_location(database_url: str, tmp_path: Path) -> None:
    async with open_porta(database_url, tmp_path, espera_s=0.1) as porta:
        await porta.register()
        await add_namer(porta)
        resposta = await porta.upload(MISTA)
        assert resposta.status == 202
        endereco = resposta.headers["Location"].removeprefix("/api/automation/")
        assert (await porta.call("GET", endereco)).status == 202
        await porta.add_chave("loja", Escopo.OPERADOR, "21.400")
        assert (await porta.call("GET", endereco, chave="loja")).status == 404


async def test_a_question_outlives_the_gateway_that_asked_it(database_url: str, tmp_path: Path) -> None:
    """The reply queue is gone with the process, and the question with its bus: it is asked again, and imported once."""
    async with open_porta(database_url, tmp_path, espera_s=0.1, replica_id="antes") as porta:
        await porta.register()
        await add_namer(porta)
        endereco = (await porta.upload(MISTA)).headers["Location"].removeprefix("/api/automation/")
    async with open_porta(database_url, tmp_path, namer=True, replica_id="depois") as porta:
        await asyncio.gather(*(porta.pedidos.sweep(timedelta(0)) for _ in range(2)))

        async def answered() -> bool:
            return (await porta.call("GET", endereco)).status == 201

        await eventually(answered)
        assert (await porta.call("GET", endereco)).data["importados"] == 2
        assert len(await list_clientes(porta)) == 3
        assert len((await porta.call("GET", "planilhas")).data["planilhas"]) == 1


async def test_a_question_that_nobody_answers_ends_with_the_remedy(database_url: str, tmp_path: Path) -> None:
    async with open_porta(database_url, tmp_path, espera_s=0.1) as porta:
        await porta.register()
        await add_namer(porta)
        endereco = (await porta.upload(MISTA)).headers["Location"].removeprefix("/api/automation/")
        await porta.pool.execute("UPDATE pedidos SET criado_em = now() - interval '2 hours'")
        await porta.pedidos.sweep(timedelta(0))
        resposta = await porta.call("GET", endereco)
        assert (resposta.status, resposta.corpo["codigo"]) == (503, "servico_sem_resposta")
        assert "envie a planilha de novo" in resposta.corpo["error"]


async def add_namer(porta: Porta) -> None:
    """One that lives and never answers."""
    await porta.pool.execute("INSERT INTO servicos (id, tipo) VALUES ('mudo', 'namer')")
