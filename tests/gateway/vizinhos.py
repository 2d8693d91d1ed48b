"""Pontos de venda side by side, each with one of everything that an id can lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.gateway.assinatura import make_segredo
from services.gateway.store import agendamentos, correio, espelhos, links, pedidos, pessoas, webhooks
from services.gateway.store.avisos import tell_teste
from services.gateway.store.chaves import Escopo
from services.gateway.store.pedidos import Pedido
from shared.bus import Delivery, Reject
from shared.bus.codec import encode
from shared.bus.topology import NAMER_PEDIDOS, Queue
from shared.events import Arquivo, Evento, PlanilhaLer
from tests.eventually import eventually
from tests.gateway.agencia import add_destinatario, add_whatsapp
from tests.gateway.balcao import Balcao
from tests.gateway.cadastro import Loja, add_loja, list_itens, submit
from tests.gateway.motor import Maestro, falhou

PDF = b"%PDF-1.7\nboleto de teste\n%%EOF"
# Whose rows they are; pontos_venda are their own.
TABELAS = {
    "pontos_venda": "id", **dict.fromkeys(
        ("execucoes_automacao", "log_downloads_boletos", "boletos", "clientes_finais", "consultores",
         "credenciais_canopus", "planilhas", "pedidos", "webhooks", "agendamentos"), "ponto_venda_id"
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Vizinho:
    """ids: by where they stand in an address. marcas: what nobody else is to read; so_do_escritorio: what nobody of
    another office is to."""

    loja: Loja
    ids: dict[str, str]
    marcas: tuple[str, ...]
    so_do_escritorio: tuple[str, ...]

    async def dump(self, balcao: Balcao) -> dict[str, Any]:
        """All that it has, row by row."""
        return {
            tabela: [
                linha["t"]
                for linha in await balcao.pool.fetch(
                    f"SELECT t::text FROM {tabela} t WHERE {coluna} = $1 ORDER BY 1",  # noqa: S608
                    self.loja.id,
                )
            ]
            for tabela, coluna in TABELAS.items()
        }


async def settle(balcao: Balcao, codigo: str, base: int, empresa_id: int = 1) -> Vizinho:
    """A ponto de venda with an execution of three contracts: one failed with evidence, one with its PDF."""
    pool, files = balcao.pool, balcao.gateway.ctx.files
    loja = await add_loja(pool, codigo, base=base, empresa_id=empresa_id)
    automacao_id = await submit(pool, loja)
    falho, feito, _ = await list_itens(pool, automacao_id)
    maestro = Maestro(pool)
    cerca = await maestro.lease(loja)
    evidencia = await files.put_interno("evidencias", f"página de {codigo}".encode())
    await maestro.apply(falhou(await maestro.send(falho["id"], cerca), "cliente.ambiguo", evidencia=(evidencia,)))
    await maestro.succeed(feito["id"], cerca)
    boleto = await pool.fetchval("SELECT boleto_id FROM log_downloads_boletos WHERE id = $1", feito["id"])
    arquivo = await files.place(f"CONSULTOR {codigo}/CLIENTE_{base + 2}.pdf", PDF + codigo.encode())
    await pool.execute(
        "UPDATE boletos SET arquivo_caminho = $2, arquivo_sha256 = $3, arquivo_tamanho = $4 WHERE id = $1",
        boleto, arquivo.caminho, arquivo.sha256, arquivo.tamanho,
    )  # fmt: skip
    pedido = Pedido("relatorio", {"arquivo": evidencia.model_dump()}, loja.id, "teste")
    async with pool.acquire() as conn, conn.transaction():
        await conn.execute("SELECT set_config('canopus.empresa', $1, true)", str(empresa_id))
        await pedidos.insert_pedido(conn, pedido)
        pessoa = await pessoas.create_pessoa(
            conn, f"pessoa{base}@exemplo.com.br", f"Pessoa de {codigo}", "x", Escopo.LEITURA, [loja.id]
        )
        segredo = balcao.gateway.ctx.chaveiro.encrypt(make_segredo())
        webhook = await webhooks.insert_webhook(conn, {
            "nome": "CRM", "url": "https://127.0.0.1:9/", "eventos": None, "ponto_venda_id": loja.id,
            "segredo": segredo})  # fmt: skip
        entrega = await tell_teste(conn, webhook, "teste")
        agendamento = await agendamentos.insert_agendamento(conn, {
            "nome": f"CLIENTE {base + 1}", "ponto_venda_id": loja.id, "consultor_id": None, "mes": "atual",
            "regra": {"tipo": "dia_do_mes", "dia": 5, "hora": "08:00"}, "fuso": "America/Sao_Paulo",
            "perdidos": "pular", "ativo": True, "proxima_em": None, "criado_por": "teste"})  # fmt: skip
        canal = await add_whatsapp(conn, balcao.gateway.ctx.chaveiro, "https://127.0.0.1:9")
        destinatario = await add_destinatario(conn, canal, pessoa_id=pessoa)
        aviso = await correio.tell_teste(conn, destinatario)
        async with conn.transaction():
            espelho = await espelhos.insert_espelho(conn, {
                "nome": f"Nuvem {base}", "destino": "s3://balde", "endereco": "http://127.0.0.1:9", "regiao": "x",
                "chave": "x", "segredo": segredo})  # fmt: skip
            pasta = await espelhos.insert_espelho(conn, {
                "nome": f"Nuvem {base} no Drive", "destino": "drive://1PastaDosBoletos", "endereco": "http://127.0.0.1:9",
                "segredo": segredo})  # fmt: skip
            for id in (espelho, pasta):
                await espelhos.update_espelho(conn, id, {"ativo": False})
            await links.set_link(conn, loja.consultor_id, f"https://drive.google.com/file/d/planilha-{base}-x", None)
        cliente = await conn.fetchval("SELECT min(id) FROM clientes_finais WHERE ponto_venda_id = $1", loja.id)
    await espelhos.Lugares(pool, pasta).keep("a" * 64, f"arquivo-{base}", None)
    ids = {
        "execucoes/{automacao_id}": automacao_id, "clientes/{item}": falho["id"], "evidencia/{numero}": 0,
        "boletos/{id}": boleto, "clientes/{id}": cliente, "pontos-venda/{codigo}": codigo,
        "consultores/{id}": loja.consultor_id, "credenciais/{id}": loja.credencial_id, "pedidos/{id}": pedido.id,
        "pessoas/{id}": pessoa, "mortas/{id}": await _bury(balcao),
        "webhooks/{id}": webhook, "entregas/{entrega_id}": entrega, "agendamentos/{id}": agendamento,
        "canais/{id}": canal, "destinatarios/{id}": destinatario, "avisos/{id}": aviso,
        "espelhos/{id}": espelho,
    }  # fmt: skip
    marcas = (codigo, *(f"CLIENTE{vao}{base + numero}" for numero in (1, 2, 3) for vao in " _"))
    do_escritorio = (f"pessoa{base}@exemplo", f"Nuvem {base}", f"planilha-{base}-x")
    return Vizinho(loja, {lugar: str(id) for lugar, id in ids.items()}, marcas, do_escritorio)


async def _bury(balcao: Balcao) -> str:
    pergunta = PlanilhaLer(
        pedido_id=UUID(int=7), responder_a="gateway.r1.respostas", nome_arquivo="a.xlsx",
        planilha=Arquivo(caminho="_interno/planilhas/x", sha256="0" * 64, tamanho=1),
    )  # fmt: skip
    return await bury(balcao, pergunta, NAMER_PEDIDOS)


async def bury(balcao: Balcao, evento: Evento, fila: Queue) -> str:
    """A message that no one could handle."""

    async def refuse(_: object, __: Delivery) -> None:
        raise Reject("ninguém entende")

    mensagem = encode(evento)
    async with balcao.bus.consume(fila, refuse):
        assert await balcao.bus.publish_many([mensagem]) == [None]
        await eventually(lambda: is_dead(balcao, mensagem.id))
    return mensagem.id


async def is_dead(balcao: Balcao, id: str) -> bool:
    return any(morta.id == id for morta in await balcao.bus.dead_letters(100))
