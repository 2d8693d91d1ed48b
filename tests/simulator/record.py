"""The request log: what happened, by whom, for how long. It never holds a password, and masks documents."""

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def mask_documento(digits: str) -> str:
    if len(digits) == 11:
        return f"***.{digits[3:6]}.{digits[6:9]}-**"
    return f"**.{digits[2:5]}.{digits[5:8]}/****-**"


@dataclass
class Registro:
    """Entries in order of arrival, also appended to `arquivo` as JSON lines."""

    arquivo: Path | None = None
    entradas: list[dict[str, Any]] = field(default_factory=list)
    inicio: float = field(default_factory=time.monotonic)

    def add(self, entry: dict[str, Any]) -> None:
        entry = {"seq": len(self.entradas) + 1, "em": datetime.now(UTC).isoformat(timespec="milliseconds")} | entry
        self.entradas.append(entry)
        if self.arquivo:
            with self.arquivo.open("a", encoding="utf-8") as out:
                out.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def elapsed_s(self) -> float:
        return round(time.monotonic() - self.inicio, 4)

    def count(self, resultado: str, usuario: str | None = None) -> int:
        """Entries whose result begins so: `login.` all attempts, `login.ok`, `pdf.`, `busca.`..."""
        return sum(
            str(e.get("resultado", "")).startswith(resultado) and usuario in (None, e.get("usuario"))
            for e in self.entradas
        )  # fmt: skip

    def list_sessoes(self) -> list[dict[str, Any]]:
        """One row per logged-in session: from its login's answer to its last request while it was in."""
        rows: dict[tuple[str, int], dict[str, Any]] = {}
        for e in self.entradas:
            if not e.get("logado"):
                continue
            row = rows.setdefault(
                (e["sessao"], e["login"]),
                {"sessao": e["sessao"], "usuario": e["usuario"], "de_s": e["t"], "pedidos": 0, "servidor_ms": 0.0},
            )  # fmt: skip
            row["ate_s"] = e["t"] + e["ms"] / 1000
            row["pedidos"] += 1
            row["servidor_ms"] = round(row["servidor_ms"] + e["ms"], 1)
        return list(rows.values())

    def summarize_credenciais(self) -> dict[str, dict[str, Any]]:
        """Per user: logins, refusals, sessions, the most that were in use at once, seconds in the portal."""
        sessoes = self.list_sessoes()
        users = sorted({str(e["usuario"]) for e in self.entradas if e.get("usuario")})
        return {user: self._summarize(user, [s for s in sessoes if s["usuario"] == user]) for user in users}

    def _summarize(self, user: str, sessoes: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "logins": self.count("login.ok", user),
            "recusas": self.count("login.", user) - self.count("login.ok", user),
            "sessoes": len(sessoes),
            "paralelas": count_overlap([(s["de_s"], s["ate_s"]) for s in sessoes]),
            "derrubadas": self.count("sessao.derrubada", user),
            "segundos": round(sum(s["ate_s"] - s["de_s"] for s in sessoes), 3),
        }


def count_overlap(spans: list[tuple[float, float]]) -> int:
    """The most spans that cover one moment; touching ends do not overlap."""
    marks = sorted([(a, 1) for a, _ in spans] + [(b, -1) for _, b in spans], key=lambda m: (m[0], m[1]))
    most = now = 0
    for _, step in marks:
        now += step
        most = max(most, now)
    return most
