"""What the answers about mirrors and their copies hold, field by field."""

from __future__ import annotations

from datetime import datetime

from services.gateway.vistas import Vista


class EspelhoVisto(Vista):
    """regiao, chave: null in Google Drive. feitas: boletos that lie there; pendentes: still to be copied; a_remover:
    still to be removed; falhando: those of both that were tried already. atrasada_desde: since when the oldest of them
    is due. erro, em_espera_ate: it refused or did not answer, and nothing goes there until then."""

    id: int
    nome: str
    destino: str
    endereco: str
    regiao: str | None
    chave: str | None
    ativo: bool
    feitas: int
    pendentes: int
    a_remover: int
    falhando: int
    atrasada_desde: datetime | None
    ultima_em: datetime | None
    erro: str | None
    em_espera_ate: datetime | None
    created_at: datetime
    updated_at: datetime


class CopiaVista(Vista):
    """estado: pendente, falhou (tried, and to be tried again) or feita. sha256, tamanho null: to be removed there."""

    id: int
    caminho: str
    sha256: str | None
    tamanho: int | None
    estado: str
    pedida_em: datetime
    tentativas: int
    tentada_em: datetime | None
    proxima_em: datetime | None
    feita_em: datetime | None
    erro: str | None
