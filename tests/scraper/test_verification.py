"""Is this PDF the boleto that was asked for: the simulator's layouts, and texts as other layouts give them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from services.scraper.portal.errors import DocumentoRecusado, Falha
from services.scraper.verification import Conferido, Procurado, check_texto, verify
from shared.boleto import format_linha, linha_from_codigo
from shared.contrato import Cota, MesReferencia
from tests.simulator.boleto import Boleto, make_boleto
from tests.simulator.codes import codigo_barras
from tests.simulator.documents import build_documento
from tests.simulator.knobs import Documento, Emissao

VENCIMENTO, VALOR, HOJE = date(2026, 12, 10), Decimal("1234.56"), date(2026, 11, 24)
ANA, BETO = "529.982.247-25", "111.444.777-35"
PROCURADO = Procurado("52998224725", Cota(6650, 2278), VENCIMENTO, VALOR, HOJE)


def slip(documento: str = ANA, cota: str = "2278", *, arrecadacao: bool = False) -> Boleto:
    return make_boleto(
        nome="ANA PAULA SOUZA LIMA" if documento == ANA else "BETO ACACIO",
        documento=documento,
        grupo="6650",
        cota=cota,
        versao="00",
        numero=12,
        vencimento=VENCIMENTO,
        valor=VALOR,
        emissao=HOJE,
        arrecadacao=arrecadacao,
    )


def pdf(kind: Documento, emissao: Emissao, boleto: Boleto | None = None) -> bytes:
    return build_documento(kind, boleto or slip(), slip(BETO), slip(cota="999"), emissao)


@pytest.mark.parametrize("modelo", ["ficha", "colunas", "linhas"])
@pytest.mark.parametrize("arrecadacao", [False, True])
async def test_the_right_boleto_passes_in_every_layout(modelo: str, arrecadacao: bool) -> None:
    boleto = slip(arrecadacao=arrecadacao)
    emissao = Emissao.model_validate({"modelo": modelo, "tamanho_kb": 0})
    conferido = await verify(pdf("certo", emissao, boleto), PROCURADO)
    assert conferido.linha.linha == boleto.linha
    assert conferido.nosso_numero == boleto.nosso_numero


@pytest.mark.parametrize("modelo", ["ficha", "colunas", "linhas"])
@pytest.mark.parametrize(
    ("kind", "codigo"),
    [
        ("vazio", "download.falhou.vazio"),
        ("html", "download.falhou.nao_pdf"),
        ("truncado", "download.falhou.truncado"),
        ("em_branco", "download.falhou.vazio"),
        ("ilegivel", "documento.ilegivel"),
        ("outro_cliente", "documento.divergente.cliente"),
        ("outro_cpf", "documento.divergente.cliente"),
        ("outra_cota", "documento.divergente.cota"),
        ("outro_mes", "documento.divergente.mes"),
        ("outro_valor", "documento.divergente.valor"),
        ("digito_errado", "documento.divergente.digito"),
        ("linha_de_outro_valor", "documento.divergente.digito"),
        ("sem_linha", "documento.divergente.digito"),
    ],
)
async def test_every_wrong_document_is_refused_by_name(modelo: str, kind: Documento, codigo: str) -> None:
    emissao = Emissao.model_validate({"modelo": modelo, "tamanho_kb": 0})
    with pytest.raises(Falha) as erro:
        await verify(pdf(kind, emissao), PROCURADO)
    assert erro.value.codigo == codigo
    if isinstance(erro.value, DocumentoRecusado):
        assert erro.value.pdf is not None


async def test_a_little_junk_before_the_pdf_does_no_harm() -> None:
    right = pdf("certo", Emissao(tamanho_kb=0))
    await verify(b"\r\n" * 20 + right + b"\r\n\0", PROCURADO)
    with pytest.raises(Falha, match="nao_pdf"):
        await verify(b" x" * 600 + right, PROCURADO)


LINHA = format_linha(slip().linha)
TEXTO = f"""001-9 {LINHA}
Beneficiário ADMINISTRADORA MODELO CNPJ 11.444.777/0001-61
Vencimento Valor do Documento
10/12/2026 1.234,56
Grupo/Cota/Versão: 006650-2278-00
Pagador ANA PAULA SOUZA LIMA CPF 529.982.247-25
Sacador/Avalista
"""


def check(texto: str, procurado: Procurado = PROCURADO) -> Conferido:
    return check_texto(texto, procurado)


def refused(texto: str, procurado: Procurado = PROCURADO) -> str:
    with pytest.raises(DocumentoRecusado) as erro:
        check_texto(texto, procurado)
    return erro.value.codigo.removeprefix("documento.divergente.")


@pytest.mark.parametrize(
    ("de", "para"),
    [
        ("529.982.247-25", "52998224725"),
        ("529.982.247-25", "529.982.247\n-25"),
        ("529.982.247-25", "529.982.247\r\n-25"),
        ("Grupo/Cota/Versão: 006650-2278-00", "Grupo: 006650 Cota: 2278 Versão: 00"),
        ("Grupo/Cota/Versão: 006650-2278-00", "GRUPO / COTA\nNosso número\n6650/2278"),
        ("Grupo/Cota/Versão: 006650-2278-00", "Contrato 006650/2278-00"),
        ("Grupo/Cota/Versão: 006650-2278-00", "Cota 6650/2278"),
        ("Grupo/Cota/Versão: 006650-2278-00", "6650/2278\nGrupo/Cota\n10/12/2026"),
        ("Grupo/Cota/Versão: 006650-2278-00", "006650-2278-00\nGrupo/Cota/Versão\n10/12/2026"),
        ("Grupo/Cota/Versão: 006650-2278-00", "Nº do Grupo: 006650   Nº da Cota: 2278   Versão: 00"),
        ("Grupo/Cota/Versão: 006650-2278-00", "Grupo\r\nCota\r\nVencimento\r\n006650\r\n2278\r\n10/12/2026"),
        ("Grupo/Cota/Versão: 006650-2278-00", "Grupo\r\n006650\r\nPagador\r\nANA PAULA\r\nCota\r\n2278"),
        ("Vencimento Valor do Documento\n10/12/2026 1.234,56", "Vencimento\n10/12/2026\nValor: R$ 1.234,56"),
        ("1.234,56", "R$ 1234,56"),
        ("1.234,56", "R$\u00a01.234,56"),
        (LINHA, LINHA.replace(" ", "\n")),
        (LINHA, slip().linha),
        (LINHA, f"{LINHA}\n{LINHA}"),
        ("Pagador ANA PAULA SOUZA LIMA CPF 529.982.247-25", "ANA PAULA SOUZA LIMA\n529.982.247-25\nSacado"),
        ("529.982.247-25", f"529 982 247 25\nBeneficiário final: BETO {BETO}"),
        ("529.982.247-25", f"529.982.247/25\nAvalista: BETO {BETO}"),
        *(("529.982.247-25", f"529.982.247{hifen}25") for hifen in "\xad\u2012\u2013\u2014\u2015\u2212"),
        (LINHA, LINHA.replace(" ", " \u200b")),
        ("Grupo/Cota/Versão: 006650-2278-00", "Grupo     Cota       Parcela\n006650    2278-00    12"),
        ("Grupo/Cota/Versão: 006650-2278-00", "Grupo: 006650   Cota/Versão: 2278-00"),
        ("Grupo/Cota/Versão: 006650-2278-00", "Grupo\n006650\nCota/Versão\n2278-00"),
        ("Pagador ANA", "Consorciado(a): ANA"),
        # The payer's own row says more than what stands right below it.
        ("Pagador ANA PAULA SOUZA LIMA CPF", "Nome do Pagador: ANA PAULA  CPF/CNPJ:"),
        (
            "Pagador ANA PAULA SOUZA LIMA CPF 529.982.247-25",
            f"Nome do Pagador: ANA PAULA  CPF/CNPJ: {ANA}\nCônjuge: BETO CPF {BETO}",
        ),
        *(
            ("Pagador ANA PAULA SOUZA LIMA CPF 529.982.247-25", texto)
            for aviso in (
                "SENHOR(A) CONSORCIADO(A): CONFIRA O CNPJ 04.252.011/0001-10",
                "SR(A) CONSORCIADO(A): CONFIRA O CNPJ 04.252.011/0001-10",
                "SR. CONSORCIADO: CONFIRA O CNPJ 04.252.011/0001-10",
                "SR(A). CONSORCIADO(A): A ADMINISTRADORA CNPJ 04.252.011/0001-10 NAO ENVIA BOLETO POR WHATSAPP",
                "CARO CONSORCIADO! CONFIRA SE O CNPJ É 04.252.011/0001-10",
                "SAC CONSORCIADO: ADMINISTRADORA CNPJ 04.252.011/0001-10",
                "RECIBO PAGADOR - ADMINISTRADORA FILIAL SP CNPJ 04.252.011/0001-10",
            )
            for texto in (f"{aviso}\nPagador ANA PAULA CPF {ANA}", f"Pagador ANA PAULA CPF {ANA}\n{aviso}")
        ),
        (
            "Pagador ANA PAULA SOUZA LIMA CPF 529.982.247-25",
            f"Nome do Pagador, CPF/CNPJ e endereço\nANA PAULA {ANA}\nCônjuge {BETO}",
        ),
        (
            "Pagador ANA PAULA SOUZA LIMA CPF 529.982.247-25",
            "Pagador:                         ADMINISTRADORA MODELO LTDA  CNPJ 04.252.011/0001-10\n"
            f"ANA PAULA SOUZA LIMA             Valor do Documento 1.234,56\nCPF {ANA}",
        ),
        ("Grupo/Cota/Versão: 006650-2278-00", "Grupo     Cota       Agência/Conta\n006650    2278/00    1234-56"),
        ("Grupo/Cota/Versão: 006650-2278-00", f"Grupo 006650\nPlano Normal Bem Móvel\nCota{2278:>116}\nConta 1234-56"),
        ("Grupo/Cota/Versão: 006650-2278-00", f"Grupo 006650\nPlano Normal\nCota{2278:>116}\nContrato 123456-12"),
        # The payee's cell beside it is another's.
        (
            "Pagador ANA PAULA SOUZA LIMA CPF 529.982.247-25",
            f"Pagador: ANA PAULA SOUZA LIMA      ADMINISTRADORA CNPJ 11.444.777/0001-61\nCPF: {ANA}",
        ),
        (
            "Pagador ANA PAULA SOUZA LIMA CPF 529.982.247-25",
            f"Pagador                            ADMINISTRADORA CNPJ 04.252.011/0001-10\nANA PAULA CPF {ANA}",
        ),
        ("Pagador ANA", "Prezado(a) Consorciado(a), a ADMINISTRADORA CNPJ 11.444.777/0001-61 informa.\nPagador ANA"),
    ],
)
def test_other_spellings_of_the_same_facts_pass(de: str, para: str) -> None:
    assert de in TEXTO
    check(TEXTO.replace(de, para))


@pytest.mark.parametrize(
    ("de", "para", "parte"),
    [
        ("529.982.247-25", "", "cliente"),
        ("529.982.247-25", BETO, "cliente"),
        ("Pagador ANA PAULA SOUZA LIMA CPF 529.982.247-25", f"Cônjuge {ANA}\nPagador BETO {BETO}", "cliente"),
        (
            "Pagador ANA PAULA SOUZA LIMA CPF 529.982.247-25",
            f"Nome do Pagador, CPF/CNPJ e endereço\nBETO ACACIO 11144477735{chr(10) * 10}Indicado por ANA, CPF {ANA}",
            "cliente",
        ),
        (
            "Pagador ANA PAULA SOUZA LIMA CPF 529.982.247-25",
            f"Pagador      BETO ACACIO\nConsorciado  ANA PAULA SOUZA LIMA  {ANA}\nCPF          {BETO}",
            "cliente",
        ),
        ("006650-2278-00", "", "cota"),
        ("Grupo/Cota/Versão: 006650-2278-00", "Grupo 006650  Cota 0999  Cota contemplada 2278-00", "cota"),
        ("Grupo/Cota/Versão: 006650-2278-00", "Grupo     Cota       Parcela\n006650    0999-00    2278", "cota"),
        ("Grupo/Cota/Versão: 006650-2278-00", "Grupo     Cota/Versão  Parcela\n006650    0999-00    2278", "cota"),
        ("006650-2278-00", "006650-0999-00", "cota"),
        ("006650-2278-00", "006651-2278-00", "cota"),
        ("006650-2278-00", "006650-0999-00 Outras cotas 006650-2278-00", "cota"),
        ("Grupo/Cota/Versão: 006650-2278-00", "Grupo\nCota\nVencimento\n006650\n0999\n10/12/2026", "cota"),
        ("Grupo/Cota/Versão: 006650-2278-00", "Grupo\nCota\nVencimento\n006651\n2278\n10/12/2026", "cota"),
        ("10/12/2026", "10/11/2026", "mes"),
        ("10/12/2026", "10/12/2027", "mes"),
        ("1.234,56", "1.234,57", "valor"),
        ("1.234,56", "11.234,56", "valor"),
        (LINHA, "", "digito"),
        (LINHA, LINHA.replace(LINHA[:5], "99999"), "digito"),
        (LINHA, format_linha(slip().change(valor=VALOR + 1).linha), "digito"),
        (LINHA, format_linha(slip().change(vencimento=date(2027, 1, 10)).linha), "digito"),
        (LINHA, f"{LINHA}\n{format_linha(slip(BETO).linha)}", "digito"),
    ],
)
def test_one_wrong_fact_is_enough_to_refuse(de: str, para: str, parte: str) -> None:
    """The former system took any PDF: 5 of 9 `sucesso` in one run were another boleto."""
    assert de in TEXTO
    assert refused(TEXTO.replace(de, para)) == parte


def test_an_instalment_of_another_month_than_asked_is_refused_before_its_paper() -> None:
    assert refused(TEXTO, replace(PROCURADO, mes=MesReferencia(2027, 1))) == "mes"


def test_a_convenio_slip_without_date_in_its_code_needs_the_date_at_its_label() -> None:
    linha = format_linha(slip(arrecadacao=True).linha)
    texto = TEXTO.replace(LINHA, linha)
    check(texto)
    check(texto.replace("Vencimento Valor do Documento\n", "Vcto.: ").replace(" 1.234,56", "\nValor: 1.234,56"))
    far = texto.replace("Vencimento Valor do Documento\n10/12/2026", "Valor do Documento\n")
    assert refused(far + "x" * 300 + "\nPróxima assembleia 10/12/2026") == "mes"


def test_of_a_slip_without_date_in_its_code_the_first_labelled_one_counts() -> None:
    """Several instalments stay open together, of one value."""
    texto = TEXTO.replace(LINHA, format_linha(slip(arrecadacao=True).linha))
    for acima in ("Histórico: RECBTO. PARCELA", "Parcelas em atraso: 0", "NÃO RECEBER PARCELAS VENCIDAS"):
        check(texto.replace("Vencimento Valor", f"{acima}\nVencimento Valor"))
    check(texto.replace("Vencimento Valor", "Vencimento   Situação   Valor"))
    check(texto.replace("Vencimento Valor", "Vencimento   Original   Valor"))
    abertas = "\n" * 7 + "Parcelas em aberto\nVencimento   Valor\n{}   1.234,56"
    check(texto + abertas.format("10/01/2027"))
    janeiro = texto.replace("10/12/2026", "10/01/2027")
    assert refused(janeiro + abertas.format("10/12/2026")) == "mes"
    assert refused(janeiro + "\n" * 9 + "Parcela anterior paga   Vencimento: 10/12/2026") == "mes"
    for outra in (
        "Vencimento   Valor pago   Situação\n10/10/2026   1.234,56     paga\n10/11/2026   1.234,56     paga",
        "PARCELAS EM ATRASO\nVencimento\n10/11/2026", "Próximo vencimento: 10/01/2027",
        "Vencimento da última parcela paga: 10/11/2026", "Vencimento original   10/11/2026",
        "Vencimento do plano: 10/12/2030",
    ):  # fmt: skip
        check(f"{outra}\n\n{texto}")
        assert refused(f"{outra}\n\n{janeiro}".replace("10/11/2026", "10/12/2026")) == "mes"


def test_a_factor_of_no_date_that_can_be_told_contradicts_the_page() -> None:
    """Between the two windows of the bank's rule it decodes to nothing, which is not to hold none."""
    for dia in (date(2018, 1, 15), date(2019, 1, 15)):
        linha = format_linha(slip().change(vencimento=dia).linha)
        assert refused(TEXTO.replace(LINHA, linha)) == "digito"
    sem_data = format_linha(linha_from_codigo(codigo_barras("756", None, VALOR, "1" * 25)))
    check(TEXTO.replace(LINHA, sem_data))


@pytest.mark.parametrize(
    ("hoje", "certo"),
    [
        (date(2025, 11, 9), True), (date(2025, 10, 20), False), (date(2029, 12, 9), True), (date(2029, 12, 20), False),
    ],
)  # fmt: skip
def test_an_instalment_due_more_than_thirteen_months_ahead_or_three_years_ago_is_not_the_months(
    hoje: date, certo: bool
) -> None:
    procurado = replace(PROCURADO, hoje=hoje)
    assert check(TEXTO, procurado) if certo else refused(TEXTO, procurado) == "mes"


def test_the_document_in_the_payers_row_is_the_payers() -> None:
    procurado = replace(PROCURADO, cpf="04252011000110")
    pagador = "Pagador ANA PAULA SOUZA LIMA CPF 529.982.247-25"
    for certo in (
        f"Pagador: EMPRESA A LTDA   CNPJ: 04.252.011/0001-10\nRepresentante: BETO CPF {BETO}",
        "Pagador: EMPRESA A LTDA\nCNPJ 04.252.011 / 0001-10",
    ):
        check(TEXTO.replace(pagador, certo), procurado)
    sem_cedente = TEXTO.replace("CNPJ 11.444.777/0001-61", "")
    for outro in (
        f"Pagador EMPRESA B CNPJ 33.000.167/0001-01\nRepresentante legal ANA CPF {ANA}",
        "Pagador: EMPRESA B DE VIAGENS      CNPJ: 33.000.167/0001-01" + "\n" * 10 + f"Indicado por ANA CPF {ANA}",
    ):
        assert refused(sem_cedente.replace(pagador, outro)) == "cliente"
    outra = "Pagador: EMPRESA B CNPJ 33.000.167/0001-01\nConsorciado: EMPRESA A CNPJ 04.252.011/0001-10"
    assert refused(TEXTO.replace(pagador, outra), procurado) == "cliente"
    letras = TEXTO.replace(pagador, "Pagador: EMPRESA A LTDA CNPJ 12.abc.345/01de-35")
    check(letras, replace(PROCURADO, cpf="12ABC34501DE35"))


def test_a_document_whose_line_agrees_with_it_is_of_another_month_or_value_not_of_wrong_digits() -> None:
    """The wanted date and amount stand on it too, as the day of issue and as the credit."""
    janeiro = format_linha(slip().change(vencimento=date(2027, 1, 10)).linha)
    texto = TEXTO.replace("10/12/2026", "10/01/2027").replace(LINHA, janeiro)
    assert refused(texto + "Emissão 10/12/2026") == "mes"
    maior = format_linha(slip().change(valor=VALOR + 1).linha)
    texto = TEXTO.replace("1.234,56", "1.235,56").replace(LINHA, maior)
    assert refused(texto.replace("Pagador", "Valor do Documento 1.235,56 crédito 1.234,56 Pagador")) == "valor"


# A page in columns: the payer, the payee and the avalista each with a document, two dates, no date in the line.
SEM_DATA = format_linha(slip(arrecadacao=True).linha)
FICHA = f"""Banco 001-9                  {SEM_DATA}
Beneficiário                                      Data do Documento     Vencimento
ADMINISTRADORA MODELO 11.444.777/0001-61          24/11/2026            10/12/2026
Grupo    Cota    Versão                           Multa                 Valor do Documento
006650   2278    00                               24,69                 1.234,56
Pagador                                           CPF/CNPJ
ANA PAULA SOUZA LIMA                              529.982.247-25
RUA DAS FLORES, 123
Sacador/Avalista                                  CPF/CNPJ
BETO ACACIO                                       111.444.777-35
"""
LEGENDAS = f"""{SEM_DATA}
11.444.777/0001-61     10/12/2026          1.234,56              006650-2278-00
Beneficiário           Vencimento          Valor do Documento    Grupo/Cota/Versão
ANA PAULA 529.982.247-25
Pagador
BETO ACACIO 111.444.777-35
Sacador/Avalista
"""


@pytest.mark.parametrize("texto", [FICHA, LEGENDAS])
def test_an_avalista_with_a_document_does_no_harm_and_is_not_the_payer(texto: str) -> None:
    check(texto)
    trocado = texto.replace(ANA, "?").replace(BETO, ANA).replace("?", BETO)
    assert refused(trocado) == "cliente"
    assert refused(texto.replace(ANA, "04.252.011/0001-10").replace(BETO, ANA)) == "cliente"
    assert refused(texto.replace(ANA, BETO) + f"\nIndicado por ANA, CPF {ANA}") == "cliente"


def test_a_wanted_company_that_is_only_the_avalista_is_not_the_payer() -> None:
    empresa = "04.252.011/0001-10"
    procurado = replace(PROCURADO, cpf="04252011000110")
    check(FICHA.replace(ANA, empresa), procurado)
    assert refused(FICHA.replace(ANA, "33.000.167/0001-01").replace(BETO, empresa), procurado) == "cliente"


@pytest.mark.parametrize("texto", [FICHA, LEGENDAS])
def test_the_date_and_the_amount_of_another_label_are_not_the_wanted_ones(texto: str) -> None:
    """A line without a date or a value confirms neither; the day of issue and a note may happen to have them."""
    assert refused(texto.replace("10/12/2026", "10/01/2027").replace("24/11/2026", "10/12/2026")) == "mes"
    sem_valor = texto.replace(
        SEM_DATA, format_linha(linha_from_codigo(codigo_barras("756", VENCIMENTO, Decimal(0), "1" * 25)))
    )
    check(sem_valor)
    assert refused(sem_valor.replace("1.234,56", "1.300,00") + "\nValor da última parcela paga: 1.234,56") == "valor"


@pytest.mark.parametrize("texto", [FICHA, LEGENDAS])
def test_a_cota_that_a_note_names_is_not_the_boletos(texto: str) -> None:
    outra = texto.replace("2278", "0999")
    assert refused(outra + "\nCota 006650/2278-00 contemplada") == "cota"
    check(texto + "\nCota 006650/0999-00 contemplada")
    for nota in ("Cota 2278-00 contemplada", "Cota contemplada: 2278-00", "Cota 2278 contemplada"):
        assert refused(f"{outra}\n{nota}") == "cota"


# One cell to a row, its value at the right margin: far from its label, with a note right below.
MARGEM = f"""Recibo do Pagador
{SEM_DATA}
Data do Documento
{"24/11/2026":>120}
Vencimento
{"10/12/2026":>120}
Valor do Documento
{"1.234,56":>120}
Beneficiário
{"ADMINISTRADORA 11.444.777/0001-61":>120}
Grupo/Cota/Versão
{"006650-2278-00":>120}
Cota 006650/2278-00 contemplada. O pagador pode ligar. Indicado por 529.982.247-25
Pagador{"CPF/CNPJ":>113}
ANA PAULA SOUZA LIMA{ANA:>100}
Avalista
"""


def test_a_value_at_the_other_end_of_its_row_is_its_labels_all_the_same() -> None:
    check(MARGEM)
    assert refused(MARGEM.replace("006650-2278-00", "006650-0999-00")) == "cota"
    assert refused(MARGEM.replace(f"{ANA:>100}", f"{BETO:>100}")) == "cliente"
    assert refused(MARGEM.replace("10/12/2026", "10/01/2027").replace("24/11/2026", "10/12/2026")) == "mes"
