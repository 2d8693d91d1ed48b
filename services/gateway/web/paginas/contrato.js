// One contract of an execution in full: what happened, who must act, the attempts, and what was kept as evidence.
import { html, nothing } from "../vendor/lit.js";
import { API, Recusa, callUntilDone, get } from "../api.js";
import "../dados-boleto.js";
import { ETAPAS, QUEM_AGE, T } from "../textos/comum.js";
import { EXECUCAO } from "../textos/execucao.js";
import { Pagina, carregando, cota, dataSegundos, duracao, selo } from "../ui.js";

// Where the remedy of a cause lies: [address, words, who may apply it, what others are told].
const REMEDIOS = [
  [/^(login|portal\.sem_permissao|portal\.bloqueado)/, () => ["credenciais", EXECUCAO.remedio_credencial, ["admin"], T.peca_admin]],
  [/^nome\.nao_encontrado/, () => ["planilhas", EXECUCAO.remedio_planilha, ["admin", "operador"], T.peca_operador]],
  [/^cliente\./, (linha) =>
    [`clientes/${linha.cliente_id ?? ""}`, EXECUCAO.remedio_cliente, ["admin", "operador"], T.peca_operador]],
];

class DetalheContrato extends Pagina {
  static properties = {
    automacao_id: { attribute: false },
    linha: { attribute: false },
    desfecho: { attribute: false },
    sessao: { attribute: false },
    final: { attribute: false },
    detalhe: { state: true },
    boleto: { state: true }, // what was filed
    textos: { state: true }, // what the evidence files say, by address
  };

  constructor() {
    super();
    this.textos = [];
  }

  firstUpdated() {
    this.querySelector("dialog").showModal();
    this.load();
  }

  // A new result or attempt while it is open brings new attempts and evidence.
  willUpdate(mudou) {
    const antes = mudou.get("linha");
    const { linha } = this;
    if (antes && (antes.finalizado_em !== linha.finalizado_em || antes.tentativas !== linha.tentativas)) this.load();
  }

  async load() {
    const lido = await this.ler(async () => {
      const detalhe = await get(`execucoes/${this.automacao_id}/clientes/${this.linha.id}`);
      const boleto = detalhe.boleto_id ? await get(`boletos/${detalhe.boleto_id}`) : null;
      return { detalhe, boleto, textos: await Promise.all(detalhe.evidencias.map(loadEvidencia)) };
    });
    if (lido) Object.assign(this, lido);
  }

  // Notices lie behind this window.
  refuse(erro) {
    this.falha = erro.message;
  }

  close() {
    this.querySelector("dialog").close();
  }

  render() {
    const { linha } = this;
    return html`
      <dialog class="largo" aria-labelledby="contrato-nome" @close=${() => this.dispatchEvent(new Event("fechar"))}>
        <div class="cabeca">
          <h2 id="contrato-nome">${linha.nome ?? EXECUCAO.sem_nome}</h2>
          ${selo(linha.status)}
          <button class="secundario" @click=${this.close}>${T.fechar}</button>
        </div>
        <p class="fraco">${linha.cpf} · ${EXECUCAO.cota(cota(linha))}${linha.consultor ? ` · ${linha.consultor}` : ""}</p>
        ${this.desfecho ? this.renderDesfecho() : nothing}
        ${linha.arquivo ? this.renderArquivo() : nothing}
        ${this.renderFalha(() => this.load())}
        ${this.detalhe ? this.renderDetalhe() : this.falha ? nothing : carregando()}
      </dialog>
    `;
  }

  renderDesfecho() {
    const { linha, desfecho } = this;
    const remedio = REMEDIOS.find(([padrao]) => padrao.test(linha.codigo));
    const { escopo } = this.sessao;
    return html`
      <section class="destaque">
        <h3>${desfecho.titulo}</h3>
        <p>${desfecho.texto}</p>
        ${linha.mensagem && linha.mensagem !== desfecho.texto ? html`<p>${EXECUCAO.no_portal(linha.mensagem)}</p>` : nothing}
        <p class="fraco">${QUEM_AGE[desfecho.quem_age] ?? desfecho.quem_age} · ${linha.codigo}</p>
        <div class="acoes">
          ${remedio ? renderRemedio(escopo, ...remedio[1](linha)) : nothing}
          ${this.final && escopo !== "leitura"
            ? html`<button @click=${() => this.dispatchEvent(new Event("tentar"))}>${EXECUCAO.tentar}</button>` : nothing}
        </div>
      </section>
    `;
  }

  renderArquivo() {
    const { linha } = this;
    return html`
      <p>${linha.arquivo}
        ${linha.boleto_id ? html`
          <a class="botao" href="${API}/boletos/${linha.boleto_id}/pdf" target="_blank" rel="noopener">
            ${EXECUCAO.abrir_boleto}</a>` : nothing}</p>
      ${this.boleto ? html`<dados-boleto .boleto=${this.boleto}></dados-boleto>` : nothing}
    `;
  }

  renderDetalhe() {
    const { historico, duracoes_s, avisos } = this.detalhe;
    const passos = Object.entries(duracoes_s);
    return html`
      ${avisos.length ? html`<ul>${avisos.map((aviso) => html`<li>${aviso}</li>`)}</ul>` : nothing}
      ${historico.length ? html`
        <h3>${EXECUCAO.tentativas}</h3>
        <ol class="tentativas">
          ${historico.map((t) => html`
            <li value=${t.tentativa}>${EXECUCAO.tentativa(dataSegundos(t.em), ETAPAS[t.etapa] ?? t.etapa, t.mensagem ?? "")}
              <small>${t.codigo}</small></li>`)}
        </ol>` : nothing}
      ${passos.length ? html`
        <h3>${EXECUCAO.tempos}</h3>
        <dl class="numeros">
          ${passos.map(([etapa, s]) => html`<div><dt>${ETAPAS[etapa] ?? etapa}</dt><dd>${duracao(s)}</dd></div>`)}
        </dl>` : nothing}
      ${this.textos.length ? html`<h3>${EXECUCAO.evidencia}</h3>${this.textos.map((e) => this.renderEvidencia(e))}` : nothing}
    `;
  }

  renderEvidencia({ lugar, imagem, nome, texto }) {
    if (imagem) {
      return html`<a href=${lugar} target="_blank" rel="noopener"><img class="foto" src=${lugar}
        alt=${EXECUCAO.evidencia_tela}></a>`;
    }
    return html`<details><summary>${nome ?? EXECUCAO.evidencia}</summary><pre tabindex="0">${texto}</pre></details>`;
  }
}

const renderRemedio = (escopo, lugar, texto, papeis, senao) =>
  papeis.includes(escopo) ? html`<a class="botao" href="#/${lugar}">${texto}</a>` : html`<span>${senao}</span>`;

// Removed after a while: that is told in its place. So is what could not be read, which hides nothing else.
async function loadEvidencia(lugar) {
  try {
    const resposta = await callUntilDone("GET", lugar);
    const tipo = resposta.headers.get("Content-Type");
    if (tipo.startsWith("image/")) return { lugar, imagem: true };
    const nome = tipo.startsWith("application/json") ? EXECUCAO.evidencia_fatos : EXECUCAO.evidencia_pagina;
    return { lugar, nome, texto: await resposta.text() };
  } catch (erro) {
    if (!(erro instanceof Recusa)) throw erro;
    return { lugar, texto: erro.status === 404 ? EXECUCAO.evidencia_removida : EXECUCAO.evidencia_negada(erro.message) };
  }
}

customElements.define("detalhe-contrato", DetalheContrato);
