"""``urikake token …`` and ``urikake openapi``: the keys of other programs, and what they may call."""

from __future__ import annotations

import os
from datetime import datetime, time
from pathlib import Path
from typing import Annotated

import typer

from urikake.base import url as places

from .main import app
from .options import As, day
from .shown import Format, show

token = typer.Typer(no_args_is_help=True, help="ほかのプログラムのトークン: create・list・revoke。")
app.add_typer(token, name="token")


def _ready() -> tuple[str, str]:
    """The books and the company's code, with the sign-in tables at hand."""
    from urikake.doors.web import prepare

    prepare.main()
    from urikake.base import company, runs

    books = places.from_environment()
    with runs.reading(books) as session:
        code = next(code for id_, code, _ in company.companies(books) if id_ == session.company_id)
    return places.with_company(books, code), code


@token.command()
def create(
    name: Annotated[str, typer.Argument(help="何に使うトークンか")],
    user: Annotated[str, typer.Option("--user", help="このトークンが名のる利用者", metavar="USER")],
    scope: Annotated[
        list[str] | None, typer.Option("--scope", help="許す権限（くり返せる）。なければ役割のすべて")
    ] = None,
    expires: Annotated[str | None, typer.Option("--expires", help="使える最後の日 2027-03-31")] = None,
    as_: As = "system",
) -> None:
    """トークンを作る。文字は一度だけ表示する。"""
    from urikake.core.calendar import JAPAN

    until = datetime.combine(day(expires), time.max, JAPAN) if expires else None
    books, code = _ready()
    from urikake.doors.api import tokens

    text, made = tokens.create(books, code, name=name, actor=user, scopes=scope or (), expires_at=until, user=as_)
    print(
        f"トークン {made.pk}（{name}、利用者 {user}）を作りました。次の文字は二度と表示しません。控えてください。\n{text}"
    )


@token.command("list")
def list_(format_: Annotated[Format, typer.Option("--format")] = Format.table) -> None:
    """トークンの一覧。"""
    _, code = _ready()
    from urikake.doors.api import tokens

    rows = [
        {
            "token": found.pk,
            "name": found.name,
            "user": found.actor,
            "made": found.made_at.isoformat(),
            "maker": found.maker,
            "expires": found.expires_at.isoformat() if found.expires_at else "",
            "last_used": found.last_used_at.isoformat() if found.last_used_at else "",
            "revoked": found.revoked_at.isoformat() if found.revoked_at else "",
            "scopes": found.scopes,
        }
        for found in tokens.every(code)
    ]
    show(rows, format_, "tokens")


@token.command()
def revoke(number: Annotated[int, typer.Argument(help="トークンの番号")], as_: As = "system") -> None:
    """トークンを取り消す。"""
    books, code = _ready()
    from urikake.doors.api import tokens

    found = tokens.revoke(books, code, number, user=as_)
    print(f"トークン {found.pk}（{found.name}）を取り消しました。")


@app.command()
def openapi(output: Annotated[Path | None, typer.Option("-o", "--output", help="書き出すファイル")] = None) -> None:
    """API の仕様（OpenAPI 3.1）を出す。"""
    os.environ["DJANGO_SETTINGS_MODULE"] = "urikake.doors.web.settings"
    import django

    django.setup()
    from urikake.doors.api import document, routes

    text = document.printed(routes.API)
    if output is None:
        print(text, end="")
        return
    output.write_text(text, encoding="utf-8")
    print(f"{output} に書き出しました。")
