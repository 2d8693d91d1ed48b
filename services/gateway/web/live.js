// One socket for a whole page. Whoever follows an execution gets its state after each frame; a cut is mended by cursor.
import { API } from "./api.js";
import { apply, backoffMs, cursor, empty } from "./reducer.js";

// Pulses come every 15 s: a socket that is silent for longer than two of them is dead.
const SILENCIO_MS = 35_000;
export const TODAS = "*";

// Tells "mudou" of its `situacao`, and "recusa" with the reason as detail.
export class Conexao extends EventTarget {
  situacao = "parada"; // conectando, no_ar, caida
  #servidor;
  #askBilhete;
  #vez = null; // the attempt that holds: none while stopped, or until the next one is due
  #ws = null;
  #seguidas = new Map(); // automacao_id → { estado, ouvintes }
  #falhas = 0;
  #espera = null;
  #silencio = null;

  // askBilhete: gets the ticket that a page of another origin needs; without it the session's cookie tells who listens.
  constructor({ servidor = location.origin, askBilhete = null } = {}) {
    super();
    this.#servidor = servidor;
    this.#askBilhete = askBilhete;
    addEventListener("online", () => this.#retryNow());
    addEventListener("offline", () => this.#ws?.close());
  }

  // ouvinte(estado, quadro): after each frame of this execution. Returns how to stop.
  follow(automacao_id, ouvinte) {
    const seguida = this.#seguidas.get(automacao_id) ?? { estado: empty(), ouvintes: new Set() };
    const nova = !seguida.ouvintes.size;
    seguida.ouvintes.add(ouvinte);
    this.#seguidas.set(automacao_id, seguida);
    if (!this.#vez) this.#connect();
    else if (nova) this.#send({ tipo: "assinar", automacao_id, desde: null });
    else if (seguida.estado.seq !== null) ouvinte(seguida.estado, null);
    return () => this.#unfollow(automacao_id, ouvinte);
  }

  // Every execution that the person sees, from now on. ouvinte(quadro): each event; null: look at the list again.
  followAll(ouvinte) {
    return this.follow(TODAS, (_, quadro) => quadro.tipo !== "pulso" && ouvinte(quadro.tipo === "evento" ? quadro : null));
  }

  stop() {
    clearTimeout(this.#espera);
    this.#seguidas.clear();
    if (this.#ws) this.#ws.close();
    else this.#vez = null;
    this.#tell("parada");
  }

  #unfollow(automacao_id, ouvinte) {
    const seguida = this.#seguidas.get(automacao_id);
    if (!seguida?.ouvintes.delete(ouvinte) || seguida.ouvintes.size) return;
    this.#seguidas.delete(automacao_id);
    this.#send({ tipo: "cancelar_assinatura", automacao_id });
  }

  async #connect() {
    clearTimeout(this.#espera);
    this.#tell("conectando");
    const vez = (this.#vez = {});
    try {
      const bilhete = this.#askBilhete && (await this.#askBilhete());
      if (vez === this.#vez) this.#open(bilhete);
    } catch (erro) {
      this.#refused(erro.message);
      if (vez === this.#vez) this.#lost(null);
    }
  }

  #open(bilhete) {
    const ws = (this.#ws = new WebSocket(`${this.#servidor.replace(/^http/, "ws")}${API}/ws`, ["canopus.v1"]));
    ws.onopen = () => {
      this.#listenFor();
      if (bilhete) this.#send({ tipo: "autenticar", bilhete });
      for (const [automacao_id, { estado }] of this.#seguidas) {
        this.#send({ tipo: "assinar", automacao_id, desde: automacao_id === TODAS ? null : cursor(estado) });
      }
    };
    ws.onmessage = (mensagem) => this.#receive(JSON.parse(mensagem.data));
    ws.onclose = () => this.#lost(ws);
  }

  #lost(ws) {
    if (ws !== this.#ws) return;
    this.#ws = this.#vez = null;
    clearTimeout(this.#silencio);
    if (!this.#seguidas.size) return this.#tell("parada");
    this.#tell("caida");
    this.#espera = setTimeout(() => this.#connect(), backoffMs(this.#falhas++));
  }

  #retryNow() {
    if (!this.#vez && this.#seguidas.size) this.#connect();
  }

  #listenFor() {
    clearTimeout(this.#silencio);
    // Its own farewell may never come: what is silent is given up, not asked.
    this.#silencio = setTimeout(() => {
      const ws = this.#ws;
      ws?.close();
      this.#lost(ws);
    }, SILENCIO_MS);
  }

  #receive(quadro) {
    this.#listenFor();
    if (quadro.tipo === "estado") {
      this.#falhas = 0;
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
    const { state, ask } = apply(seguida.estado, quadro);
    seguida.estado = state;
    if (ask) this.#send({ tipo: "assinar", automacao_id, desde: ask });
    else this.#notify(automacao_id, quadro);
  }

  // The server could not answer just now.
  #askAgain(automacao_id) {
    setTimeout(() => {
      const seguida = this.#seguidas.get(automacao_id);
      const desde = automacao_id === TODAS || !seguida ? null : cursor(seguida.estado);
      if (seguida) this.#send({ tipo: "assinar", automacao_id, desde });
    }, backoffMs(this.#falhas++));
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
