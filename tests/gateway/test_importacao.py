"""What an import will do, row by row: every row counts once, and every row not taken has its reason."""

from __future__ import annotations

import pytest

from services.gateway.importacao import Cadastro, Contrato, PontoVenda, plan_importacao
from shared.events import ErroPlanilha, LinhaPlanilha, LinhasPlanilha

ANA, BIA, CAIO = "11144477735", "52998224725", "12345678909"
PONTOS = {"17308": PontoVenda(1, True), "21400": PontoVenda(2, True), "30000": PontoVenda(3, False)}


def linha(
    n: int, cpf: str, cota: tuple[int, int] | None = None, *, pv: str | None = None, ativo: bool = True
) -> LinhaPlanilha:
    grupo, numero = cota or (None, None)
    return LinhaPlanilha(
        aba="GERAL",
        linha=n,
        cpf=cpf,
        nome="ANA",
        nome_original="ANA - 70%",
        grupo=grupo,
        cota=numero,
        ponto_venda=pv,
        ativo=ativo,
    )


def lidas(*linhas: LinhaPlanilha, erros: tuple[ErroPlanilha, ...] = ()) -> LinhasPlanilha:
    return LinhasPlanilha(aba="GERAL", total=len(linhas) + len(erros), linhas=linhas, erros=erros)


def cadastro(*contratos: Contrato, alcance: tuple[int, ...] | None = None) -> Cadastro:
    return Cadastro(PONTOS, 1, contratos, alcance)


def conhecido(id: int, cpf: str, cota: tuple[int, int] | None, *, pv: int = 1, desativado: bool = False) -> Contrato:
    grupo, numero = cota or (None, None)
    return Contrato(id, cpf, grupo, numero, pv, desativado)


def test_every_row_counts_once_and_the_numbers_add_up() -> None:
    sem_documento = ErroPlanilha(aba="GERAL", linha=19, campo="CPF", motivo="Linha sem CPF.")
    plano = plan_importacao(
        lidas(
            linha(14, ANA, (6650, 1)),
            linha(15, BIA, (6650, 2)),
            linha(16, CAIO, (6650, 3), ativo=False),
            linha(17, CAIO, (6650, 4), pv="99.999"),
            linha(18, ANA, (6650, 1)),
            erros=(sem_documento,),
        ),
        cadastro(conhecido(7, BIA, (6650, 2))),
    ).report()

    contagens = {nome: valor for nome, valor in plano.items() if nome != "erros"}
    assert contagens == {"total": 6, "importados": 1, "atualizados": 1, "inativos": 1, "ignorados": 2, "rejeitados": 1}
    assert [erro["linha"] for erro in plano["erros"]] == [17, 18, 19]
    assert "99.999 não cadastrado" in plano["erros"][0]["motivo"]
    assert "linha 14" in plano["erros"][1]["motivo"]


def test_codes_compare_without_punctuation_and_a_row_without_one_takes_the_uploads() -> None:
    plano = plan_importacao(lidas(linha(1, ANA, (1, 1), pv="21.400"), linha(2, BIA, (1, 2))), cadastro())
    assert [mudanca.ponto_venda_id for mudanca in plano.mudancas] == [2, 1]


def test_rows_of_an_inactive_ponto_de_venda_are_ignored_with_the_remedy() -> None:
    plano = plan_importacao(lidas(linha(1, ANA, (1, 1), pv="30000")), cadastro())
    assert "Reative" in plano.ignorados[0].motivo


def test_two_cotas_of_one_client_are_two_contracts() -> None:
    plano = plan_importacao(lidas(linha(1, ANA, (1, 1)), linha(2, ANA, (1, 2))), cadastro())
    assert [mudanca.contrato_id for mudanca in plano.mudancas] == [None, None]


def test_a_contract_known_by_document_alone_gains_its_cota_instead_of_a_twin() -> None:
    plano = plan_importacao(lidas(linha(1, ANA, (1, 1)), linha(2, ANA, (1, 2))), cadastro(conhecido(5, ANA, None)))
    assert [mudanca.contrato_id for mudanca in plano.mudancas] == [5, None]


def test_a_row_without_cota_updates_the_clients_only_contract() -> None:
    plano = plan_importacao(lidas(linha(1, ANA)), cadastro(conhecido(5, ANA, (1, 1))))
    assert [mudanca.contrato_id for mudanca in plano.mudancas] == [5]


@pytest.mark.parametrize(
    ("outras", "contratos"),
    [((), (conhecido(5, ANA, (1, 1)), conhecido(6, ANA, (1, 2)))), ((linha(9, ANA, (1, 3)),), ())],
    ids=["two in the register", "one in the same workbook"],
)
def test_a_row_without_cota_is_ignored_where_nobody_could_tell_which(
    outras: tuple[LinhaPlanilha, ...], contratos: tuple[Contrato, ...]
) -> None:
    plano = plan_importacao(lidas(linha(1, ANA), *outras), cadastro(*contratos))
    assert [erro.campo for erro in plano.ignorados] == ["G/C"]


def test_of_a_contract_told_twice_the_active_row_counts() -> None:
    plano = plan_importacao(lidas(linha(1, ANA, (1, 1), ativo=False), linha(2, ANA, (1, 1))), cadastro())
    assert [(m.linha.linha, m.ativo) for m in plano.mudancas] == [(2, True)]


def test_what_a_person_switched_off_stays_off() -> None:
    relato = plan_importacao(
        lidas(linha(1, ANA, (1, 1))), cadastro(conhecido(5, ANA, (1, 1), desativado=True))
    ).report()
    assert (relato["inativos"], relato["atualizados"]) == (1, 0)


def test_a_cell_gone_wrong_is_told_instead_of_breaking_the_import() -> None:
    plano = plan_importacao(lidas(linha(1, ANA, (10**12, 1)), linha(2, BIA, (1, 2))), cadastro())
    assert [erro.linha for erro in plano.ignorados] == [1]
    assert len(plano.mudancas) == 1


def test_a_bound_key_touches_only_its_ponto_de_venda() -> None:
    plano = plan_importacao(
        lidas(linha(1, ANA, (1, 1), pv="21400"), linha(2, BIA, (1, 2)), linha(3, CAIO, (1, 3))),
        cadastro(conhecido(5, BIA, (1, 2), pv=2), alcance=(1,)),
    )
    assert [mudanca.linha.linha for mudanca in plano.mudancas] == [3]
    assert [erro.linha for erro in plano.ignorados] == [1, 2]


def test_documents_in_a_reason_are_masked() -> None:
    erro = ErroPlanilha(aba="GERAL", linha=1, campo="CPF", motivo="CPF 111.444.777-35 repetido")
    assert "***.444.777-**" in plan_importacao(lidas(erros=(erro,)), cadastro()).report()["erros"][0]["motivo"]
