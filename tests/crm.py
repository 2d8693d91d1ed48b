"""A caller of the REST API, as the CRM is one: it registers a sample, imports its workbooks, submits and compares."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from shared.contrato import mask_documento
from tests.samples.register import Amostra, Esperado
from tests.samples.workbooks import write_planilhas

API = "/api/automation"
INICIO_S = 60


@dataclass
class Cliente:
    """A caller of the REST API, as the CRM would be one."""

    sessao: aiohttp.ClientSession
    origem: str

    async def call(self, metodo: str, caminho: str, **opcoes: Any) -> dict[str, Any]:
        async with self.sessao.request(metodo, f"{self.origem}{API}/{caminho}", **opcoes) as resposta:
            corpo = await resposta.json()
            if not corpo.get("success"):
                raise RuntimeError(f"{metodo} {caminho}: {resposta.status} {corpo}")
            dados: dict[str, Any] = corpo["data"]
            return dados

    async def wait_saude(self) -> None:
        limite = time.monotonic() + INICIO_S
        while time.monotonic() < limite:
            with contextlib.suppress(aiohttp.ClientError):
                async with self.sessao.get(f"{self.origem}{API}/health") as resposta:
                    if resposta.status == 200:
                        return
            await asyncio.sleep(0.2)
        raise RuntimeError(f"o sistema não ficou pronto em {INICIO_S} s")


async def register(cliente: Cliente, amostra: Amostra, url_portal: str) -> None:
    for pv in amostra.pontos_venda:
        await cliente.call("POST", "pontos-venda", json={
            "codigo": pv.codigo, "nome": pv.nome, "empresa": pv.empresa, "url_base": url_portal})  # fmt: skip
        await cliente.call("POST", "credenciais", json={
            "ponto_venda": pv.codigo, "usuario": pv.usuario, "senha": pv.senha,
            "max_sessoes": pv.max_sessoes})  # fmt: skip
    for consultor in amostra.consultores:
        await cliente.call("POST", "consultores", json={"nome": consultor.nome, "ponto_venda": consultor.ponto_venda})


async def import_planilhas(cliente: Cliente, amostra: Amostra, pasta: Path) -> dict[str, dict[str, Any]]:
    """Upload each consultor's workbook; the answers by file name."""
    respostas = {}
    for consultor, planilha in write_planilhas(amostra, pasta).items():
        formulario = aiohttp.FormData(quote_fields=False)
        formulario.add_field("consultor", consultor)
        formulario.add_field("arquivo", planilha.caminho.read_bytes(), filename=planilha.caminho.name)
        respostas[planilha.caminho.name] = await cliente.call("POST", "planilhas", data=formulario)
    return respostas


def match_linha(linhas: list[dict[str, Any]], esperado: Esperado) -> dict[str, Any] | None:
    """Take out of `linhas` the row that `esperado` speaks of; None where there is none."""
    for linha in linhas:
        if linha["cpf"] == mask_documento(esperado.documento) and (
            esperado.grupo is None or (int(esperado.grupo), int(esperado.cota or 0)) == (linha["grupo"], linha["cota"])
        ):
            linhas.remove(linha)
            return linha
    return None
