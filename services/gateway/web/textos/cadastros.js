// What the pages of the register say: clientes, consultores and pontos de venda, and what their forms and tables share.
const NOME = "Nome";
const CONSULTOR = "Consultor";
const PONTO_VENDA = "Ponto de venda";
const WHATSAPP = "WhatsApp";
const WHATSAPP_DICA = "Com DDD, como (67) 99999-0000.";
const EMAIL = "E-mail";
const SITUACAO = "Situação";
const ATIVO = "Ativo";
const BOLETOS_BAIXADOS = "Ativo: boletos são baixados";

export const CADASTRO = {
  ativo: ATIVO,
  inativo: "Inativo",
  ponto: ({ codigo, nome, ativo }) => `${codigo} · ${nome}${ativo ? "" : " (inativo)"}`,
};

export const CLIENTES = {
  // In the order of the form.
  campos: {
    nome: NOME,
    cpf: "CPF ou CNPJ",
    grupo: "Grupo",
    cota: "Cota",
    ponto_venda: PONTO_VENDA,
    consultor: CONSULTOR,
    whatsapp: WHATSAPP,
    email: EMAIL,
    observacoes: "Observações",
    ativo: BOLETOS_BAIXADOS,
  },
  cpf_inteiro: "CPF ou CNPJ inteiro",
  situacao: SITUACAO,
  ativos: "Ativos",
  inativos: "Inativos",
  nenhum: "Nenhum cliente com estes filtros.",
  sem_consultor: "Nenhum",
  mudado: "Alterado à mão",
  mudado_dica: "Alterado à mão: as planilhas não mudam este campo.",
  ativo: (mudado) => `${BOLETOS_BAIXADOS}${mudado ? " (alterado à mão)" : ""}`,
  whatsapp_dica: WHATSAPP_DICA,
};

export const CONSULTORES = {
  palavras: {
    novo: "Novo consultor",
    um: CONSULTOR,
    nenhum: "Nenhum consultor ainda. Cadastre o primeiro e importe a planilha dele.",
    excluir: ({ nome }) => `Excluir ${nome}? Se já tiver clientes, planilhas ou boletos, será só desativado.`,
  },
  nome: NOME,
  ponto_venda: PONTO_VENDA,
  ponto_venda_dica: "Das linhas da planilha que não dizem o seu.",
  contato: "Contato",
  whatsapp: WHATSAPP,
  whatsapp_dica: WHATSAPP_DICA,
  email: EMAIL,
  pasta: "Pasta dos boletos",
  pasta_nova: "Em branco: o nome do consultor.",
  pasta_mudada: "Vale para os próximos boletos.",
  link: "Link da planilha",
  link_dica: "Do Google Drive, compartilhado com a conta de um espelho ou com qualquer pessoa com o link. É aberto todo dia, sozinho.",
  planilha: "Planilha",
  sem_link: "Enviada à mão",
  nao_aberta: "Ainda não aberta",
  atualizando: "Atualizando…",
  em_dia: "Em dia",
  com_erro: "Com erro",
  atualizar: "Atualizar agora",
  atualizar_nome: (nome) => `Atualizar agora a planilha de ${nome}`,
  atualizar_todas: "Atualizar todas as planilhas",
  abrindo: (nome) => `Abrindo a planilha de ${nome}…`,
  importar_de_novo: "Importar de novo",
  cor: "Cor",
  cor_dica: "Como #1d4e89.",
  situacao: SITUACAO,
  ativo: ATIVO,
};

export const PONTOS_VENDA = {
  palavras: {
    novo: "Novo ponto de venda",
    um: PONTO_VENDA,
    nenhum: "Nenhum ponto de venda ainda.",
    excluir: ({ codigo }) => `Excluir o ponto de venda ${codigo}? Se já tiver clientes ou execuções, será só desativado.`,
  },
  codigo: "Código",
  codigo_dica: "Como no portal: 17.308.",
  nome: NOME,
  empresa: "Empresa",
  clientes: "Clientes ativos",
  portal: "Portal",
  endereco: "Endereço do portal",
  endereco_dica: "Em branco: o do perfil.",
  perfil: "Perfil do portal",
  perfil_dica: "Em branco: canopus.",
  rodadas: "Novas tentativas automáticas",
  rodadas_dica: "Quantas vezes o que falhou por problema técnico é tentado de novo, sozinho. Zero: nunca; até 10.",
  pausa: "Pausa antes da primeira, em minutos",
  ordem: "Começar pelos contratos com menos risco de falha",
  pausa_dica: "Cada pausa seguinte é o dobro da anterior, até um dia.",
  situacao: SITUACAO,
  ativo: ATIVO,
};
