// A block of the statistics: its title, its chart, and the same numbers as a table that everyone can read.
import { html } from "./vendor/lit.js";
import { QUADRO } from "./textos/estatisticas.js";

// colunas: [title, row → text, number?]; the first heads its row. grafico: a template.
export const quadro = (id, titulo, grafico, colunas, linhas) => html`
  <section class="cartao" aria-labelledby=${id}>
    <h2 id=${id}>${titulo}</h2>
    ${grafico}
    <details>
      <summary>${QUADRO.numeros(titulo)}</summary>
      ${tabela(titulo, colunas, linhas)}
    </details>
  </section>
`;

export const tabela = (titulo, colunas, linhas) => html`
  <div class="rolagem" role="region" aria-label=${titulo} tabindex="0">
    <table>
      <caption>${titulo}</caption>
      <thead><tr>${colunas.map(([nome, , numerica]) => html`<th scope="col" class=${numerica ? "numero" : ""}>${nome}</th>`)}</tr></thead>
      <tbody>${linhas.map((linha) => html`<tr>${colunas.map(([, escrever, numerica], n) =>
        n ? html`<td class=${numerica ? "numero" : ""}>${escrever(linha)}</td>` : html`<th scope="row">${escrever(linha)}</th>`)}</tr>`)}</tbody>
    </table>
  </div>
`;
