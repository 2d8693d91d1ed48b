// A list of executions that counts live: what the pages that show one share.
import { conexao } from "./live.js";
import { throttle } from "./ui.js";

const DESENHO_MS = 200; // between two drawings, or two readings of the list, however many events come

// A controller of the page. ler(): the page reads as many as it shows, and gives them to `put`.
export class ExecucoesVivas {
  linhas = null; // null: not read yet

  constructor(pagina, ler) {
    pagina.addController(this);
    this.vistas = new Set(); // heard of, but left out by the filters, or further down
    this.draw = throttle(() => pagina.requestUpdate(), DESENHO_MS);
    this.reload = throttle(ler, DESENHO_MS);
  }

  hostConnected() {
    this.stop = conexao.followAll((evento) => this.hear(evento));
  }

  hostDisconnected() {
    this.stop();
    this.draw.cancel();
    this.reload.cancel();
  }

  // A row that was read before an event came is older than the row that took it in.
  put(lidas) {
    const antes = new Map(this.linhas?.map((e) => [e.automacao_id, e]));
    this.linhas = lidas.map((e) => (antes.get(e.automacao_id)?.seq > e.seq ? antes.get(e.automacao_id) : e));
  }

  // evento null: the socket is new, and something may have been missed.
  hear(evento) {
    if (!this.linhas) return;
    if (!evento) return this.reload();
    const { automacao_id, seq, status, contadores } = evento;
    const mudouStatus = evento.evento === "execucao.status";
    const conhecida = this.linhas.find((e) => e.automacao_id === automacao_id);
    if (!conhecida) {
      if (mudouStatus || !this.vistas.has(automacao_id)) this.reload();
      this.vistas.add(automacao_id);
    } else if (seq > conhecida.seq) {
      Object.assign(conhecida, { seq, contadores }, mudouStatus ? { status } : {});
      this.draw();
      // When it began or ended is not in the event.
      if (mudouStatus) this.reload();
    }
  }
}
