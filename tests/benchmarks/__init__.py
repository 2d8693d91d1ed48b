"""What the system costs: every figure beside a floor or a peer taken in the same run (`make bench`).

A module with `TITULO` and `async def medir(plano) -> list[Linha]` is a measure, and is run by its name. What it is
measured against lies in `pares/`; what runs in a process of its own is a module with a `main`.
"""
