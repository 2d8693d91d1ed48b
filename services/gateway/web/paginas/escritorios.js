// The offices of this installation, for whoever looks after it: their names, never what they hold.
import { html, nothing } from "../vendor/lit.js";
import { getAll } from "../api.js";
import { tabela } from "../tabela.js";
import { MENU } from "../textos/comum.js";
import { ESCRITORIOS } from "../textos/escritorios.js";
import { Pagina, carregando, dataHora } from "../ui.js";

class PaginaEscritorios extends Pagina {
  static properties = { sessao: { attribute: false }, empresas: { state: true } };

  connectedCallback() {
    super.connectedCallback();
    this.load();
  }

  async load() {
    this.empresas = (await this.ler(() => getAll("empresas", "empresas"))) ?? this.empresas;
  }

  render() {
    return html`
      <h1 tabindex="-1">${MENU.escritorios}</h1>
      <p class="fraco">${ESCRITORIOS.explica}</p>
      ${this.renderFalha(() => this.load())}
      ${this.empresas ? this.renderEmpresas() : this.falha ? nothing : carregando()}
    `;
  }

  renderEmpresas() {
    const colunas = [
      { titulo: ESCRITORIOS.nome, ver: (e) => e.nome },
      { titulo: ESCRITORIOS.codigo, ver: (e) => e.codigo },
      { titulo: ESCRITORIOS.sessoes, ver: (e) => e.max_sessoes ?? ESCRITORIOS.sem_limite },
      { titulo: ESCRITORIOS.desde, ver: (e) => dataHora(e.created_at) },
      { titulo: ESCRITORIOS.situacao, ver: (e) => (e.ativa ? ESCRITORIOS.ativo : ESCRITORIOS.inativo) },
    ];
    return html`<section class="cartao">${tabela(MENU.escritorios, colunas, this.empresas)}</section>`;
  }
}

customElements.define("pagina-escritorios", PaginaEscritorios);
