// What did not work in an execution, by cause: how many, what it means, who acts, and trying again.
import { html, nothing } from "./vendor/lit.js";
import { findDesfecho } from "./desfechos.js";
import { QUEM_AGE } from "./textos/comum.js";
import { EXECUCAO } from "./textos/execucao.js";
import { Base, numero } from "./ui.js";

const FALHAS = new Set(["erro", "cpf_nao_encontrado", "sem_boleto"]);
// Why a contract has no boleto, where it has none; empty: it has, or is still tried.
export const findCausa = ({ status, codigo }) => (FALHAS.has(status) && codigo) || "";
const MOSTRADAS = 3; // before one asks for all

// Tells `escolher` (a code, or none) and `repetir` ({filtro, quantos}).
class CausasExecucao extends Base {
  static properties = {
    clientes: { attribute: false },
    escolhida: { attribute: false }, // the code that the list is filtered by
    repete: { attribute: false }, // whether trying again is offered
    vez: { attribute: false }, // another one: the rows changed in place, or the causes have their names now
    todas: { state: true },
  };

  constructor() {
    super();
    this.todas = false;
  }

  tell(nome, detail) {
    this.dispatchEvent(new CustomEvent(nome, { detail }));
  }

  render() {
    const causas = new Map(); // codigo → the rows' ids
    let erros = 0;
    for (const linha of this.clientes.values()) {
      if (linha.status === "erro") erros += 1;
      const causa = findCausa(linha);
      if (!causa) continue;
      if (!causas.has(causa)) causas.set(causa, []);
      causas.get(causa).push(linha.id);
    }
    if (!causas.size) return nothing;
    const ordenadas = [...causas].sort((a, b) => b[1].length - a[1].length);
    return html`
      <section class="cartao" aria-labelledby="causas">
        <div class="cabeca">
          <h2 id="causas">${EXECUCAO.causas}</h2>
          ${this.repete && erros
            ? html`<button @click=${() => this.tell("repetir", { filtro: {}, quantos: erros })}>
              ${EXECUCAO.tentar_erros(erros, numero(erros))}</button>`
            : nothing}
        </div>
        <ul class="lista">
          ${ordenadas.slice(0, this.todas ? undefined : MOSTRADAS).map(([codigo, ids]) => this.renderCausa(codigo, ids))}
        </ul>
        ${ordenadas.length > MOSTRADAS ? html`
          <button class="secundario" aria-expanded=${this.todas} @click=${() => (this.todas = !this.todas)}>
            ${this.todas ? EXECUCAO.causas_menos : EXECUCAO.causas_todas(numero(ordenadas.length))}</button>` : nothing}
      </section>
    `;
  }

  // Tried again by the rows counted here: a filter by code would take its children too.
  renderCausa(codigo, clientes) {
    const desfecho = findDesfecho(codigo);
    const marcada = this.escolhida === codigo;
    return html`
      <li class="causa">
        <strong class="quantos">${numero(clientes.length)}</strong>
        <div>
          <h3>${desfecho.titulo} <small>${QUEM_AGE[desfecho.quem_age] ?? desfecho.quem_age}</small></h3>
          <p class="fraco">${desfecho.texto}</p>
        </div>
        <div class="acoes">
          <button class="secundario" aria-pressed=${marcada} @click=${() => this.tell("escolher", marcada ? "" : codigo)}>
            ${marcada ? EXECUCAO.mostrar_todos : EXECUCAO.ver_estes}</button>
          ${this.repete ? html`
            <button class="secundario" @click=${() => this.tell("repetir", { filtro: { clientes }, quantos: clientes.length })}>
              ${EXECUCAO.tentar}</button>` : nothing}
        </div>
      </li>
    `;
  }
}

customElements.define("causas-execucao", CausasExecucao);
