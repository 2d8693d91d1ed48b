// What the pages of the register share: a table whose rows open the form of their entry, and a button for a new one.
import { html, nothing } from "./vendor/lit.js";
import { getAll } from "./api.js";
import "./ficha.js";
import { tabela } from "./tabela.js";
import { CADASTRO } from "./textos/cadastros.js";
import { Pagina, carregando, vazio } from "./ui.js";

export const seloAtivo = (ativo) =>
  html`<span class="selo ${ativo ? "bom" : ""}">${ativo ? CADASTRO.ativo : CADASTRO.inativo}</span>`;

export const opcoesPontos = (pontos) => pontos.map((p) => [p.codigo, CADASTRO.ponto(p)]);

// A page of the register. What a page of its own says: caminho, papel, palavras, colunas, campos, and what is above.
export class PaginaCadastro extends Pagina {
  static properties = {
    sessao: { attribute: false },
    linhas: { state: true },
    aberta: { state: true }, // the entry in the form; {} for a new one, { titulo } for one of its own kind; null: no form
  };

  caminho = "";
  papeis = ["admin"]; // who may change
  palavras = {}; // titulo, novo, um, nenhum, excluir: entry → question

  constructor() {
    super();
    this.aberta = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this.load();
  }

  // What is already there may be hers to change, where a new one is not.
  get podeNovo() {
    return true;
  }

  get pode() {
    return this.papeis.includes(this.sessao.escopo);
  }

  async load() {
    this.linhas = (await this.ler(() => this.list())) ?? this.linhas;
  }

  list() {
    return getAll(this.caminho, this.caminho);
  }

  chave(linha) {
    return linha.id;
  }

  // More buttons beside the one for a new entry.
  outros() {
    return nothing;
  }

  // Called with what was saved, before the list is read again.
  saved() {}

  nome(linha, texto) {
    return html`<button class="nome" @click=${() => (this.aberta = linha)}>${texto}</button>`;
  }

  render() {
    return html`
      <div class="cabeca">
        <h1 tabindex="-1">${this.palavras.titulo}</h1>
        ${this.pode && this.linhas ? html`
          ${this.outros()}${this.podeNovo ? html`
            <button @click=${() => (this.aberta = {})}>${this.palavras.novo}</button>` : nothing}` : nothing}
      </div>
      ${this.renderFalha(() => this.load())}
      ${!this.linhas ? (this.falha ? nothing : carregando()) : this.linhas.length ? this.renderLinhas() : vazio(this.palavras.nenhum)}
      ${this.aberta ? this.renderFicha(this.aberta) : nothing}
    `;
  }

  renderLinhas() {
    return html`<section class="cartao">${tabela(this.palavras.titulo, this.colunas(), this.linhas, { chave: (l) => this.chave(l) })}</section>`;
  }

  renderFicha(linha) {
    const chave = this.chave(linha);
    const novo = chave === undefined;
    return html`
      <ficha-cadastro .titulo=${novo ? linha.titulo ?? this.palavras.novo : this.palavras.um} .linha=${novo ? null : linha}
        .caminho=${novo ? this.caminho : `${this.caminho}/${encodeURIComponent(chave)}`} .campos=${this.campos(linha, novo)}
        .leitura=${!this.pode} .excluir=${novo ? "" : this.palavras.excluir(linha)} .extra=${novo ? nothing : this.acoes(linha)}
        .nota=${this.nota(linha, novo)}
        @fechar=${() => (this.aberta = null)} @salvo=${(e) => { this.saved(e.detail, linha); this.load(); }}></ficha-cadastro>
    `;
  }

  acoes() {
    return nothing;
  }

  // What is said above the fields of the form.
  nota() {
    return nothing;
  }
}
