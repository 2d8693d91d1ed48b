// What the accesses to the portal and the test of one say.
export const CREDENCIAIS = {
  palavras: {
    titulo: "Credenciais do portal",
    novo: "Nova credencial",
    um: "Credencial",
    nenhum: "Nenhuma credencial ainda.",
    excluir: ({ usuario }) => `Excluir a credencial ${usuario}? Se já entrou no portal, será só desativada.`,
  },
  nome: ({ usuario, ponto_venda }) => `Credencial ${usuario} de ${ponto_venda}`,
  ponto_venda: "Ponto de venda",
  usuario: "Usuário no portal",
  senha: "Senha no portal",
  senha_nova: "Fica guardada cifrada e nunca é mostrada.",
  senha_mudada: "Em branco: continua a de agora, que nunca é mostrada.",
  codigo_empresa: "Código da empresa",
  codigo_empresa_dica: "Em branco: 0101.",
  max_sessoes: "Sessões ao mesmo tempo",
  max_sessoes_dica: "Mais de uma só se o portal deixar a mesma conta entrar duas vezes.",
  ativa: "Ativa",
  inativa: "Inativa",
  parada: "Parada: espera uma pessoa",
  parada_em: (quando) => `Parada em ${quando}. Nada é enviado ao portal com ela até que uma pessoa aja.`,
  testar: "Testar agora",
  ultimo_login: "Último login",
  ultimo_erro: "Último erro",
};

export const TESTE = {
  titulo: ({ usuario, ponto_venda }) => `Teste da credencial ${usuario} de ${ponto_venda}`,
  passos: "Passos do teste",
  feito: "Feito",
  falhou: "Falhou",
  segundos: (quantos) => `${quantos}\u00a0s`,
  proximo: "Dando o próximo passo…",
  abrindo: "Abrindo o portal…",
  alterar: "Alterar a credencial",
  repetir: "Testar de novo",
};
