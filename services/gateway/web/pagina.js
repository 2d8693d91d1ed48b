// The plain page: a key, the list of executions, and one of them live. The key stays in this module's memory.
import { apply, backoffMs, cursor, empty } from "/web/reducer.js";

const API = "/api/automation";
const LAST_EVENTS = 200;
const $ = (id) => document.getElementById(id);
const NAMES = {
  pendente: "Pendentes", processando: "Processando", sucesso: "Sucesso", erro: "Erro",
  cpf_nao_encontrado: "CPF não encontrado", sem_boleto: "Sem boleto", ja_baixado: "Já baixados", cancelado: "Cancelados",
};

let key = null;
let live = null; // { id, state, socket, failures, timer }

async function call(path, options = {}) {
  const answer = await fetch(API + path, { ...options, headers: { Authorization: `Bearer ${key}`, ...options.headers } });
  const body = await answer.json();
  if (!body.success) throw new Error(body.error);
  return body.data;
}

function tell(text) {
  $("conexao").textContent = text;
}

function cell(text, className) {
  const td = document.createElement("td");
  td.textContent = text ?? "";
  if (className) td.className = className;
  return td;
}

$("entrada").addEventListener("submit", async (event) => {
  event.preventDefault();
  key = $("chave").value.trim();
  try {
    await showList();
    $("chave").value = "";
    $("entrada").hidden = true;
    $("lista").hidden = false;
    tell("Conectado.");
  } catch (error) {
    key = null;
    tell(error.message);
  }
});

async function showList() {
  const { execucoes } = await call("/execucoes?limite=50");
  $("execucoes").replaceChildren(...execucoes.map(listRow));
  if (!execucoes.length) tell("Nenhuma execução ainda.");
}

function listRow(execucao) {
  const row = document.createElement("tr");
  const done = execucao.total_clientes - execucao.contadores.pendente - execucao.contadores.processando;
  row.append(
    cell(new Date(execucao.criado_em).toLocaleString("pt-BR")), cell(execucao.ponto_venda), cell(execucao.tipo),
    cell(execucao.status, execucao.status), cell(`${done} / ${execucao.total_clientes}`),
  );
  const button = document.createElement("button");
  button.textContent = "Ao vivo";
  button.setAttribute("aria-label", `Ver ao vivo a execução de ${execucao.ponto_venda}, ${execucao.status}`);
  button.addEventListener("click", () => follow(execucao.automacao_id));
  const last = cell();
  last.append(button);
  row.append(last);
  return row;
}

function follow(id) {
  if (live) {
    clearTimeout(live.timer);
    live.socket?.close();
  }
  live = { id, state: empty(), socket: null, failures: 0, timer: null };
  $("eventos").replaceChildren();
  $("detalhe").hidden = false;
  $("detalhe-titulo").focus?.();
  connect(live);
}

// A page cannot send the key in a header when it opens a socket: it asks for a ticket first.
async function connect(session) {
  try {
    const { execucao } = await call(`/execucoes/${session.id}`);
    const body = JSON.stringify({ ponto_venda: execucao.ponto_venda, origem: location.origin });
    const ticket = await call("/bilhetes", { method: "POST", body, headers: { "Content-Type": "application/json" } });
    if (session !== live) return;
    const url = `${location.origin.replace(/^http/, "ws")}${API}/ws`;
    const socket = (session.socket = new WebSocket(url, ["canopus.v1"]));
    socket.onopen = () => {
      socket.send(JSON.stringify({ tipo: "autenticar", bilhete: ticket.bilhete }));
      subscribe(session, cursor(session.state));
    };
    socket.onmessage = (message) => receive(session, JSON.parse(message.data));
    socket.onclose = () => reconnect(session);
  } catch (error) {
    reconnect(session, error.message);
  }
}

function subscribe(session, desde) {
  session.socket.send(JSON.stringify({ tipo: "assinar", automacao_id: session.id, desde }));
}

function reconnect(session, reason = "Conexão perdida") {
  if (session !== live) return;
  const wait = backoffMs(session.failures++);
  tell(`${reason}; tentando de novo…`);
  session.timer = setTimeout(() => connect(session), wait);
}

function receive(session, frame) {
  if (session !== live) return;
  if (frame.tipo === "erro") return tell(frame.error);
  const before = session.state.seq;
  const { state, ask } = apply(session.state, frame);
  session.state = state;
  if (ask) return subscribe(session, ask);
  if (frame.tipo === "estado") {
    session.failures = 0;
    tell("Ao vivo.");
  }
  if (frame.tipo === "evento" && state.seq !== before) addEvent(frame);
  scheduleRender(session);
}

let rendering = false;
function scheduleRender(session) {
  if (rendering) return;
  rendering = true;
  requestAnimationFrame(() => {
    rendering = false;
    if (session === live && session.state.execucao) render(session.state);
  });
}

function render({ execucao, contadores, clientes }) {
  $("detalhe-titulo").textContent = `Execução de ${execucao.ponto_venda}: ${execucao.status}`;
  const total = Object.values(contadores).reduce((sum, count) => sum + count, 0);
  $("progresso").max = total || 1;
  $("progresso").value = total - contadores.pendente - contadores.processando;
  $("contadores").replaceChildren(
    ...Object.entries(contadores).map(([status, count]) => {
      const pair = document.createElement("div");
      const name = document.createElement("dt");
      const value = document.createElement("dd");
      name.textContent = NAMES[status] ?? status;
      value.textContent = count;
      pair.append(name, value);
      return pair;
    }),
  );
  $("clientes").replaceChildren(
    ...[...clientes.values()].map((row) => {
      const line = document.createElement("tr");
      const cota = row.grupo === null ? "" : `${row.grupo}/${row.cota}`;
      line.append(
        cell(row.nome ?? ""), cell(row.cpf), cell(cota), cell(row.etapa), cell(row.status, row.status),
        cell(row.mensagem ?? row.codigo ?? row.arquivo),
      );
      return line;
    }),
  );
}

function addEvent(frame) {
  const line = document.createElement("li");
  line.value = frame.seq;
  const who = frame.cliente ? `${frame.cliente.nome ?? frame.cliente.cpf}: ` : "";
  const when = new Date(frame.em).toLocaleTimeString("pt-BR");
  line.textContent = `${when} ${who}${frame.etapa ?? frame.evento} · ${frame.status}${frame.codigo ? ` (${frame.codigo})` : ""}`;
  const list = $("eventos");
  list.append(line);
  while (list.children.length > LAST_EVENTS) list.firstChild.remove();
  list.scrollTop = list.scrollHeight;
}

setInterval(() => {
  if (key) showList().catch((error) => tell(error.message));
}, 10_000);
