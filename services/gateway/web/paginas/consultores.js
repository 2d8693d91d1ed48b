// The consultores: each has a workbook and a folder of boletos.
import { html, nothing, svg } from "../vendor/lit.js";
import { getAll } from "../api.js";
import { PaginaCadastro, opcoesPontos, seloAtivo } from "../cadastro.js";
import { MENU } from "../textos/comum.js";
import { CONSULTORES } from "../textos/cadastros.js";
import { numero } from "../ui.js";

class PaginaConsultores extends PaginaCadastro {
  caminho = "consultores";
  papeis = ["admin", "operador"];
  palavras = { titulo: MENU.consultores, ...CONSULTORES.palavras };

  async list() {
    this.pontos = await getAll("pontos-venda", "pontos-venda");
    return super.list();
  }

  colunas() {
    return [
      {
        titulo: CONSULTORES.nome,
        ver: (c) => html`${this.nome(c, c.nome)} ${c.cor_identificacao ? renderCor(c.cor_identificacao) : nothing}`,
      },
      { titulo: CONSULTORES.ponto_venda, ver: (c) => c.ponto_venda },
      { titulo: MENU.clientes, ver: (c) => numero(c.clientes), numero: true },
      { titulo: CONSULTORES.contato, ver: (c) => [c.whatsapp, c.email].filter(Boolean).join(" · ") || "–" },
      { titulo: CONSULTORES.pasta, ver: (c) => c.pasta_boletos },
      { titulo: CONSULTORES.situacao, ver: (c) => seloAtivo(c.ativo) },
    ];
  }

  campos(_, novo) {
    return [
      { nome: "nome", rotulo: CONSULTORES.nome, obrigatorio: true },
      { nome: "ponto_venda", rotulo: CONSULTORES.ponto_venda, tipo: "escolha", obrigatorio: true,
        opcoes: opcoesPontos(this.pontos), dica: CONSULTORES.ponto_venda_dica },
      { nome: "whatsapp", rotulo: CONSULTORES.whatsapp, dica: CONSULTORES.whatsapp_dica },
      { nome: "email", rotulo: CONSULTORES.email },
      { nome: "pasta_boletos", rotulo: CONSULTORES.pasta, dica: novo ? CONSULTORES.pasta_nova : CONSULTORES.pasta_mudada },
      { nome: "cor_identificacao", rotulo: CONSULTORES.cor, dica: CONSULTORES.cor_dica },
      ...(novo ? [] : [{ nome: "ativo", rotulo: CONSULTORES.ativo, tipo: "marca" }]),
    ];
  }
}

const renderCor = (cor) => html`<svg class="cor" viewBox="0 0 10 10" aria-hidden="true">${svg`<circle cx="5" cy="5" r="5" fill=${cor}></circle>`}</svg>`;

customElements.define("pagina-consultores", PaginaConsultores);
