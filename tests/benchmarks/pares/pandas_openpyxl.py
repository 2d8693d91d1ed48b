"""A workbook as the former system read it: pandas' frame on openpyxl, then row after row, CPF and names cleaned."""

from __future__ import annotations

import io
import re
import sys
import time
from pathlib import Path
from typing import Any

import pandas


def read(dados: bytes) -> list[dict[str, Any]]:
    folha = pandas.read_excel(io.BytesIO(dados), engine="openpyxl", header=12)
    folha.columns = [str(coluna).strip() for coluna in folha.columns]
    linhas = []
    for _, linha in folha.iterrows():
        cpf = re.sub(r"\D", "", str(linha["CPF"])).zfill(11)
        nome = re.sub(r"\s*-?\s*\d+\s*%.*$", "", str(linha["Concorciado"]))
        grupo, _, cota = str(linha["G/C"]).partition(" ")
        linhas.append({
            "cpf": cpf, "nome": nome, "grupo": grupo, "cota": cota, "situacao": linha["SITUAÇÃO"],
            "ponto_venda": linha["P.V"], "valor": linha["Valor"], "parcela": linha["PARC."],
        })  # fmt: skip
    return linhas


if __name__ == "__main__":
    conteudo = Path(sys.argv[1]).read_bytes()
    inicio = time.perf_counter()
    lidas = read(conteudo)
    sys.stdout.write(f"{time.perf_counter() - inicio} {len(lidas)}\n")
