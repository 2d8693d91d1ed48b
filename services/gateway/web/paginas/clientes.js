// The clients' contracts: searched, and put right by hand where the workbook is wrong.
import { html, nothing } from "../vendor/lit.js";
import { get, getCadastros } from "../api.js";
import { opcoesPontos, seloAtivo } from "../cadastro.js";
import "../ficha.js";
import { tabela } from "../tabela.js";
import { MENU, T } from "../textos/comum.js";
import { CLIENTES } from "../textos/cadastros.js";
import { Pagina, campo, carregando, cota, ir, valores, vazio } from "../ui.js";

const ROTULOS = CLIENTES.campos;

class PaginaClientes extends Pagina {
  static properties = {
    sessao: { attribute: false },
    cliente_id: { attribute: false }, // from the address: opened at once
    linhas: { state: true },
    cursor: { state: true },
    pontos: { state: true },
    aberto: { state: true },
  };

  constructor() {
    super();
    this.aberto = null;
    this.filtros = { ativo: "true" };
  }

  connectedCallback() {
    super.connectedCallback();
    this.search();
  }

  willUpdate(mudou) {
    if (mudou.has("cliente_id") && this.pontos) this.openById();
  }

  async openById() {
    this.aberto = null;
    if (this.cliente_id) this.aberto = (await this.fazer(() => get(`clientes/${encodeURIComponent(this.cliente_id)}`))) ?? null;
  }

  filter(event) {
    event.preventDefault();
    this.filtros = valores(event.target.form ?? event.target);
    this.search();
  }

  async search(cursor = null) {
    const lido = await this.ler(() => Promise.all([get("clientes", { ...this.filtros, cursor }), this.pontos ? null : getCadastros()]));
    if (!lido) return;
    const [pagina, cadastros] = lido;
    this.linhas = cursor ? [...this.linhas, ...pagina.clientes] : pagina.clientes;
    this.cursor = pagina.cursor;
    if (!cadastros) return;
    Object.assign(this, cadastros);
    this.openById();
  }

  // Back to the list's address: the same client can be opened by it again.
  close() {
    this.aberto = null;
    if (this.cliente_id) ir("clientes");
  }

  replace(cliente) {
    this.linhas = this.linhas?.map((linha) => (linha.id === cliente.id ? cliente : linha));
  }

  render() {
    return html`
      <h1 tabindex="-1">${MENU.clientes}</h1>
      ${this.pontos ? this.renderFiltros() : nothing}
      ${this.renderFalha(() => this.search())}
      ${this.linhas || !this.falha ? html`<section class="cartao">${this.linhas ? this.renderLinhas() : carregando()}</section>` : nothing}
      ${this.aberto ? this.renderFicha(this.aberto) : nothing}
    `;
  }

  renderFiltros() {
    return html`
      <form class="cartao" role="search" @submit=${this.filter}>
        <div class="grade">
          ${campo("busca", ROTULOS.nome, html`<input id="busca" name="busca" type="search">`, this.erros.busca)}
          ${campo("cpf", CLIENTES.cpf_inteiro, html`<input id="cpf" name="cpf" type="search">`, this.erros.cpf)}
          ${campo("ponto_venda", ROTULOS.ponto_venda, html`
            <select id="ponto_venda" name="ponto_venda" @change=${this.filter}>
              <option value="">${T.todos}</option>
              ${opcoesPontos(this.pontos).map(([valor, texto]) => html`<option value=${valor}>${texto}</option>`)}
            </select>`, this.erros.ponto_venda)}
          ${campo("consultor", ROTULOS.consultor, html`
            <select id="consultor" name="consultor" @change=${this.filter}>
              <option value="">${T.todos}</option>
              ${this.consultores.map((c) => html`<option value=${c.id}>${c.nome}</option>`)}
            </select>`, this.erros.consultor)}
          ${campo("ativo", CLIENTES.situacao, html`
            <select id="ativo" name="ativo" @change=${this.filter}>
              <option value="true">${CLIENTES.ativos}</option>
              <option value="false">${CLIENTES.inativos}</option>
              <option value="">${T.todos}</option>
            </select>`)}
        </div>
        <div class="acoes"><button>${T.buscar}</button></div>
      </form>
    `;
  }

  renderLinhas() {
    if (!this.linhas.length) return vazio(CLIENTES.nenhum);
    return html`
      ${tabela(MENU.clientes, [
        { titulo: ROTULOS.nome, ver: (c) => html`<button class="nome" @click=${() => (this.aberto = c)}>${c.nome}</button>` },
        { titulo: ROTULOS.cpf, ver: (c) => c.cpf },
        { titulo: ROTULOS.cota, ver: cota },
        { titulo: ROTULOS.ponto_venda, ver: (c) => c.ponto_venda },
        { titulo: ROTULOS.consultor, ver: (c) => c.consultor ?? "–" },
        {
          titulo: CLIENTES.situacao,
          ver: (c) => html`${seloAtivo(c.ativo)} ${c.situacao ? html`<small>${c.situacao}</small>` : nothing}`,
        },
        { titulo: CLIENTES.mudado, ver: (c) => c.editados.map((nome) => ROTULOS[nome] ?? nome).join(", ") || "–" },
      ], this.linhas)}
      ${this.cursor ? html`<button class="secundario" @click=${() => this.search(this.cursor)}>${T.mais}</button>` : nothing}
    `;
  }

  renderFicha(cliente) {
    return html`
      <ficha-cadastro .titulo=${cliente.nome} .linha=${cliente} .caminho="clientes/${cliente.id}" .campos=${this.campos(cliente)}
        .leitura=${this.sessao.escopo === "leitura"} @fechar=${this.close} @salvo=${(e) => this.replace(e.detail)}></ficha-cadastro>
    `;
  }

  campos(cliente) {
    const fino = {
      ponto_venda: { tipo: "escolha", opcoes: opcoesPontos(this.pontos) },
      consultor: {
        tipo: "escolha", nulo: true, valor: cliente.consultor_id ?? "", atual: cliente.consultor,
        opcoes: [["", CLIENTES.sem_consultor], ...this.consultores.map((c) => [c.id, c.nome])],
      },
      grupo: { tipo: "numero" },
      cota: { tipo: "numero" },
      whatsapp: { dica: CLIENTES.whatsapp_dica },
      observacoes: { tipo: "linhas", nulo: true },
      ativo: { tipo: "marca", rotulo: CLIENTES.ativo(cliente.editados.includes("ativo")) },
    };
    return Object.entries(ROTULOS).map(([nome, rotulo]) => {
      const dica = cliente.editados.includes(nome) ? CLIENTES.mudado_dica : fino[nome]?.dica;
      return { nome, rotulo, obrigatorio: nome === "nome" || nome === "cpf", ...fino[nome], dica };
    });
  }
}

customElements.define("pagina-clientes", PaginaClientes);
