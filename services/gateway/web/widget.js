// <canopus-downloads ponto-venda="17.308">: starts a download and shows it live, in any page, of this origin or another.
// Attributes and style variables are in README, "In your CRM".
import { LitElement, html, nothing } from "./vendor/lit.js";
import { Recusa } from "./api.js";
import { TODAS } from "./live.js";
import { FINAIS } from "./reducer.js";
import { STATUS_CLIENTE, STATUS_EXECUCAO } from "./textos/comum.js";
import { WIDGET } from "./textos/widget.js";
import { ignoreDisabled, numero, throttle } from "./ui.js";
import { chooseAcesso } from "./widget-acesso.js";
import { estilo } from "./widget-estilo.js";
import {
  SITUACOES, countFeitos, showAndamento, showCancelar, showPedido, showRegistro, showSituacao, sum,
} from "./widget-vistas.js";

const DESENHO_MS = 120; // between two drawings, however many events come
const LINHAS = 100; // of the log
const BONS = new Set(["sucesso", "ja_baixado"]);
const FALHAS = new Set(["erro", "cpf_nao_encontrado", "sem_boleto"]);

class CanopusDownloads extends LitElement {
  static styles = estilo;
  static properties = {
    pontoVenda: { attribute: "ponto-venda" },
    bilheteUrl: { attribute: "bilhete-url" },
    iniciarUrl: { attribute: "iniciar-url" },
    cancelarUrl: { attribute: "cancelar-url" },
    csrf: {},
    pode: { state: true },
    erro: { state: true },
    ocupada: { state: true },
    confirmando: { state: true },
  };

  constructor() {
    super();
    this.registro = [];
    this.draw = throttle(() => this.requestUpdate(), DESENHO_MS);
  }

  createRenderRoot() {
    const raiz = super.createRenderRoot();
    raiz.addEventListener("click", ignoreDisabled, true);
    return raiz;
  }

  connectedCallback() {
    super.connectedCallback();
    this.open();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.close();
  }

  // What says whom it listens to, and as whom: changed, it begins anew.
  get endereco() {
    return JSON.stringify([this.pontoVenda, this.bilheteUrl, this.iniciarUrl, this.cancelarUrl]);
  }

  updated() {
    if (!this.isConnected || this.aberto === this.endereco) return;
    this.close();
    this.open();
  }

  close() {
    this.draw.cancel();
    this.acesso?.conexao.stop();
    this.acesso = this.vez = null;
  }

  async open() {
    this.aberto = this.endereco;
    this.pode = { inicia: false, cancela: false };
    this.erro = "";
    this.confirmando = false;
    this.automacao_id = this.estado = this.status = null;
    this.conhecidas = new Set(); // executions heard of: only a new one takes the place of one that ended
    const vez = (this.vez = {});
    try {
      const acesso = (this.acesso = chooseAcesso(this));
      const pode = await acesso.open();
      if (vez !== this.vez) return; // taken out of the page meanwhile, or begun anew
      this.pode = pode;
      acesso.conexao.addEventListener("mudou", () => this.requestUpdate());
      acesso.conexao.addEventListener("recusa", ({ detail }) => this.noteRecusa(detail));
      acesso.conexao.follow(TODAS, (_, quadro) => this.listen(quadro));
    } catch (erro) {
      const motivo = this.explain(erro);
      if (vez === this.vez) this.erro = motivo;
    }
  }

  // --- what is heard ---------------------------------------------------------------------------------------------------

  get viva() {
    return this.automacao_id !== null && !FINAIS.has(this.estado?.execucao?.status);
  }

  // Of every execution: a state (the socket is new), an event, or a pulse that names those under way.
  async listen(quadro) {
    const ids = quadro.tipo === "evento" ? [quadro.automacao_id] : Object.keys(quadro.seqs ?? {});
    const novas = ids.filter((id) => !this.conhecidas.has(id));
    for (const id of novas) this.conhecidas.add(id);
    if (this.viva || (quadro.tipo !== "estado" && !novas.length)) return;
    const { acesso } = this;
    try {
      const achada = await acesso.find(novas[0] ?? null);
      if (achada && acesso === this.acesso && !this.viva) this.watch(achada);
    } catch (erro) {
      this.note(this.explain(erro), "mau");
    }
  }

  watch(automacao_id) {
    if (automacao_id === this.automacao_id) return;
    this.stop?.();
    this.conhecidas.add(automacao_id);
    this.automacao_id = automacao_id;
    this.estado = this.status = null;
    this.stop = this.acesso.conexao.follow(automacao_id, (estado, quadro) => this.hear(estado, quadro));
  }

  hear(estado, quadro) {
    if (quadro?.tipo === "erro") {
      this.stop();
      this.automacao_id = null;
      return this.note(quadro.error, "mau");
    }
    const antes = this.status;
    this.estado = estado;
    this.status = estado.execucao?.status;
    // What is planned or called off after the end comes with the same status.
    if (quadro?.tipo === "evento" && !(quadro.evento === "execucao.status" && quadro.status === antes)) this.noteEvento(quadro);
    if (quadro?.tipo === "estado") {
      const feitos = numero(countFeitos(estado.contadores));
      this.note(quadro.modo === "retomada" ? WIDGET.retomada : WIDGET.acompanhando(feitos, numero(sum(estado.contadores))));
    }
    this.draw();
  }

  noteEvento({ evento, em, status, cliente }) {
    if (evento === "execucao.status") {
      return this.note(STATUS_EXECUCAO[status], SITUACOES[status] === "erro" ? "mau" : status === "concluida" ? "bom" : "", em);
    }
    if (evento !== "cliente.resultado") return undefined;
    const motivo = FALHAS.has(status) && cliente.mensagem ? `. ${cliente.mensagem}` : "";
    const tipo = BONS.has(status) ? "bom" : status === "erro" ? "mau" : "";
    return this.note(`${cliente.nome ?? cliente.cpf}: ${STATUS_CLIENTE[status]}${motivo}`, tipo, em);
  }

  note(texto, tipo = "", em = new Date().toISOString()) {
    this.registro = [{ texto, tipo, em }, ...this.registro].slice(0, LINHAS);
    this.draw();
  }

  // The same reason again, at each try of a connection, is one line.
  noteRecusa(motivo) {
    if (this.registro[0]?.texto !== motivo) this.note(motivo, "mau");
  }

  // --- what people ask for ---------------------------------------------------------------------------------------------

  async ask(trabalho) {
    this.ocupada = true;
    try {
      return await trabalho();
    } catch (erro) {
      this.note(this.explain(erro), "mau");
      return null;
    } finally {
      this.ocupada = false;
    }
  }

  explain(erro) {
    if (!(erro instanceof Recusa)) throw erro;
    return [erro.message, ...erro.detalhes.map(({ campo, erro: motivo }) => `${campo}: ${motivo}`)].join(" ");
  }

  async start(pedido) {
    const feita = await this.ask(() => this.acesso.start({ ponto_venda: this.pontoVenda, ...pedido }));
    if (feita && this.acesso) this.watch(feita.automacao_id);
  }

  // sim: whether it is meant; undefined asks.
  async cancel(sim) {
    this.confirmando = sim === undefined;
    await this.updateComplete;
    // Where the button was that was pressed, others are now. The last of them does no harm.
    this.renderRoot.querySelector(".pedido button:last-of-type")?.focus();
    if (sim) await this.ask(() => this.acesso.cancel(this.automacao_id));
  }

  render() {
    const opera = this.pode.cancela && this.viva && this.estado;
    return html`
      <section class="caixa" aria-label=${WIDGET.nome(this.pontoVenda)}>
        <div class="cabeca">
          <strong>${WIDGET.titulo} · ${this.pontoVenda}</strong>
          ${showSituacao(this.estado?.execucao?.status, this.erro, this.acesso?.conexao.situacao)}
        </div>
        ${this.pode.inicia ? showPedido(this.ocupada || this.viva, (pedido) => this.start(pedido)) : nothing}
        ${opera ? showCancelar(this.confirmando, this.ocupada, (sim) => this.cancel(sim)) : nothing}
        ${this.estado?.contadores ? showAndamento(this.estado.contadores) : nothing}
        ${showRegistro(this.registro, () => this.clear())}
      </section>
    `;
  }

  clear() {
    this.registro = [];
    this.requestUpdate();
  }
}

// Two copies of the script in one page are one element.
if (!customElements.get("canopus-downloads")) customElements.define("canopus-downloads", CanopusDownloads);
