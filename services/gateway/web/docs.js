// Shows /api/openapi.json and /api/asyncapi.json: to whoever signed in, else with a key that stays in this page's memory.
import { DOCS } from "./textos/docs.js";

const $ = (id) => document.getElementById(id);

$("entrada").addEventListener("submit", (event) => {
  event.preventDefault();
  show({ Authorization: `Bearer ${$("chave").value.trim()}` });
});

async function show(headers) {
  try {
    const [openapi, asyncapi] = await Promise.all(["/api/openapi.json", "/api/asyncapi.json"].map((url) => read(url, headers)));
    $("chave").value = "";
    $("entrada").hidden = true;
    showRest(openapi);
    showSocket(asyncapi);
    $("estado").textContent = DOCS.versao(openapi.info.version);
  } catch (error) {
    $("entrada").hidden = false;
    $("estado").textContent = headers.Authorization ? error.message : DOCS.sem_chave;
  }
}

for (const lugar of document.querySelectorAll("[data-texto]")) lugar.textContent = DOCS[lugar.dataset.texto];
show({});

async function read(url, headers) {
  const answer = await fetch(url, { headers });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error);
  return body;
}

function element(tag, text, ...children) {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  node.append(...children);
  return node;
}

function json(title, value) {
  return [element("h4", title), element("pre", JSON.stringify(value, null, 2))];
}

// A schema with its references replaced, so that each operation reads on its own.
function resolve(value, root, depth = 0) {
  if (Array.isArray(value)) return value.map((item) => resolve(item, root, depth));
  if (value === null || typeof value !== "object") return value;
  if (value.$ref && depth < 8) {
    const target = value.$ref.slice(2).split("/").reduce((node, part) => node?.[part.replaceAll("~1", "/")], root);
    return resolve(target, root, depth + 1);
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, resolve(item, root, depth)]));
}

function showRest(openapi) {
  for (const tag of openapi.tags) {
    $("rest").append(element("h3", tag.name), element("p", tag.description));
    for (const [path, operations] of Object.entries(openapi.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        if (operation.tags[0] === tag.name) $("rest").append(showOperation(`${method.toUpperCase()} ${path}`, operation, openapi));
      }
    }
    // What we send to the addresses of others.
    for (const [name, { post }] of Object.entries(openapi.webhooks)) {
      if (post.tags[0] === tag.name) $("rest").append(showOperation(DOCS.aviso(name), post, openapi, DOCS.assinado));
    }
  }
  $("rest").hidden = false;
}

function showOperation(name, operation, openapi, aberta = DOCS.aberta) {
  const box = element("details", "", element("summary", `${name} · ${operation.summary}`));
  box.append(element("p", operation.description ?? ""));
  box.append(element("p", operation["x-escopo"] ? DOCS.escopo(operation["x-escopo"]) : aberta));
  if (operation.parameters.length) box.append(...json(DOCS.parametros, operation.parameters));
  if (operation.requestBody) box.append(...json(DOCS.corpo, resolve(operation.requestBody.content, openapi)));
  for (const [status, answer] of Object.entries(operation.responses)) {
    if (status < 400) box.append(...json(`${status}: ${answer.description}`, resolve(answer.content ?? {}, openapi)));
    else box.append(element("p", `${status}: ${answer.description}`));
  }
  return box;
}

function showSocket(asyncapi) {
  $("socket").append(element("p", asyncapi.info.description));
  for (const [name, channel] of Object.entries(asyncapi.channels)) {
    const box = element("details", "", element("summary", name), element("p", channel.description));
    for (const message of Object.keys(channel.messages)) {
      box.append(...json(message, resolve(asyncapi.components.messages[message].payload, asyncapi)));
    }
    $("socket").append(box);
  }
  $("socket").hidden = false;
}
