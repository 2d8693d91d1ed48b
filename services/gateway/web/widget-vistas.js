// The pieces that the widget shows.
import { html, nothing } from "./vendor/lit.js";
import { STATUS_EXECUCAO } from "./textos/comum.js";
import { WIDGET } from "./textos/widget.js";
import { barra, hora, listMeses, mesAno, numero } from "./ui.js";

// An execution's status → the dot's.
export const SITUACOES = {
  na_fila: "processando", em_andamento: "processando", pausada: "processando",
  concluida: "concluido", concluida_com_falhas: "concluido", cancelada: "concluido",
  bloqueada: "erro", erro: "erro",
};
// Where the dot's word says it all.
const CLARAS = new Set(["em_andamento", "concluida", "erro"]);

export const sum = (contadores) => Object.values(contadores).reduce((soma, quantos) => soma + quantos, 0);
export const countFeitos = (contadores) => sum(contadores) - contadores.pendente - contadores.processando;

export function showSituacao(status, erro, conexao) {
  const situacao = erro ? "erro" : (SITUACOES[status] ?? "pronto");
  const detalhe = erro || WIDGET.conexao[conexao] || (status && !CLARAS.has(status) && STATUS_EXECUCAO[status]);
  return html`
    <span role="status">
      <span class="situacao ${situacao}">${WIDGET.situacoes[situacao]}</span>
      ${detalhe ? html`<span class="fraco">· ${detalhe}</span>` : nothing}
    </span>
  `;
}

// enviar({ano, mes, limite}): null where nothing was chosen.
export function showPedido(ocupado, enviar) {
  const submit = (event) => {
    event.preventDefault();
    const { vencimento, limite } = Object.fromEntries(new FormData(event.target));
    const [ano, mes] = vencimento ? vencimento.split("-").map(Number) : [null, null];
    enviar({ ano, mes, limite: limite ? Number(limite) : null });
  };
  return html`
    <form @submit=${submit}>
      <label>${WIDGET.vencimento}
        <select name="vencimento">
          <option value="">${mesAno(null)}</option>
          ${listMeses().map(({ valor, texto }) => html`<option value=${valor}>${texto}</option>`)}
        </select>
      </label>
      <label>${WIDGET.limite}
        <input name="limite" type="number" min="1" step="1" placeholder=${WIDGET.limite_dica}>
      </label>
      <button aria-disabled=${ocupado}>${WIDGET.iniciar}</button>
    </form>
  `;
}

// responder(): asks first; (true), (false): the answer.
export function showCancelar(confirmando, ocupado, responder) {
  const botao = (texto, resposta, classe) => html`
    <button type="button" class=${classe} aria-disabled=${ocupado} @click=${() => responder(resposta)}>${texto}</button>`;
  return html`
    <div class="pedido">
      ${confirmando
        ? html`<span>${WIDGET.confirmar}</span> ${botao(WIDGET.sim, true, "perigo")} ${botao(WIDGET.nao, false, "secundario")}`
        : botao(WIDGET.cancelar, undefined, "perigo")}
    </div>
  `;
}

export const showAndamento = (contadores) => html`
  <div class="avanco">
    ${barra(contadores, WIDGET.andamento)}
    <span class="quantos">${numero(countFeitos(contadores))} / ${numero(sum(contadores))}</span>
  </div>
  <dl>
    ${Object.entries(WIDGET.contadores).map(([status, nome]) => html`
      <div class=${status}><dt>${nome}</dt><dd>${numero(contadores[status])}</dd></div>`)}
  </dl>
`;

// linhas: [{em, tipo, texto}], the newest first.
export const showRegistro = (linhas, limpar) => html`
  <div class="cabeca fim">
    <strong id="registro">${WIDGET.registro}</strong>
    <button type="button" class="secundario" aria-disabled=${!linhas.length} @click=${limpar}>${WIDGET.limpar}</button>
  </div>
  <div class="registro" role="log" aria-labelledby="registro" tabindex="0">
    <ul>
      ${linhas.length
        ? linhas.map(({ em, tipo, texto }) => html`
          <li><time datetime=${em}>${hora(em)}</time><span class=${tipo}>${texto}</span></li>`)
        : html`<li class="fraco">${WIDGET.vazio}</li>`}
    </ul>
  </div>
`;
