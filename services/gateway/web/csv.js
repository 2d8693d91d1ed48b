// A table as a CSV file that Brazilian spreadsheets open: semicolons, UTF-8 with its mark, and no formula in it.
const FORMULA = /^(?:[\t\r\n]|[\s\x00-\x1f\x7f\u200b]*[=+\-@＝＋－＠])/;

// Text that a spreadsheet would run is quoted, so that it stays text.
function cell(valor) {
  if (valor === null || valor === undefined) return "";
  const texto = typeof valor === "string" && FORMULA.test(valor) ? `'${valor}` : String(valor);
  return /[";\r\n]/.test(texto) ? `"${texto.replaceAll('"', '""')}"` : texto;
}

export const toCsv = (cabecalho, linhas) => `\ufeff${[cabecalho, ...linhas].map((linha) => linha.map(cell).join(";")).join("\r\n")}\r\n`;

export function saveCsv(nome, cabecalho, linhas) {
  const endereco = URL.createObjectURL(new Blob([toCsv(cabecalho, linhas)], { type: "text/csv;charset=utf-8" }));
  Object.assign(document.createElement("a"), { href: endereco, download: nome }).click();
  setTimeout(() => URL.revokeObjectURL(endereco), 60_000);
}
