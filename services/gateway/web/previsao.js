// How long an execution still takes, from the moments at which its own contracts ended. Pure; all times are the server's.

const MINIMO = 5; // contracts done before anything is said
const RECENTES = 60; // of them count: the portal is not equally fast all day
const DESVIOS = 1.3; // to each side: about four times in five it is between them
const MINUTO_MS = 60_000;
const DO_PORTAL = new Set(["sucesso", "erro", "cpf_nao_encontrado", "sem_boleto"]);
const NO_PORTAL = new Set(["autenticando", "buscando", "emitindo", "baixando", "verificando"]);

// The newest moment that the rows tell of, in ms.
export function findAgora(clientes) {
  let agora = 0;
  for (const { iniciado_em, finalizado_em } of clientes) {
    if (iniciado_em ?? finalizado_em) agora = Math.max(agora, Date.parse(finalizado_em ?? iniciado_em));
  }
  return agora;
}

// clientes: rows as the socket tells them. → { sessoes, porMinuto, de_s, ate_s }; de_s null: too early to say.
export function prever(clientes, agora) {
  const fins = [];
  let sessoes = 0;
  let restam = 0;
  for (const linha of clientes) {
    if (linha.status === "pendente" || linha.status === "processando") restam += 1;
    if (linha.status === "processando" && NO_PORTAL.has(linha.etapa)) sessoes += 1;
    if (DO_PORTAL.has(linha.status) && linha.finalizado_em) fins.push(Date.parse(linha.finalizado_em));
  }
  fins.sort((a, b) => a - b);
  const porMinuto = fins.filter((fim) => agora - fim < MINUTO_MS).length;
  if (fins.length < MINIMO || !restam) return { sessoes, porMinuto, de_s: null, ate_s: null };
  return { sessoes, porMinuto, ...estimate(fins.slice(-RECENTES), restam, agora) };
}

// `restam` more intervals like the recent ones: how sure that is follows from how much they differ.
function estimate(fins, restam, agora) {
  const intervalos = fins.slice(1).map((fim, n) => (fim - fins[n]) / 1000);
  const media = intervalos.reduce((soma, s) => soma + s, 0) / intervalos.length;
  // The one that is still open counts once it is longer than usual: the portal has become slower, or stands still.
  const aberto = (agora - fins.at(-1)) / 1000;
  if (aberto > media) intervalos.push(aberto);
  const n = intervalos.length;
  const m = intervalos.reduce((soma, s) => soma + s, 0) / n;
  const variancia = intervalos.reduce((soma, s) => soma + (s - m) ** 2, 0) / (n - 1);
  const folga = DESVIOS * Math.sqrt(variancia * (restam + restam ** 2 / n));
  return { de_s: Math.max(0, restam * m - folga), ate_s: restam * m + folga };
}
