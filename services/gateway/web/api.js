// The REST API as the pages use it: the session travels in its cookie, changes carry the page's CSRF token.
import { T } from "./textos/comum.js";

export const API = "/api/automation";
const SEM_EFEITO = ["GET", "HEAD"];
const ESPERA_MS = 500;
const OLHADAS = 6; // in vain, before a work is given up
const PASSAGEIROS = new Set([0, 429, 502, 503, 504]); // 0: no answer at all

let csrf = "";
export const setCsrf = (valor) => {
  csrf = valor;
};

// A refusal, with the text that the server wrote for a person. detalhes: [{campo, erro}].
export class Recusa extends Error {
  constructor(status, corpo) {
    super(corpo?.error ?? T.sem_servidor);
    this.status = status;
    this.codigo = corpo?.codigo ?? "";
    this.detalhes = corpo?.detalhes ?? [];
  }
}

async function send(metodo, caminho, corpo, cabecalhos = {}) {
  const headers = SEM_EFEITO.includes(metodo) ? { ...cabecalhos } : { ...cabecalhos, "X-CSRF-Token": csrf };
  const formulario = corpo instanceof FormData;
  if (corpo !== undefined && !formulario) headers["Content-Type"] = "application/json";
  const body = corpo === undefined ? undefined : formulario ? corpo : JSON.stringify(corpo);
  let resposta;
  try {
    resposta = await fetch(caminho.startsWith("/") ? caminho : `${API}/${caminho}`, { method: metodo, headers, body });
  } catch {
    throw new Recusa(0, null);
  }
  if (resposta.ok) return resposta;
  const erro = new Recusa(resposta.status, await resposta.json().catch(() => null));
  if (erro.status === 401 && caminho !== "sessao") dispatchEvent(new CustomEvent("sessao-encerrada"));
  throw erro;
}

// The whole answer: { message, data }. The message says what happened, in words for a person.
export async function ask(metodo, caminho, corpo, cabecalhos) {
  return (await send(metodo, caminho, corpo, cabecalhos)).json();
}

const call = async (...pedido) => (await ask(...pedido)).data;

export const get = (caminho, filtros = {}) => call("GET", withQuery(caminho, filtros));
export const post = (caminho, corpo, cabecalhos) => call("POST", caminho, corpo, cabecalhos);
export const remove = (caminho) => call("DELETE", caminho);

// Empty filters are left out.
export function withQuery(caminho, filtros) {
  const partes = Object.entries(filtros).filter(([, valor]) => valor !== "" && valor !== null && valor !== undefined);
  return partes.length ? `${caminho}?${new URLSearchParams(partes)}` : caminho;
}

// Every page of a list, up to `maximo` rows: the registers of an office fit in a few.
export async function getAll(caminho, nome, filtros = {}, maximo = 5000) {
  const linhas = [];
  let cursor = null;
  do {
    const pagina = await get(caminho, { limite: 500, ...filtros, cursor });
    linhas.push(...pagina[nome]);
    cursor = pagina.cursor;
  } while (cursor && linhas.length < maximo);
  return linhas;
}

// The registers that the filters and forms of a page offer.
export async function getCadastros() {
  const [pontos, consultores] = await Promise.all([getAll("pontos-venda", "pontos-venda"), getAll("consultores", "consultores")]);
  return { pontos, consultores };
}

// What another service does: the answer, however long it takes. aoEsperar: told of what there is meanwhile.
export async function callUntilDone(metodo, caminho, corpo, aoEsperar = () => {}, cabecalhos = {}) {
  let resposta = await send(metodo, caminho, corpo, cabecalhos);
  const lugar = resposta.headers.get("Location");
  while (resposta.status === 202) {
    aoEsperar((await resposta.json()).data);
    resposta = await look(lugar);
  }
  return resposta;
}

// The work goes on whether or not a look at it is answered: it failed only once several in a row were not.
async function look(lugar) {
  for (let falhas = 1; ; falhas += 1) {
    await new Promise((pronto) => setTimeout(pronto, ESPERA_MS * falhas));
    try {
      return await send("GET", lugar);
    } catch (erro) {
      if (falhas === OLHADAS || !PASSAGEIROS.has(erro.status)) throw erro;
    }
  }
}

// A file, saved under the name that the server gives it.
export async function download(caminho) {
  const resposta = await callUntilDone("GET", caminho);
  // The whole name; the one beside it has lost its accents.
  const nome = /filename\*=UTF-8''([^;]+)/.exec(resposta.headers.get("Content-Disposition") ?? "")?.[1];
  const endereco = URL.createObjectURL(await resposta.blob());
  const link = Object.assign(document.createElement("a"), { href: endereco, download: decodeURIComponent(nome ?? T.arquivo) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(endereco), 60_000);
}
