"""Small scenarios for the scraper's tests: invented clients and one credential."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.scraper.portal.selection import Pedido
from shared.contrato import Cota
from tests.simulator.scenario import Cenario, parse_cenario

HOJE = date(2026, 11, 24)
PV, USUARIO, SENHA = "17308", "17308", "Modelo#17308"
ANA, BETO, CECI = "52998224725", "11144477735", "39053344705"
EMPRESA = "11222333000181"
COTA_ANA, COTA_BETO = Cota(6650, 2278), Cota(6651, 12)


def parcela(vencimento: str = "2026-12-10", valor: str = "1234.56", **campos: Any) -> dict[str, Any]:
    return {"numero": 12, "vencimento": vencimento, "valor": valor} | campos


def cota(grupo: int = 6650, numero: int = 2278, *parcelas: dict[str, Any], **campos: Any) -> dict[str, Any]:
    base = {"grupo": str(grupo), "cota": str(numero), "contrato": "998877"}
    return base | {"parcelas": list(parcelas or [parcela()])} | campos


def cliente(
    cpf: str = ANA, nome: str = "ANA PAULA SOUZA LIMA", *cotas: dict[str, Any], **botoes: Any
) -> dict[str, Any]:
    return {"cpf": cpf, "nome": nome, "ponto_venda": PV, "cotas": list(cotas or [cota()]), "botoes": botoes}


def cenario(*clientes: dict[str, Any], situacao: str = "ativa", max_sessoes: int = 1, **botoes: Any) -> Cenario:
    """Ana, or the clients given; Beto always, so that there is somebody else. Keyword arguments are knobs."""
    beto = cliente(BETO, "BETO ACACIO", cota(6651, 12, parcela(valor="777.10")))
    return parse_cenario(
        {
            "hoje": HOJE.isoformat(),
            "credenciais": [
                {
                    "ponto_venda": PV,
                    "usuario": USUARIO,
                    "senha": SENHA,
                    "situacao": situacao,
                    "max_sessoes": max_sessoes,
                }
            ],
            "clientes": [*(clientes or [cliente()]), beto],
            "botoes": botoes,
        }
    )


def pedido(cpf: str = ANA, cota: Cota | None = COTA_ANA, mes: int | None = 12, ano: int | None = 2026) -> Pedido:
    return Pedido(cpf, cota, mes, ano, HOJE)
