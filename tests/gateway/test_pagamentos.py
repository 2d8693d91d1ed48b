"""Payments accepted back: of one boleto or by a return file; what was paid is not fetched again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from services.gateway.store.chaves import Escopo
from shared.events import BoletoConhecido, BoletoJaBaixado
from tests.gateway.cadastro import Loja, add_boleto, add_cliente, cpf_de, list_itens, submit
from tests.gateway.cnab import Pago, make_retorno
from tests.gateway.motor import Maestro, arquivado, capturado
from tests.gateway.porta import Porta, Resposta, open_porta

LOJA = Loja(1, "17.308", 1, 1)
DIA = "2026-11-09"


@pytest.fixture
async def porta(database_url: str, tmp_path: Path) -> AsyncIterator[Porta]:
    async with open_porta(database_url, tmp_path) as aberta:
        await aberta.register()
        yield aberta


async def add_numerado(porta: Porta, numero: int, nosso_numero: str | None, **campos: Any) -> int:
    id = await add_boleto(porta.pool, LOJA, numero)
    campos = {"nosso_numero": nosso_numero, "codigo_barras": "341" + "9" * 41} | campos
    await porta.pool.execute(
        "UPDATE boletos b SET (nosso_numero, codigo_barras, valor_original) ="
        " (SELECT n.nosso_numero, n.codigo_barras, n.valor_original FROM jsonb_populate_record(b, $2) n) WHERE id = $1",
        id, campos,
    )  # fmt: skip
    return id


async def upload(porta: Porta, dados: bytes, consulta: str = "", **opcoes: Any) -> Resposta:
    formulario = aiohttp.FormData()
    formulario.add_field("arquivo", dados, filename="CB101100.RET")
    return await porta.call("POST", f"retornos{consulta}", data=formulario, **opcoes)


async def count_auditoria(porta: Porta) -> int:
    quantas: int = await porta.pool.fetchval(
        "SELECT count(*) FROM auditoria WHERE acao IN ('boleto.pagamento', 'retorno.processar')"
    )
    return quantas


async def test_a_system_says_that_a_boleto_was_paid_once_or_again(porta: Porta) -> None:
    await add_boleto(porta.pool, LOJA, 1)
    pago = {"status": "pago", "data_pagamento": DIA, "valor_pago": 101.25}
    for _ in range(2):
        dados = (await porta.call("PATCH", "boletos/1", pago, chave="operador")).data
        assert {campo: dados[campo] for campo in pago} == pago
    assert await count_auditoria(porta) == 1
    dados = (await porta.call("PATCH", "boletos/1", {"valor_pago": 99})).data
    assert (dados["status"], dados["data_pagamento"], dados["valor_pago"]) == ("pago", DIA, 99.0)
    # No longer paid, it has neither date nor amount of payment.
    dados = (await porta.call("PATCH", "boletos/1", {"status": "cancelado"})).data
    assert (dados["status"], dados["data_pagamento"], dados["valor_pago"]) == ("cancelado", None, None)
    assert (await porta.call("PATCH", "boletos/1")).corpo["message"] == "Nada mudou."
    assert await count_auditoria(porta) == 3


async def test_what_says_no_payment_or_may_not_is_refused(porta: Porta) -> None:
    await add_boleto(porta.pool, LOJA, 1)
    for corpo, campo in (
        ({"status": "quitado"}, "status"), ({"status": None}, "status"), ({"data_pagamento": DIA}, "data_pagamento"),
        ({"status": "vencido", "valor_pago": 10}, "valor_pago"), ({"status": "pago", "valor_pago": 0}, "valor_pago"),
        ({"status": "pago", "valor_pago": 10.123}, "valor_pago"),
        ({"status": "pago", "valor_pago": 1e12}, "valor_pago"), ({"status": "pago", "valor_pago": True}, "valor_pago"),
        ({"status": "pago", "data_pagamento": "2099-01-01"}, "data_pagamento"),
        ({"status": "pago", "data_pagamento": "09/11/2026"}, "data_pagamento"), ({"valor": 10}, "valor"),
    ):  # fmt: skip
        recusa = await porta.call("PATCH", "boletos/1", corpo)
        assert (recusa.status, recusa.campos) == (422, [campo]), corpo
    await porta.add_chave("loja", Escopo.ADMIN, "21.400")
    assert (await porta.call("PATCH", "boletos/1", {"status": "pago"}, chave="loja")).status == 404
    assert (await porta.call("PATCH", "boletos/1", {"status": "pago"}, chave="leitura")).status == 403
    assert (await upload(porta, make_retorno(Pago()), chave="leitura")).status == 403
    assert await count_auditoria(porta) == 0


async def test_a_paid_boleto_is_not_fetched_again_and_its_row_says_why(porta: Porta) -> None:
    for numero in (1, 2):
        await add_cliente(porta.pool, 1, 1, numero)
        await add_boleto(porta.pool, LOJA, numero)
    await porta.call("PATCH", "boletos/1", {"status": "pago", "data_pagamento": DIA})
    pago, aberto = await list_itens(porta.pool, await submit(porta.pool, LOJA))
    assert (pago["status"], pago["codigo"], pago["boleto_id"]) == ("ja_baixado", "boleto.pago", 1)
    assert "pago" in pago["mensagem_erro"] and pago["finalizado_em"] is not None
    assert (aberto["status"], aberto["codigo"]) == ("ja_baixado", None)
    # Where only the grid knows the month, nothing is emitted either.
    id = await submit(porta.pool, LOJA, mes=None)
    item, _ = await list_itens(porta.pool, id)
    maestro = Maestro(porta.pool)
    tarefa = await maestro.send(item["id"], await maestro.lease(LOJA))
    await maestro.apply(BoletoJaBaixado(tarefa=tarefa, boleto=BoletoConhecido(grupo=6650, cota=1, ano=2026, mes=11)))
    item, _ = await list_itens(porta.pool, id)
    assert (item["status"], item["codigo"]) == ("ja_baixado", "boleto.pago")
    visto, _ = (await porta.call("GET", f"execucoes/{id}/clientes")).data["clientes"]
    assert "pago" in visto["mensagem"]


async def test_a_slip_issued_again_is_a_new_one_to_pay_unless_its_month_was_paid(porta: Porta) -> None:
    maestro, cerca = Maestro(porta.pool), 0
    await add_cliente(porta.pool, 1, 1, 1)
    await add_boleto(porta.pool, LOJA, 1)
    for antes, depois in (("cancelado", "pendente"), ("vencido", "pendente"), ("pago", "pago")):
        await porta.call("PATCH", "boletos/1", {"status": antes})
        (item,) = await list_itens(porta.pool, await submit(porta.pool, LOJA, forcar=True))
        cerca = cerca or await maestro.lease(LOJA)
        tarefa = await maestro.send(item["id"], cerca)
        captura = capturado(tarefa)
        boleto = captura.boleto.model_copy(update={"cota": 1})
        await maestro.apply(captura.model_copy(update={"boleto": boleto}), arquivado(tarefa))
        assert (await porta.call("GET", "boletos/1")).data["status"] == depois


async def test_a_return_file_is_shown_before_it_is_written_and_changes_nothing_twice(porta: Porta) -> None:
    um = await add_numerado(porta, 1, "109/00001234")
    dois = await add_numerado(porta, 2, None, codigo_barras="341" + "9" * 16 + "1234500777000" + "0" * 12)
    arquivo = make_retorno(
        Pago(documento=cpf_de(1), valor_pago=10_250),
        Pago("00000000000000500777", date(2026, 11, 10), documento=cpf_de(2)),
        Pago("99999999"),
        Pago(movimento="02"),
    )
    previa = (await upload(porta, arquivo, "?simular=true")).data
    assert (previa["simulado"], previa["titulos"], previa["ignorados"], previa["pagos"], previa["pendencias"]) == (
        True, 4, 1, 2, 1,
    )  # fmt: skip
    assert [(linha["situacao"], linha["boletos"]) for linha in previa["linhas"]] == [
        ("pago", [um]), ("pago", [dois]), ("desconhecido", []),
    ]  # fmt: skip
    for chave in ("?simular", "?simular="):
        assert (await upload(porta, arquivo, chave)).campos == ["simular"]
    assert (await porta.call("GET", f"boletos/{um}")).data["status"] == "pendente"
    feito = (await upload(porta, arquivo)).data
    assert feito | {"simulado": True} == previa
    visto = (await porta.call("GET", f"boletos/{um}")).data
    assert (visto["status"], visto["data_pagamento"], visto["valor_pago"]) == ("pago", DIA, 102.5)
    de_novo = (await upload(porta, arquivo)).data
    assert (de_novo["pagos"], de_novo["ja_pagos"], de_novo["pendencias"]) == (0, 2, 1)
    # The feed tells of each once.
    mudados = (await porta.call("GET", "boletos?desde=inicio")).data["boletos"]
    assert [boleto["status"] for boleto in mudados] == ["pago", "pago"]
    assert await count_auditoria(porta) == 2


async def test_digits_that_a_bar_code_has_by_chance_are_no_payment(porta: Porta) -> None:
    id = await add_numerado(porta, 1, None, codigo_barras="341" + "9" * 16 + "3381260000011234500063300")
    for nosso_numero in ("00000000000000012345", "1123450006"):
        (linha,) = (await upload(porta, make_retorno(Pago(nosso_numero)))).data["linhas"]
        assert (linha["situacao"], linha["boletos"]) == ("desconhecido", [])
    assert (await porta.call("GET", f"boletos/{id}")).data["status"] == "pendente"


async def test_a_number_that_another_bank_has_too_hides_none(porta: Porta) -> None:
    await add_numerado(porta, 1, "500777", codigo_barras="237" + "9" * 41)
    id = await add_numerado(porta, 2, None, codigo_barras="341" + "9" * 16 + "1234500777000" + "0" * 12)
    (linha,) = (await upload(porta, make_retorno(Pago("500777", documento=cpf_de(2))))).data["linhas"]
    assert (linha["situacao"], linha["boletos"]) == ("pago", [id])


async def test_another_bank_payer_or_office_is_not_taken_nor_one_of_two(porta: Porta) -> None:
    await add_numerado(porta, 1, "10900001234", codigo_barras="237" + "9" * 41)
    await add_numerado(porta, 2, "555555")
    arquivo = make_retorno(Pago(), Pago("555555", documento=cpf_de(3)))
    assert {linha["situacao"] for linha in (await upload(porta, arquivo)).data["linhas"]} == {"desconhecido"}
    await porta.add_chave("loja", Escopo.ADMIN, "21.400")
    (linha,) = (await upload(porta, make_retorno(Pago("555555", documento=cpf_de(2))), chave="loja")).data["linhas"]
    assert linha["situacao"] == "desconhecido"
    ids = [await add_numerado(porta, numero, "777777") for numero in (3, 4)]
    dados = (await upload(porta, make_retorno(Pago("777777")))).data
    assert [(linha["situacao"], linha["boletos"]) for linha in dados["linhas"]] == [("ambiguo", ids)]
    assert {b["status"] for b in (await porta.call("GET", "boletos")).data["boletos"]} == {"pendente"}


async def test_what_is_no_return_file_is_refused_and_changes_nothing(porta: Porta) -> None:
    await add_numerado(porta, 1, "10900001234")
    inteiro = make_retorno(Pago())
    cortado = await upload(porta, inteiro[:-250])
    assert (cortado.status, cortado.campos) == (422, ["arquivo"]) and "linha 5" in cortado.corpo["error"]
    demais = await upload(porta, make_retorno(Pago(valor_pago=10**12)))
    assert (demais.status, demais.campos) == (422, ["arquivo"]) and "dez bilhões" in demais.corpo["error"]
    assert (await upload(porta, b"")).status == 422
    assert (await upload(porta, b"0" * (5 * 1024 * 1024 + 1))).status == 413
    assert (await porta.call("POST", "retornos", {"arquivo": "x"})).status == 415
    formulario = aiohttp.FormData()
    formulario.add_field("outro", inteiro, filename="x")
    assert (await porta.call("POST", "retornos", data=formulario)).status == 422
    assert (await porta.call("GET", "boletos/1")).data["status"] == "pendente"
