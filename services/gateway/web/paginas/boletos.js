// The filed boletos: found, seen, copied from and downloaded, by consultor and month or the newest first.
import { html, nothing, repeat } from "../vendor/lit.js";
import { download, get, getCadastros } from "../api.js";
import { copiar } from "../copia.js";
import "../dados-boleto.js";
import { MENU, MESES, T } from "../textos/comum.js";
import { BOLETOS } from "../textos/boletos.js";
import {
  Pagina, campo, carregando, contar, cota, data, dataHora, escolha, mesAno, moeda, nomePonto, valores, vazio,
} from "../ui.js";
import { seloPagamento } from "../pagamento-boleto.js";
import "../visor-pdf.js";

const DIGITACAO_MS = 350;

// Boletos that follow each other and share consultor and month, under one title.
function agrupar(boletos) {
  const grupos = [];
  for (const boleto of boletos) {
    const titulo = `${boleto.consultor ?? BOLETOS.sem_consultor} · ${mesAno(boleto.mes, boleto.ano)}`;
    if (grupos.at(-1)?.titulo !== titulo) grupos.push({ titulo, boletos: [] });
    grupos.at(-1).boletos.push(boleto);
  }
  return grupos;
}

class PaginaBoletos extends Pagina {
  static properties = {
    sessao: { attribute: false },
    pontos: { state: true },
    consultores: { state: true },
    boletos: { state: true },
    cursor: { state: true },
    aberto: { state: true }, // the boleto that is seen
  };

  constructor() {
    super();
    this.filtros = { ordem: "consultor" }; // of what is shown
  }

  connectedCallback() {
    super.connectedCallback();
    this.load();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.espera);
  }

  type() {
    clearTimeout(this.espera);
    this.espera = setTimeout(() => this.load(), DIGITACAO_MS);
  }

  submit(event) {
    event.preventDefault();
    this.load();
  }

  load() {
    clearTimeout(this.espera);
    const formulario = this.querySelector("form");
    return this.list(formulario ? valores(formulario) : this.filtros, null);
  }

  // cursor: what follows the list that these filters began.
  async list(filtros, cursor) {
    const lido = await this.ler(() => Promise.all([get("boletos", { ...filtros, cursor }), this.pontos ? {} : getCadastros()]));
    if (!lido) return;
    const [pagina, cadastros] = lido;
    Object.assign(this, cadastros, { filtros, cursor: pagina.cursor });
    this.boletos = cursor ? [...this.boletos, ...pagina.boletos] : pagina.boletos;
  }

  close() {
    this.aberto = null;
  }

  // Its payment was changed.
  replace(boleto) {
    this.boletos = this.boletos.map((outro) => (outro.id === boleto.id ? boleto : outro));
    this.aberto = boleto;
  }

  save(boleto) {
    this.fazer(() => download(`boletos/${boleto.id}/pdf`));
  }

  render() {
    return html`
      <h1 tabindex="-1">${MENU.boletos}</h1>
      ${this.pontos ? this.renderFiltros() : nothing}
      ${this.renderFalha(() => this.load())}
      ${this.boletos ? this.renderBoletos() : this.falha ? nothing : carregando()}
      ${this.aberto ? this.renderAberto(this.aberto) : nothing}
    `;
  }

  renderFiltros() {
    const { erros } = this;
    const { filtros } = BOLETOS;
    const lista = (id, opcoes, todos) => campo(id, filtros[id], escolha(id, opcoes, todos), erros[id]);
    return html`
      <form class="cartao" role="search" @submit=${this.submit} @change=${() => this.load()}>
        <div class="grade">
          ${campo("busca", filtros.busca, html`
            <input id="busca" name="busca" type="search" maxlength="100" @input=${this.type}>`, erros.busca)}
          ${campo("cpf", filtros.cpf, html`
            <input id="cpf" name="cpf" inputmode="numeric" maxlength="18" autocomplete="off">`, erros.cpf)}
          ${lista("ponto_venda", this.pontos.map((p) => [p.codigo, nomePonto(p)]))}
          ${lista("consultor", this.consultores.map((c) => [c.id, c.nome]))}
          ${lista("mes", MESES.map((nome, n) => [n + 1, nome]))}
          ${campo("ano", filtros.ano, html`
            <input id="ano" name="ano" type="number" min="2000" max="2100" placeholder=${T.todos}>`, erros.ano)}
          ${lista("ordem", Object.entries(BOLETOS.ordens), "")}
        </div>
      </form>
    `;
  }

  renderBoletos() {
    const { boletos, cursor, filtros } = this;
    if (!boletos.length) return vazio(BOLETOS.nenhum);
    const grupos = filtros.ordem === "consultor" ? agrupar(boletos) : [{ titulo: BOLETOS.ordens.recentes, boletos }];
    const quantos = contar(boletos.length, ...BOLETOS.contagem);
    return html`
      <p class="fraco" role="status">${cursor ? BOLETOS.ha_mais(quantos) : quantos}</p>
      ${repeat(grupos, (grupo) => grupo.titulo, (grupo, n) => html`
        <section class="cartao" aria-labelledby="grupo-${n}">
          <div class="cabeca">
            <h2 id="grupo-${n}">${grupo.titulo}</h2>
            <span class="fraco">${this.renderQuantos(grupo, cursor && n === grupos.length - 1)}</span>
          </div>
          ${this.renderTabela(grupo)}
        </section>`)}
      ${cursor ? html`
        <button class="secundario" @click=${() => this.list(filtros, cursor)}>${T.mais}</button>` : nothing}
    `;
  }

  // The last group may go on after what is loaded.
  renderQuantos({ boletos }, incompleto) {
    const total = boletos.reduce((soma, boleto) => soma + boleto.valor, 0);
    const quantos = contar(boletos.length, ...BOLETOS.contagem);
    return incompleto ? BOLETOS.ate_aqui(quantos) : `${quantos} · ${moeda(total)}`;
  }

  renderTabela({ titulo, boletos }) {
    const solto = this.filtros.ordem !== "consultor";
    const { cliente, cota: da_cota, consultor, mes, vencimento, valor, acoes } = BOLETOS.colunas;
    const titulos = [cliente, da_cota, ...(solto ? [consultor, mes] : []), vencimento, valor, acoes];
    return html`
      <div class="rolagem">
        <table class="empilha">
          <caption class="oculto">${BOLETOS.tabela(titulo)}</caption>
          <thead><tr>${titulos.map((nome) => html`
            <th scope="col" class=${nome === valor ? "numero" : ""}>${nome}</th>`)}</tr></thead>
          <tbody>${repeat(boletos, (b) => b.id, (b) => this.renderLinha(b, solto))}</tbody>
        </table>
      </div>
    `;
  }

  renderLinha(b, solto) {
    const nome = b.nome ?? BOLETOS.sem_nome;
    const { colunas } = BOLETOS;
    const open = () => (this.aberto = b);
    return html`
      <tr>
        <td class="principal"><button class="nome" @click=${open}>${nome}</button><br><small>${b.cpf}</small></td>
        <td data-rotulo=${colunas.cota}>${cota(b)}</td>
        ${solto ? html`
          <td data-rotulo=${colunas.consultor}>${b.consultor ?? BOLETOS.sem_consultor}</td>
          <td data-rotulo=${colunas.mes}>${mesAno(b.mes, b.ano)}</td>` : nothing}
        <td data-rotulo=${colunas.vencimento}>${data(b.vencimento)}</td>
        <td data-rotulo=${colunas.valor} class="numero">${moeda(b.valor)}${b.status === "pendente" ? nothing : html`
          ${seloPagamento(b)}`}</td>
        <td class="botoes">
          <button class="secundario" aria-label=${BOLETOS.ver_de(nome)} @click=${open}>${BOLETOS.ver}</button>
          <button class="secundario" aria-label=${BOLETOS.baixar_de(nome)} @click=${() => this.save(b)}>${BOLETOS.baixar}</button>
          ${b.linha_digitavel ? html`
            <button class="secundario" aria-label=${BOLETOS.copiar_de(nome)}
              @click=${(e) => copiar(b.linha_digitavel, BOLETOS.copias.linha_digitavel[1], e.target.parentElement)}>${BOLETOS.copiar}</button>` : nothing}
        </td>
      </tr>
    `;
  }

  renderAberto(b) {
    const texto = BOLETOS.detalhe({
      cpf: b.cpf, cota: cota(b), mes: mesAno(b.mes, b.ano), vencimento: data(b.vencimento), valor: moeda(b.valor),
      baixado: dataHora(b.baixado_em),
    });
    const detalhe = html`
      <p class="fraco">${texto}
        · <a href="#/execucoes/${b.automacao_id}">${BOLETOS.ver_execucao}</a></p>
      <pagamento-boleto .boleto=${b} .pode=${this.sessao.escopo !== "leitura"}
        @salvo=${(e) => this.replace(e.detail)}></pagamento-boleto>
      <dados-boleto .boleto=${b}></dados-boleto>
    `;
    return html`
      <visor-pdf .titulo=${b.nome ?? BOLETOS.sem_titulo} .caminho=${`boletos/${b.id}/pdf`} .detalhe=${detalhe}
        @fechar=${this.close}></visor-pdf>
    `;
  }
}

customElements.define("pagina-boletos", PaginaBoletos);
