"""Child processes that parse files of strangers: they are given no secret, and no more memory than they need."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

RAIZ = Path(__file__).parents[1]


async def spawn(modulo: str, *opcoes: str) -> asyncio.subprocess.Process:
    """`python -m modulo`, its stdin and stdout ours. It has no variable of our environment: any may hold a secret."""
    ambiente = {"PYTHONPATH": os.pathsep.join(pasta for pasta in sys.path if pasta)}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", modulo, *opcoes, cwd=RAIZ, env=ambiente,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


async def kill(filho: asyncio.subprocess.Process) -> None:
    if filho.returncode is None:
        filho.kill()
        await filho.wait()


def limit_recursos(memoria_bytes: int, cpu_s: int | None = None) -> None:
    """For the child itself: the kernel says no before the machine swaps. Not on Windows."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memoria_bytes, memoria_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if cpu_s is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
