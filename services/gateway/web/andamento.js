// How far an execution is, in words: what is left and how fast while it runs, what came of it, and what is tried again.
import { html, nothing } from "./vendor/lit.js";
import { API } from "./api.js";
import { STATUS_CLIENTE } from "./textos/comum.js";
import { EXECUCAO } from "./textos/execucao.js";
import { dataHora, duracao, horaMinuto, numero } from "./ui.js";

export function showFalta({ sessoes, porMinuto, de_s, ate_s }) {
  const [de, ate] = [duracao(de_s), duracao(ate_s)];
  const falta = de_s === null ? EXECUCAO.falta_cedo : de === ate ? EXECUCAO.falta_cerca(ate) : EXECUCAO.falta_entre(de, ate);
  const ritmo = [falta, EXECUCAO.por_minuto(porMinuto, numero(porMinuto)), EXECUCAO.sessoes(sessoes, numero(sessoes))];
  return html`<span class="fraco">${ritmo.join(" · ")}</span>`;
}

// acoes: more buttons beside the files.
export function showResumo(execucao, contadores, acoes) {
  const base = `${API}/execucoes/${execucao.automacao_id}`;
  const partes = Object.keys(STATUS_CLIENTE).filter((status) => contadores[status])
    .map((status) => EXECUCAO.resumo[status](contadores[status], numero(contadores[status])));
  const { iniciado_em, finalizado_em } = execucao;
  const tempo = iniciado_em && finalizado_em ? (Date.parse(finalizado_em) - Date.parse(iniciado_em)) / 1000 : null;
  return html`
    <section class="cartao" aria-labelledby="resumo">
      <div class="cabeca">
        <h2 id="resumo">${EXECUCAO.resumo_titulo(partes.join(", ") || EXECUCAO.resumo_nada, tempo === null ? "" : duracao(tempo))}</h2>
        <div class="acoes">
          ${contadores.sucesso + contadores.ja_baixado
            ? html`<a class="botao" href="${base}/boletos.zip" download>${EXECUCAO.boletos_zip}</a>` : ""}
          ${acoes}
        </div>
      </div>
      <p class="fraco">${EXECUCAO.terminou_em(dataHora(finalizado_em))}</p>
    </section>
  `;
}

// What the system tries again by itself: which round this one is, when the next begins, what it became.
export function showRecuperacao({ recuperacao, status }) {
  const dito = recuperacao && explainRecuperacao(recuperacao, status);
  return dito ? html`<p class="destaque" role="status">${dito}</p>` : nothing;
}

function explainRecuperacao({ rodada, rodadas, proxima_em, nova }, status) {
  if (nova) {
    const link = html`<a href="#/execucoes/${nova}">${EXECUCAO.rodada_ver}</a>`;
    return html`${EXECUCAO.rodada_feita(rodada + 1, rodadas)} ${link}`;
  }
  if (proxima_em) {
    const quando = isHoje(proxima_em) ? EXECUCAO.as(horaMinuto(proxima_em)) : EXECUCAO.em(dataHora(proxima_em));
    return rodada ? EXECUCAO.rodada_proxima(rodada, rodadas, quando) : EXECUCAO.rodada_primeira(rodadas, quando);
  }
  const partes = [rodada ? EXECUCAO.rodada(rodada, rodadas) : "", status === "concluida_com_falhas" ? EXECUCAO.rodada_nenhuma : ""];
  return partes.filter(Boolean).join(" ");
}

const isHoje = (iso) => new Date(iso).toDateString() === new Date().toDateString();
