"""The outcome table holds every promised code, with the promised status and class."""

from __future__ import annotations

import pytest

from shared.outcomes import DESFECHOS, Classe, Etapa, StatusCliente, StatusExecucao, find_desfecho

ERRO, SEM_BOLETO, NAO_ENCONTRADO = StatusCliente.ERRO, StatusCliente.SEM_BOLETO, StatusCliente.CPF_NAO_ENCONTRADO

PROMETIDOS = {
    "cliente.nao_encontrado": (NAO_ENCONTRADO, Classe.NEGOCIO),
    "cliente.cota_nao_encontrada": (ERRO, Classe.NEGOCIO),
    "cliente.cota_inativa": (SEM_BOLETO, Classe.NEGOCIO),
    "cliente.ambiguo": (ERRO, Classe.NEGOCIO),
    "cliente.cpf_invalido": (ERRO, Classe.NEGOCIO),
    "boleto.inexistente": (SEM_BOLETO, Classe.NEGOCIO),
    "boleto.inexistente.sem_valor": (SEM_BOLETO, Classe.NEGOCIO),
    "boleto.inexistente.outro_mes": (SEM_BOLETO, Classe.NEGOCIO),
    "boleto.inexistente.ja_pago": (SEM_BOLETO, Classe.NEGOCIO),
    "nome.nao_encontrado": (ERRO, Classe.NEGOCIO),
    "login.recusado": (ERRO, Classe.PESSOA),
    "login.bloqueado": (ERRO, Classe.PESSOA),
    "login.captcha": (ERRO, Classe.PESSOA),
    "login.acao_necessaria": (ERRO, Classe.PESSOA),
    "login.acao_necessaria.trocar_senha": (ERRO, Classe.PESSOA),
    "login.acao_necessaria.termos": (ERRO, Classe.PESSOA),
    "login.acao_necessaria.token": (ERRO, Classe.PESSOA),
    "portal.fora_do_ar": (ERRO, Classe.TECNICA),
    "portal.fora_do_ar.http_5xx": (ERRO, Classe.TECNICA),
    "portal.fora_do_ar.conexao": (ERRO, Classe.TECNICA),
    "portal.fora_do_ar.tempo_esgotado": (ERRO, Classe.TECNICA),
    "portal.bloqueado": (ERRO, Classe.PESSOA),
    "portal.sem_permissao": (ERRO, Classe.PESSOA),
    "portal.mudou": (ERRO, Classe.NOSSA),
    "portal.mudou.seletor": (ERRO, Classe.NOSSA),
    "portal.mudou.fluxo": (ERRO, Classe.NOSSA),
    "download.falhou": (ERRO, Classe.TECNICA),
    "download.falhou.vazio": (ERRO, Classe.TECNICA),
    "download.falhou.nao_pdf": (ERRO, Classe.TECNICA),
    "download.falhou.truncado": (ERRO, Classe.TECNICA),
    "download.falhou.tempo_esgotado": (ERRO, Classe.TECNICA),
    "documento.divergente": (ERRO, Classe.TECNICA),
    "documento.divergente.cliente": (ERRO, Classe.TECNICA),
    "documento.divergente.cota": (ERRO, Classe.TECNICA),
    "documento.divergente.mes": (ERRO, Classe.TECNICA),
    "documento.divergente.valor": (ERRO, Classe.TECNICA),
    "documento.divergente.digito": (ERRO, Classe.TECNICA),
    "documento.ilegivel": (ERRO, Classe.NEGOCIO),
    "arquivo.falhou": (ERRO, Classe.NOSSA),
    "arquivo.falhou.disco_cheio": (ERRO, Classe.NOSSA),
    "arquivo.falhou.conflito": (ERRO, Classe.NOSSA),
    "navegador.caiu": (ERRO, Classe.TECNICA),
    "interno": (ERRO, Classe.TECNICA),
}
SEM_TENTATIVA = ("sessao.expirada", "sessao.derrubada", "portal.limite")


@pytest.mark.parametrize("codigo", PROMETIDOS)
def test_every_code_has_its_status_and_class(codigo: str) -> None:
    desfecho = DESFECHOS[codigo]
    assert (desfecho.status, desfecho.classe) == PROMETIDOS[codigo]


@pytest.mark.parametrize("codigo", SEM_TENTATIVA)
def test_a_fault_of_the_session_spends_no_attempt(codigo: str) -> None:
    assert DESFECHOS[codigo].classe is Classe.SESSAO


def test_only_technical_faults_get_four_attempts() -> None:
    for desfecho in DESFECHOS.values():
        if desfecho.classe in (Classe.NEGOCIO, Classe.PESSOA):
            assert desfecho.tentativas == 1, desfecho.codigo
    assert find_desfecho("portal.fora_do_ar.http_5xx").tentativas == 4
    assert find_desfecho("documento.divergente.mes").tentativas == 2
    assert find_desfecho("portal.mudou.seletor").tentativas == 2


def test_every_text_is_a_sentence_for_a_person() -> None:
    for desfecho in DESFECHOS.values():
        assert desfecho.titulo and desfecho.quem_age, desfecho.codigo
        assert desfecho.texto.endswith("."), desfecho.codigo
        assert len({d.texto for d in DESFECHOS.values()}) > len(DESFECHOS) * 0.9


@pytest.mark.parametrize(
    ("codigo", "linha"),
    [
        ("portal.fora_do_ar.dns", "portal.fora_do_ar"),
        ("login.acao_necessaria.biometria.facial", "login.acao_necessaria"),
        ("login.outro", "login"),
        ("desconhecido", "interno"),
        ("desconhecido.filho", "interno"),
        ("", "interno"),
    ],
)
def test_an_unknown_child_falls_back_to_its_parent(codigo: str, linha: str) -> None:
    assert find_desfecho(codigo).codigo == linha


def test_the_statuses_and_steps_are_those_of_the_contract() -> None:
    assert {s.value for s in StatusCliente} == {
        "pendente", "processando", "sucesso", "erro", "cpf_nao_encontrado", "sem_boleto", "ja_baixado", "cancelado"
    }  # fmt: skip
    assert [e.value for e in sorted(Etapa, key=lambda e: e.ordem)] == [
        "na_fila", "autenticando", "buscando", "emitindo", "baixando", "verificando", "nomeando", "arquivado"
    ]  # fmt: skip
    assert {s.value for s in StatusExecucao if s.is_final} == {
        "concluida", "concluida_com_falhas", "erro", "cancelada"
    }  # fmt: skip
    assert {s.value for s in StatusCliente if not s.is_final} == {"pendente", "processando"}
