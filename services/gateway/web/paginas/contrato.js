// One contract of an execution in full: what happened, who must act, the attempts, and what was kept as evidence.
import { html, nothing } from "../vendor/lit.js";
import { API, get } from "../api.js";
import { ETAPAS, QUEM_AGE, T } from "../textos/comum.js";
import { EXECUCAO } from "../textos/execucao.js";
import { Pagina, carregando, cota, dataHora, duracao, selo } from "../ui.js";

// Where the remedy of a cause lies: [address, words].
const REMEDIOS = [
  [/^(login|portal\.sem_permissao|portal\.bloqueado)/, () => ["credenciais", EXECUCAO.remedio_credencial]],
  [/^nome\.nao_encontrado/, () => ["planilhas", EXECUCAO.remedio_planilha]],
  [/^cliente\./, (linha) => [`clientes/${linha.cliente_id ?? ""}`, EXECUCAO.remedio_cliente]],
];

class DetalheContrato extends Pagina {
  static properties = {
    automacao_id: { attribute: false },
    linha: { attribute: false },
    desfecho: { attribute: false },
    sessao: { attribute: false },
    final: { attribute: false },
    detalhe: { state: true },
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

  willUpdate(mudou) {
    // A new result while it is open brings new attempts and evidence.
    const antes = mudou.get("linha");
    if (antes && antes.finalizado_em !== this.linha.finalizado_em) this.load();
  }

  async load() {
    await this.fazer(async () => {
      this.detalhe = await get(`execucoes/${this.automacao_id}/clientes/${this.linha.id}`);
    });
    const outras = (this.detalhe?.evidencias ?? []).slice(0);
    this.textos = await Promise.all(outras.map((lugar) => this.loadEvidencia(lugar)));
  }

  async loadEvidencia(lugar) {
    const resposta = await fetch(lugar);
    if (!resposta.ok) return { lugar, texto: EXECUCAO.evidencia_removida };
    const tipo = resposta.headers.get("Content-Type");
    if (tipo.startsWith("image/")) return { lugar, imagem: true };
    const nome = tipo.startsWith("application/json") ? EXECUCAO.evidencia_fatos : EXECUCAO.evidencia_pagina;
    return { lugar, nome, texto: await resposta.text() };
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
        ${this.detalhe ? this.renderDetalhe() : carregando()}
      </dialog>
    `;
  }

  renderDesfecho() {
    const { linha, desfecho } = this;
    const remedio = REMEDIOS.find(([padrao]) => padrao.test(linha.codigo));
    const [lugar, texto] = remedio ? remedio[1](linha) : [];
    return html`
      <section class="destaque">
        <h3>${desfecho.titulo}</h3>
        <p>${desfecho.texto}</p>
        ${linha.mensagem && linha.mensagem !== desfecho.texto ? html`<p>${EXECUCAO.no_portal(linha.mensagem)}</p>` : nothing}
        <p class="fraco">${QUEM_AGE[desfecho.quem_age] ?? desfecho.quem_age} · ${linha.codigo}</p>
        <div class="acoes">
          ${lugar ? html`<a class="botao" href="#/${lugar}">${texto}</a>` : nothing}
          ${this.final && this.sessao.escopo !== "leitura"
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
            <li value=${t.tentativa}>${EXECUCAO.tentativa(dataHora(t.em), ETAPAS[t.etapa] ?? t.etapa, t.mensagem ?? "")}
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

customElements.define("detalhe-contrato", DetalheContrato);
