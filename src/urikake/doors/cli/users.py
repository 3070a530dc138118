"""`urikake user`: who may act in the company, and in which role."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from urikake.base.url import from_environment

from .options import As, load
from .shown import Format, show

users: Final = typer.Typer(no_args_is_help=True, help="利用者を登録し、役割を変える。")
Role = Annotated[str, typer.Option("--role", help="役割 admin accountant billing sales approver auditor none")]


@users.command()
def add(
    name: str,
    role: Role,
    email: Annotated[str, typer.Option("--email", help="メール")] = "",
    as_: As = "system",
) -> None:
    """利用者を登録する。"""
    load()
    from urikake.doors import people

    people.add(from_environment(), name, role, email=email, user=as_)
    print(f"利用者 {name} を役割 {role} で登録しました。")


@users.command()
def role(name: str, role: str, as_: As = "system") -> None:
    """利用者の役割を変える。"""
    load()
    from urikake.doors import people

    changed = people.change(from_environment(), name, role, user=as_)
    print(f"利用者 {name} の役割を {role} にしました。" if changed else f"利用者 {name} の役割は {role} のままです。")


@users.command()
def disable(name: str, as_: As = "system") -> None:
    """利用者が何もできないようにする（記録は残る）。"""
    load()
    from urikake.base.access import NOBODY
    from urikake.doors import people

    changed = people.change(from_environment(), name, NOBODY, user=as_)
    print(f"利用者 {name} を無効にしました。" if changed else f"利用者 {name} は無効のままです。")


@users.command("list")
def list_(as_: As = "system", format_: Annotated[Format, typer.Option("--format")] = Format.table) -> None:
    """利用者と役割を見る。"""
    load()
    from urikake.doors import people

    show(people.listed(from_environment(), user=as_), format_, "users")
