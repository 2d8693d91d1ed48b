// Every execution: what each did, by whom, how long it took, and its report. Those that run count live.
import { html, nothing, repeat } from "../vendor/lit.js";
import { download, get, getAll } from "../api.js";
import { ExecucoesVivas } from "../execucoes-vivas.js";
import { FINAIS } from "../reducer.js";
import { MENU, STATUS_EXECUCAO, T, TIPOS } from "../textos/comum.js";
import { INICIO } from "../textos/inicio.js";
import {
  Pagina, autor, barra, campo, carregando, dataHora, duracao, escolha, mesAno, nomePonto, numero, seloExecucao, valores, vazio,
} from "../ui.js";

const PAGINA = 50;

class PaginaHistorico extends Pagina {
  static properties = {
    sessao: { attribute: false },
    pontos: { state: true },
    cursor: { state: true },
  };

  vivas = new ExecucoesVivas(this, () => this.load(null, Math.max(PAGINA, this.vivas.linhas.length)));

  connectedCallback() {
    super.connectedCallback();
    this.load();
    this.relogio = setInterval(() => this.vivas.linhas?.some((e) => !FINAIS.has(e.status)) && this.vivas.draw(), 1000);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.relogio);
  }

  // cursor null: from the beginning.
  async load(cursor = null, limite = PAGINA) {
    const formulario = this.querySelector("form");
    const lido = await this.ler(async () => {
      const pontos = this.pontos ?? (await getAll("pontos-venda", "pontos-venda"));
      return { pontos, pagina: await get("execucoes", { ...(formulario ? valores(formulario) : {}), limite, cursor }) };
    });
    if (!lido) return;
    this.pontos = lido.pontos;
    this.vivas.put(cursor ? [...this.vivas.linhas, ...lido.pagina.execucoes] : lido.pagina.execucoes);
    this.cursor = lido.pagina.cursor;
    this.requestUpdate();
  }

  render() {
    return html`
      <h1 tabindex="-1">${MENU.execucoes}</h1>
      ${this.pontos ? this.renderFiltros() : nothing}
      ${this.renderFalha(() => this.load())}
      ${this.vivas.linhas ? this.renderTabela() : this.falha ? nothing : carregando()}
    `;
  }

  renderFiltros() {
    return html`
      <form class="cartao" role="search" @submit=${(e) => e.preventDefault()} @change=${() => this.load()}>
        <div class="grade">
          ${campo("status", INICIO.colunas.situacao, escolha("status", Object.entries(STATUS_EXECUCAO)))}
          ${campo("ponto_venda", INICIO.ponto_venda, escolha("ponto_venda", this.pontos.map((p) => [p.codigo, nomePonto(p)])))}
          ${campo("tipo", INICIO.tipo, escolha("tipo", Object.entries(TIPOS)))}
        </div>
      </form>
    `;
  }

  renderTabela() {
    const { cursor, vivas: { linhas: execucoes } } = this;
    if (!execucoes.length) return vazio(INICIO.nenhuma_com_filtros);
    return html`
      <section class="cartao" aria-label=${INICIO.encontradas}>
        <p class="fraco" role="status">${INICIO.quantas(execucoes.length, numero(execucoes.length), cursor)}</p>
        <div class="rolagem">
          <table class="empilha">
            <caption class="oculto">${INICIO.tabela}</caption>
            <thead>
              <tr>${Object.values(INICIO.colunas).map((nome) => html`<th scope="col">${nome}</th>`)}</tr>
            </thead>
            <tbody>${repeat(execucoes, (e) => e.automacao_id, (e) => this.renderLinha(e))}</tbody>
          </table>
        </div>
        ${cursor ? html`
          <button class="secundario" @click=${() => this.load(cursor)}>${T.mais}</button>` : nothing}
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
        <td data-rotulo=${INICIO.colunas.quem}>${autor(e.usuario_execucao)}</td>
        <td data-rotulo=${INICIO.colunas.inicio}>${dataHora(e.iniciado_em ?? e.criado_em)}</td>
        <td data-rotulo=${INICIO.colunas.duracao}>${this.renderDuracao(e)}</td>
        <td class="botoes">${FINAIS.has(e.status) ? html`
          <button class="secundario" aria-disabled=${this.ocupada} aria-label=${INICIO.relatorio_de(nome)}
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
