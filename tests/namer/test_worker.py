"""The namer on the bus: each request gets its answer, the same one however often it comes."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from services.namer.settings import NamerSettings
from services.namer.worker import Namer
from shared.bus import Delivery
from shared.bus.memory import MemoryBus
from shared.bus.topology import GATEWAY_EVENTOS, GATEWAY_SINAIS, reply_queue
from shared.events import (
    EVENTOS,
    Arquivo,
    BoletoArquivado,
    BoletoFalhou,
    BoletoNomear,
    DadosRelatorio,
    Evento,
    LinhasPlanilha,
    NamerPulso,
    PlanilhaLer,
    PlanilhaLida,
    RelatorioGerado,
    RelatorioGerar,
    Tarefa,
)
from shared.files import DiscoCheio, FileStore
from tests.eventually import eventually
from tests.namer.planilhas import make_cpf, make_generica, make_geral, mask

ANA, RUI = make_cpf(1), make_cpf(2)
RESPOSTAS = reply_queue("teste")


class Gateway:
    """The other end: what the namer answered, in order."""

    def __init__(self, bus: MemoryBus, files: FileStore, pasta: Path) -> None:
        self.bus = bus
        self.files = files
        self.pasta = pasta
        self.respostas: list[Evento] = []
        self.pulsos: list[NamerPulso] = []

    async def note(self, evento: Evento, _: Delivery) -> None:
        (self.pulsos if isinstance(evento, NamerPulso) else self.respostas).append(evento)  # type: ignore[arg-type]

    async def ask(self, pedido: Evento, quantas: int = 1) -> list[Evento]:
        """Send one message `quantas` times; the answers."""
        antes = len(self.respostas)
        for _ in range(quantas):
            await self.bus.publish(pedido)
        await eventually(lambda: len(self.respostas) >= antes + quantas)
        return self.respostas[antes:]

    async def name(self, pedido: BoletoNomear) -> BoletoArquivado:
        resposta = (await self.ask(pedido))[0]
        assert isinstance(resposta, BoletoArquivado), resposta
        return resposta

    async def fail(self, pedido: BoletoNomear) -> BoletoFalhou:
        resposta = (await self.ask(pedido))[0]
        assert isinstance(resposta, BoletoFalhou), resposta
        return resposta

    def list_pdfs(self) -> list[str]:
        return sorted(
            Path(raiz, nome).relative_to(self.pasta).as_posix()
            for raiz, _, nomes in os.walk(self.pasta)
            for nome in nomes
            if nome.endswith(".pdf")
        )


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path.as_uri())


@pytest.fixture
async def gateway(files: FileStore, tmp_path: Path) -> AsyncIterator[Gateway]:
    async with MemoryBus(EVENTOS) as bus:
        gateway = Gateway(bus, files, tmp_path)
        async with (
            bus.consume(GATEWAY_EVENTOS, gateway.note),
            bus.consume(GATEWAY_SINAIS, gateway.note),
            bus.consume(RESPOSTAS, gateway.note),
            Namer(bus, files, NamerSettings(pulso_s=0.05)),
        ):
            yield gateway


async def make_pedido(files: FileStore, pdf: bytes = b"%PDF-1.4 um", **campos: object) -> BoletoNomear:
    linhas = [
        (mask(ANA), "6650 0007", "", "", "Em dia", "ANA PAULA SOUZA LIMA - 70%", 17308),
        (mask(RUI), "6651 0012", "", "", "Em dia", "RUI SÁ IMOVEL 50%", 21400),
        (mask(RUI), "6651 0013", "", "", "INADIMPLENTE", "RUI SÁ", 21400),
    ]
    base = {
        "tarefa": Tarefa(automacao_id=uuid4(), item_id=1, despacho=1, tentativa=1, cerca=1),
        "ponto_venda": "17.308",
        "captura": await files.put_interno("capturas", pdf),
        "cpf": ANA, "grupo": 6650, "cota": 7, "mes": 11, "ano": 2026,
        "planilha": await files.put_interno("planilhas", make_geral(linhas)),
        "pasta": "DAYLER",
    }  # fmt: skip
    return BoletoNomear.model_validate({**base, **campos})


# --- boletos ----------------------------------------------------------------------------------------------------------


async def test_a_capture_is_filed_under_its_clients_name(gateway: Gateway) -> None:
    pedido = await make_pedido(gateway.files)
    resposta = await gateway.name(pedido)
    assert resposta.tarefa == pedido.tarefa
    assert resposta.nome == "ANA PAULA SOUZA LIMA"
    assert resposta.arquivo.caminho == "DAYLER/ANA_PAULA_SOUZA_LIMA_NOVEMBRO.pdf"
    assert await gateway.files.get(resposta.arquivo) == b"%PDF-1.4 um"


async def test_two_cotas_of_one_client_carry_their_contract(gateway: Gateway) -> None:
    for cota in (13, 12):
        pedido = await make_pedido(gateway.files, f"%PDF {cota}".encode(), cpf=RUI, grupo=6651, cota=cota)
        await gateway.name(pedido)
    assert gateway.list_pdfs() == ["DAYLER/RUI_SÁ_6651_12_NOVEMBRO.pdf", "DAYLER/RUI_SÁ_6651_13_NOVEMBRO.pdf"]


async def test_the_same_task_again_and_at_once_ends_in_the_same_answer(gateway: Gateway) -> None:
    respostas = await gateway.ask(await make_pedido(gateway.files), quantas=20)
    assert {r.arquivo for r in respostas if isinstance(r, BoletoArquivado)} == {
        Arquivo(
            caminho="DAYLER/ANA_PAULA_SOUZA_LIMA_NOVEMBRO.pdf",
            sha256=(await make_pedido(gateway.files)).captura.sha256,
            tamanho=11,
        )
    }
    assert gateway.list_pdfs() == ["DAYLER/ANA_PAULA_SOUZA_LIMA_NOVEMBRO.pdf"]


async def test_a_boleto_whose_name_changed_leaves_no_second_copy(gateway: Gateway) -> None:
    primeiro = await gateway.name(await make_pedido(gateway.files))
    nova = await gateway.files.put_interno(
        "planilhas", make_generica(["CPF", "G/C", "NOME"], [[ANA, "6650 7", "ANA PAULA LIMA"]])
    )
    pedido = await make_pedido(
        gateway.files, b"%PDF-1.4 dois", planilha=nova, arquivo_anterior=primeiro.arquivo.caminho
    )
    segundo = await gateway.name(pedido)
    assert gateway.list_pdfs() == [segundo.arquivo.caminho] == ["DAYLER/ANA_PAULA_LIMA_NOVEMBRO.pdf"]


async def test_a_boleto_without_a_name_is_kept_and_named_later_without_a_download(gateway: Gateway) -> None:
    pedido = await make_pedido(gateway.files, cpf=make_cpf(3))
    resposta = await gateway.fail(pedido)
    assert (resposta.codigo, resposta.etapa) == ("nome.nao_encontrado", "nomeando")
    guardado = resposta.quarentena
    assert guardado is not None and guardado.caminho == f"_interno/sem_nome/{pedido.captura.sha256}"
    assert guardado.caminho in resposta.mensagem and pedido.cpf not in resposta.mensagem
    assert gateway.list_pdfs() == []
    await gateway.files.delete(pedido.captura.caminho)
    planilha = await gateway.files.put_interno("planilhas", make_generica(["CPF", "NOME"], [[pedido.cpf, "EVA"]]))
    nomeado = await gateway.name(pedido.model_copy(update={"captura": guardado, "planilha": planilha}))
    assert nomeado.arquivo.caminho == "DAYLER/EVA_NOVEMBRO.pdf"


async def test_a_boleto_without_any_workbook_is_kept(gateway: Gateway) -> None:
    resposta = await gateway.fail(await make_pedido(gateway.files, planilha=None, pasta=None))
    assert resposta.codigo == "nome.nao_encontrado"
    assert resposta.quarentena is not None


async def test_a_place_taken_by_a_persons_files_is_a_conflict(gateway: Gateway) -> None:
    nomes = ("NOVEMBRO", "NOVEMBRO_2026", "6650_7_NOVEMBRO_2026_17308")
    for nome in nomes:
        await gateway.files.place(f"DAYLER/ANA_PAULA_SOUZA_LIMA_{nome}.pdf", b"da pessoa")
    resposta = await gateway.fail(await make_pedido(gateway.files))
    assert resposta.codigo == "arquivo.falhou.conflito"
    assert "DAYLER/ANA_PAULA_SOUZA_LIMA" in resposta.mensagem


async def test_a_full_disk_has_a_code_of_its_own(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    pedido = await make_pedido(gateway.files)

    async def refuse(*_: object, **__: object) -> None:
        raise DiscoCheio("No space left on device")

    monkeypatch.setattr(gateway.files, "place", refuse)
    assert (await gateway.fail(pedido)).codigo == "arquivo.falhou.disco_cheio"


async def test_a_capture_that_is_gone_or_changed_is_a_fault_of_the_store(gateway: Gateway) -> None:
    pedido = await make_pedido(gateway.files)
    await gateway.files.place(pedido.captura.caminho, b"outro", overwrite=True)
    assert (await gateway.fail(pedido)).codigo == "arquivo.falhou"
    await gateway.files.delete(pedido.captura.caminho)
    assert (await gateway.fail(pedido)).codigo == "arquivo.falhou"
    assert gateway.list_pdfs() == []


async def test_a_workbook_that_cannot_be_read_is_an_internal_fault(gateway: Gateway) -> None:
    planilha = await gateway.files.put_interno("planilhas", b"nada")
    assert (await gateway.fail(await make_pedido(gateway.files, planilha=planilha))).codigo == "interno"


# --- requests ---------------------------------------------------------------------------------------------------------


async def read_planilha(gateway: Gateway, dados: bytes, ponto_venda: str | None = None) -> PlanilhaLida:
    pedido = PlanilhaLer(
        pedido_id=uuid4(),
        responder_a=RESPOSTAS.name,
        planilha=await gateway.files.put_interno("planilhas", dados),
        nome_arquivo="DAYLER__PLANILHA_GERAL.xlsx",
        ponto_venda=ponto_venda,
    )
    resposta = (await gateway.ask(pedido))[0]
    assert isinstance(resposta, PlanilhaLida)
    assert resposta.pedido_id == pedido.pedido_id
    return resposta


async def test_a_workbook_is_read_and_its_rows_left_in_the_store(gateway: Gateway) -> None:
    dados = make_generica(["CPF", "NOME", "P.V"], [[ANA, "ANA 70%", 17308], [RUI, "RUI", None], ["x", "EVA", None]])
    lida = await read_planilha(gateway, dados, ponto_venda="21400")
    assert lida.erro is None and lida.linhas is not None
    linhas = LinhasPlanilha.model_validate_json(await gateway.files.get(lida.linhas))
    assert [(linha.nome, linha.ponto_venda) for linha in linhas.linhas] == [("ANA", "17308"), ("RUI", "21400")]
    assert (linhas.total, linhas.erros[0].linha) == (3, 4)


async def test_a_workbook_that_is_refused_is_answered_with_the_reason(gateway: Gateway) -> None:
    lida = await read_planilha(gateway, b"CPF;NOME")
    assert lida.linhas is None
    assert lida.erro is not None and "não é uma planilha do Excel" in lida.erro


async def test_a_report_is_written_into_the_store(gateway: Gateway) -> None:
    dados = DadosRelatorio(execucao={"status": "concluida"}, contadores={"sucesso": 1}, clientes=({"nome": "ANA"},))
    pedido = RelatorioGerar(
        pedido_id=uuid4(),
        responder_a=RESPOSTAS.name,
        dados=await gateway.files.put_interno("relatorios", dados.model_dump_json().encode()),
    )
    resposta = (await gateway.ask(pedido))[0]
    assert isinstance(resposta, RelatorioGerado) and resposta.relatorio is not None
    assert (await gateway.files.get(resposta.relatorio)).startswith(b"PK")


@pytest.mark.parametrize("dados", [b"{}", b"nada", json.dumps({"execucao": 1}).encode()])
async def test_a_report_of_wrong_data_is_answered_with_an_error(gateway: Gateway, dados: bytes) -> None:
    arquivo = await gateway.files.put_interno("relatorios", dados)
    resposta = (await gateway.ask(RelatorioGerar(pedido_id=uuid4(), responder_a=RESPOSTAS.name, dados=arquivo)))[0]
    assert isinstance(resposta, RelatorioGerado) and resposta.erro


async def test_an_asker_that_is_gone_is_no_fault(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    arquivo = await gateway.files.put_interno("planilhas", b"nada")
    perdido = PlanilhaLer(pedido_id=uuid4(), responder_a="ninguem", planilha=arquivo, nome_arquivo="x.xlsx")
    await gateway.bus.publish(perdido)
    await eventually(lambda: "no asker any more" in caplog.text)
    assert (await read_planilha(gateway, b"outra")).erro
    assert await gateway.bus.dead_letters() == []


# --- life -------------------------------------------------------------------------------------------------------------


async def test_the_namer_tells_that_it_lives(gateway: Gateway) -> None:
    await eventually(lambda: len(gateway.pulsos) >= 2)
    assert len({pulso.namer_id for pulso in gateway.pulsos}) == 1


async def test_two_namers_share_the_work(files: FileStore, tmp_path: Path) -> None:
    settings = NamerSettings(pulso_s=10)
    async with MemoryBus(EVENTOS) as bus:
        gateway = Gateway(bus, files, tmp_path)
        outro = Namer(bus, FileStore(tmp_path.as_uri()), settings)
        async with bus.consume(GATEWAY_EVENTOS, gateway.note), Namer(bus, files, settings), outro:
            linhas = [(make_cpf(i), f"6650 {i}", "ANA LIMA") for i in range(1, 41)]
            planilha = await files.put_interno("planilhas", make_generica(["CPF", "G/C", "NOME"], linhas))
            pedidos = [
                await make_pedido(files, f"%PDF {cota}".encode(), cpf=cpf, cota=cota, planilha=planilha)
                for cota, (cpf, _, _) in enumerate(linhas, 1)
            ]
            for pedido in pedidos * 2:
                await bus.publish(pedido)
            await eventually(lambda: len(gateway.respostas) == 80)
    assert gateway.list_pdfs() == sorted(f"DAYLER/ANA_LIMA_6650_{cota}_NOVEMBRO.pdf" for cota in range(1, 41))
    for cota in range(1, 41):
        assert await files.read(f"DAYLER/ANA_LIMA_6650_{cota}_NOVEMBRO.pdf") == f"%PDF {cota}".encode()


class WatchedFiles(FileStore):
    """Tells when a capture is first asked for."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.begun = asyncio.Event()

    async def get(self, arquivo: Arquivo) -> bytes:
        self.begun.set()
        return await super().get(arquivo)


async def test_leaving_ends_the_work_in_hand_first(tmp_path: Path) -> None:
    files = WatchedFiles(tmp_path.as_uri())
    async with MemoryBus(EVENTOS) as bus:
        gateway = Gateway(bus, files, tmp_path)
        async with bus.consume(GATEWAY_EVENTOS, gateway.note):
            async with Namer(bus, files, NamerSettings()):
                await bus.publish(await make_pedido(files))
                await files.begun.wait()
            await eventually(lambda: gateway.respostas)
        assert gateway.list_pdfs() == ["DAYLER/ANA_PAULA_SOUZA_LIMA_NOVEMBRO.pdf"]
