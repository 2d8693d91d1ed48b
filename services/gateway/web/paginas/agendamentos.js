// The schedules: what each does, when it fires next and what became of the last time; paused, run and changed here.
import { html, nothing, repeat } from "../vendor/lit.js";
import { getAll, getCadastros, post, remove } from "../api.js";
import { seloAtivo } from "../cadastro.js";
import { showResultado, zonada } from "../disparos.js";
import "../ficha-agendamento.js";
import { conexao } from "../live.js";
import { MENU, T } from "../textos/comum.js";
import { AGENDAMENTOS as A } from "../textos/agendamentos.js";
import { Pagina, carregando, confirmar, ir, throttle, vazio } from "../ui.js";

const LEITURA_MS = 500; // between two readings of the list, however many executions change
const OLHADA_MS = 30_000; // firings that begin no execution are told by nobody

class PaginaAgendamentos extends Pagina {
  static properties = {
    sessao: { attribute: false },
    linhas: { state: true },
    cadastros: { state: true },
    aberto: { state: true }, // the schedule in the form; {} for a new one; null: no form
    historico: { state: true }, // the schedule whose firings are shown
  };

  constructor() {
    super();
    this.aberto = this.historico = null;
    this.reload = throttle(() => this.load(), LEITURA_MS);
  }

  connectedCallback() {
    super.connectedCallback();
    this.load();
    this.stop = conexao.followAll((evento) => (!evento || evento.evento === "execucao.status") && this.reload());
    this.relogio = setInterval(() => this.load(), OLHADA_MS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.stop();
    this.reload.cancel();
    clearInterval(this.relogio);
  }

  get pode() {
    return this.sessao.escopo !== "leitura";
  }

  async load() {
    const lido = await this.ler(() => Promise.all([getAll("agendamentos", "agendamentos"), this.cadastros ?? getCadastros()]));
    if (lido) [this.linhas, this.cadastros] = lido;
  }

  async control(agendamento, verbo, feito) {
    await this.fazer(() => post(`agendamentos/${agendamento.id}/${verbo}`), feito);
    this.load();
  }

  async run(agendamento) {
    if (!(await confirmar(A.executar_pergunta(agendamento.nome), A.executar))) return;
    const feito = await this.fazer(() => post(`agendamentos/${agendamento.id}/executar`), A.enviada);
    if (feito) ir(`execucoes/${feito.ultimo.automacao_id}`);
  }

  async discard(agendamento) {
    if (!(await confirmar(A.excluir_pergunta(agendamento.nome), T.excluir))) return;
    await this.fazer(() => remove(`agendamentos/${agendamento.id}`));
    this.load();
  }

  render() {
    return html`
      <div class="cabeca">
        <h1 tabindex="-1">${MENU.agendamentos}</h1>
        ${this.pode && this.cadastros ? html`<button @click=${() => (this.aberto = {})}>${A.novo}</button>` : nothing}
      </div>
      <p class="fraco">${A.explica}</p>
      ${this.renderFalha(() => this.load())}
      ${this.linhas ? this.renderLinhas() : this.falha ? nothing : carregando()}
      ${this.aberto ? html`
        <ficha-agendamento .titulo=${this.aberto.nome ?? A.novo} .linha=${this.aberto.id ? this.aberto : null}
          .caminho=${this.aberto.id ? `agendamentos/${this.aberto.id}` : "agendamentos"}
          .pontos=${this.cadastros.pontos} .consultores=${this.cadastros.consultores}
          @fechar=${() => (this.aberto = null)} @salvo=${() => this.load()}></ficha-agendamento>` : nothing}
      ${this.historico ? html`
        <historico-disparos .agendamento=${this.historico}
          @fechar=${() => (this.historico = null)}></historico-disparos>` : nothing}
    `;
  }

  renderLinhas() {
    if (!this.linhas.length) return vazio(A.nenhum);
    return html`<ul class="lista">${repeat(this.linhas, (a) => a.id, (a) => html`<li>${this.renderAgendamento(a)}</li>`)}</ul>`;
  }

  renderAgendamento(a) {
    return html`
      <article class="cartao" aria-label=${a.nome}>
        <div class="cabeca">
          <h2>${a.nome} ${a.ativo ? seloAtivo(true) : html`<span class="selo pausada">${A.pausado}</span>`}</h2>
          <div class="acoes">${this.renderAcoes(a)}</div>
        </div>
        ${a.adiado_em ? html`<p class="destaque" role="status">${A.espera(zonada(a.adiado_em, a.fuso))}</p>` : nothing}
        <dl class="numeros">
          <div><dt>${A.campos.ponto_venda}</dt><dd>${a.ponto_venda}</dd></div>
          <div><dt>${A.campos.consultor}</dt><dd>${a.consultor ?? A.todos_contratos}</dd></div>
          <div><dt>${A.quando}</dt><dd>${a.descricao} (${A.fusos[a.fuso] ?? a.fuso})</dd></div>
          <div><dt>${A.boletos}</dt><dd>${A.meses[a.mes]}</dd></div>
          <div><dt>${A.perdidos}</dt><dd>${A.politicas[a.perdidos]}</dd></div>
          <div><dt>${A.ultimo}</dt><dd>${this.renderUltimo(a)}</dd></div>
        </dl>
        ${a.ativo ? this.renderProximos(a) : nothing}
      </article>
    `;
  }

  renderAcoes(a) {
    const botao = (texto, fazer, classe = "secundario") => html`
      <button class=${classe} aria-disabled=${this.ocupada} aria-label=${A.de(texto, a.nome)}
        @click=${fazer}>${texto}</button>`;
    return html`
      ${botao(A.historico, () => (this.historico = a))}
      ${this.pode ? html`
        ${botao(A.executar, () => this.run(a))}
        ${a.ativo ? botao(A.pausar, () => this.control(a, "pausar", A.pausado_aviso))
          : botao(A.retomar, () => this.control(a, "retomar", A.retomado_aviso))}
        ${botao(T.editar, () => (this.aberto = a))}
        ${botao(T.excluir, () => this.discard(a), "perigo")}` : nothing}
    `;
  }

  renderUltimo({ ultimo, fuso }) {
    if (!ultimo) return A.nenhum_disparo;
    return html`${zonada(ultimo.previsto_para, fuso)} ${showResultado(ultimo)}
      ${ultimo.automacao_id
        ? html`<a href="#/execucoes/${ultimo.automacao_id}">${A.ver_execucao}</a>` : html`<small>${ultimo.mensagem}</small>`}`;
  }

  renderProximos({ proximas, fuso }) {
    if (!proximas.length) return html`<p class="destaque">${A.nunca}</p>`;
    return html`
      <h3>${A.proximos}</h3>
      <ol>${proximas.map((iso) => html`<li><time datetime=${iso}>${zonada(iso, fuso)}</time></li>`)}</ol>
    `;
  }
}

customElements.define("pagina-agendamentos", PaginaAgendamentos);
