"""The little scenario that the tests vary: two clients of one ponto de venda, one of another."""

from typing import Any

from tests.simulator.scenario import Cenario, parse_cenario

ANA, BIA, CAIO = "52998224725", "11144477735", "39053344705"
ANA_F, BIA_F, CAIO_F = "529.982.247-25", "111.444.777-35", "390.533.447-05"


def make_cenario(
    botoes: dict[str, Any] | None = None, ana: dict[str, Any] | None = None, cotas: list[dict[str, Any]] | None = None,
    credencial: dict[str, Any] | None = None, **mais: Any,
) -> Cenario:  # fmt: skip
    """`botoes` for all, `ana` only for the first client, `cotas` in place of her one cota."""
    parcelas = [{"numero": 12, "vencimento": "mes+1@10", "valor": "1234.56"}]
    return parse_cenario({
        "credenciais": [
            {"ponto_venda": "17308", "usuario": "17308", "senha": "segredo"} | (credencial or {}),
            {"ponto_venda": "21400", "usuario": "21400", "senha": "outra"},
        ],
        "clientes": [
            {"cpf": ANA, "nome": "ANA PAULA SOUZA LIMA", "ponto_venda": "17308", "botoes": ana or {},
             "cotas": cotas or [make_cota("6650", "2278", parcelas, contrato="998877")]},
            {"cpf": BIA, "nome": "BEATRIZ MELO", "ponto_venda": "17308",
             "cotas": [make_cota("6651", "15", [parcelas[0] | {"valor": "777.00"}])]},
            {"cpf": CAIO, "nome": "CAIO PRADO", "ponto_venda": "21400", "cotas": [make_cota("6652", "9", parcelas)]},
        ],
        "botoes": botoes or {},
    } | mais)  # fmt: skip


def make_cota(grupo: str, cota: str, parcelas: list[dict[str, Any]] | None = None, **mais: Any) -> dict[str, Any]:
    return {"grupo": grupo, "cota": cota, "parcelas": parcelas or [], **mais}
