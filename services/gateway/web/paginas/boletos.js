// The filed boletos: found, seen, copied from and downloaded, by consultor and month or the newest first.
import { html, nothing, repeat } from "../vendor/lit.js";
import { download, get, getAll } from "../api.js";
import { copiar } from "../copia.js";
import { MESES, T } from "../textos.js";
import { Pagina, campo, carregando, contar, cota, data, dataHora, mesAno, moeda, valores, vazio } from "../ui.js";
import "../visor-pdf.js";

const DIGITACAO_MS = 350;
const ORDENS = { consultor: "Por consultor e mês", recentes: "Baixados por último" };
const SEM_CONSULTOR = "Sem consultor";

// 47 digits as they stand on paper: AAAAA.AAAAA BBBBB.BBBBBB CCCCC.CCCCCC D EEEEEEEEEEEEEE
const escreverLinha = (linha) =>
  linha.replace(/^(\d{5})(\d{5})(\d{5})(\d{6})(\d{5})(\d{6})(\d)(\d{14})$/, "$1.$2 $3.$4 $5.$6 $7 $8");

// Boletos that follow each other and share consultor and month, under one title.
function agrupar(boletos) {
  const grupos = [];
  for (const boleto of boletos) {
    const titulo = `${boleto.consultor ?? SEM_CONSULTOR} · ${mesAno(boleto.mes, boleto.ano)}`;
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
    copiado: { state: true }, // the last one whose linha digitável was copied
  };

  constructor() {
    super();
    this.ordem = "consultor";
    this.pedido = 0;
  }

  connectedCallback() {
    super.connectedCallback();
    this.fazer(async () => {
      [this.pontos, this.consultores] = await Promise.all([
        getAll("pontos-venda", "pontos-venda"), getAll("consultores", "consultores"),
      ]);
      this.load();
    });
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

  // cursor null: from the beginning. The answer to an older question is dropped.
  async load(cursor = null) {
    clearTimeout(this.espera);
    const formulario = this.querySelector("form");
    const filtros = formulario ? valores(formulario) : { ordem: this.ordem };
    const pedido = ++this.pedido;
    await this.fazer(async () => {
      const pagina = await get("boletos", { ...filtros, cursor });
      if (pedido !== this.pedido) return;
      this.ordem = filtros.ordem;
      this.boletos = cursor ? [...this.boletos, ...pagina.boletos] : pagina.boletos;
      this.cursor = pagina.cursor;
    });
  }

  async copy(boleto, event) {
    if (await copiar(boleto.linha_digitavel, "Linha digitável copiada.", event.target.parentElement)) this.copiado = boleto;
  }

  close() {
    this.aberto = null;
    this.copiado = null;
  }

  save(boleto) {
    this.fazer(() => download(`boletos/${boleto.id}/pdf`));
  }

  render() {
    return html`
      <h1 tabindex="-1">Boletos</h1>
      ${this.pontos ? this.renderFiltros() : nothing}
      ${this.boletos ? this.renderBoletos() : carregando()}
      ${this.aberto ? this.renderAberto(this.aberto) : nothing}
    `;
  }

  renderFiltros() {
    const { erros } = this;
    const escolha = (id, rotulo, opcoes, todos = T.todos) => campo(id, rotulo, html`
      <select id=${id} name=${id}>
        ${todos ? html`<option value="">${todos}</option>` : nothing}
        ${opcoes.map(([valor, texto]) => html`<option value=${valor}>${texto}</option>`)}
      </select>`, erros[id]);
    return html`
      <form class="cartao" role="search" @submit=${this.submit} @change=${() => this.load()}>
        <div class="grade">
          ${campo("busca", "Nome do cliente", html`<input id="busca" name="busca" type="search" maxlength="100" @input=${this.type}>`, erros.busca)}
          ${campo("cpf", "CPF ou CNPJ", html`<input id="cpf" name="cpf" inputmode="numeric" maxlength="18" autocomplete="off">`, erros.cpf)}
          ${escolha("ponto_venda", "Ponto de venda", this.pontos.map((p) => [p.codigo, `${p.codigo} · ${p.nome}`]))}
          ${escolha("consultor", "Consultor", this.consultores.map((c) => [c.id, c.nome]))}
          ${escolha("mes", "Mês", MESES.map((nome, n) => [n + 1, nome]))}
          ${campo("ano", "Ano", html`<input id="ano" name="ano" type="number" min="2000" max="2100" placeholder=${T.todos}>`, erros.ano)}
          ${escolha("ordem", "Ordem", Object.entries(ORDENS), "")}
        </div>
      </form>
    `;
  }

  renderBoletos() {
    const { boletos, cursor, ordem } = this;
    if (!boletos.length) return vazio("Nenhum boleto com estes filtros.");
    const grupos = ordem === "consultor" ? agrupar(boletos) : [{ titulo: ORDENS.recentes, boletos }];
    return html`
      <p class="fraco" role="status">${contar(boletos.length, "boleto", "boletos")}${cursor ? ", e há mais" : ""}</p>
      ${repeat(grupos, (grupo) => grupo.titulo, (grupo, n) => html`
        <section class="cartao" aria-labelledby="grupo-${n}">
          <div class="cabeca">
            <h2 id="grupo-${n}">${grupo.titulo}</h2>
            <span class="fraco">${this.renderQuantos(grupo, cursor && n === grupos.length - 1)}</span>
          </div>
          ${this.renderTabela(grupo)}
        </section>`)}
      ${cursor ? html`<button class="secundario" ?disabled=${this.ocupada} @click=${() => this.load(cursor)}>${T.mais}</button>` : nothing}
    `;
  }

  // The last group may go on after what is loaded.
  renderQuantos({ boletos }, incompleto) {
    const total = boletos.reduce((soma, boleto) => soma + boleto.valor, 0);
    const quantos = contar(boletos.length, "boleto", "boletos");
    return incompleto ? `${quantos} até aqui` : `${quantos} · ${moeda(total)}`;
  }

  renderTabela({ titulo, boletos }) {
    const solto = this.ordem !== "consultor";
    const titulos = ["Cliente", "Cota", ...(solto ? ["Consultor", "Mês"] : []), "Vencimento", "Valor", "Ações"];
    return html`
      <div class="rolagem">
        <table class="empilha">
          <caption class="pular">Boletos: ${titulo}</caption>
          <thead><tr>${titulos.map((nome) => html`<th scope="col" class=${nome === "Valor" ? "numero" : ""}>${nome}</th>`)}</tr></thead>
          <tbody>${repeat(boletos, (b) => b.id, (b) => this.renderLinha(b, solto))}</tbody>
        </table>
      </div>
    `;
  }

  renderLinha(b, solto) {
    const nome = b.nome ?? "Sem nome";
    return html`
      <tr>
        <td class="principal"><button class="nome" @click=${() => (this.aberto = b)}>${nome}</button><br><small>${b.cpf}</small></td>
        <td data-rotulo="Cota">${cota(b)}</td>
        ${solto ? html`<td data-rotulo="Consultor">${b.consultor ?? SEM_CONSULTOR}</td><td data-rotulo="Mês">${mesAno(b.mes, b.ano)}</td>` : nothing}
        <td data-rotulo="Vencimento">${data(b.vencimento)}</td>
        <td data-rotulo="Valor" class="numero">${moeda(b.valor)}</td>
        <td class="botoes">
          <button class="secundario" aria-label="Ver o boleto de ${nome}" @click=${() => (this.aberto = b)}>Ver</button>
          <button class="secundario" aria-label="Baixar o boleto de ${nome}" @click=${() => this.save(b)}>Baixar</button>
          ${b.linha_digitavel ? html`
            <button class="secundario" aria-label="Copiar a linha digitável de ${nome}" @click=${(e) => this.copy(b, e)}>Copiar linha</button>` : nothing}
        </td>
      </tr>
    `;
  }

  renderAberto(b) {
    const detalhe = html`
      <p class="fraco">${b.cpf} · cota ${cota(b)} · ${mesAno(b.mes, b.ano)} · vence ${data(b.vencimento)} · ${moeda(b.valor)} · baixado em ${dataHora(b.baixado_em)}
        · <a href="#/execucoes/${b.automacao_id}">ver a execução</a></p>
      ${b.linha_digitavel ? html`
        <p class="linha-digitavel"><code>${escreverLinha(b.linha_digitavel)}</code>
          <button class="secundario" @click=${(e) => this.copy(b, e)}>Copiar linha digitável</button>
          <span class="fraco" role="status">${this.copiado === b ? "Copiada." : ""}</span></p>` : nothing}
    `;
    return html`
      <visor-pdf .titulo=${b.nome ?? "Boleto"} .caminho=${`boletos/${b.id}/pdf`} .detalhe=${detalhe}
        @fechar=${this.close}></visor-pdf>
    `;
  }
}

customElements.define("pagina-boletos", PaginaBoletos);
