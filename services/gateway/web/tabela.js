// A table that scrolls in its own frame where the page is too narrow for it.
import { html, repeat } from "./vendor/lit.js";

// colunas: [{ titulo, ver: row → what its cell shows, numero }]; the first cell names its row. chave: row → its identity.
// visivel: whether the legend is shown to those who see too.
export const tabela = (legenda, colunas, linhas, { chave = (linha) => linha.id, visivel = false } = {}) => html`
  <div class="rolagem" tabindex="0" role="group" aria-label=${legenda}>
    <table>
      <caption class=${visivel ? "" : "oculto"}>${legenda}</caption>
      <thead><tr>${colunas.map((c) => html`<th scope="col" class=${c.numero ? "numero" : ""}>${c.titulo}</th>`)}</tr></thead>
      <tbody>${repeat(linhas, chave, (linha) => html`<tr>${colunas.map((c, n) => (n
        ? html`<td class=${c.numero ? "numero" : ""}>${c.ver(linha)}</td>`
        : html`<th scope="row">${c.ver(linha)}</th>`))}</tr>`)}</tbody>
    </table>
  </div>
`;
