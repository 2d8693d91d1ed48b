// What a client of the socket holds, and how each frame changes it. Rows are changed in place: at hundreds of events a
// second a copy of thousands of rows for each of them would be all the page does.
// apply(state, frame) → { state, ask }: `ask` is the cursor to subscribe again with, where something is missing.

// em: the server's time of the last event.
export const empty = () => ({ epoca: null, seq: null, em: null, execucao: null, contadores: null, clientes: new Map() });

// What an execution does not leave again.
export const FINAIS = new Set(["concluida", "concluida_com_falhas", "erro", "cancelada"]);

export const cursor = (state) => (state.seq === null ? null : { epoca: state.epoca, seq: state.seq });

export function apply(state, frame) {
  switch (frame.tipo) {
    case "estado":
      return { state: applyEstado(state, frame), ask: null };
    case "evento":
      if (state.seq === null || frame.seq <= state.seq) return { state, ask: null };
      if (frame.seq !== state.seq + 1) return { state, ask: cursor(state) };
      return { state: applyEvento(state, frame), ask: null };
    case "pulso": {
      const head = state.execucao && frame.seqs[state.execucao.automacao_id];
      return { state, ask: head > state.seq ? cursor(state) : null };
    }
    default:
      return { state, ask: null };
  }
}

function applyEstado(state, frame) {
  const { epoca, seq, execucao, contadores } = frame;
  // A resumption repeats our own cursor and brings no rows: what we hold stays. Its counters are ahead of the events that
  // follow, each with its own: taken now, they would jump there and back.
  if (frame.modo === "retomada") {
    if (execucao.seq <= state.seq) return { ...state, execucao, contadores };
    const { status, codigo, recuperacao } = state.execucao;
    return { ...state, execucao: { ...execucao, status, codigo, recuperacao } };
  }
  return { epoca, seq, em: null, execucao, contadores, clientes: new Map(frame.clientes.map((row) => [row.id, row])) };
}

function applyEvento(state, frame) {
  state.seq = frame.seq;
  state.em = frame.em;
  state.contadores = frame.contadores;
  if (frame.cliente) state.clientes.set(frame.cliente.id, frame.cliente);
  if (frame.evento === "execucao.status") {
    const { status, codigo, em, recuperacao = state.execucao?.recuperacao } = frame;
    state.execucao = { ...state.execucao, status, codigo, recuperacao };
    if (status === "em_andamento") state.execucao.iniciado_em ??= em;
    if (FINAIS.has(status)) state.execucao.finalizado_em ??= em;
    else state.execucao.finalizado_em = null;
  }
  return state;
}

// Exponential backoff with full jitter: anything between nothing and the bound, so that many clients do not come at once.
export const backoffMs = (failures, random = Math.random) => random() * Math.min(30_000, 500 * 2 ** failures);
