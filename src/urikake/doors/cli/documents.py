"""`urikake document`: documents as files."""

from __future__ import annotations

from typing import Final

import typer

from .peppol import peppol

documents: Final = typer.Typer(no_args_is_help=True, help="書類をファイルにする。")
documents.command()(peppol)


@documents.callback()
def only() -> None:
    """書類をファイルにする。"""
