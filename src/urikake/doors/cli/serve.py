"""``urikake serve``: the web application."""

from __future__ import annotations

from typing import Annotated

import typer

from urikake.base.url import from_environment

from .main import app
from .options import load


@app.command()
def serve(
    port: Annotated[int, typer.Option("--port", help="待ち受けるポート(127.0.0.1)")] = 8000,
    workers: Annotated[int, typer.Option("--workers", help="画面を作るプロセスの数")] = 2,
    demo: Annotated[bool, typer.Option("--demo", help="デモ会社に、役割を選んで入れるようにする")] = False,
) -> None:
    """画面を出す(Ctrl+C で終わる)。"""
    load()
    from urikake.doors.web.serve import serve as run

    run(from_environment().partition("#")[0], port=port, workers=workers, demo=demo, ready=_ready)


def _ready(address: str) -> None:
    print(f"{address} を開いてください。終わるときは Ctrl+C。", flush=True)
