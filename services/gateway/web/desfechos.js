// The outcome table, as the server has it: what each code means, and who acts.
import { getAll } from "./api.js";

let desfechos = null; // codigo → its row

// Resolves to whether it is there; without it codes stand for themselves.
export async function loadDesfechos() {
  try {
    desfechos ??= new Map((await getAll("desfechos", "desfechos")).map((d) => [d.codigo, d]));
    return true;
  } catch {
    return false;
  }
}

// An unknown child falls back to its parent, as everywhere.
export function findDesfecho(codigo) {
  for (let parte = codigo; parte; parte = parte.slice(0, Math.max(0, parte.lastIndexOf(".")))) {
    if (desfechos?.has(parte)) return desfechos.get(parte);
  }
  return { titulo: codigo, texto: "", quem_age: "" };
}
