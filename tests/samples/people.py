"""Invented people and companies with valid check digits, from a seed."""

from random import Random

_NOMES = (
    "ANA", "BRUNO", "CÁSSIA", "DIOGO", "ELISÂNGELA", "FÁBIO", "GLÁUCIA", "HEITOR", "INÊS", "JOÃO", "KÁTIA", "LUÍS",
    "MÁRCIA", "NÚBIA", "OTÁVIO", "PATRÍCIA", "QUITÉRIA", "RENATO", "SIMONE", "TADEU", "URSULA", "VINÍCIUS", "WAGNER",
    "YARA", "ZÉLIA", "ANTÔNIO", "CONCEIÇÃO", "JOSÉ", "EDUARDA", "MARCOS",
)  # fmt: skip
_MEIOS = ("PAULA", "CARLOS", "MARIA", "ROBERTO", "CRISTINA", "HENRIQUE", "LÚCIA", "AUGUSTO", "REGINA", "EDUARDO")
_SOBRENOMES = (
    "ACÁCIO", "BRANDÃO", "CORRÊA", "DAMASCENO", "ESPÍNDOLA", "FALCÃO", "GUIMARÃES", "HOLANDA", "IGLESIAS", "JARDIM",
    "LACERDA", "MAGALHÃES", "NEGRÃO", "OLIVEIRA", "PEÇANHA", "QUEIRÓS", "RIBEIRO", "SALDANHA", "TAVARES", "URBANO",
    "VASCONCELOS", "XAVIER", "ZANETTI", "D'ÁVILA", "SANT'ANNA", "ALMEIDA-PRADO",
)  # fmt: skip
_RAMOS = ("TRANSPORTES", "COMÉRCIO DE GRÃOS", "SERVIÇOS", "CONSTRUÇÕES", "AGROPECUÁRIA")


def check_digits_cpf(nine: str) -> str:
    digits = nine
    for size in (10, 11):
        rest = sum(int(d) * w for d, w in zip(digits, range(size, 1, -1), strict=True)) * 10 % 11
        digits += str(rest % 10)
    return digits[9:]


def check_digits_cnpj(twelve: str) -> str:
    """Letters count as their ASCII code less 48, as Receita Federal defined for the alphanumeric CNPJ."""
    digits = twelve
    for _ in range(2):
        weights = [2 + i % 8 for i in range(len(digits))][::-1]
        rest = sum((ord(d) - 48) * w for d, w in zip(digits, weights, strict=True)) % 11
        digits += str(0 if rest < 2 else 11 - rest)
    return digits[12:]


class Pessoas:
    """A source of people: no name and no document comes twice."""

    def __init__(self, semente: int) -> None:
        self._random = Random(semente)
        self._used: set[str] = set()

    def _once(self, text: str) -> bool:
        if text in self._used:
            return False
        self._used.add(text)
        return True

    def make_cpf(self, *, zeros: int = 0) -> str:
        """A valid CPF; `zeros` leading zeros, which a numeric cell loses."""
        while True:
            nine = f"{'0' * zeros}{self._random.randrange(10 ** (9 - zeros)):0{9 - zeros}d}"
            cpf = nine + check_digits_cpf(nine)
            if len(set(cpf)) > 1 and self._once(cpf):
                return cpf

    def make_cnpj(self, *, letras: bool = False) -> str:
        alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letras else "0123456789"
        while True:
            twelve = "".join(self._random.choice(alphabet) for _ in range(8)) + "0001"
            cnpj = twelve + check_digits_cnpj(twelve)
            if self._once(cnpj) and twelve.isdecimal() != letras:
                return cnpj

    def make_nome(self) -> str:
        """Upper case, with accents, three or four words."""
        r = self._random
        while True:
            middle = [r.choice(_MEIOS)] if r.random() < 0.5 else []
            nome = " ".join([r.choice(_NOMES), *middle, *r.sample(_SOBRENOMES, 2)])
            if self._once(nome):
                return nome

    def make_empresa(self) -> str:
        return f"{self._random.choice(_SOBRENOMES)} {self._random.choice(_RAMOS)} LTDA"

    def make_cota(self) -> tuple[str, str]:
        """A pair grupo, cota that no one else has; a few groups, as in real life."""
        while True:
            pair = f"{self._random.randrange(6640, 6660)}", f"{self._random.randrange(1, 3999)}"
            if self._once("/".join(pair)):
                return pair
