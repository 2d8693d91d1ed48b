// One execution, live: how far it is, each contract's row, what failed and what to do about it.
import { html, nothing } from "../vendor/lit.js";
import { download, post } from "../api.js";
import { showFalta, showRecuperacao, showResumo } from "../andamento.js";
import { canAskNotify, care } from "../anuncio.js";
import "../causas.js";
import "../contratos.js";
import { findDesfecho, loadDesfechos } from "../desfechos.js";
import { conexao } from "../live.js";
import { findAgora, prever } from "../previsao.js";
import { FINAIS } from "../reducer.js";
import { STATUS_CLIENTE, T, TIPOS } from "../textos/comum.js";
import { EXECUCAO } from "../textos/execucao.js";
import {
  Pagina, autor, barra, carregando, confirmar, dataHora, ir, mesAno, numero, seloExecucao, throttle, titular, vazio,
} from "../ui.js";
import "./contrato.js";

const DESENHO_MS = 120; // between two drawings, however many events come
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

class PaginaExecucao extends Pagina {
  static properties = {
    sessao: { attribute: false },
    automacao_id: { attribute: false },
    filtro: { state: true },
    aberto: { state: true }, // the contract whose details are shown
    nomeadas: { state: true }, // whether the causes have their names
  };

  constructor() {
    super();
    this.draw = throttle(() => this.requestUpdate(), DESENHO_MS);
  }

  connectedCallback() {
    super.connectedCallback();
    this.relogio = setInterval(() => this.tick(), 1000);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.relogio);
    this.draw.cancel();
    this.stop?.();
  }

  willUpdate(mudou) {
    // Where a button that had the focus goes away, the one that takes its place gets it.
    this.focado = this.querySelector(".acoes :focus");
    if (!mudou.has("automacao_id")) return;
    this.stop?.();
    this.estado = this.previsao = this.recusa = null;
    this.aberto = null;
    this.filtro = { texto: "", status: "", codigo: "", ordem: "envio" };
    if (UUID.test(this.automacao_id)) this.stop = conexao.follow(this.automacao_id, (estado, quadro) => this.hear(estado, quadro));
    else this.recusa = EXECUCAO.inexistente;
  }

  updated() {
    super.updated();
    if (this.focado && !this.focado.isConnected) this.querySelector(".acoes :is(button, a)")?.focus();
    if (this.estado?.execucao) titular(this.renderTitulo(this.estado.execucao));
  }

  hear(estado, quadro) {
    this.estado = estado;
    this.recusa = quadro?.tipo === "erro" ? quadro.error : null;
    if (estado.execucao) care(this.automacao_id, estado.execucao.status);
    // Asked for again with each new socket: the first time it may not have come.
    if (!this.nomeadas && quadro?.tipo !== "evento") loadDesfechos().then((nomeadas) => (this.nomeadas = nomeadas));
    if (quadro?.tipo === "evento") this.ouvido = { em: Date.parse(quadro.em), aqui: performance.now() };
    if (!quadro || (quadro.tipo === "estado" && quadro.modo !== "retomada")) {
      this.ouvido = { em: findAgora(estado.clientes.values()), aqui: performance.now() };
      this.tick();
    }
    this.draw();
  }

  // This machine's clock only measures what has passed since the last news: what time it is, the server says.
  tick() {
    if (!this.ouvido || !this.estado?.execucao || FINAIS.has(this.estado.execucao.status)) return;
    const { em, aqui } = this.ouvido;
    this.previsao = prever(this.estado.clientes.values(), em + (performance.now() - aqui));
    this.draw();
  }

  // --- what people ask for ---------------------------------------------------------------------------------------------

  control(verbo, feito) {
    return this.fazer(() => post(`execucoes/${this.automacao_id}/${verbo}`), feito);
  }

  async cancel() {
    if (await confirmar(EXECUCAO.cancelar_pergunta, EXECUCAO.cancelar_sim)) this.control("cancelar", EXECUCAO.cancelada);
  }

  async retry(filtro, quantos) {
    if (!(await confirmar(EXECUCAO.tentar_pergunta(quantos, numero(quantos)), EXECUCAO.tentar))) return;
    const nova = await this.fazer(() => post(`execucoes/${this.automacao_id}/reprocessar`, filtro), EXECUCAO.enviada);
    if (nova) ir(`execucoes/${nova.automacao_id}`);
  }

  askNotifications() {
    Notification.requestPermission().then(() => this.requestUpdate());
  }

  // --- what is shown ---------------------------------------------------------------------------------------------------

  render() {
    const execucao = this.estado?.execucao;
    return html`
      <h1 tabindex="-1">${execucao ? this.renderTitulo(execucao) : EXECUCAO.titulo}</h1>
      ${execucao ? this.renderExecucao(execucao, this.estado.contadores) : this.recusa ? vazio(this.recusa) : carregando()}
    `;
  }

  renderTitulo({ ponto_venda, parametros: { mes, ano } }) {
    return EXECUCAO.titulo_de(ponto_venda, mesAno(mes, ano));
  }

  renderExecucao(execucao, contadores) {
    const final = FINAIS.has(execucao.status);
    return html`
      <p class="fraco">
        ${EXECUCAO.criada(TIPOS[execucao.tipo] ?? "", dataHora(execucao.criado_em), autor(execucao.usuario_execucao))}
        ${execucao.consultor ? html` · ${execucao.consultor}` : nothing}
        ${execucao.origem ? html` · <a href="#/execucoes/${execucao.origem}">${EXECUCAO.origem}</a>` : nothing}
        ${execucao.parametros.agendamento
          ? html` · <a href="#/agendamentos">${EXECUCAO.agendamento(execucao.parametros.agendamento.nome)}</a>` : nothing}
      </p>
      ${showRecuperacao(execucao)}
      ${final ? showResumo(execucao, contadores, this.renderRelatorio()) : nothing}
      <section class="cartao" aria-label=${EXECUCAO.andamento}>
        <div class="cabeca">
          ${seloExecucao(execucao.status)}
          ${["na_fila", "em_andamento"].includes(execucao.status) && this.previsao ? showFalta(this.previsao) : nothing}
          <div class="acoes">${this.renderAcoes(execucao, final)}</div>
        </div>
        ${execucao.codigo ? html`<p class="destaque">${findDesfecho(execucao.codigo).texto}</p>` : nothing}
        ${barra(contadores, EXECUCAO.terminados)}
        ${this.renderContadores(contadores)}
      </section>
      ${this.renderCausas(final)}
      <contratos-execucao .clientes=${this.estado.clientes} .filtro=${this.filtro} .vez=${this.renderVez()}
        @filtrar=${(e) => this.set(e.detail)} @abrir=${(e) => (this.aberto = e.detail)}></contratos-execucao>
      ${this.renderAberto()}
    `;
  }

  renderBotao(texto, fazer, classe = "secundario") {
    return html`<button class=${classe} aria-disabled=${this.ocupada} @click=${fazer}>${texto}</button>`;
  }

  renderRelatorio() {
    const baixar = () => this.fazer(() => download(`execucoes/${this.automacao_id}/relatorio.xlsx`));
    return this.renderBotao(EXECUCAO.relatorio_excel, baixar);
  }

  renderAcoes({ status, recuperacao }, final) {
    const opera = this.sessao.escopo !== "leitura";
    return html`
      ${!final && canAskNotify() ? this.renderBotao(EXECUCAO.avisar, () => this.askNotifications()) : nothing}
      ${opera && ["na_fila", "em_andamento"].includes(status)
        ? this.renderBotao(EXECUCAO.pausar, () => this.control("pausar", EXECUCAO.pausada)) : nothing}
      ${opera && ["pausada", "bloqueada"].includes(status)
        ? this.renderBotao(EXECUCAO.retomar, () => this.control("retomar", EXECUCAO.retomada), "") : nothing}
      ${opera && recuperacao?.proxima_em
        ? this.renderBotao(EXECUCAO.rodada_dispensar, () => this.control("cancelar", EXECUCAO.rodada_nenhuma)) : nothing}
      ${opera && !final ? this.renderBotao(T.cancelar, () => this.cancel(), "perigo") : nothing}
    `;
  }

  renderContadores(contadores) {
    return html`
      <div class="contadores" role="group" aria-label=${EXECUCAO.filtrar}>
        ${Object.entries(STATUS_CLIENTE).map(([status, nome]) => html`
          <button class="contador ${status}" aria-pressed=${this.filtro.status === status}
            @click=${() => this.set({ status: this.filtro.status === status ? "" : status })}>
            <strong>${numero(contadores[status])}</strong> ${nome}
          </button>`)}
      </div>
    `;
  }

  // Another one: the rows, which change in place, or the names of the causes are others now.
  renderVez() {
    return `${this.estado.seq} ${this.nomeadas}`;
  }

  renderCausas(final) {
    return html`
      <causas-execucao .clientes=${this.estado.clientes} .escolhida=${this.filtro.codigo}
        .repete=${final && this.sessao.escopo !== "leitura"} .vez=${this.renderVez()}
        @escolher=${(e) => this.set({ codigo: e.detail })}
        @repetir=${(e) => this.retry(e.detail.filtro, e.detail.quantos)}></causas-execucao>
    `;
  }

  set(mudanca) {
    this.filtro = { ...this.filtro, ...mudanca };
  }

  renderAberto() {
    const linha = this.estado.clientes.get(this.aberto);
    if (!linha) return nothing;
    return html`
      <detalhe-contrato .automacao_id=${this.automacao_id} .linha=${linha} .sessao=${this.sessao}
        .desfecho=${linha.codigo ? findDesfecho(linha.codigo) : null} .final=${FINAIS.has(this.estado.execucao.status)}
        @fechar=${() => (this.aberto = null)} @tentar=${() => this.retry({ clientes: [linha.id] }, 1)}></detalhe-contrato>
    `;
  }
}

customElements.define("pagina-execucao", PaginaExecucao);
