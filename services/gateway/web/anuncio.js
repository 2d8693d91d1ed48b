// The end of an execution, told wherever in the dashboard the person is then, and by the browser where nobody looks.
import { get } from "./api.js";
import { FINAIS } from "./reducer.js";
import { T } from "./textos/comum.js";
import { ANUNCIO } from "./textos/anuncio.js";
import { avisar, mesAno, numero } from "./ui.js";

// The executions that this person cares for → seq: the last event told of each, which may come again after a cut; status:
// the last one known, with which what is planned or called off after an end comes once more.
const vistas = new Map();

// status: where the page shows one.
export function care(automacao_id, status) {
  const vista = vistas.get(automacao_id) ?? { seq: 0 };
  vistas.set(automacao_id, vista);
  vista.status ??= status;
}

export const forget = () => vistas.clear();

export async function anunciar({ evento, automacao_id, seq, status, contadores }) {
  const vista = vistas.get(automacao_id);
  if (evento !== "execucao.status" || !(seq > vista?.seq)) return;
  const dito = vista.status === status;
  Object.assign(vista, { seq, status });
  if (dito || (!FINAIS.has(status) && status !== "bloqueada")) return;
  const texto = ANUNCIO[status](await findNome(automacao_id), contadores, numero);
  // Whoever cancels is told at once, and nothing is wrong then.
  if (status !== "cancelada") avisar(texto, ["concluida", "concluida_com_falhas"].includes(status) ? "bom" : "erro");
  if (document.hidden) notify(texto);
}

async function findNome(automacao_id) {
  try {
    const { ponto_venda, parametros } = (await get(`execucoes/${automacao_id}`)).execucao;
    return ANUNCIO.nome(ponto_venda, mesAno(parametros.mes, parametros.ano));
  } catch {
    return ANUNCIO.sem_nome;
  }
}

export const canAskNotify = () => globalThis.Notification?.permission === "default";

function notify(texto) {
  if (globalThis.Notification?.permission !== "granted") return;
  try {
    new Notification(T.sistema, { body: texto });
  } catch {
    // On Android only a service worker may show one: the notice in the page remains.
  }
}
