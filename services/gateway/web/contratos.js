// The contracts of an execution, live: searched, filtered, sorted, fluent at thousands of rows.
import { html, nothing } from "./vendor/lit.js";
import { findCausa } from "./causas.js";
import { findDesfecho } from "./desfechos.js";
import "./lista-virtual.js";
import { ETAPAS, STATUS_CLIENTE } from "./textos/comum.js";
import { EXECUCAO } from "./textos/execucao.js";
import { Base, cota, hora, numero, selo, throttle } from "./ui.js";

const DITO_MS = 800; // after the filters change, how many rows they leave is told
const ALFABETO = new Intl.Collator("pt-BR");
const ORDENS = {
  envio: (a, b) => a.id - b.id,
  nome: (a, b) => ALFABETO.compare(a.nome ?? "", b.nome ?? ""),
  status: (a, b) => (a.status === b.status ? a.id - b.id : a.status < b.status ? -1 : 1),
  fim: (a, b) => ALFABETO.compare(b.finalizado_em ?? "", a.finalizado_em ?? ""),
};
const PASSOS = Object.keys(ETAPAS).slice(1);
const dobrar = (texto) => texto.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const enxugar = (texto) => texto.replace(/[\s./-]/g, "").toUpperCase();

// What a row shows of a whole CPF or CNPJ: its middle. Null: it is neither.
function findMeio(texto) {
  if (/^\d{11}$/.test(texto)) return texto.slice(3, 9);
  return /^[\dA-Z]{12}\d{2}$/.test(texto) ? texto.slice(2, 8) : null;
}

// Tells `filtrar` (what changes in the filter) and `abrir` (a row's id).
class ContratosExecucao extends Base {
  static properties = {
    clientes: { attribute: false }, // id → row
    filtro: { attribute: false }, // { texto, status, codigo, ordem }
    vez: { attribute: false }, // another one: the rows changed in place, or the causes have their names now
    dito: { state: true }, // how many rows the filter leaves, for whoever does not see it
  };

  constructor() {
    super();
    this.dito = "";
    this.say = throttle(() => (this.dito = this.renderQuantos(this.list())), DITO_MS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.say.cancel();
  }

  updated(mudou) {
    if (mudou.get("filtro")) this.say();
  }

  tell(nome, detail) {
    this.dispatchEvent(new CustomEvent(nome, { detail }));
  }

  change(mudanca) {
    this.tell("filtrar", mudanca);
  }

  list() {
    const { texto, status, codigo, ordem } = this.filtro;
    const procurado = dobrar(texto);
    const digitos = texto.replace(/\D/g, "");
    const meio = findMeio(enxugar(texto));
    const linhas = [...this.clientes.values()].filter(
      (linha) =>
        (!status || linha.status === status) &&
        (!codigo || findCausa(linha) === codigo) &&
        (!texto || dobrar(`${linha.nome ?? ""} ${linha.consultor ?? ""}`).includes(procurado) ||
          (meio && enxugar(linha.cpf).replaceAll("*", "") === meio) ||
          (digitos && `${linha.cpf.replace(/\D/g, "")} ${linha.grupo}${linha.cota}`.includes(digitos))),
    );
    return ordem === "envio" ? linhas : linhas.sort(ORDENS[ordem]);
  }

  renderQuantos(linhas) {
    return EXECUCAO.mostrados(numero(linhas.length), numero(this.clientes.size));
  }

  render() {
    const linhas = this.list();
    const { texto, status, codigo, ordem } = this.filtro;
    return html`
      <section aria-labelledby="contratos">
        <div class="cabeca">
          <h2 id="contratos">${EXECUCAO.contratos}</h2>
          <span class="fraco">${this.renderQuantos(linhas)}</span><span class="oculto" role="status">${this.dito}</span>
          <input type="search" aria-label=${EXECUCAO.buscar} placeholder=${EXECUCAO.buscar_dica}
            .value=${texto} @input=${(e) => this.change({ texto: e.target.value })}>
          <select aria-label=${EXECUCAO.situacao} @change=${(e) => this.change({ status: e.target.value })}>
            <option value="" .selected=${!status}>${EXECUCAO.todas_situacoes}</option>
            ${Object.entries(STATUS_CLIENTE).map(([valor, nome]) => html`
              <option value=${valor} .selected=${valor === status}>${nome}</option>`)}
          </select>
          <select aria-label=${EXECUCAO.ordem} @change=${(e) => this.change({ ordem: e.target.value })}>
            ${Object.entries(EXECUCAO.ordens).map(([valor, nome]) => html`
              <option value=${valor} .selected=${valor === ordem}>${nome}</option>`)}
          </select>
          ${codigo ? html`
            <button class="secundario" @click=${() => this.change({ codigo: "" })}>
              ${EXECUCAO.causa(findDesfecho(codigo).titulo)} ×</button>` : nothing}
        </div>
        <div class="tabela contratos" role="table" aria-labelledby="contratos" aria-rowcount=${linhas.length + 1}>
          <div role="rowgroup">
            <div class="linha titulos" role="row" aria-rowindex="1">
              ${EXECUCAO.colunas.map((nome) => html`<span role="columnheader">${nome}</span>`)}
            </div>
          </div>
          <lista-virtual aria-labelledby="contratos" .itens=${linhas} .linha=${this.renderLinha}></lista-virtual>
        </div>
      </section>
    `;
  }

  renderLinha = (linha, numeroLinha) => html`
    <div class="linha" role="row" aria-rowindex=${numeroLinha + 2}>
      <span role="cell"><button class="nome" @click=${() => this.tell("abrir", linha.id)}>${linha.nome ?? EXECUCAO.sem_nome}</button>
        <small><span class="so-telefone">${cota(linha)} · </span>${linha.cpf}${linha.consultor ? ` · ${linha.consultor}` : ""}</small></span>
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
}

customElements.define("contratos-execucao", ContratosExecucao);
