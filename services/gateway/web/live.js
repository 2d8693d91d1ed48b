// One socket for a whole page. Whoever follows an execution gets its state after each frame; a cut is mended by cursor.
import { API, get } from "./api.js";
import { apply, backoffMs, cursor, empty } from "./reducer.js";

// Pulses come every 15 s: a socket that is silent for longer than two of them is dead.
const SILENCIO_MS = 35_000;
const ABERTURA_MS = 10_000;
const SEM_ACESSO = 4401;
const RECUSAS = 3; // in a row, before nothing more is asked: a ticket may have come too late, not three times
export const TODAS = "*";

// Tells "mudou" of its `situacao`, and "recusa" with the reason as detail.
export class Conexao extends EventTarget {
  situacao = "parada"; // conectando, no_ar, caida, recusada: only something new that is followed tries again
  #servidor;
  #askBilhete;
  #vez = null; // the attempt that holds: none while stopped, or until the next one is due
  #ws = null;
  #seguidas = new Map(); // automacao_id → { estado, ouvintes, pedida: the answer to a question about it is under way }
  #falhas = 0;
  #recusas = 0;
  #rede = null; // stops listening to the browser's own news of the network
  #espera = null;
  #silencio = null;

  // askBilhete: gets the ticket that a page of another origin needs; without it the session's cookie tells who listens.
  constructor({ servidor = location.origin, askBilhete = null } = {}) {
    super();
    this.#servidor = servidor;
    this.#askBilhete = askBilhete;
  }

  // ouvinte(estado, quadro): after each frame of this execution. Returns how to stop.
  follow(automacao_id, ouvinte) {
    const seguida = this.#seguidas.get(automacao_id) ?? { estado: empty(), ouvintes: new Set(), pedida: false };
    const nova = !seguida.ouvintes.size;
    seguida.ouvintes.add(ouvinte);
    this.#seguidas.set(automacao_id, seguida);
    if (!this.#vez) this.#connect();
    else if (nova) this.#subscribe(automacao_id);
    else if (seguida.estado.seq !== null) ouvinte(seguida.estado, null);
    return () => this.#unfollow(automacao_id, ouvinte);
  }

  // Every execution that the person sees, from now on. ouvinte(quadro): each event; null: look at the list again.
  followAll(ouvinte) {
    return this.follow(TODAS, (_, quadro) => quadro.tipo !== "pulso" && ouvinte(quadro.tipo === "evento" ? quadro : null));
  }

  stop() {
    clearTimeout(this.#espera);
    this.#rede?.abort();
    this.#rede = null;
    this.#seguidas.clear();
    this.#falhas = this.#recusas = 0;
    this.#drop(this.#ws);
  }

  #unfollow(automacao_id, ouvinte) {
    const seguida = this.#seguidas.get(automacao_id);
    if (!seguida?.ouvintes.delete(ouvinte) || seguida.ouvintes.size) return;
    this.#seguidas.delete(automacao_id);
    this.#send({ tipo: "cancelar_assinatura", automacao_id });
  }

  async #connect() {
    clearTimeout(this.#espera);
    this.#watchRede();
    this.#tell("conectando");
    const vez = (this.#vez = {});
    try {
      const bilhete = this.#askBilhete && (await this.#askBilhete());
      if (vez === this.#vez) this.#open(bilhete);
    } catch (erro) {
      this.#refused(erro.message);
      if (vez === this.#vez) this.#lost(null, erro.status >= 400 && erro.status < 500 && erro.status !== 429);
    }
  }

  #watchRede() {
    if (this.#rede) return;
    this.#rede = new AbortController();
    const { signal } = this.#rede;
    addEventListener("online", () => this.#retryNow(), { signal });
    // A farewell would wait for an answer that cannot come.
    addEventListener("offline", () => this.#ws && this.#lost(this.#ws), { signal });
  }

  #open(bilhete) {
    const ws = (this.#ws = new WebSocket(`${this.#servidor.replace(/^http/, "ws")}${API}/ws`, ["canopus.v1"]));
    this.#listenFor(ABERTURA_MS);
    let aberto = false;
    ws.onopen = () => {
      aberto = true;
      this.#listenFor(SILENCIO_MS);
      if (bilhete) this.#send({ tipo: "autenticar", bilhete });
      for (const [automacao_id, seguida] of this.#seguidas) {
        seguida.pedida = false;
        this.#subscribe(automacao_id);
      }
    };
    ws.onmessage = (mensagem) => ws === this.#ws && this.#receive(JSON.parse(mensagem.data));
    ws.onclose = ({ code }) => {
      if (ws !== this.#ws) return;
      // A refused handshake looks like a broken one: whether the session still holds, only the API tells.
      if (!this.#askBilhete && (code === SEM_ACESSO || !aberto)) this.#checkSessao();
      this.#lost(ws, code === SEM_ACESSO);
    };
  }

  async #checkSessao() {
    const erro = await get("sessao").then(() => null, (recusa) => recusa);
    if (erro?.status !== 401 || !this.#seguidas.size) return;
    this.#refused(erro.message);
    this.#drop(this.#ws, "recusada");
    dispatchEvent(new CustomEvent("sessao-encerrada"));
  }

  #lost(ws, recusado = false) {
    if (ws !== this.#ws) return;
    if (recusado) this.#recusas += 1;
    this.#drop(ws, this.#recusas < RECUSAS ? "caida" : "recusada");
    if (this.situacao === "caida") this.#espera = setTimeout(() => this.#connect(), backoffMs(this.#falhas++));
  }

  // Gives the socket up, without waiting for its farewell.
  #drop(ws, situacao = "parada") {
    this.#ws = this.#vez = null;
    clearTimeout(this.#espera);
    clearTimeout(this.#silencio);
    ws?.close();
    this.#tell(this.#seguidas.size ? situacao : "parada");
  }

  #retryNow() {
    if (!this.#vez && this.#seguidas.size) this.#connect();
  }

  #listenFor(ms) {
    clearTimeout(this.#silencio);
    this.#silencio = setTimeout(() => this.#lost(this.#ws), ms);
  }

  #receive(quadro) {
    this.#listenFor(SILENCIO_MS);
    if (quadro.tipo === "estado") {
      this.#falhas = this.#recusas = 0;
      this.#tell("no_ar");
    }
    if (quadro.tipo === "pulso") {
      for (const automacao_id of this.#seguidas.keys()) this.#apply(automacao_id, quadro);
      return;
    }
    if (quadro.tipo === "erro" && !quadro.automacao_id) return this.#refused(quadro.error);
    if (quadro.tipo === "erro" && quadro.codigo === "indisponivel") return this.#askAgain(quadro.automacao_id);
    this.#apply(quadro.automacao_id, quadro);
    if (quadro.tipo === "evento" && this.#seguidas.has(TODAS)) this.#notify(TODAS, quadro);
  }

  #apply(automacao_id, quadro) {
    const seguida = this.#seguidas.get(automacao_id);
    if (!seguida) return;
    if (automacao_id === TODAS) return quadro.tipo !== "evento" && this.#notify(TODAS, quadro);
    if (quadro.tipo === "estado" || quadro.tipo === "erro") seguida.pedida = false;
    const { state, ask } = apply(seguida.estado, quadro);
    seguida.estado = state;
    if (ask) this.#subscribe(automacao_id);
    else this.#notify(automacao_id, quadro);
  }

  // Once for however many frames show that something is missing.
  #subscribe(automacao_id) {
    const seguida = this.#seguidas.get(automacao_id);
    if (!seguida || seguida.pedida) return;
    seguida.pedida = true;
    this.#send({ tipo: "assinar", automacao_id, desde: automacao_id === TODAS ? null : cursor(seguida.estado) });
  }

  // The server could not answer just now.
  #askAgain(automacao_id) {
    const seguida = this.#seguidas.get(automacao_id);
    if (seguida) seguida.pedida = false;
    setTimeout(() => this.#subscribe(automacao_id), backoffMs(this.#falhas++));
  }

  #notify(automacao_id, quadro) {
    const { estado, ouvintes } = this.#seguidas.get(automacao_id);
    for (const ouvinte of [...ouvintes]) ouvinte(estado, quadro);
  }

  #send(quadro) {
    if (this.#ws?.readyState === WebSocket.OPEN) this.#ws.send(JSON.stringify(quadro));
  }

  #refused(motivo) {
    this.dispatchEvent(new CustomEvent("recusa", { detail: motivo }));
  }

  #tell(situacao) {
    if (situacao === this.situacao) return;
    this.situacao = situacao;
    this.dispatchEvent(new Event("mudou"));
  }
}

export const conexao = new Conexao();
