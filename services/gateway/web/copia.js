// A text put on the clipboard. Outside https the browser has no clipboard to offer: there the older way does.
// Resolves to whether it is there.
import { COPIA } from "./textos/boletos.js";
import { avisar } from "./ui.js";

export async function copiar(texto, feito, perto = document.body) {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(texto);
    else copyBySelection(texto, perto);
    avisar(feito);
    return true;
  } catch {
    avisar(COPIA.negada(texto), "erro");
    return false;
  }
}

// Near what was clicked: an open dialog lets nothing outside itself be selected.
function copyBySelection(texto, perto) {
  const foco = document.activeElement;
  const campo = Object.assign(document.createElement("textarea"), { value: texto, className: "oculto" });
  perto.append(campo);
  campo.select();
  const copiado = document.execCommand("copy");
  campo.remove();
  foco?.focus();
  if (!copiado) throw new Error("not copied");
}
