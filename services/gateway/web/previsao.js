// How long an execution still takes, from its own contracts' times alone. Pure.

const MINIMO = 5; // contracts done before anything is said
const DO_PORTAL = new Set(["sucesso", "erro", "cpf_nao_encontrado", "sem_boleto"]);
const NO_PORTAL = new Set(["autenticando", "buscando", "emitindo", "baixando", "verificando"]);

const quantil = (ordenados, q) => ordenados[Math.min(ordenados.length - 1, Math.floor(q * ordenados.length))];

// clientes: rows as the socket tells them. → { sessoes, porMinuto, de_s, ate_s }; de_s null: too early to say.
export function prever(clientes, agora = Date.now()) {
  const duracoes = [];
  const fins = [];
  let sessoes = 0;
  let restam = 0;
  for (const linha of clientes) {
    if (linha.status === "pendente" || linha.status === "processando") restam += 1;
    if (linha.status === "processando" && NO_PORTAL.has(linha.etapa)) sessoes += 1;
    if (DO_PORTAL.has(linha.status) && linha.iniciado_em && linha.finalizado_em) {
      const fim = Date.parse(linha.finalizado_em);
      duracoes.push((fim - Date.parse(linha.iniciado_em)) / 1000);
      fins.push(fim);
    }
  }
  const porMinuto = fins.filter((fim) => agora - fim < 60_000).length;
  if (duracoes.length < MINIMO || !restam || !sessoes) return { sessoes, porMinuto, de_s: null, ate_s: null };
  duracoes.sort((a, b) => a - b);
  const rodadas = restam / sessoes;
  return { sessoes, porMinuto, de_s: rodadas * quantil(duracoes, 0.25), ate_s: rodadas * quantil(duracoes, 0.75) };
}
