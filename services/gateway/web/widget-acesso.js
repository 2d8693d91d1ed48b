// The widget's two ways to the gateway: the session of who signed in, or the server of the page that it stands in.
import { Recusa, get, post, setCsrf } from "./api.js";
import { Conexao } from "./live.js";
import { WIDGET } from "./textos/widget.js";

const SERVIDOR = new URL(import.meta.url).origin;

// Which one the element's attributes ask for. Throws Recusa where they lack something.
export function chooseAcesso(elemento) {
  if (!elemento.pontoVenda) throw new Recusa(0, { error: WIDGET.sem_ponto });
  if (elemento.bilheteUrl) return new Hospedeiro(elemento);
  if (SERVIDOR !== location.origin) throw new Recusa(0, { error: WIDGET.sem_bilhete });
  return new Sessao(elemento);
}

// On the dashboard's own origin.
class Sessao {
  conexao = new Conexao();

  constructor(elemento) {
    this.elemento = elemento;
  }

  // What the buttons may do.
  async open() {
    const { csrf, escopo } = await get("sessao").catch((erro) => {
      throw erro.status === 401 ? new Recusa(401, { error: WIDGET.sem_sessao }) : erro;
    });
    setCsrf(csrf);
    return { inicia: escopo !== "leitura", cancela: escopo !== "leitura" };
  }

  // The newest execution of the ponto de venda: a session may see others, so what was heard of is not taken at its word.
  async find() {
    const { execucoes } = await get("execucoes", { ponto_venda: this.elemento.pontoVenda, limite: 1 });
    return execucoes[0]?.automacao_id ?? null;
  }

  start(pedido) {
    return post("processar-downloads-ponto-venda", pedido);
  }

  cancel(automacao_id) {
    return post(`execucoes/${automacao_id}/cancelar`);
  }
}

// In another origin's page. Its server holds the key: it gives tickets, and passes on what the buttons ask.
class Hospedeiro {
  conexao = new Conexao({ servidor: SERVIDOR, askBilhete: () => this.#askBilhete() });
  #ultima = null;

  constructor(elemento) {
    this.elemento = elemento;
  }

  async open() {
    return { inicia: Boolean(this.elemento.iniciarUrl), cancela: Boolean(this.elemento.cancelarUrl) };
  }

  // A ticket sees one ponto de venda: what is heard of is of it.
  async find(ouvida) {
    return ouvida ?? this.#ultima;
  }

  async start(pedido) {
    const feita = await this.#post(this.elemento.iniciarUrl, pedido);
    if (!feita?.automacao_id) throw new Recusa(0, { error: WIDGET.sem_execucao });
    return feita;
  }

  cancel(automacao_id) {
    return this.#post(this.elemento.cancelarUrl, { ponto_venda: this.elemento.pontoVenda, automacao_id });
  }

  async #askBilhete() {
    const dados = await this.#post(this.elemento.bilheteUrl, { ponto_venda: this.elemento.pontoVenda });
    const { bilhete, automacao_id } = dados ?? {};
    if (!bilhete) throw new Recusa(0, { error: WIDGET.sem_resposta });
    this.#ultima = automacao_id ?? null;
    return bilhete;
  }

  // The answer may be the gateway's own or its bare `data`. X-CSRFToken: as Flask-WTF and Django read it.
  async #post(url, corpo) {
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    if (this.elemento.csrf) headers["X-CSRFToken"] = this.elemento.csrf;
    let resposta, dados;
    try {
      resposta = await fetch(url, { method: "POST", headers, body: JSON.stringify(corpo), credentials: "same-origin" });
      dados = await resposta.json();
    } catch {
      throw new Recusa(resposta?.status ?? 0, { error: WIDGET.sem_resposta });
    }
    if (!resposta.ok) throw new Recusa(resposta.status, { error: WIDGET.sem_resposta, ...dados });
    return dados?.data ?? dados;
  }
}
