// The outcome table, as the server has it: what each code means, and who acts.
import { get } from "./api.js";

let desfechos = null; // codigo → its row

export async function loadDesfechos() {
  desfechos ??= new Map((await get("desfechos")).desfechos.map((d) => [d.codigo, d]));
}

// An unknown child falls back to its parent, as everywhere.
export function findDesfecho(codigo) {
  for (let parte = codigo; parte; parte = parte.slice(0, Math.max(0, parte.lastIndexOf(".")))) {
    if (desfechos?.has(parte)) return desfechos.get(parte);
  }
  return { titulo: codigo, texto: "", quem_age: "" };
}
