"""A scenario: who exists in the portal and how it behaves. Read from TOML, checked before anything is served.

raiz = "/WWW/"                      # virtual root
hoje = "2026-11-24"                 # optional; else the real day

[[credenciais]]
ponto_venda = "17308"
usuario = "17308"                   # known as 0000017308 unless login.completar_zeros = false
senha = "segredo"
max_sessoes = 1                     # one more login kicks the oldest session out
situacao = "ativa"                  # bloqueada, trocar_senha, termos, token, unidade, sso

[[clientes]]
cpf = "52998224725"                 # or a CNPJ
nome = "ANA PAULA SOUZA LIMA"
ponto_venda = "17308"
[[clientes.cotas]]
grupo = "6650"
cota = "2278"
[[clientes.cotas.parcelas]]
numero = 12
vencimento = "mes+1@10"             # or "+10d", or "2026-12-10"
valor = "1234.56"
[clientes.botoes.emissao]           # any knob, for this client alone
documento = "truncado"

[botoes.busca]                      # any knob, for all
confirmar = true
"""

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tests.simulator.dates import resolve_data, today
from tests.simulator.knobs import Botoes

SITUACOES_INATIVAS = frozenset({"CAN", "CANCELADO", "CA2", "EXCLUIDO", "QUI", "QUITADO", "LIQ", "TRA", "SUS"})


class Modelo(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Credencial(Modelo):
    ponto_venda: str
    usuario: str
    senha: str
    max_sessoes: int = Field(1, ge=1)
    situacao: Literal["ativa", "bloqueada", "trocar_senha", "termos", "token", "unidade", "sso"] = "ativa"


class Parcela(Modelo):
    """One row of the billing grid. Money is in reais; `receber` is the sum unless it is given."""

    vencimento: str
    valor: Decimal = Field(ge=0, decimal_places=2)
    numero: int = 1
    historico: str = "RECBTO. PARCELA"
    multa: Decimal = Field(Decimal(0), ge=0, decimal_places=2)
    juros: Decimal = Field(Decimal(0), ge=0, decimal_places=2)
    receber: Decimal | None = Field(None, ge=0, decimal_places=2)
    emitivel: bool = True

    @field_validator("vencimento")
    @classmethod
    def _is_a_date(cls, text: str) -> str:
        resolve_data(text, date(2026, 1, 1))
        return text

    @property
    def devido(self) -> Decimal:
        return self.valor + self.multa + self.juros

    @property
    def a_receber(self) -> Decimal:
        return self.devido if self.receber is None else self.receber


class Cota(Modelo):
    grupo: str = Field(pattern=r"^\d{1,6}$")
    cota: str = Field(pattern=r"^\d{1,4}$")
    versao: str = Field("00", pattern=r"^\d{1,2}$")
    situacao: str = "NOR"
    contrato: str = ""
    parcelas: tuple[Parcela, ...] = ()

    @property
    def codigo(self) -> str:
        return f"{int(self.grupo):06d}/{int(self.cota):04d}-{int(self.versao):02d}"

    @property
    def inativa(self) -> bool:
        return self.situacao.upper() in SITUACOES_INATIVAS


class Cliente(Modelo):
    cpf: str = Field(pattern=r"^(\d{11}|[0-9A-Z]{12}\d{2})$")
    nome: str
    ponto_venda: str
    cotas: tuple[Cota, ...] = ()
    botoes: Botoes = Botoes()

    @property
    def documento(self) -> str:
        """CPF or CNPJ with its mask."""
        d = self.cpf
        if len(d) == 11:
            return f"{d[:3]}.{d[3:6]}.{d[6:9]}-{d[9:]}"
        return f"{d[:2]}.{d[2:5]}.{d[5:8]}/{d[8:12]}-{d[12:]}"


class Cenario(Modelo):
    """Everything the simulator is started with."""

    raiz: str = Field("/WWW/", pattern=r"^/([A-Za-z_]+/)?$")
    hoje: date | None = None
    semente: int = 1
    credenciais: tuple[Credencial, ...] = ()
    clientes: tuple[Cliente, ...] = ()
    botoes: Botoes = Botoes()

    @model_validator(mode="after")
    def _is_consistent(self) -> "Cenario":
        served = {c.ponto_venda for c in self.credenciais}
        for cliente in self.clientes:
            if cliente.ponto_venda not in served:
                raise ValueError(f"cliente {cliente.nome}: ponto_venda {cliente.ponto_venda} has no credencial")
        users = [c.usuario for c in self.credenciais]
        if len(users) != len(set(users)):
            raise ValueError("two credenciais share one usuario")
        return self

    @property
    def dia(self) -> date:
        return self.hoje or today()

    def vencimento(self, parcela: Parcela) -> date:
        return resolve_data(parcela.vencimento, self.dia)


def parse_cenario(data: dict[str, Any]) -> Cenario:
    return Cenario.model_validate(data)


def load_cenario(path: Path) -> Cenario:
    """Reads a TOML scenario; OSError, tomllib.TOMLDecodeError or pydantic.ValidationError if it is none."""
    return parse_cenario(tomllib.loads(path.read_text(encoding="utf-8")))
