// Every execution: what each did, by whom, how long it took, and its report. Those that run count live.
import { html, nothing, repeat } from "../vendor/lit.js";
import { download, get, getAll } from "../api.js";
import { conexao } from "../live.js";
import { MENU, STATUS_EXECUCAO, T, TIPOS } from "../textos/comum.js";
import { INICIO } from "../textos/inicio.js";
import { Pagina, barra, campo, carregando, dataHora, duracao, mesAno, numero, seloExecucao, valores, vazio } from "../ui.js";

const DESENHO_MS = 200; // between two drawings, however many events come
const FINAIS = new Set(["concluida", "concluida_com_falhas", "erro", "cancelada"]);

class PaginaHistorico extends Pagina {
  static properties = {
    sessao: { attribute: false },
    pontos: { state: true },
    execucoes: { state: true },
    cursor: { state: true },
  };

  constructor() {
    super();
    this.vistas = new Set(); // executions heard of that these filters leave out, or that are further down
    this.pedido = 0;
  }

  connectedCallback() {
    super.connectedCallback();
    this.fazer(async () => {
      this.pontos = await getAll("pontos-venda", "pontos-venda");
      await this.load();
    });
    this.stop = conexao.followAll((evento) => this.hear(evento));
    this.relogio = setInterval(() => this.execucoes?.some((e) => !FINAIS.has(e.status)) && this.draw(), 1000);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.stop();
    clearInterval(this.relogio);
    clearTimeout(this.desenho);
    clearTimeout(this.espera);
  }

  // cursor null: from the beginning. The answer to an older question is dropped.
  async load(cursor = null, limite = 50) {
    const formulario = this.querySelector("form");
    const pedido = ++this.pedido;
    await this.fazer(async () => {
      const pagina = await get("execucoes", { ...(formulario ? valores(formulario) : {}), limite, cursor });
      if (pedido !== this.pedido) return;
      this.execucoes = cursor ? [...this.execucoes, ...pagina.execucoes] : pagina.execucoes;
      this.cursor = pagina.cursor;
    });
  }

  // As many as are shown, read again, once for however many ask.
  reload() {
    this.espera ??= setTimeout(() => {
      this.espera = null;
      this.load(null, Math.max(50, this.execucoes.length));
    }, DESENHO_MS);
  }

  hear(evento) {
    if (!this.execucoes) return;
    if (!evento) return this.reload();
    const { automacao_id, status } = evento;
    const mudouStatus = evento.evento === "execucao.status";
    const conhecida = this.execucoes.find((e) => e.automacao_id === automacao_id);
    if (conhecida) {
      conhecida.contadores = evento.contadores;
      // When it began or ended is not in the event.
      if (mudouStatus) this.reload();
      else this.draw();
    } else if (mudouStatus || !this.vistas.has(automacao_id)) {
      this.vistas.add(automacao_id);
      this.reload();
    }
  }

  draw() {
    this.desenho ??= setTimeout(() => {
      this.desenho = null;
      this.requestUpdate();
    }, DESENHO_MS);
  }

  render() {
    return html`
      <h1 tabindex="-1">${MENU.execucoes}</h1>
      ${this.pontos ? this.renderFiltros() : nothing}
      ${this.execucoes ? this.renderTabela() : carregando()}
    `;
  }

  renderFiltros() {
    const escolha = (id, rotulo, opcoes) => campo(id, rotulo, html`
      <select id=${id} name=${id}>
        <option value="">${T.todos}</option>
        ${opcoes.map(([valor, texto]) => html`<option value=${valor}>${texto}</option>`)}
      </select>`, this.erros[id]);
    return html`
      <form class="cartao" role="search" @submit=${(e) => e.preventDefault()} @change=${() => this.load()}>
        <div class="grade">
          ${escolha("status", INICIO.colunas.situacao, Object.entries(STATUS_EXECUCAO))}
          ${escolha("ponto_venda", INICIO.ponto_venda, this.pontos.map((p) => [p.codigo, `${p.codigo} · ${p.nome}`]))}
          ${escolha("tipo", INICIO.tipo, Object.entries(TIPOS))}
        </div>
      </form>
    `;
  }

  renderTabela() {
    const { execucoes, cursor } = this;
    if (!execucoes.length) return vazio(INICIO.nenhuma_com_filtros);
    return html`
      <section class="cartao" aria-label=${INICIO.encontradas}>
        <p class="fraco" role="status">${INICIO.quantas(execucoes.length, numero(execucoes.length), cursor)}</p>
        <div class="rolagem">
          <table class="empilha">
            <caption class="pular">${INICIO.tabela}</caption>
            <thead>
              <tr>${Object.values(INICIO.colunas).map((nome) => html`<th scope="col">${nome}</th>`)}</tr>
            </thead>
            <tbody>${repeat(execucoes, (e) => e.automacao_id, (e) => this.renderLinha(e))}</tbody>
          </table>
        </div>
        ${cursor ? html`
          <button class="secundario" ?disabled=${this.ocupada} @click=${() => this.load(cursor)}>${T.mais}</button>` : nothing}
      </section>
    `;
  }

  renderLinha(e) {
    const vencimento = mesAno(e.parametros.mes, e.parametros.ano);
    const nome = INICIO.execucao_de(e.ponto_venda, vencimento);
    return html`
      <tr>
        <td class="principal">
          <a href="#/execucoes/${e.automacao_id}"><strong>${e.ponto_venda}</strong> · ${vencimento}</a><br>
          <small>${TIPOS[e.tipo]}${e.consultor ? ` · ${e.consultor}` : ""}</small>
        </td>
        <td data-rotulo=${INICIO.colunas.situacao}>${seloExecucao(e.status)}</td>
        <td class="resultado">${barra(e.contadores, INICIO.andamento(nome))}<small>${this.renderFeitos(e.contadores)}</small></td>
        <td data-rotulo=${INICIO.colunas.quem}>${e.usuario_execucao ?? "–"}</td>
        <td data-rotulo=${INICIO.colunas.inicio}>${dataHora(e.iniciado_em ?? e.criado_em)}</td>
        <td data-rotulo=${INICIO.colunas.duracao}>${this.renderDuracao(e)}</td>
        <td class="botoes">${FINAIS.has(e.status) ? html`
          <button class="secundario" ?disabled=${this.ocupada} aria-label=${INICIO.relatorio_de(nome)}
            @click=${() => this.fazer(() => download(`execucoes/${e.automacao_id}/relatorio.xlsx`))}>
            ${INICIO.excel}</button>` : nothing}</td>
      </tr>
    `;
  }

  renderFeitos(c) {
    const total = Object.values(c).reduce((soma, quantos) => soma + quantos, 0);
    const partes = [
      INICIO.feitos(numero(total - c.pendente - c.processando), numero(total)), INICIO.baixados(c.sucesso, numero(c.sucesso)),
    ];
    if (c.ja_baixado) partes.push(INICIO.ja_baixados_antes(c.ja_baixado, numero(c.ja_baixado)));
    if (c.erro) partes.push(INICIO.com_erro(numero(c.erro)));
    return partes.join(" · ");
  }

  renderDuracao(e) {
    if (!e.iniciado_em) return "–";
    return duracao(e.finalizado_em ? e.tempo_total_segundos : (Date.now() - Date.parse(e.iniciado_em)) / 1000);
  }
}

customElements.define("pagina-historico", PaginaHistorico);
