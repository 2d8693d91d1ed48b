// The consultores: each has a workbook and a folder of boletos.
import { html, nothing, svg } from "../vendor/lit.js";
import { getAll } from "../api.js";
import { PaginaCadastro, opcoesPontos, seloAtivo } from "../cadastro.js";
import { numero } from "../ui.js";

class PaginaConsultores extends PaginaCadastro {
  caminho = "consultores";
  papeis = ["admin", "operador"];
  palavras = {
    titulo: "Consultores", novo: "Novo consultor", um: "Consultor", nenhum: "Nenhum consultor ainda. Cadastre o primeiro e importe a planilha dele.",
    excluir: (linha) => `Excluir ${linha.nome}? Se já tiver clientes, planilhas ou boletos, será só desativado.`,
  };

  async list() {
    this.pontos = await getAll("pontos-venda", "pontos-venda");
    return super.list();
  }

  colunas() {
    return [
      { titulo: "Nome", ver: (c) => html`${this.nome(c, c.nome)} ${c.cor_identificacao ? renderCor(c.cor_identificacao) : nothing}` },
      { titulo: "Ponto de venda", ver: (c) => c.ponto_venda },
      { titulo: "Clientes", ver: (c) => numero(c.clientes), numero: true },
      { titulo: "Contato", ver: (c) => [c.whatsapp, c.email].filter(Boolean).join(" · ") || "–" },
      { titulo: "Pasta dos boletos", ver: (c) => c.pasta_boletos },
      { titulo: "Situação", ver: (c) => seloAtivo(c.ativo) },
    ];
  }

  campos(_, novo) {
    return [
      { nome: "nome", rotulo: "Nome", obrigatorio: true },
      { nome: "ponto_venda", rotulo: "Ponto de venda", tipo: "escolha", obrigatorio: true, opcoes: opcoesPontos(this.pontos),
        dica: "Das linhas da planilha que não dizem o seu." },
      { nome: "whatsapp", rotulo: "WhatsApp", dica: "Com DDD, como (67) 99999-0000." },
      { nome: "email", rotulo: "E-mail" },
      { nome: "pasta_boletos", rotulo: "Pasta dos boletos", dica: novo ? "Em branco: o nome do consultor." : "Vale para os próximos boletos." },
      { nome: "cor_identificacao", rotulo: "Cor", dica: "Como #1d4e89." },
      ...(novo ? [] : [{ nome: "ativo", rotulo: "Ativo", tipo: "marca" }]),
    ];
  }
}

const renderCor = (cor) => html`<svg class="cor" viewBox="0 0 10 10" aria-hidden="true">${svg`<circle cx="5" cy="5" r="5" fill=${cor}></circle>`}</svg>`;

customElements.define("pagina-consultores", PaginaConsultores);
