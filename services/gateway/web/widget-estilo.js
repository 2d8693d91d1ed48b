// The widget's looks. Sizes are in em of its own: the host page's rem and inherited styles say nothing here.
import { css } from "./vendor/lit.js";

// !important in here wins over the page's own !important: the element is a plain block, laid out by what is around it.
// A page sets what follows `var(` (README, "In your CRM"); each colour has a light and a dark default.
export const estilo = css`
  :host { all: initial !important; display: block !important; direction: ltr !important; unicode-bidi: isolate !important; }
  :host([hidden]) { display: none !important; }
  :host::before, :host::after { all: initial !important; content: none !important; }
  .caixa {
    --fundo: var(--canopus-fundo, light-dark(#ffffff, #161d26));
    --relevo: var(--canopus-relevo, light-dark(#eef1f6, #232d39));
    --texto: var(--canopus-texto, light-dark(#18202b, #e7ebf1));
    --fraco: var(--canopus-texto-fraco, light-dark(#525d6c, #a5b0be));
    --linha: var(--canopus-linha, light-dark(#d5dbe4, #2e3946));
    --borda: var(--canopus-borda, light-dark(#7b8797, #7b8797));
    --realce: var(--canopus-realce, light-dark(#1d4e89, #8fbcf5));
    --realce-texto: var(--canopus-realce-texto, light-dark(#ffffff, #0b1622));
    --bom: var(--canopus-bom, light-dark(#146c43, #7fd3a5));
    --mau: var(--canopus-mau, light-dark(#a1232b, #ff9ea1));
    --aviso: var(--canopus-aviso, light-dark(#7a4b00, #f5cf7a));
    --raio: var(--canopus-raio, 10px);
    color-scheme: light dark; display: block; box-sizing: border-box; padding: 1em;
    font: var(--canopus-tamanho, 15px)/1.5 var(--canopus-fonte, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
    background: var(--fundo); color: var(--texto); border: 1px solid var(--linha); border-radius: var(--raio);
  }
  :host([tema="claro"]) .caixa { color-scheme: light; }
  :host([tema="escuro"]) .caixa { color-scheme: dark; }
  .caixa *, .caixa *::before { box-sizing: border-box; }
  .cabeca, form, .pedido { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5em 1em; }
  .cabeca strong { font-size: 1.15em; margin-right: auto; }
  .situacao { display: inline-flex; align-items: center; gap: 0.45em; }
  .situacao::before { content: ""; width: 0.7em; height: 0.7em; border-radius: 50%; background: var(--fraco); }
  .situacao.processando::before { background: var(--realce); }
  .situacao.concluido::before { background: var(--bom); }
  .situacao.erro::before { background: var(--mau); }
  form { align-items: end; margin-top: 0.9em; } .pedido { margin-top: 0.9em; }
  label { display: grid; gap: 0.2em; font-weight: 600; flex: 1 1 11em; }
  input, select, button { font: inherit; border-radius: calc(var(--raio) * 0.8); padding: 0.4em 0.7em; margin: 0; }
  input, select { width: 100%; font-weight: 400; color: inherit; background: var(--fundo); border: 1px solid var(--borda); min-height: 2.5em; }
  input::placeholder { color: var(--fraco); opacity: 1; }
  button { font-weight: 600; border: 1px solid transparent; background: var(--realce); color: var(--realce-texto); cursor: pointer; min-height: 2.5em; }
  button.secundario { background: transparent; color: var(--realce); border-color: var(--borda); }
  button.perigo { background: transparent; color: var(--mau); border-color: currentcolor; }
  button[aria-disabled="true"] { opacity: 0.55; cursor: default; }
  :focus-visible { outline: 3px solid var(--realce); outline-offset: 2px; }
  .fraco { color: var(--fraco); }
  .avanco { display: grid; grid-template-columns: 1fr auto; align-items: center; gap: 0.8em; margin-top: 0.9em; }
  .barra svg { display: block; width: 100%; height: 0.6em; background: var(--relevo); border-radius: 999px; }
  .barra rect { fill: var(--fraco); }
  .barra .sucesso { fill: var(--bom); } .barra .ja_baixado { fill: var(--bom); opacity: 0.55; }
  .barra .sem_boleto, .barra .cpf_nao_encontrado { fill: var(--aviso); }
  .barra .erro { fill: var(--mau); } .barra .processando { fill: var(--realce); }
  dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9em, 1fr)); gap: 0.5em; margin: 0.9em 0; }
  dl div { display: flex; flex-direction: column-reverse; justify-content: flex-end; padding: 0.4em 0.6em; background: var(--relevo); border-radius: calc(var(--raio) * 0.8); }
  dt { font-size: 0.87em; color: var(--fraco); } dd { margin: 0; font-size: 1.25em; font-weight: 700; }
  .sucesso dd { color: var(--bom); } .erro dd { color: var(--mau); }
  .sem_boleto dd, .cpf_nao_encontrado dd { color: var(--aviso); }
  .fim { margin-top: 0.9em; } .cabeca.fim strong { font-size: 1em; }
  .registro { margin-top: 0.4em; max-height: 12em; overflow: auto; font-size: 0.93em; }
  .registro ul { margin: 0; padding: 0; list-style: none; }
  .registro li { display: flex; gap: 0.7em; padding: 0.2em 0; border-top: 1px solid var(--linha); overflow-wrap: anywhere; }
  .registro time { color: var(--fraco); font-variant-numeric: tabular-nums; white-space: nowrap; }
  .registro .mau { color: var(--mau); } .registro .bom { color: var(--bom); }
`;
