"""`urikake judge`: what people judge of a contract's obligations (収益認識の判断)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import typer

from urikake.base.url import from_environment

from .options import As, Dry, load

judge: Final = typer.Typer(
    no_args_is_help=True,
    help="収益認識の判断（契約変更の扱い・別個でない明細・変動対価・契約の結合・重要な金融要素）。",
)
Contract = Annotated[str, typer.Argument(help="契約番号")]
Why = Annotated[str, typer.Option("--why", help="理由（承認する人に示し、記録に残る）")]


class Treatment(StrEnum):
    """How a change may be treated."""

    separate = "separate"
    prospective = "prospective"
    catch_up = "catch_up"
    mixed = "mixed"


@judge.command()
def change(
    contract: Contract,
    treatment: Annotated[Treatment, typer.Argument(help="扱い: 独立した契約・将来に向けて・累積的影響を一時に・両方")],
    why: Why,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """直近の契約変更を、規則と違う扱いにするよう申請する。"""
    _judge(contract, "treatment", why, as_, dry_run, treatment=treatment.value)


@judge.command()
def bundle(
    contract: Contract,
    line: Annotated[str, typer.Argument(help="別個でない明細の商品コード")],
    with_line: Annotated[str, typer.Argument(help="一つにする相手の商品コード。空（''）なら別個に戻す")],
    why: Why,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """明細を、ほかの明細と一つの履行義務にする（設定だけでは使えない、など）よう申請する。"""
    _judge(contract, "bundle", why, as_, dry_run, line=line, with_line=with_line)


@judge.command()
def estimate(
    contract: Contract,
    amount: Annotated[
        int,
        typer.Option("--amount", help="見積った変動対価（税抜・円）。値引や返金の見込みは負の数、0 なら見積りをなくす"),
    ],
    why: Why,
    line: Annotated[str, typer.Option("--line", help="一つの明細だけに関わるとき、その商品コード")] = "",
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """取引価格に含める変動対価の見積りを申請する（確実な部分だけを入れる）。"""
    _judge(contract, "estimate", why, as_, dry_run, amount=amount, line=line)


@judge.command()
def noncash(
    contract: Contract,
    amount: Annotated[int, typer.Option("--amount", help="受け取る物やサービスの時価（税抜・円）。0 ならなくす")],
    why: Why,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """現金以外の対価（物・サービスで受け取る分）を取引価格に含めるよう申請する。"""
    _judge(contract, "noncash", why, as_, dry_run, amount=amount)


@judge.command()
def payable(
    contract: Contract,
    amount: Annotated[int, typer.Option("--amount", help="顧客に支払う額（税抜・円、負の数）。0 ならなくす")],
    why: Why,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """顧客に支払われる対価（協賛金・キャッシュバックなど）を取引価格から引くよう申請する。"""
    _judge(contract, "payable", why, as_, dry_run, amount=amount)


@judge.command()
def discount(
    contract: Contract,
    amount: Annotated[int, typer.Option("--amount", help="一部の明細だけの値引（税抜・円、正の数）。0 ならなくす")],
    why: Why,
    line: Annotated[list[str] | None, typer.Option("--line", help="その値引の対象の商品コード（繰り返せる）")] = None,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """値引が一部の履行義務だけのものであるとして配分するよう申請する（29号71項）。"""
    _judge(contract, "discount", why, as_, dry_run, amount=amount, line=",".join(line or ()))


@judge.command()
def combine(
    contract: Contract,
    with_contract: Annotated[str, typer.Argument(help="結合する相手の契約番号。空（''）なら結合をやめる")],
    why: Why,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """ほぼ同時に結んだ同じ顧客の契約を、一つの契約とみなす（契約の結合）よう申請する。"""
    _judge(contract, "combine", why, as_, dry_run, with_contract=with_contract)


@judge.command()
def financing(
    contract: Contract,
    rate: Annotated[
        str, typer.Option("--rate", help="契約の初めの割引率（年利・%、4.5 のように）。0 なら判断をやめる")
    ],
    why: Why,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """支払の時期が提供の時期と大きくずれる契約で、利息を取引価格から分ける（重要な金融要素）よう申請する。"""
    _judge(contract, "financing", why, as_, dry_run, rate=rate)


def _judge(contract: str, kind: str, why: str, user: str, dry: bool, **what: object) -> None:
    load()
    from urikake.doors.judging import judge as ask

    number = ask(from_environment(), contract, kind, why, user=user, preview=dry, **what)["proposal"]
    if dry:
        print(f"{contract} の判断（確認のみ）")
    elif number:
        print(f"{contract} の判断を申請しました（申請 {number}）。別の人の承認を待っています。")
    else:
        print(f"{contract} の判断を記録しました。次の収益認識から効きます。")
