// One execution, live: how far it is, each contract's row, what failed and what to do about it.
import { html, nothing } from "../vendor/lit.js";
import { download, post } from "../api.js";
import "../causas.js";
import { findDesfecho, loadDesfechos } from "../desfechos.js";
import { conexao } from "../live.js";
import "../lista-virtual.js";
import { prever } from "../previsao.js";
import { ETAPAS, STATUS_CLIENTE, T, TIPOS } from "../textos/comum.js";
import { EXECUCAO } from "../textos/execucao.js";
import {
  Pagina, avisar, barra, carregando, confirmar, cota, dataHora, duracao, hora, ir, mesAno, numero, selo, seloExecucao, vazio,
} from "../ui.js";
import "./contrato.js";

const DESENHO_MS = 120; // between two drawings, however many events come
const FINAIS = new Set(["concluida", "concluida_com_falhas", "erro", "cancelada"]);
const ORDENS = {
  envio: (a, b) => a.id - b.id,
  nome: (a, b) => (a.nome ?? "").localeCompare(b.nome ?? "", "pt-BR"),
  status: (a, b) => a.status.localeCompare(b.status) || a.id - b.id,
  fim: (a, b) => (b.finalizado_em ?? "").localeCompare(a.finalizado_em ?? ""),
};
const PASSOS = Object.keys(ETAPAS).slice(1);
const dobrar = (texto) => texto.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

class PaginaExecucao extends Pagina {
  static properties = {
    sessao: { attribute: false },
    automacao_id: { attribute: false },
    filtro: { state: true },
    aberto: { state: true }, // the contract whose details are shown
  };

  constructor() {
    super();
    this.filtro = { texto: "", status: "", codigo: "", ordem: "envio" };
    this.aberto = null;
  }

  connectedCallback() {
    super.connectedCallback();
    loadDesfechos().then(() => this.requestUpdate());
    this.relogio = setInterval(() => this.requestUpdate(), 1000);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.relogio);
    clearTimeout(this.desenho);
    this.stop?.();
  }

  willUpdate(mudou) {
    if (!mudou.has("automacao_id")) return;
    this.stop?.();
    this.estado = null;
    this.aberto = null;
    this.stop = conexao.follow(this.automacao_id, (estado, quadro) => this.hear(estado, quadro));
  }

  hear(estado, quadro) {
    this.estado = estado;
    this.recusa = quadro?.tipo === "erro" ? quadro.error : null;
    if (quadro?.tipo === "evento" && quadro.evento === "execucao.status") this.announce(quadro.status);
    this.desenho ??= setTimeout(() => {
      this.desenho = null;
      this.requestUpdate();
    }, DESENHO_MS);
  }

  announce(status) {
    if (!FINAIS.has(status) && status !== "bloqueada") return;
    const texto = status === "bloqueada" ? EXECUCAO.espera_pessoa : EXECUCAO.terminou;
    avisar(texto, status === "concluida" ? "bom" : "erro");
    if (document.hidden && globalThis.Notification?.permission === "granted") new Notification(T.sistema, { body: texto });
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

  list() {
    const { texto, status, codigo, ordem } = this.filtro;
    const procurado = dobrar(texto);
    const digitos = texto.replace(/\D/g, "");
    const linhas = [...this.estado.clientes.values()].filter(
      (linha) =>
        (!status || linha.status === status) &&
        (!codigo || linha.codigo === codigo || linha.codigo?.startsWith(`${codigo}.`)) &&
        (!texto || dobrar(`${linha.nome ?? ""} ${linha.consultor ?? ""}`).includes(procurado) ||
          (digitos && `${linha.cpf.replace(/\D/g, "")} ${linha.grupo}${linha.cota}`.includes(digitos))),
    );
    return ordem === "envio" ? linhas : linhas.sort(ORDENS[ordem]);
  }

  render() {
    if (!this.estado?.execucao) {
      return html`<h1 tabindex="-1">${EXECUCAO.titulo}</h1>${this.recusa ? vazio(this.recusa) : carregando()}`;
    }
    const { execucao, contadores } = this.estado;
    const final = FINAIS.has(execucao.status);
    return html`
      <h1 tabindex="-1">${EXECUCAO.titulo_de(execucao.ponto_venda, mesAno(execucao.parametros.mes, execucao.parametros.ano))}</h1>
      <p class="fraco">
        ${EXECUCAO.criada(TIPOS[execucao.tipo] ?? "", dataHora(execucao.criado_em), execucao.usuario_execucao ?? "–")}
        ${execucao.consultor ? html` · ${execucao.consultor}` : nothing}
        ${execucao.origem ? html` · <a href="#/execucoes/${execucao.origem}">${EXECUCAO.origem}</a>` : nothing}
      </p>
      <section class="cartao" aria-label=${EXECUCAO.andamento}>
        <div class="cabeca">
          ${seloExecucao(execucao.status)}
          ${this.renderFalta(final)}
          <div class="acoes">${this.renderAcoes(execucao, final)}</div>
        </div>
        ${execucao.codigo ? html`<p class="destaque">${findDesfecho(execucao.codigo).texto}</p>` : nothing}
        ${barra(contadores, EXECUCAO.terminados)}
        ${this.renderContadores(contadores)}
      </section>
      ${this.renderCausas(final)}
      ${this.renderTabela()}
      ${this.aberto === null ? nothing : this.renderAberto()}
    `;
  }

  renderFalta(final) {
    if (final) return nothing;
    const { sessoes, porMinuto, de_s, ate_s } = prever(this.estado.clientes.values());
    const falta = de_s === null ? EXECUCAO.falta_cedo
      : de_s === ate_s ? EXECUCAO.falta_cerca(duracao(ate_s)) : EXECUCAO.falta_entre(duracao(de_s), duracao(ate_s));
    const ritmo = [falta, EXECUCAO.por_minuto(numero(porMinuto)), EXECUCAO.sessoes(sessoes, numero(sessoes))];
    return html`<span class="fraco">${ritmo.join(" · ")}</span>`;
  }

  renderAcoes(execucao, final) {
    const base = `execucoes/${this.automacao_id}`;
    const notificar = !final && globalThis.Notification?.permission === "default";
    const opera = this.sessao.escopo !== "leitura";
    const botao = (texto, fazer, classe = "secundario") =>
      html`<button class=${classe} ?disabled=${this.ocupada} @click=${fazer}>${texto}</button>`;
    return html`
      ${notificar ? botao(EXECUCAO.avisar, () => this.askNotifications()) : nothing}
      ${opera && ["na_fila", "em_andamento"].includes(execucao.status)
        ? botao(EXECUCAO.pausar, () => this.control("pausar", EXECUCAO.pausada)) : nothing}
      ${opera && ["pausada", "bloqueada"].includes(execucao.status)
        ? botao(EXECUCAO.retomar, () => this.control("retomar", EXECUCAO.retomada), "") : nothing}
      ${opera && !final ? botao(T.cancelar, () => this.cancel(), "perigo") : nothing}
      ${final ? botao(EXECUCAO.boletos_zip, () => this.fazer(() => download(`${base}/boletos.zip`))) : nothing}
      ${final ? botao(EXECUCAO.relatorio_excel, () => this.fazer(() => download(`${base}/relatorio.xlsx`))) : nothing}
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

  renderCausas(final) {
    return html`
      <causas-execucao .clientes=${this.estado.clientes} .escolhida=${this.filtro.codigo}
        .repete=${final && this.sessao.escopo !== "leitura"} .vez=${this.estado.seq}
        @escolher=${(e) => this.set({ codigo: e.detail })}
        @repetir=${(e) => this.retry(e.detail.filtro, e.detail.quantos)}></causas-execucao>
    `;
  }

  set(mudanca) {
    this.filtro = { ...this.filtro, ...mudanca };
  }

  renderTabela() {
    const linhas = this.list();
    const { texto, status, codigo, ordem } = this.filtro;
    return html`
      <section aria-labelledby="contratos">
        <div class="cabeca">
          <h2 id="contratos">${EXECUCAO.contratos}</h2>
          <span class="fraco" role="status">${EXECUCAO.mostrados(numero(linhas.length), numero(this.estado.clientes.size))}</span>
          <input type="search" aria-label=${EXECUCAO.buscar} placeholder=${EXECUCAO.buscar_dica}
            .value=${texto} @input=${(e) => this.set({ texto: e.target.value })}>
          <select aria-label=${EXECUCAO.situacao} .value=${status} @change=${(e) => this.set({ status: e.target.value })}>
            <option value="">${EXECUCAO.todas_situacoes}</option>
            ${Object.entries(STATUS_CLIENTE).map(([valor, nome]) => html`<option value=${valor}>${nome}</option>`)}
          </select>
          <select aria-label=${EXECUCAO.ordem} .value=${ordem} @change=${(e) => this.set({ ordem: e.target.value })}>
            ${Object.entries(EXECUCAO.ordens).map(([valor, nome]) => html`<option value=${valor}>${nome}</option>`)}
          </select>
          ${codigo ? html`
            <button class="secundario" @click=${() => this.set({ codigo: "" })}>
              ${EXECUCAO.causa(findDesfecho(codigo).titulo)} ×</button>` : nothing}
        </div>
        <div class="tabela contratos" role="table" aria-labelledby="contratos" aria-rowcount=${linhas.length}>
          <div role="rowgroup">
            <div class="linha titulos" role="row">
              ${EXECUCAO.colunas.map((nome) => html`<span role="columnheader">${nome}</span>`)}
            </div>
          </div>
          <lista-virtual .itens=${linhas} .linha=${this.renderLinha}></lista-virtual>
        </div>
      </section>
    `;
  }

  renderLinha = (linha, numeroLinha) => html`
    <div class="linha" role="row" aria-rowindex=${numeroLinha + 1}>
      <span role="cell"><button class="nome" @click=${() => (this.aberto = linha.id)}>${linha.nome ?? EXECUCAO.sem_nome}</button>
        <small>${linha.cpf}${linha.consultor ? ` · ${linha.consultor}` : ""}</small></span>
      <span role="cell">${cota(linha)}</span>
      <span role="cell">${this.renderPassos(linha)}</span>
      <span role="cell">${selo(linha.status)}</span>
      <span role="cell" class="detalhe">${this.renderDetalhe(linha)}</span>
    </div>
  `;

  renderPassos(linha) {
    const aqui = linha.status === "sucesso" ? PASSOS.length : PASSOS.indexOf(linha.etapa);
    const classe = (n) => (n < aqui || linha.status === "sucesso" ? "feito" : n === aqui ? "agora" : "");
    const nome = linha.status === "processando" ? ETAPAS[linha.etapa] : "";
    return html`
      <span class="passos ${linha.status}" aria-hidden="true">
        ${PASSOS.map((_, n) => html`<i class=${classe(n)}></i>`)}
      </span>
      <small>${nome}</small>
    `;
  }

  renderDetalhe(linha) {
    if (linha.status === "pendente" && linha.proxima_tentativa) return EXECUCAO.tenta_as(hora(linha.proxima_tentativa));
    if (linha.codigo) return findDesfecho(linha.codigo).titulo;
    return linha.arquivo ?? "";
  }

  renderAberto() {
    const linha = this.estado.clientes.get(this.aberto);
    return html`
      <detalhe-contrato .automacao_id=${this.automacao_id} .linha=${linha} .sessao=${this.sessao}
        .desfecho=${linha.codigo ? findDesfecho(linha.codigo) : null} .final=${FINAIS.has(this.estado.execucao.status)}
        @fechar=${() => (this.aberto = null)} @tentar=${() => this.retry({ clientes: [linha.id] }, 1)}></detalhe-contrato>
    `;
  }
}

customElements.define("pagina-execucao", PaginaExecucao);
