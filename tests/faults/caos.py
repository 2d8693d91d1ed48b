"""`make chaos SEED=n MINUTES=m`: random kills, cuts and portal faults over a job until it ends; then the invariants."""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from pathlib import Path

import aiohttp

from tests.crm import match_linha
from tests.faults.bancada import Arranjo, Bancada, Servidores, open_bancada
from tests.faults.invariantes import check, check_portal, is_tecnica
from tests.faults.plano import SOSSEGO, Falta, draw_arranjo, draw_faltas
from tests.flow.rodada import finish
from tests.servers.postgres import PostgresServer
from tests.servers.rabbitmq import RabbitMQ

# Faults stop this long before the time is over: the job then has to end by itself.
SOSSEGO_S = 90.0


class Caos:
    """Faults may overlap; on one target they come one after another."""

    def __init__(self, bancada: Bancada) -> None:
        self._bancada = bancada
        self._vez: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.feitas = 0

    async def run(self, semente: int, ate: float) -> None:
        """Until the jobs have ended, or the monotonic clock is at `ate`."""
        async with asyncio.TaskGroup() as grupo:
            for falta in draw_faltas(semente, self._bancada.arranjo):
                await asyncio.sleep(falta.pausa_s)
                if self._bancada.has_ended or time.monotonic() > ate:
                    return
                say(f"  {falta}")
                grupo.create_task(self._strike(falta))

    async def _strike(self, falta: Falta) -> None:
        async with self._vez[falta.alvo]:
            self.feitas += 1
            match falta.acao:
                case "mata":
                    await self._bancada.kill(falta.alvo)
                    await asyncio.sleep(falta.dura_s)
                    await self._bancada.restart(falta.alvo)
                case "encerra":
                    if falta.alvo != "chromium":
                        await self._bancada.end(falta.alvo)
                        await self._bancada.restart(falta.alvo)
                case "portal":
                    await self._turn(falta)
                case _:
                    await self._break(falta)

    async def _break(self, falta: Falta) -> None:
        lado = self._bancada.broker if falta.alvo == "broker" else self._bancada.banco
        match falta.acao:
            case "corta":
                lado.cut()
                return
            case "recusa":
                lado.refuse()
            case "cala":
                lado.hang()
            case "atrasa":
                lado.slow(atraso_s=0.05)
        await asyncio.sleep(falta.dura_s)
        lado.heal()

    async def _turn(self, falta: Falta) -> None:
        """Through the simulator's own door, as over another process."""
        antes = self._bancada.portal.botoes.model_dump(mode="json")
        async with aiohttp.ClientSession(f"{self._bancada.portal.origem}") as porta:
            for botoes in (falta.botoes, {g: SOSSEGO.get(g, antes[g]) for g in falta.botoes}):
                async with porta.post("/_simulador/botoes", json=botoes) as resposta:
                    resposta.raise_for_status()
                await asyncio.sleep(falta.dura_s)


async def run_caos(semente: int, minutos: float, arranjo: Arranjo, servidores: Servidores, pasta: Path) -> None:
    """Raises AssertionError, with what the run was, where an invariant is broken."""
    inicio = time.monotonic()
    async with open_bancada(pasta, servidores, arranjo) as bancada:
        bancada.derruba = True
        await bancada.submit()
        caos = Caos(bancada)
        await caos.run(semente, inicio + minutos * 60 - SOSSEGO_S)
        await bancada.wait_saude()
        await bancada.finish(max(SOSSEGO_S, inicio + minutos * 60 - time.monotonic()))
        await check(bancada, tecnicas=True)
        await mend(bancada)
        check_portal(bancada)
        say(f"{caos.feitas} faltas, {time.monotonic() - inicio:.0f} s: tudo como deve ser.")


async def mend(bancada: Bancada) -> None:
    """What the portal's faults ended is done again without them, and then comes out as expected."""
    for automacao_id, trabalho in zip(bancada.ids, bancada.amostra.trabalhos, strict=True):
        execucao = await finish(bancada.cliente, automacao_id)
        esperados = {e: match_linha(execucao.linhas, e) for e in trabalho.esperados}
        falhos = {e: linha for e, linha in esperados.items() if linha and linha["status"] != e.status}
        if not falhos:
            continue
        assert all(is_tecnica(linha) for linha in falhos.values())
        codigos = sorted({linha["codigo"] for linha in falhos.values()})
        say(f"  {len(falhos)} de novo: {', '.join(codigos)}")
        dados = await bancada.call("POST", f"execucoes/{automacao_id}/reprocessar", json={"codigos": codigos})
        linhas = (await finish(bancada.cliente, dados["automacao_id"])).linhas
        for esperado in falhos:
            linha = match_linha(linhas, esperado)
            assert linha and (linha["status"], linha["arquivo"]) == (esperado.status, esperado.arquivo), linha


def say(texto: str) -> None:
    sys.stdout.write(f"{texto}\n")
    sys.stdout.flush()


def main() -> int:
    leitor = argparse.ArgumentParser(prog="make chaos")
    leitor.add_argument("--semente", type=int, default=random.randrange(10_000))
    leitor.add_argument("--minutos", type=float, default=6.0)
    leitor.add_argument("--driver", default="auto", choices=("auto", "navegador", "http"))
    leitor.add_argument("--contratos", type=int, default=300)
    pedido = leitor.parse_args()
    arranjo = draw_arranjo(pedido.semente, pedido.driver, pedido.contratos)
    say(f"SEED={pedido.semente} MINUTES={pedido.minutos:g} DRIVER={pedido.driver} CONTRATOS={pedido.contratos}")
    say(f"  {arranjo}")
    servidores = Servidores(RabbitMQ(), PostgresServer(duravel=True))
    pasta = Path(tempfile.mkdtemp(prefix="canopus-caos-"))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended like Ctrl-C, it leaves no service behind
    try:
        asyncio.run(run_caos(pedido.semente, pedido.minutos, arranjo, servidores, pasta))
    except Exception:
        traceback.print_exc()
        say(f"FALHOU com SEED={pedido.semente}. Registros: {pasta}")
        return 1
    finally:
        servidores.rabbitmq.close()
        servidores.postgres.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
