"""`make demo`: the whole system against the simulator, from an empty folder to named PDFs, outcome beside expected."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from shared.contrato import mask_documento
from tests.crm import API, INICIO_S, Cliente, import_planilhas, match_linha, register
from tests.samples.demonstracao import demonstracao
from tests.samples.register import Amostra, Esperado, Trabalho

RAIZ = Path(__file__).parent.parent
PASTA = RAIZ / "dados" / "demonstracao"
ENCERRAMENTO_S = 20
EXECUCAO_S = 240
EMAIL = "demonstracao@canopus.local"


def say(texto: str = "") -> None:
    sys.stdout.write(texto + "\n")
    sys.stdout.flush()


def find_porta(preferida: int) -> int:
    for porta in (preferida, 0):
        with socket.socket() as tentativa, contextlib.suppress(OSError):
            tentativa.bind(("127.0.0.1", porta))
            return int(tentativa.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")


@dataclass
class Processos:
    """The simulator and the system, with their logs; their ids are kept so that a later demo can end them."""

    manter: bool
    ambiente: dict[str, str]
    abertos: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, nome: str, *argumentos: str) -> None:
        registro = (PASTA / f"{nome}.log").open("wb")
        processo = subprocess.Popen(
            [sys.executable, "-m", "services", *argumentos], cwd=RAIZ, env=self.ambiente, stdout=registro,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self.abertos.append(processo)
        with (PASTA / "processos").open("a") as lista:
            lista.write(f"{processo.pid}\n")

    def stop(self) -> None:
        for processo in reversed(self.abertos):
            processo.send_signal(signal.SIGTERM)
            try:
                processo.wait(ENCERRAMENTO_S)
            except subprocess.TimeoutExpired:
                os.killpg(processo.pid, signal.SIGKILL)


def stop_earlier() -> None:
    """End what an earlier `KEEP=1` left running, and only that: a number may be another program's by now."""
    lista = PASTA / "processos"
    for pid in lista.read_text().split() if lista.exists() else []:
        comando = Path(f"/proc/{pid}/cmdline")
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            if b"services" in comando.read_bytes():
                os.kill(int(pid), signal.SIGTERM)
                _wait_end(comando)


def _wait_end(comando: Path) -> None:
    limite = time.monotonic() + ENCERRAMENTO_S
    while comando.exists() and comando.read_bytes() and time.monotonic() < limite:
        time.sleep(0.1)


@contextlib.contextmanager
def running(manter: bool, porta: int, porta_portal: int) -> Iterator[Processos]:
    stop_earlier()
    shutil.rmtree(PASTA, ignore_errors=True)
    PASTA.mkdir(parents=True)
    # The demo shows the embedded defaults: what the caller's shell holds for a real installation stays out of it.
    limpo = {nome: valor for nome, valor in os.environ.items() if not nome.startswith("CANOPUS_")}
    chromium = os.environ.get("CANOPUS_CHROMIUM")
    ambiente = limpo | {
        "CANOPUS_DATA_DIR": str(PASTA),
        "CANOPUS_PORT": str(porta),
        "CANOPUS_RITMO_MS": "0",
        **({"CANOPUS_CHROMIUM": chromium} if chromium else {}),
    }
    processos = Processos(manter, ambiente)
    try:
        processos.start("portal", "portal", "simular", "--porta", str(porta_portal))
        processos.start("canopus", "up")
        yield processos
    finally:
        if not manter:
            processos.stop()


async def follow(cliente: Cliente, automacao_id: str, vistos: set[str]) -> str:
    """Print the run as its events come, noting each status of a client; returns the one it ends, or blocks, with."""
    async with (
        asyncio.timeout(EXECUCAO_S),
        cliente.sessao.ws_connect(f"{cliente.origem}{API}/ws", protocols=["canopus.v1"]) as ws,
    ):
        await ws.send_json({"tipo": "assinar", "automacao_id": automacao_id, "desde": None})
        async for mensagem in ws:
            quadro = mensagem.json()
            if quadro["tipo"] == "evento" and quadro["cliente"]:
                vistos.add(quadro["status"])
            if quadro["tipo"] == "estado":
                vistos |= {linha["status"] for linha in quadro["clientes"]}
            status = _show(quadro)
            if status in ("concluida", "concluida_com_falhas", "bloqueada", "erro", "cancelada"):
                return status
    raise RuntimeError("o socket fechou antes do fim da execução")


def _show(quadro: dict[str, Any]) -> str | None:
    if quadro["tipo"] == "estado":
        return str(quadro["execucao"]["status"])
    if quadro["tipo"] != "evento":
        return None
    if quadro["evento"] == "execucao.status":
        say(f"  execução: {quadro['status']}")
        return str(quadro["status"])
    if quadro["evento"] == "cliente.resultado":
        c, linha = quadro["contadores"], quadro["cliente"]
        feitos = sum(c.values()) - c["pendente"] - c["processando"]
        quem = linha["nome"] or linha["cpf"]
        say(f"  [{feitos:>2}/{sum(c.values())}] {quem}: {quadro['status']} {quadro['codigo'] or ''}")
    return None


@dataclass
class Conferencia:
    """What was expected beside what came."""

    divergencias: int = 0
    codigos: set[str] = field(default_factory=set)
    status: set[str] = field(default_factory=set)

    async def compare(self, cliente: Cliente, automacao_id: str, esperados: tuple[Esperado, ...]) -> None:
        dados = await cliente.call("GET", f"execucoes/{automacao_id}/clientes", params={"limite": "500"})
        linhas = list(dados["clientes"])
        say(f"  {'cliente':<44} {'esperado':<48} obtido")
        for esperado in esperados:
            self._compare_one(match_linha(linhas, esperado), esperado)
        self.divergencias += len(linhas)
        for sobra in linhas:
            say(f"✗ linha inesperada: {sobra['cpf']} {sobra['status']} {sobra['codigo']}")

    def _compare_one(self, linha: dict[str, Any] | None, esperado: Esperado) -> None:
        quer = f"{esperado.status} {esperado.codigo or ''}".strip()
        veio = f"{linha['status']} {linha['codigo'] or ''}".strip() if linha else "(sem linha)"
        arquivo_certo = esperado.arquivo is None or (linha is not None and linha["arquivo"] == esperado.arquivo)
        certo = quer == veio and arquivo_certo
        self.divergencias += not certo
        if linha:
            self.status.add(linha["status"])
            self.codigos |= {linha["codigo"]} - {None}
        nome = (linha and linha["nome"]) or mask_documento(esperado.documento)
        say(f"{'✓' if certo else '✗'} {nome[:44]:<44} {quer:<48} {veio}")
        if esperado.arquivo and not arquivo_certo:
            say(f"    arquivo esperado {esperado.arquivo}, obtido {linha and linha['arquivo']}")


async def submit(cliente: Cliente, corpo: dict[str, Any]) -> str:
    dados = await cliente.call("POST", "processar-downloads-ponto-venda", json=corpo)
    say(f"  execução {dados['automacao_id']}: {dados['total_clientes']} contratos")
    return str(dados["automacao_id"])


async def run_trabalho(cliente: Cliente, trabalho: Trabalho, conferencia: Conferencia, *, cancel_too: bool) -> str:
    automacao_id = await submit(cliente, trabalho.corpo)
    if cancel_too:
        outra = await submit(cliente, {**trabalho.corpo, "cpfs": None, "limite": 2, "forcar": True})
        await cliente.call("POST", f"execucoes/{outra}/cancelar")
        canceladas = await cliente.call("GET", f"execucoes/{outra}/clientes")
        conferencia.status |= {linha["status"] for linha in canceladas["clientes"]}
        say("  a segunda foi cancelada antes de começar")
    status = await follow(cliente, automacao_id, conferencia.status)
    await conferencia.compare(cliente, automacao_id, trabalho.esperados)
    if status == "bloqueada":
        say("  execução bloqueada: espera uma pessoa, como deve; cancelada para encerrar o exemplo")
        await cliente.call("POST", f"execucoes/{automacao_id}/cancelar")
    return status


def list_pdfs(amostra: Amostra) -> int:
    """Print the PDFs on disk; returns how many differ from those that the sample must leave."""
    raiz = PASTA / "downloads"
    achados = {p.relative_to(raiz).as_posix() for p in raiz.rglob("*.pdf")}
    certos = {e.arquivo for t in amostra.trabalhos for e in t.esperados if e.arquivo}
    say(f"\nPDFs em {raiz.relative_to(RAIZ)}:")
    for caminho in sorted(achados | certos):
        say(f"{'✓' if caminho in achados & certos else '✗'} {caminho}")
    return len(achados ^ certos)


async def demonstrate(processos: Processos, origem: str, url_portal: str) -> int:
    amostra = demonstracao()
    conferencia = Conferencia()
    async with aiohttp.ClientSession() as sessao:
        cliente = Cliente(sessao, origem)
        say("Iniciando o sistema e o portal simulado…")
        await cliente.wait_saude()
        chave = await run_canopus(processos, "chaves", "criar", "--nome", "demonstracao", "--escopo", "admin")
        senha = await run_canopus(
            processos, "pessoas", "criar", "--email", EMAIL, "--nome", "Demonstração", "--escopo", "admin"
        )
        sessao.headers["Authorization"] = f"Bearer {chave}"
        await register(cliente, amostra, url_portal)
        say("Importando as planilhas:")
        for arquivo, r in (await import_planilhas(cliente, amostra, PASTA / "planilhas")).items():
            say(f"  {arquivo}: {r['total']} linhas, {r['importados']} importadas, {len(r['erros'])} com erro")
        for numero, trabalho in enumerate(amostra.trabalhos):
            corpo = trabalho.corpo
            say(f"\nPonto de venda {corpo['ponto_venda']}, {corpo['mes']:02d}/{corpo['ano']}:")
            await run_trabalho(cliente, trabalho, conferencia, cancel_too=numero == 1)
    erros = conferencia.divergencias + list_pdfs(amostra)
    say(f"\nStatus vistos: {', '.join(sorted(conferencia.status))}")
    say(f"Códigos vistos ({len(conferencia.codigos)}): {', '.join(sorted(conferencia.codigos))}")
    say(f"Painel: {origem}/   e-mail: {EMAIL}   senha provisória: {senha}")
    say(f"Chave de acesso da API: {chave}")
    say(f"{erros} divergência(s)." if erros else "Tudo como esperado.")
    return 1 if erros else 0


async def run_canopus(processos: Processos, *argumentos: str) -> str:
    processo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services", *argumentos,
        cwd=RAIZ, env=processos.ambiente, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    saida, _ = await asyncio.wait_for(processo.communicate(), INICIO_S)
    if processo.returncode:
        raise RuntimeError(f"canopus {' '.join(argumentos[:2])} falhou")
    return saida.decode().strip()


def main() -> int:
    argumentos = argparse.ArgumentParser(description=__doc__)
    argumentos.add_argument("--manter", action="store_true", help="deixa o sistema no ar")
    manter = argumentos.parse_args().manter
    porta, porta_portal = find_porta(5000), find_porta(8900)
    inicio = time.monotonic()
    try:
        with running(manter, porta, porta_portal) as processos:
            resultado = asyncio.run(
                demonstrate(processos, f"http://127.0.0.1:{porta}", f"http://127.0.0.1:{porta_portal}")
            )
    except (RuntimeError, TimeoutError, aiohttp.ClientError) as erro:
        say(f"A demonstração parou: {erro}\nRegistros: {PASTA}/*.log")
        return 1
    say(f"{time.monotonic() - inicio:.0f} s.")
    if manter:
        say(f"O sistema continua no ar; para encerrar: kill $(cat {(PASTA / 'processos').relative_to(RAIZ)})")
    return resultado


if __name__ == "__main__":
    sys.exit(main())
