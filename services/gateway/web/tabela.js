// A table; where the page is too narrow for it, each row stands as a block of its own, and keeps its roles.
import { html, repeat } from "./vendor/lit.js";

// colunas: [{ titulo, ver: row → what its cell shows, numero }]; the first cell names its row. chave: row → its identity.
// visivel: whether the legend is shown to those who see too.
export const tabela = (legenda, colunas, linhas, { chave = (linha) => linha.id, visivel = false } = {}) => html`
  <div class="rolagem" tabindex="0" role="group" aria-label=${legenda}>
    <table class="empilha" role="table">
      <caption class=${visivel ? "" : "oculto"}>${legenda}</caption>
      <thead role="rowgroup"><tr role="row">${colunas.map((c) => html`<th role="columnheader" scope="col" class=${c.numero ? "numero" : ""}>${c.titulo}</th>`)}</tr></thead>
      <tbody role="rowgroup">${repeat(linhas, chave, (linha) => html`<tr role="row">${colunas.map((c, n) => (n
        ? html`<td role="cell" class=${c.numero ? "numero" : ""} data-rotulo=${c.titulo}>${c.ver(linha)}</td>`
        : html`<th role="rowheader" scope="row">${c.ver(linha)}</th>`))}</tr>`)}</tbody>
    </table>
  </div>
`;
