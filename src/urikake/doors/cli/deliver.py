"""`urikake deliver` and `urikake document mail`: documents to the customer, and how e-mail is sent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from urikake.base.errors import Refusal
from urikake.base.url import from_environment

from .bar import bar
from .options import As, Dry, day, load
from .shown import Format, show, words


class Closings(TyperGroup):
    """A group whose first word may also be a closing day: that is then delivered."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words, behind the command that they are meant for."""
        known = args and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if known else [CLOSING, *args])


CLOSING: Final = "closing"
deliver: Final = typer.Typer(cls=Closings, no_args_is_help=False, help="請求書を送り、戻ってきたものを記録する。")


@deliver.command(CLOSING)
def closing(
    closing: Annotated[str | None, typer.Argument(help="締日")] = None,
    only: Annotated[str, typer.Option("--only", metavar="NUMBER", help="この請求書だけ")] = "",
    resend: Annotated[str, typer.Option("--resend", metavar="NUMBER", help="この請求書をもう一度送る")] = "",
    bounce: Annotated[str, typer.Option("--bounce", metavar="NUMBER", help="この請求書が不達で戻ったと記録する")] = "",
    withdraw: Annotated[
        str, typer.Option("--withdraw-link", metavar="NUMBER", help="この請求書のメールのリンクを取り消す")
    ] = "",
    why: Annotated[str, typer.Option("--why", help="もう一度送る理由・戻ってきた理由・リンクを取り消す理由")] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="紙の請求書の PDF を書き出すファイル")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="デジタルインボイスを書き出すフォルダー")
    ] = None,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """締日の請求書のうち未送付のものを、取引先の送付方法（メール・紙・デジタルインボイス）で送る。"""
    load()
    from urikake.doors import deliver as door

    if bounce:
        door.bounce(from_environment(), bounce, why, user=as_)
        print(f"{bounce} を不達と記録しました。--resend と --why で送り直せます。")
        return
    if withdraw:
        door.withdraw(from_environment(), withdraw, why, user=as_)
        print(f"{withdraw} のリンクを取り消しました。")
        return
    if closing is None or (only and resend):
        why = "締日と、--only か --resend のどちらか一つまでを指定します。"
        raise Refusal("deliver-what", why, "例: urikake deliver 2026-04-30 --output 郵送.pdf")
    wanted = door.Wanted(day(closing), only, resend, why, output, folder)
    with bar("deliver"):
        done = door.deliver(from_environment(), wanted, user=as_, preview=dry_run)
    print(words(done.figures) if any(done.figures.values()) else "送付する請求書はありません。")
    if done.told:
        print("\n".join(done.told), file=sys.stderr)
        sys.exit(0 if dry_run else 1)


@deliver.command()
def bounces(place: Annotated[Path, typer.Argument(metavar="FILE.eml|FOLDER")], as_: As = "system") -> None:
    """メールサーバーから戻った配送状況の通知（RFC 3464）を読み、その送付を不達にする。"""
    load()
    from urikake.doors import returned

    _heard(returned.bounces(from_environment(), place, user=as_))


@deliver.command()
def responses(place: Annotated[Path, typer.Argument(metavar="FILE.xml|FILE.csv|FOLDER")], as_: As = "system") -> None:
    """デジタルインボイスの応答（Peppol の応答の XML か、請求書番号・状態・理由の CSV）を読み、送付の記録に残す。"""
    load()
    from urikake.doors import returned

    _heard(returned.responses(from_environment(), place, user=as_))


def _heard(heard: Any) -> None:
    """Say what was marked; exit 1 where something needs a person."""
    print(words(heard.figures) if any(heard.figures.values()) else "新しく記録することはありませんでした。")
    if heard.told:
        print("\n".join(heard.told), file=sys.stderr)
        sys.exit(1)


def mail(
    entries: Annotated[list[str] | None, typer.Argument(metavar="[項目=値]…", help="変える項目。\\n は改行")] = None,
    try_: Annotated[str, typer.Option("--try", metavar="ADDRESS", help="このアドレスに試し送りをする")] = "",
    as_: As = "system",
    format_: Annotated[Format, typer.Option("--format")] = Format.table,
) -> None:
    """メールの送信サーバー・差出人・件名・本文を、見る・変える・試す。パスワードは環境変数 URIKAKE_SMTP_PASSWORD。"""
    load()
    from urikake.base.mail import ENTRIES
    from urikake.doors import letters, mailing

    url = from_environment()
    if entries:
        count = mailing.change(url, dict(_entry(text) for text in entries), user=as_)
        print("メールの設定を変えました。" if count else "メールの設定は今のままです。")
    if try_:
        letters.try_out(url, try_, user=as_)
        print(f"{try_} に試し送りをしました。")
    if not (entries or try_):
        told = mailing.settings(url, user=as_)
        rows = [
            {
                "key": key,
                "title": ENTRIES[key].title,
                "value": (ENTRIES[key].values or {}).get(value, value).replace("\n", " ／ "),
            }
            for key, value in told.items()
        ]
        show(rows, format_, "mail")


def _entry(text: str) -> tuple[str, str]:
    """An entry that is written ``key=value``."""
    key, equals, value = text.partition("=")
    if not equals:
        raise Refusal("bad-entry", f"「{text}」は 項目=値 の形ではありません。", "例: host=smtp.example.jp")
    return key, value.replace("\\n", "\n")
