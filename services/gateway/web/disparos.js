// What became of the firings of a schedule: its history in a dialog, and the words of one of them.
import { html, nothing } from "./vendor/lit.js";
import { get } from "./api.js";
import { tabela } from "./tabela.js";
import { FORMATOS, T } from "./textos/comum.js";
import { AGENDAMENTOS as A } from "./textos/agendamentos.js";
import { Pagina, autor, carregando, dataHora, seloExecucao, vazio } from "./ui.js";

const PAGINA = 50;
const CLASSES = { pulado: "pausada", recusado: "mau" };
const OPCOES = { weekday: "short", day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit" };

// A moment on the clocks of that zone, with the day of the week: where a schedule lives, not where it is looked at.
// A zone that this browser does not know shows as UTC.
export function zonada(iso, fuso) {
  const show = (timeZone) => new Date(iso).toLocaleString(FORMATOS.idioma, { ...OPCOES, timeZone });
  try {
    return show(fuso);
  } catch {
    return `${show("UTC")} UTC`;
  }
}

// How its execution ended, where it began one.
export const showResultado = ({ resultado, status }) =>
  status ? seloExecucao(status) : html`<span class="selo ${CLASSES[resultado]}">${A.resultados[resultado]}</span>`;

class HistoricoDisparos extends Pagina {
  static properties = {
    agendamento: { attribute: false },
    disparos: { state: true },
    cursor: { state: true },
  };

  firstUpdated() {
    this.querySelector("dialog").showModal();
    this.load();
  }

  async load(cursor = null) {
    const lido = await this.ler(() => get(`agendamentos/${this.agendamento.id}/disparos`, { limite: PAGINA, cursor }));
    if (!lido) return;
    this.disparos = cursor ? [...this.disparos, ...lido.disparos] : lido.disparos;
    this.cursor = lido.cursor;
  }

  close() {
    this.querySelector("dialog").close();
  }

  render() {
    return html`
      <dialog class="largo" aria-labelledby="historico-titulo" @close=${() => this.dispatchEvent(new Event("fechar"))}>
        <h2 id="historico-titulo">${A.historico_de(this.agendamento.nome)}</h2>
        ${this.renderFalha(() => this.load())}
        ${this.disparos ? this.renderDisparos() : this.falha ? nothing : carregando()}
        <div class="acoes">
          ${this.cursor ? html`<button class="secundario" @click=${() => this.load(this.cursor)}>${T.mais}</button>` : nothing}
          <button class="secundario" @click=${this.close}>${T.fechar}</button>
        </div>
      </dialog>
    `;
  }

  renderDisparos() {
    if (!this.disparos.length) return vazio(A.historico_vazio);
    const { nome, fuso } = this.agendamento;
    return tabela(A.historico_de(nome), [
      { titulo: A.colunas.previsto, ver: (d) => zonada(d.previsto_para, fuso) },
      { titulo: A.colunas.feito, ver: (d) => dataHora(d.feito_em) },
      { titulo: A.colunas.resultado, ver: showResultado },
      { titulo: A.colunas.detalhe, ver: (d) => this.renderDetalhe(d) },
    ], this.disparos);
  }

  renderDetalhe(d) {
    return html`
      ${d.quem ? A.a_mao(autor(d.quem)) : nothing}
      ${d.perdidos_desde ? A.perdidos_desde(zonada(d.perdidos_desde, this.agendamento.fuso)) : nothing}
      ${d.mensagem ?? nothing}
      ${d.automacao_id ? html`<a href="#/execucoes/${d.automacao_id}">${A.ver_execucao}</a>` : nothing}
    `;
  }
}

customElements.define("historico-disparos", HistoricoDisparos);
