"""The register over HTTP: what it takes, what it refuses, what it never tells."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.gateway.store.chaves import Escopo
from tests.gateway.cadastro import add_cliente, cpf_de
from tests.gateway.porta import Porta, open_porta

SENHA = "segredo-do-portal"


@pytest.fixture
async def porta(database_url: str, tmp_path: Path) -> AsyncIterator[Porta]:
    async with open_porta(database_url, tmp_path) as aberta:
        await aberta.register()
        yield aberta


async def add_clientes(porta: Porta, quantos: int = 1, pv: int = 1) -> list[int]:
    return [await add_cliente(porta.pool, pv, 1 if pv == 1 else None, pv * 100 + n) for n in range(quantos)]


# --- pontos de venda ---


async def test_a_ponto_de_venda_is_found_by_its_code_with_or_without_punctuation(porta: Porta) -> None:
    pontos = [(await porta.call("GET", f"pontos-venda/{codigo}")).data for codigo in ("17.308", "17308", "17-308")]
    assert [ponto["id"] for ponto in pontos] == [1, 1, 1]
    assert pontos[0] | {"created_at": 0, "updated_at": 0} == {
        "id": 1, "codigo": "17.308", "nome": "Loja 17.308", "empresa": "credms", "ativo": True, "clientes": 0,
        "url_base": "https://cnp3.consorciocanopus.com.br/WWW", "perfil": "canopus", "credenciais": 1,
        "recuperacao_rodadas": 0, "recuperacao_pausa_min": 30, "ordem_risco": False, "created_at": 0, "updated_at": 0,
    }  # fmt: skip
    assert (await porta.call("GET", "pontos-venda/99999")).status == 404


async def test_a_code_exists_once_whatever_its_punctuation(porta: Porta) -> None:
    resposta = await porta.call("POST", "pontos-venda", {"codigo": "17308", "nome": "Outra", "empresa": "credms"})
    assert (resposta.status, resposta.corpo["codigo"]) == (409, "cadastro.duplicado")
    assert (await porta.call("PATCH", "pontos-venda/21400", {"codigo": "17308"})).status == 409


async def test_the_portals_address_is_an_origin_with_an_optional_root(porta: Porta) -> None:
    for dada, guardada in (
        ("https://portal.exemplo.com.br/", "https://portal.exemplo.com.br"),
        ("http://127.0.0.1:8123/WWW/", "http://127.0.0.1:8123/WWW"),
        (" https://PORTAL.exemplo.com.br/NewconWeb ", "https://portal.exemplo.com.br/NewconWeb"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ):
        resposta = await porta.call("PATCH", "pontos-venda/17308", {"url_base": dada})
        assert resposta.data["url_base"] == guardada


PONTO_VENDA_RUIM: list[dict[str, Any]] = [
    {"url_base": "ftp://portal"},
    {"url_base": "portal.exemplo.com.br"},
    {"url_base": "https://u:s@portal"},
    {"url_base": "https://portal/?a=1"},
    {"url_base": "https://portal/#a"},
    {"url_base": "https://portal/../x"},
    {"url_base": "https://portal:porta"},
    {"url_base": "https://portal exemplo"},
    {"url_base": "https://portal/WWW/frmCorCcCnsLogin.aspx"},
    {"url_base": None},
    {"perfil": "../canopus"},
    {"codigo": "..."},
    {"codigo": "123456789012345678901"},
    {"nome": "  "},
    {"ativo": "sim"},
]


async def test_a_bad_field_is_refused_by_name_and_nothing_changes(porta: Porta) -> None:
    antes = (await porta.call("GET", "pontos-venda/17308")).data
    for corpo in PONTO_VENDA_RUIM:
        resposta = await porta.call("PATCH", "pontos-venda/17308", corpo)
        assert (resposta.status, resposta.campos) == (422, list(corpo)), corpo
    assert (await porta.call("GET", "pontos-venda/17308")).data == antes


async def test_what_is_missing_is_named(porta: Porta) -> None:
    assert (await porta.call("POST", "pontos-venda", {})).campos == ["codigo", "nome", "empresa"]
    assert (await porta.call("POST", "consultores", {})).campos == ["nome", "ponto_venda"]
    assert (await porta.call("POST", "credenciais", {})).campos == ["ponto_venda", "usuario", "senha"]


async def test_what_is_referred_to_is_switched_off_and_the_rest_is_gone(porta: Porta) -> None:
    usado = await porta.call("DELETE", "pontos-venda/17308")
    livre = await porta.call("DELETE", "pontos-venda/21400")
    assert (usado.data["excluido"], livre.data["excluido"]) == (False, True)
    assert "desativado" in usado.corpo["message"]
    assert (await porta.call("GET", "pontos-venda/17308")).data["ativo"] is False
    assert (await porta.call("GET", "pontos-venda/21400")).status == 404


async def test_lists_come_a_page_at_a_time(porta: Porta) -> None:
    um = (await porta.call("GET", "pontos-venda?limite=1")).data
    dois = (await porta.call("GET", f"pontos-venda?limite=1&cursor={um['cursor']}")).data
    assert [p["codigo"] for p in (*um["pontos-venda"], *dois["pontos-venda"])] == ["17.308", "21.400"]
    assert dois["cursor"] is None
    await porta.pool.execute("INSERT INTO empresas (codigo, nome) VALUES ('filial', 'Filial')")
    for lista, limite in (("empresas", 1), ("desfechos", 30)):
        inteira = (await porta.call("GET", f"{lista}?limite=1000")).data
        um = (await porta.call("GET", f"{lista}?limite={limite}")).data
        dois = (await porta.call("GET", f"{lista}?limite={limite}&cursor={um['cursor']}")).data
        assert (len(um[lista]), [*um[lista], *dois[lista]]) == (limite, inteira[lista])
        assert inteira["cursor"] is None and dois["cursor"] is None


# --- consultores ---


async def test_a_consultors_folder_is_the_name_unless_said_otherwise(porta: Porta) -> None:
    novo = await porta.call("POST", "consultores", {"nome": "Ana / Filial: 2", "ponto_venda": "21.400"})
    assert (novo.status, novo.data["pasta_boletos"], novo.data["ponto_venda"]) == (201, "Ana Filial 2", "21.400")
    mudado = await porta.call("PATCH", f"consultores/{novo.data['id']}", {"pasta_boletos": "Ana 2", "email": "a@b.co"})
    assert (mudado.data["pasta_boletos"], mudado.data["email"], mudado.data["nome"]) == (
        "Ana 2",
        "a@b.co",
        novo.data["nome"],
    )
    assert (await porta.call("PATCH", f"consultores/{novo.data['id']}", {"email": None})).data["email"] is None


async def test_a_folder_never_leaves_its_place(porta: Porta) -> None:
    for pasta in ("../fora", "a/b", "a\\b", "_interno", "CON", "fim.", "..", "a\nb"):
        resposta = await porta.call("PATCH", "consultores/1", {"pasta_boletos": pasta})
        assert (resposta.status, resposta.campos) == (422, ["pasta_boletos"]), pasta


async def test_a_consultors_name_exists_once_case_and_accents_aside(porta: Porta) -> None:
    resposta = await porta.call("POST", "consultores", {"nome": "MÁRTA", "ponto_venda": "17.308"})
    assert (resposta.status, resposta.corpo["codigo"]) == (409, "cadastro.duplicado")
    assert (await porta.call("POST", "consultores", {"nome": "123", "ponto_venda": "17.308"})).campos == ["nome"]
    assert (await porta.call("POST", "consultores", {"nome": "Zé", "ponto_venda": "9"})).status == 404


async def test_a_name_that_grows_when_it_is_folded_is_taken_and_found(porta: Porta) -> None:
    nome = "ß" * 60
    novo = await porta.call("POST", "consultores", {"nome": nome, "ponto_venda": "17.308"})
    assert (novo.status, novo.data["nome"]) == (201, nome)
    assert (await porta.call("GET", f"clientes?consultor={'ss' * 60}")).status == 200
    assert (await porta.call("PATCH", f"consultores/{novo.data['id']}", {"nome": "\ufdfa" * 100})).status == 200


async def test_a_consultor_with_clients_is_only_switched_off(porta: Porta) -> None:
    await add_clientes(porta)
    assert (await porta.call("DELETE", "consultores/1")).data == {"id": 1, "excluido": False, "ativo": False}
    outro = (await porta.call("POST", "consultores", {"nome": "Zé", "ponto_venda": "17.308"})).data["id"]
    assert (await porta.call("DELETE", f"consultores/{outro}")).data["excluido"] is True
    assert (await porta.call("DELETE", f"consultores/{outro}")).status == 404


# --- credenciais ---


async def test_a_password_goes_in_and_never_comes_out(porta: Porta, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    respostas = [
        await porta.call("POST", "credenciais", {"ponto_venda": "21400", "usuario": "x", "senha": SENHA}),
        await porta.call("POST", "credenciais", {"ponto_venda": "21400", "usuario": "x", "senha": SENHA}),
        await porta.call("PATCH", "credenciais/1", {"senha": SENHA, "max_sessoes": 99}),
        await porta.call("PATCH", "credenciais/1", {"senha": SENHA}),
        await porta.call("GET", "credenciais/1"),
        await porta.call("GET", "credenciais"),
    ]
    assert [resposta.status for resposta in respostas] == [201, 409, 422, 200, 200, 200]
    dito = "".join(json.dumps([r.corpo, r.headers]) for r in respostas) + caplog.text
    guardada = await porta.pool.fetchval("SELECT senha_encrypted FROM credenciais_canopus WHERE id = 1")
    auditoria = await porta.pool.fetchval("SELECT string_agg(detalhes::text, ' ') FROM auditoria")
    assert SENHA not in dito + auditoria + guardada
    assert guardada not in dito + auditoria
    assert "senha" not in respostas[4].data
    assert porta.chaveiro.decrypt(guardada) == SENHA


async def test_a_credential_with_a_bad_field_is_refused(porta: Porta) -> None:
    ruins: dict[str, list[Any]] = {"max_sessoes": [0, 65, "2"], "senha": ["", None], "usuario": [""]}
    for campo, valor in ((campo, valor) for campo, valores in ruins.items() for valor in valores):
        corpo = {"ponto_venda": "21400", "usuario": "x", "senha": SENHA, campo: valor}
        resposta = await porta.call("POST", "credenciais", corpo)
        assert (resposta.status, resposta.campos) == (422, [campo])


async def test_a_credential_put_right_is_no_longer_stopped(porta: Porta) -> None:
    await porta.pool.execute(
        "UPDATE credenciais_canopus SET parada_codigo = 'login.recusado', parada_em = now() WHERE id = 1"
    )
    parada = (await porta.call("GET", "credenciais/1")).data
    assert parada["parada_codigo"] == "login.recusado" and "Atualize a credencial" in parada["parada_texto"]
    assert (await porta.call("PATCH", "credenciais/1", {"max_sessoes": 3})).data["parada_codigo"] == "login.recusado"
    mudada = (await porta.call("PATCH", "credenciais/1", {"senha": "outra"})).data
    assert (mudada["parada_codigo"], mudada["max_sessoes"]) == (None, 3)


async def test_a_credential_that_held_a_session_keeps_its_history(porta: Porta) -> None:
    nova = (await porta.call("POST", "credenciais", {"ponto_venda": "21400", "usuario": "x", "senha": "s"})).data
    await porta.pool.execute(
        "INSERT INTO concessoes (credencial_id, slot, scraper_id, fila, expira_em, encerrada_em)"
        " VALUES (1, 1, 's', 'f', now(), now())"
    )
    assert (await porta.call("DELETE", f"credenciais/{nova['id']}")).data["excluido"] is True
    assert (await porta.call("DELETE", "credenciais/1")).data["excluido"] is False
    assert (await porta.call("GET", "credenciais/1")).data["ativo"] is False


# --- clientes ---


async def test_a_cpf_is_whole_for_those_who_work_and_masked_for_those_who_look(porta: Porta) -> None:
    [id] = await add_clientes(porta)
    cpf = cpf_de(100)
    vistos = {
        chave: await porta.call("GET", f"clientes/{id}", chave=chave) for chave in ("admin", "operador", "leitura")
    }
    assert vistos["admin"].data["cpf"] == vistos["operador"].data["cpf"] == cpf
    lista = await porta.call("GET", "clientes", chave="leitura")
    assert cpf not in (vistos["leitura"].bruto + lista.bruto).decode()
    assert lista.data["clientes"][0]["cpf"].startswith("***.")


async def test_what_a_person_enters_is_kept_and_remembered_as_hers(porta: Porta) -> None:
    [id] = await add_clientes(porta)
    corpo = {
        "whatsapp": "(67) 99999-0000", "email": "ana@exemplo.com.br", "nome": "ANA SOUZA", "cpf": "111.444.777-35",
        "grupo": 6651, "cota": 9, "ponto_venda": "21.400", "consultor": "marta", "ativo": False,
        "observacoes": "liga à tarde",
    }  # fmt: skip
    cliente = (await porta.call("PATCH", f"clientes/{id}", corpo, chave="operador")).data
    assert {campo: cliente[campo] for campo in corpo} == corpo | {"cpf": "11144477735", "consultor": "Marta"}
    assert cliente["editados"] == sorted(corpo)
    sem = (await porta.call("PATCH", f"clientes/{id}", {"whatsapp": None, "consultor": None})).data
    assert (sem["whatsapp"], sem["consultor"], sem["email"]) == (None, None, "ana@exemplo.com.br")


CLIENTE_RUIM: tuple[tuple[str, Any], ...] = (
    ("cpf", "111.444.777-34"), ("cpf", None), ("whatsapp", "12"), ("whatsapp", "ligar depois"), ("email", "ana"),
    ("consultor", "Ninguém"), ("grupo", 0), ("grupo", "6650"), ("cota", None), ("ativo", None), ("idade", 3),
    ("nome", "a\x00b"),
)  # fmt: skip


async def test_a_client_with_a_bad_field_is_refused_and_stays(porta: Porta) -> None:
    [id] = await add_clientes(porta)
    antes = (await porta.call("GET", f"clientes/{id}")).data
    for campo, valor in CLIENTE_RUIM:
        resposta = await porta.call("PATCH", f"clientes/{id}", {campo: valor})
        assert (resposta.status, resposta.campos) == (422, [campo]), (campo, valor)
    assert (await porta.call("GET", f"clientes/{id}")).data == antes


async def test_one_contract_per_document_and_cota(porta: Porta) -> None:
    um, dois = await add_clientes(porta, 2)
    outro = (await porta.call("GET", f"clientes/{um}")).data
    corpo = {campo: outro[campo] for campo in ("cpf", "grupo", "cota")}
    resposta = await porta.call("PATCH", f"clientes/{dois}", corpo)
    assert (resposta.status, resposta.corpo["codigo"]) == (409, "cadastro.duplicado")
    assert (await porta.call("PATCH", f"clientes/{dois}", {"cpf": outro["cpf"]})).status == 200, "another cota"


async def test_a_ponto_de_venda_that_people_are_bound_to_is_only_switched_off(porta: Porta) -> None:
    corpo = {"codigo": "30.000", "nome": "Nova", "empresa": "credms"}
    assert (await porta.call("POST", "pontos-venda", corpo)).status == 201
    pessoa = {"email": "bia@exemplo.com.br", "nome": "Bia", "escopo": "operador", "pontos_venda": ["30000"]}
    id = (await porta.call("POST", "pessoas", pessoa)).data["id"]
    resposta = await porta.call("DELETE", "pontos-venda/30000")
    assert (resposta.data["excluido"], resposta.data["ativo"]) == (False, False)
    assert (await porta.call("GET", "pessoas")).data["pessoas"][0]["pontos_venda"] == ["30.000"]
    assert (await porta.call("DELETE", f"pessoas/{id}")).status == 200
    assert (await porta.call("DELETE", "pontos-venda/30000")).data["excluido"]


async def test_an_e_mail_that_grows_as_it_is_kept_is_refused_where_it_no_longer_fits(porta: Porta) -> None:
    nova = {"email": f"{'İ' * 100}@exemplo.com.br", "nome": "Ana", "escopo": "leitura"}
    assert (await porta.call("POST", "pessoas", nova)).campos == ["email"]


async def test_clients_are_found_by_what_is_known_of_them(porta: Porta) -> None:
    await add_clientes(porta, 3)
    await add_clientes(porta, 1, pv=2)
    await porta.pool.execute("UPDATE clientes_finais SET nome_completo = 'JOÃO DA LUÇA' WHERE id = 2")
    await porta.pool.execute("UPDATE clientes_finais SET ativo = false WHERE id = 3")

    async def ids(filtro: str) -> list[int]:
        return [cliente["id"] for cliente in (await porta.call("GET", f"clientes?{filtro}")).data["clientes"]]

    assert await ids("") == [1, 2, 3, 4]
    assert await ids("ponto_venda=21400") == [4]
    assert await ids("consultor=MARTA&ativo=true") == [1, 2]
    assert await ids(f"cpf={cpf_de(102)}") == [3]
    assert await ids("busca=joao da luc") == [2]
    await porta.pool.execute("UPDATE clientes_finais SET nome_completo = 'ANA-LÚCIA SANT''ANNA' WHERE id = 2")
    for busca in ("sant'anna", "ana lucia", "ana-lúcia sant anna"):
        assert await ids(f"busca={busca}") == [2]
    assert (await porta.call("GET", "clientes?ponto_venda=99")).status == 404
    assert (await porta.call("GET", "clientes?cpf=123")).campos == ["cpf"]


# --- who may ---


async def test_a_key_of_one_ponto_de_venda_sees_nothing_of_another(porta: Porta) -> None:
    await porta.add_chave("loja", Escopo.ADMIN, "21.400")
    await add_clientes(porta)
    [meu] = await add_clientes(porta, 1, pv=2)
    await porta.call("POST", "consultores", {"nome": "Zé", "ponto_venda": "21400"})

    async def status(metodo: str, caminho: str, corpo: Any = None) -> int:
        return (await porta.call(metodo, caminho, corpo, chave="loja")).status

    for lista in ("pontos-venda", "consultores", "credenciais", "clientes"):
        linhas = (await porta.call("GET", lista, chave="loja")).data[lista]
        assert all("17.308" not in json.dumps(linha) for linha in linhas), lista
    assert await status("GET", "clientes/1") == await status("GET", "consultores/1") == 404
    assert await status("PATCH", "clientes/1", {"ativo": False}) == await status("DELETE", "credenciais/1") == 404
    assert await status("POST", "credenciais/1/testar") == 404
    assert await status("GET", "pontos-venda/17308") == await status("DELETE", "pontos-venda/17308") == 403
    assert await status("POST", "pontos-venda", {"codigo": "3", "nome": "x", "empresa": "x"}) == 403
    assert await status("POST", "consultores", {"nome": "Eu", "ponto_venda": "17308"}) == 403
    assert await status("PATCH", f"clientes/{meu}", {"ponto_venda": "17308"}) == 403
    assert await status("GET", f"clientes/{meu}") == 200


async def test_a_scope_does_what_it_is_for(porta: Porta) -> None:
    await add_clientes(porta)
    novo = {"codigo": "3", "nome": "x", "empresa": "x"}
    assert (await porta.call("POST", "pontos-venda", novo, chave="operador")).status == 403
    assert (await porta.call("PATCH", "credenciais/1", {"senha": "x"}, chave="operador")).status == 403
    assert (await porta.call("PATCH", "clientes/1", {"ativo": False}, chave="leitura")).status == 403
    assert (await porta.call("PATCH", "clientes/1", {"ativo": False}, chave="operador")).status == 200


async def test_every_write_is_audited_without_secrets(porta: Porta) -> None:
    await add_clientes(porta)
    await porta.call("PATCH", "clientes/1", {"cpf": "11144477735"}, chave="operador")
    linhas = await porta.pool.fetch(
        "SELECT quem, acao, alvo, detalhes FROM auditoria WHERE quem <> 'teste' ORDER BY id"
    )
    assert [linha["acao"] for linha in linhas] == [
        "ponto_venda.criar", "ponto_venda.criar", "consultor.criar", "credencial.criar", "cliente.alterar"
    ]  # fmt: skip
    assert linhas[-1]["alvo"] == "clientes/1" and "operador" in linhas[-1]["quem"]
    assert linhas[-1]["detalhes"] == {"cpf": "***.444.777-**"}
    assert linhas[-2]["detalhes"]["senha"] == "alterada"
