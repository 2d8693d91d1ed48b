// A block of the statistics: its title, its chart, and the same numbers as a table that everyone can read.
import { html } from "./vendor/lit.js";
import { tabela as showTabela } from "./tabela.js";
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

export const tabela = (titulo, colunas, linhas) =>
  showTabela(titulo, colunas.map(([nome, ver, numero]) => ({ titulo: nome, ver, numero })), linhas, { chave: (l) => l, visivel: true });
