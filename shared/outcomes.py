"""The table of status and codigo: what each outcome is, who acts, what the system does, and the text a person reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StatusCliente(StrEnum):
    """Where a contract stands in an execution; these eight are the keys of `contadores`."""

    PENDENTE = "pendente"
    PROCESSANDO = "processando"
    SUCESSO = "sucesso"
    ERRO = "erro"
    CPF_NAO_ENCONTRADO = "cpf_nao_encontrado"
    SEM_BOLETO = "sem_boleto"
    JA_BAIXADO = "ja_baixado"
    CANCELADO = "cancelado"

    @property
    def is_final(self) -> bool:
        return self not in (StatusCliente.PENDENTE, StatusCliente.PROCESSANDO)


class StatusExecucao(StrEnum):
    NA_FILA = "na_fila"
    EM_ANDAMENTO = "em_andamento"
    PAUSADA = "pausada"
    BLOQUEADA = "bloqueada"
    CONCLUIDA = "concluida"
    CONCLUIDA_COM_FALHAS = "concluida_com_falhas"
    ERRO = "erro"
    CANCELADA = "cancelada"

    @property
    def is_final(self) -> bool:
        return self in (
            StatusExecucao.CONCLUIDA,
            StatusExecucao.CONCLUIDA_COM_FALHAS,
            StatusExecucao.ERRO,
            StatusExecucao.CANCELADA,
        )


class TipoExecucao(StrEnum):
    DOWNLOAD_BOLETOS = "download_boletos"
    AGENDADA = "agendada"
    REPROCESSAMENTO = "reprocessamento"
    TESTE = "teste"


class Etapa(StrEnum):
    """The steps of one contract, in order."""

    NA_FILA = "na_fila"
    AUTENTICANDO = "autenticando"
    BUSCANDO = "buscando"
    EMITINDO = "emitindo"
    BAIXANDO = "baixando"
    VERIFICANDO = "verificando"
    NOMEANDO = "nomeando"
    ARQUIVADO = "arquivado"

    @property
    def ordem(self) -> int:
        """0 to 7: an event whose step is not above the row's changes nothing."""
        return list(Etapa).index(self)


class Classe(StrEnum):
    NEGOCIO = "negocio"  # a true answer: never retried
    PESSOA = "pessoa"  # a person must act: the credential stops
    SESSAO = "sessao"  # logs in again or slows down, spends no attempt
    TECNICA = "tecnica"  # retried with growing pauses
    NOSSA = "nossa"  # the software or its machine must change


# Technical failures, as statistics count them and the prediction predicts them: no true answer, no person's to undo.
FALHAS_TECNICAS = (Classe.TECNICA, Classe.SESSAO)


@dataclass(frozen=True)
class Desfecho:
    """One row of the table.

    tentativas: how many attempts a contract has with this fault, the first one included.
    quem_age: who can change it, as a pt-BR noun; texto: what a person reads, ending in what to do next.
    """

    codigo: str
    status: StatusCliente | None
    classe: Classe
    tentativas: int
    quem_age: str
    titulo: str
    texto: str

    @property
    def is_recuperavel(self) -> bool:
        """Whether it may pass by itself, so that trying again later is no person's decision."""
        return self.classe in (Classe.TECNICA, Classe.SESSAO) and self.quem_age != "operador"


# Seconds before each attempt at a technical fault, each ± 20 % (contract.md §5).
ESPERAS_S = (0.0, 2.0, 8.0, 30.0)
ESPERA_VARIACAO = 0.2
TENTATIVAS_TECNICAS = len(ESPERAS_S)

ERRO, SEM_BOLETO, NAO_ENCONTRADO = StatusCliente.ERRO, StatusCliente.SEM_BOLETO, StatusCliente.CPF_NAO_ENCONTRADO
NEGOCIO, PESSOA, SESSAO, TECNICA, NOSSA = Classe
T = TENTATIVAS_TECNICAS

# fmt: off
_TABELA = (
    Desfecho("cliente", ERRO, NEGOCIO, 1, "operador", "Cliente com pendência",
             "Confira o cadastro do cliente e reenvie."),
    Desfecho("cliente.nao_encontrado", NAO_ENCONTRADO, NEGOCIO, 1, "operador", "CPF não encontrado",
             "O portal não conhece este CPF neste ponto de venda. Confira o CPF no cadastro e reenvie."),
    Desfecho("cliente.cota_nao_encontrada", ERRO, NEGOCIO, 1, "operador", "Cota não encontrada",
             "O cliente existe no portal, mas não tem a cota pedida. Confira grupo e cota na planilha."),
    Desfecho("cliente.cota_inativa", SEM_BOLETO, NEGOCIO, 1, "ninguém", "Cota inativa",
             "A cota está cancelada, transferida, quitada ou suspensa no portal: não há boleto a emitir."),
    Desfecho("cliente.ambiguo", ERRO, NEGOCIO, 1, "operador", "Mais de uma cota",
             "O cliente tem várias cotas ativas e nenhuma foi indicada. Informe grupo e cota na planilha."),
    Desfecho("cliente.cpf_invalido", ERRO, NEGOCIO, 1, "operador", "CPF inválido",
             "Os dígitos do CPF não conferem. Corrija o cadastro e reenvie."),
    Desfecho("boleto.inexistente", SEM_BOLETO, NEGOCIO, 1, "ninguém", "Sem boleto",
             "O portal não mostra parcela a emitir para este mês."),
    Desfecho("boleto.inexistente.sem_valor", SEM_BOLETO, NEGOCIO, 1, "ninguém", "Sem valor a receber",
             "A parcela do mês está no portal com valor a receber zero."),
    Desfecho("boleto.inexistente.outro_mes", SEM_BOLETO, NEGOCIO, 1, "ninguém", "Só há boleto de outro mês",
             "O portal tem parcelas deste cliente, mas nenhuma vence no mês pedido."),
    Desfecho("boleto.inexistente.ja_pago", SEM_BOLETO, NEGOCIO, 1, "ninguém", "Parcela já paga ou emitida",
             "A parcela do mês aparece no portal sem opção de emissão: já foi paga ou emitida."),
    Desfecho("boleto.pago", StatusCliente.JA_BAIXADO, NEGOCIO, 1, "ninguém", "Já pago",
             "Este boleto consta como pago e não foi baixado de novo. Para baixar assim mesmo, envie com forcar."),
    Desfecho("nome.nao_encontrado", ERRO, NEGOCIO, 1, "operador", "Cliente fora da planilha",
             "O boleto foi baixado e guardado, mas o CPF não está na planilha mais nova do consultor. Inclua-o nela e "
             "importe-a de novo: o arquivo será nomeado sem novo download."),
    Desfecho("login", ERRO, PESSOA, 1, "administrador", "Login não concluído",
             "Entre no portal com esta credencial e confira."),
    Desfecho("login.recusado", ERRO, PESSOA, 1, "administrador", "Login recusado",
             "O portal recusou usuário ou senha. Atualize a credencial e retome: nada mais foi tentado, para não "
             "bloquear a conta."),
    Desfecho("login.bloqueado", ERRO, PESSOA, 1, "administrador", "Usuário bloqueado no portal",
             "O portal informa que o usuário está bloqueado. Peça o desbloqueio à administradora e retome."),
    Desfecho("login.captcha", ERRO, PESSOA, 1, "administrador", "O portal pede caracteres de segurança",
             "O portal pediu um CAPTCHA. Entre no portal pelo navegador desta máquina, confirme os caracteres e "
             "retome."),
    Desfecho("login.acao_necessaria", ERRO, PESSOA, 1, "administrador", "O portal pede uma ação",
             "O portal pede uma ação antes de entrar. Entre no portal com esta credencial, conclua o que ele pede e "
             "retome."),
    Desfecho("login.acao_necessaria.trocar_senha", ERRO, PESSOA, 1, "administrador", "O portal exige troca de senha",
             "A senha expirou. Troque-a no portal, atualize a credencial aqui e retome."),
    Desfecho("login.acao_necessaria.termos", ERRO, PESSOA, 1, "administrador", "O portal exige aceite de termos",
             "Entre no portal com esta credencial, aceite os termos e retome."),
    Desfecho("login.acao_necessaria.token", ERRO, PESSOA, 1, "administrador", "O portal pede um código de acesso",
             "O portal pede um token enviado por e-mail. Peça à administradora um acesso sem token para esta "
             "credencial."),
    Desfecho("sessao.expirada", ERRO, SESSAO, T, "sistema", "Sessão expirada",
             "A sessão expirou; o sistema entra de novo."),
    Desfecho("sessao.derrubada", ERRO, SESSAO, T, "administrador", "Sessão derrubada",
             "Outro acesso com a mesma credencial derruba a sessão. Não a use em outro lugar durante a execução."),
    Desfecho("portal.fora_do_ar", ERRO, TECNICA, T, "administradora", "Portal fora do ar",
             "O portal não respondeu como devia. O sistema tenta de novo; se persistir, reprocesse mais tarde."),
    Desfecho("portal.fora_do_ar.http_5xx", ERRO, TECNICA, T, "administradora", "Erro interno do portal",
             "O portal respondeu com erro interno. O sistema tenta de novo; se persistir, reprocesse mais tarde."),
    Desfecho("portal.fora_do_ar.conexao", ERRO, TECNICA, T, "administradora", "Sem conexão com o portal",
             "A conexão com o portal falhou. Confira a internet; se persistir, reprocesse mais tarde."),
    Desfecho("portal.fora_do_ar.tempo_esgotado", ERRO, TECNICA, T, "administradora", "Portal sem resposta",
             "O portal não respondeu a tempo. O sistema tenta de novo; se persistir, reprocesse mais tarde."),
    Desfecho("portal.limite", ERRO, SESSAO, T, "sistema", "Portal pede calma",
             "O portal recusou pedidos muito próximos; o sistema diminui o ritmo."),
    Desfecho("portal.bloqueado", ERRO, PESSOA, 1, "administrador", "Acesso barrado pelo firewall do portal",
             "O firewall do portal barrou o acesso mais de uma vez. Entre no portal pelo navegador desta máquina e, se "
             "abrir, retome; senão, fale com a administradora."),
    Desfecho("portal.sem_permissao", ERRO, PESSOA, 1, "administrador", "Credencial sem permissão",
             "Esta credencial não vê Atendimento ou Emissão de Cobrança. Peça a permissão à administradora e retome."),
    Desfecho("portal.mudou", ERRO, NOSSA, 2, "desenvolvimento", "O portal mudou",
             "Uma página do portal não é a esperada. Envie a evidência ao suporte para ajustar o perfil do portal."),
    Desfecho("portal.mudou.seletor", ERRO, NOSSA, 2, "desenvolvimento", "O portal mudou de aparência",
             "Um elemento esperado não está na página do portal. Envie a evidência ao suporte para ajustar o perfil."),
    Desfecho("portal.mudou.fluxo", ERRO, NOSSA, 2, "desenvolvimento", "O portal mudou de caminho",
             "O portal levou a uma página inesperada. Envie a evidência ao suporte para ajustar o perfil."),
    Desfecho("download.falhou", ERRO, TECNICA, T, "sistema", "Download não concluído",
             "O PDF do boleto não chegou. Reprocesse este cliente; se persistir, envie a evidência ao suporte."),
    Desfecho("download.falhou.vazio", ERRO, TECNICA, T, "sistema", "PDF vazio",
             "O portal entregou um PDF vazio. Reprocesse este cliente; se persistir, envie a evidência ao suporte."),
    Desfecho("download.falhou.nao_pdf", ERRO, TECNICA, T, "sistema", "O portal não entregou um PDF",
             "No lugar do PDF veio outra coisa. Reprocesse este cliente; se persistir, envie a evidência ao suporte."),
    Desfecho("download.falhou.truncado", ERRO, TECNICA, T, "sistema", "PDF incompleto",
             "O PDF chegou cortado. Reprocesse este cliente; se persistir, envie a evidência ao suporte."),
    Desfecho("download.falhou.tempo_esgotado", ERRO, TECNICA, T, "sistema", "PDF não chegou a tempo",
             "O portal não entregou o PDF a tempo. Reprocesse este cliente mais tarde."),
    Desfecho("documento.divergente", ERRO, TECNICA, 2, "operador", "Boleto não confere",
             "O PDF não corresponde ao boleto pedido e foi isolado. Confira a evidência antes de emitir à mão."),
    Desfecho("documento.divergente.cliente", ERRO, TECNICA, 2, "operador", "Boleto de outro cliente",
             "O PDF é de outro CPF e foi isolado. Nada foi arquivado em nome deste cliente; confira a evidência."),
    Desfecho("documento.divergente.cota", ERRO, TECNICA, 2, "operador", "Boleto de outra cota",
             "O PDF é de outra cota e foi isolado. Confira a evidência antes de emitir à mão."),
    Desfecho("documento.divergente.mes", ERRO, TECNICA, 2, "operador", "Boleto de outro mês",
             "O vencimento do PDF não é do mês pedido; o arquivo foi isolado. Confira a evidência."),
    Desfecho("documento.divergente.valor", ERRO, TECNICA, 2, "operador", "Valor não confere",
             "O valor do PDF não é o da tela do portal; o arquivo foi isolado. Confira a evidência."),
    Desfecho("documento.divergente.digito", ERRO, TECNICA, 2, "operador", "Linha digitável não confere",
             "Os dígitos da linha digitável não fecham ou não concordam com o boleto; o arquivo foi isolado."),
    Desfecho("documento.ilegivel", ERRO, NEGOCIO, 1, "operador", "PDF ilegível",
             "O PDF pede senha, ou é só imagem e a leitura dela não prova tudo; foi isolado. Confira-o à mão na "
             "evidência."),
    Desfecho("arquivo.falhou", ERRO, NOSSA, T, "administrador", "Arquivo não gravado",
             "O boleto não pôde ser gravado. Confira a pasta de armazenamento e reprocesse."),
    Desfecho("arquivo.falhou.disco_cheio", ERRO, NOSSA, 1, "administrador", "Disco cheio",
             "Não há espaço para gravar o boleto; a execução foi pausada. Libere espaço e retome."),
    Desfecho("arquivo.falhou.conflito", ERRO, NOSSA, 1, "administrador", "Nome de arquivo ocupado",
             "Já existe outro arquivo com este nome, que não é deste boleto. Mova-o e reprocesse."),
    Desfecho("navegador.caiu", ERRO, TECNICA, T, "sistema", "O navegador fechou",
             "O navegador fechou no meio do trabalho. O sistema abre outro; se persistir, confira a memória da "
             "máquina."),
    Desfecho("interno", ERRO, TECNICA, T, "desenvolvimento", "Erro interno",
             "Algo inesperado aconteceu no sistema. Reprocesse; se persistir, envie a evidência ao suporte."),
)
# fmt: on

DESFECHOS = {desfecho.codigo: desfecho for desfecho in _TABELA}
RECUPERAVEIS = tuple(codigo for codigo, desfecho in DESFECHOS.items() if desfecho.is_recuperavel)


def find_desfecho(codigo: str) -> Desfecho:
    """The row of a code; an unknown child falls back to its parent, an unknown root to `interno`."""
    while codigo not in DESFECHOS:
        codigo, _, _ = codigo.rpartition(".")
        if not codigo:
            return DESFECHOS["interno"]
    return DESFECHOS[codigo]
