// The shell: who is signed in, which page is shown, the menu, the connection's light, notices and questions.
import { html, nothing } from "./vendor/lit.js";
import { anunciar, care, forget } from "./anuncio.js";
import { get, remove, setCsrf } from "./api.js";
import { conexao } from "./live.js";
import { CONEXAO, MENU, T } from "./textos/comum.js";
import { Base, administraTudo, avisar, ignoreDisabled, titular } from "./ui.js";

// Path → the page's element; the module of the same name is loaded when it is first shown. papel: who sees it; todos: who administers
// every ponto de venda; instalacao: who looks after every office.
const PAGINAS = {
  inicio: { modulo: "inicio" },
  execucoes: { modulo: "historico" },
  execucao: { modulo: "execucao", menu: "execucoes" },
  agendamentos: { modulo: "agendamentos" },
  boletos: { modulo: "boletos" },
  retornos: { modulo: "retornos" },
  clientes: { modulo: "clientes" },
  planilhas: { modulo: "planilhas" },
  estatisticas: { modulo: "estatisticas" },
  previsao: { modulo: "previsao" },
  consultores: { modulo: "consultores" },
  "pontos-venda": { modulo: "pontos-venda" },
  credenciais: { modulo: "credenciais", papel: "admin" },
  pessoas: { modulo: "pessoas", papel: "todos" },
  avisos: { modulo: "avisos" },
  canais: { modulo: "canais", papel: "todos" },
  webhooks: { modulo: "webhooks", papel: "admin" },
  espelhos: { modulo: "espelhos", papel: "todos" },
  mortas: { modulo: "mortas", papel: "instalacao" },
  escritorios: { modulo: "escritorios", papel: "instalacao" },
  conta: { modulo: "conta" },
};
const GRUPOS = [
  ["inicio", "execucoes", "agendamentos", "boletos", "retornos", "estatisticas", "previsao"],
  ["clientes", "planilhas", "consultores", "pontos-venda", "credenciais"],
  ["pessoas", "avisos", "canais", "webhooks", "espelhos", "mortas", "escritorios", "conta"],
];
const AVISO_MS = 8000;

const parseRota = () => {
  const [pagina = "", ...resto] = location.hash.replace(/^#\/?/, "").split("?")[0].split("/").filter(Boolean);
  if (pagina === "execucoes" && resto.length) return { pagina: "execucao", id: resto[0] };
  return { pagina: pagina || "inicio", id: resto[0] ?? null };
};

class CanopusPainel extends Base {
  static properties = {
    sessao: { state: true }, // undefined: not known yet; null: nobody
    rota: { state: true },
    pronta: { state: true },
    menuAberto: { state: true },
    avisos: { state: true },
    pergunta: { state: true },
    situacao: { state: true },
    falha: { state: true }, // why nothing, or not the page asked for, could be shown
  };

  constructor() {
    super();
    this.sessao = undefined;
    this.rota = parseRota();
    this.pronta = "";
    this.menuAberto = false;
    this.avisos = [];
    this.pergunta = null;
    this.situacao = conexao.situacao;
    this.falha = "";
    addEventListener("click", ignoreDisabled, true);
    addEventListener("hashchange", () => this.go());
    addEventListener("sessao-encerrada", () => this.sessao && this.leave(T.sessao_encerrada));
    addEventListener("entrou", ({ detail }) => this.enter(detail));
    addEventListener("aviso", ({ detail }) => this.tell(detail));
    addEventListener("pergunta", ({ detail }) => this.ask(detail));
    conexao.addEventListener("mudou", () => (this.situacao = conexao.situacao));
  }

  connectedCallback() {
    super.connectedCallback();
    this.start();
  }

  async start() {
    this.falha = "";
    try {
      this.enter(await get("sessao"));
    } catch (erro) {
      if (erro.status === 401) this.leave();
      else this.falha = erro.message;
    }
  }

  enter(sessao) {
    setCsrf(sessao.csrf);
    this.sessao = sessao;
    this.stop?.();
    // Whoever must choose another password first is refused by the socket.
    if (!sessao.trocar_senha) this.stop = conexao.followAll((evento) => evento && anunciar(evento));
    this.go();
  }

  leave(motivo) {
    conexao.stop();
    this.stop = null;
    forget();
    this.sessao = null;
    this.load("entrada");
    if (motivo) avisar(motivo, "erro");
  }

  async signOut() {
    try {
      await remove("sessao");
    } catch (erro) {
      if (erro.status !== 401) return avisar(T.nao_saiu(erro.message), "erro");
    }
    this.leave();
  }

  go() {
    this.rota = parseRota();
    this.menuAberto = false;
    // Its end is told wherever the person is then.
    if (this.rota.pagina === "execucao") care(this.rota.id);
    if (this.sessao) this.load(this.sessao.trocar_senha ? "conta" : (this.page()?.modulo ?? ""));
  }

  page() {
    const pagina = PAGINAS[this.rota.pagina];
    return pagina && this.sees(pagina.papel) ? pagina : null;
  }

  sees(papel) {
    if (papel === "todos") return administraTudo(this.sessao);
    return !papel || (papel === "instalacao" ? this.sessao?.instalacao : papel === this.sessao?.escopo);
  }

  // Only the page asked for last is shown, however late the others come.
  async load(modulo) {
    const vez = (this.vez = {});
    this.falha = "";
    try {
      if (modulo) await import(`./paginas/${modulo}.js`);
    } catch {
      if (vez === this.vez) this.falha = T.sem_servidor;
      return;
    }
    if (vez !== this.vez) return;
    this.pronta = modulo;
    await this.updateComplete;
    const titulo = this.querySelector("h1");
    titular(titulo?.textContent.trim());
    titulo?.focus({ preventScroll: true });
  }

  tell(aviso) {
    this.avisos = [...this.avisos.slice(-3), aviso];
    setTimeout(() => (this.avisos = this.avisos.filter((outro) => outro !== aviso)), AVISO_MS);
  }

  async ask(pergunta) {
    this.pergunta = pergunta;
    await this.updateComplete;
    this.querySelector("#pergunta").showModal();
  }

  answer(resposta) {
    this.querySelector("#pergunta").close();
    this.pergunta?.responder(resposta);
    this.pergunta = null;
  }

  render() {
    return html`
      ${this.sessao ? this.renderShell() : this.renderEntrada()}
      <div class="avisos" role="status" aria-live="polite">
        ${this.avisos.map((aviso) => html`<p class="aviso ${aviso.tipo}">${aviso.texto}</p>`)}
      </div>
      <dialog id="pergunta" aria-labelledby="pergunta-texto" @cancel=${() => this.answer(false)}>
        <p id="pergunta-texto">${this.pergunta?.pergunta}</p>
        <div class="acoes">
          <button class="secundario" @click=${() => this.answer(false)}>${T.cancelar}</button>
          <button class="perigo" @click=${() => this.answer(true)}>${this.pergunta?.sim}</button>
        </div>
      </dialog>
    `;
  }

  renderEntrada() {
    if (this.sessao === null && this.pronta === "entrada") return html`<pagina-entrada></pagina-entrada>`;
    return html`<main class="entrada">${this.renderEspera()}</main>`;
  }

  // What stands where a page is not there yet, or could not come.
  renderEspera() {
    if (!this.falha) return html`<p class="vazio" role="status">${T.carregando}</p>`;
    // A browser keeps in mind that a module could not be had, until the page is loaded again.
    const repetir = () => (this.sessao === undefined ? this.start() : location.reload());
    return html`
      <p class="recusa" role="alert">${this.falha}
        <button class="secundario" @click=${repetir}>${T.repetir}</button></p>
    `;
  }

  renderShell() {
    return html`
      <a class="pular" href="#conteudo" @click=${this.skip}>${T.pular}</a>
      <header class="topo">
        <button class="botao-menu" aria-expanded=${this.menuAberto} aria-controls="menu"
          @click=${() => (this.menuAberto = !this.menuAberto)}>${T.menu}</button>
        <a class="marca" href="#/">${T.sistema}</a>
        ${this.sessao.escritorio ? html`<span class="escritorio" title=${this.sessao.escritorio}>${this.sessao.escritorio}</span>` : nothing}
        <span class="luz ${this.situacao}" role="status">${CONEXAO[this.situacao] ?? nothing}</span>
        <span class="quem">${this.sessao.nome}</span>
        <button class="secundario" @click=${this.signOut}>${T.sair}</button>
      </header>
      <nav id="menu" class=${this.menuAberto ? "aberto" : ""} aria-label=${T.menu}>
        ${GRUPOS.map((grupo) => html`<ul>${grupo.map((nome) => this.renderItem(nome))}</ul>`)}
      </nav>
      <main id="conteudo" tabindex="-1">${this.renderPagina()}</main>
    `;
  }

  skip(event) {
    event.preventDefault();
    document.getElementById("conteudo").focus();
  }

  renderItem(nome) {
    const { papel } = PAGINAS[nome];
    if (!this.sees(papel)) return nothing;
    const aqui = (PAGINAS[this.rota.pagina]?.menu ?? this.rota.pagina) === nome;
    return html`<li><a href="#/${nome}" aria-current=${aqui ? "page" : nothing}>${MENU[nome]}</a></li>`;
  }

  renderPagina() {
    const modulo = this.sessao.trocar_senha ? "conta" : this.page()?.modulo;
    if (!modulo) return html`<h1 tabindex="-1">${T.pagina_desconhecida}</h1>`;
    if (this.pronta !== modulo) return this.renderEspera();
    const { sessao, rota } = this;
    switch (modulo) {
      case "inicio": return html`<pagina-inicio .sessao=${sessao}></pagina-inicio>`;
      case "historico": return html`<pagina-historico .sessao=${sessao}></pagina-historico>`;
      case "execucao": return html`<pagina-execucao .sessao=${sessao} .automacao_id=${rota.id}></pagina-execucao>`;
      case "agendamentos": return html`<pagina-agendamentos .sessao=${sessao}></pagina-agendamentos>`;
      case "boletos": return html`<pagina-boletos .sessao=${sessao}></pagina-boletos>`;
      case "clientes": return html`<pagina-clientes .sessao=${sessao} .cliente_id=${rota.id}></pagina-clientes>`;
      case "planilhas": return html`<pagina-planilhas .sessao=${sessao}></pagina-planilhas>`;
      case "estatisticas": return html`<pagina-estatisticas .sessao=${sessao}></pagina-estatisticas>`;
      case "previsao": return html`<pagina-previsao .sessao=${sessao}></pagina-previsao>`;
      case "consultores": return html`<pagina-consultores .sessao=${sessao}></pagina-consultores>`;
      case "pontos-venda": return html`<pagina-pontos-venda .sessao=${sessao}></pagina-pontos-venda>`;
      case "credenciais": return html`<pagina-credenciais .sessao=${sessao}></pagina-credenciais>`;
      case "pessoas": return html`<pagina-pessoas .sessao=${sessao}></pagina-pessoas>`;
      case "avisos": return html`<pagina-avisos .sessao=${sessao}></pagina-avisos>`;
      case "canais": return html`<pagina-canais .sessao=${sessao}></pagina-canais>`;
      case "webhooks": return html`<pagina-webhooks .sessao=${sessao}></pagina-webhooks>`;
      case "espelhos": return html`<pagina-espelhos .sessao=${sessao}></pagina-espelhos>`;
      case "retornos": return html`<pagina-retornos .sessao=${sessao}></pagina-retornos>`;
      case "mortas": return html`<pagina-mortas .sessao=${sessao}></pagina-mortas>`;
      case "escritorios": return html`<pagina-escritorios .sessao=${sessao}></pagina-escritorios>`;
      default: return html`<pagina-conta .sessao=${sessao}></pagina-conta>`;
    }
  }
}

customElements.define("canopus-painel", CanopusPainel);
