"""The commands of ``urikake``, their arguments, and what they print."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from urikake.base.errors import Refusal
from urikake.base.url import COMPANY, from_environment, of_company

from .advances import advance, apply_advance, unapply_advance
from .bar import bar
from .collecting import debit, settlement
from .deliver import deliver
from .documents import document
from .exports import export
from .going_live import rehearse
from .judging import judge
from .options import As, Day, Dry, day, instant, load
from .policies import approvals, policy
from .receipts import bank_format, nothing, receipts
from .refunds import refund
from .reprice import reprice
from .rules import rules
from .shown import Format, say, show
from .simulate import simulate
from .usage import usage
from .users import users

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
KINDS: Final = (
    "partners",
    "holidays",
    "products",
    "option-rules",
    "contracts",
    "events",
    "usage",
    "progress",
    "receivables",
    "openings",
    "users",
    "collectors",
    "mandates",
    "payees",
    "senders",
    "export-mappings",
    "ledger-balances",
    "ledger-journal",
)
MONTHS: Final = ("forecast", "waterfall")
"""The reports that begin with a month (``--from 2026-04``)."""
app.add_typer(users, name="user")
app.add_typer(usage, name="usage")
app.add_typer(policy, name="policy")
app.add_typer(approvals, name="approvals")
app.add_typer(simulate, name="simulate")
app.add_typer(document, name="document")
app.add_typer(deliver, name="deliver")
app.add_typer(debit, name="debit")
app.add_typer(refund, name="refund")
app.add_typer(judge, name="judge")
app.add_typer(export, name="export")
app.add_typer(rules, name="rules")
app.add_typer(bank_format, name="bank-format")


@cache
def whole() -> Callable[[], Any]:
    """All commands as one, built once in a process: to build them takes longer than most of them run."""
    return typer.main.get_command(app)


def run() -> None:
    """Run the command line; a refusal is said on stderr with exit status 1."""
    try:
        whole()()
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        sys.exit(1)


@app.callback()
def every(
    context: typer.Context,
    company: Annotated[
        str | None,
        typer.Option(
            "--company", metavar="CODE", envvar=COMPANY, help="会社のコード（1つのデータベースに何社もあるとき）"
        ),
    ] = None,
) -> None:
    """売掛 Urikake: 契約から請求・入金消込・収益認識・仕訳・月次締めまで。"""
    if company:
        context.with_resource(of_company(company))


@app.command()
def init(company: Annotated[Path, typer.Option("--company", help="会社の設定 company.toml")]) -> None:
    """スキーマ・会社・科目表・方針を作る。会社があるデータベースには、もう1社を加える。"""
    load()
    from urikake.base.company import MAIN
    from urikake.doors.setup import set_up

    code = set_up(from_environment(), company)
    print("会社を作りました。" if code == MAIN else f"会社 {code} を作りました。")


@app.command()
def upgrade() -> None:
    """前の版で作ったデータベースを、今の版に合わせる。"""
    load()
    from urikake.doors.setup import upgrade as brought_up

    changes = brought_up(from_environment())
    print(f"データベースを今の版に合わせました（変更{changes}件）。" if changes else "データベースは今の版のままです。")


@app.command("import")
def import_(
    kind: str,
    file: Path,
    mapping: Annotated[
        str | None, typer.Option("--mapping", metavar="NAME", help="保存した列の対応づけ（取込の画面で作る）")
    ] = None,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """ファイルを取り込む。

    partners holidays products option-rules contracts events usage progress receivables openings users collectors mandates
    payees senders
    export-mappings・ledger-balances・ledger-journal。
    """
    load()
    from urikake.doors import files

    if kind not in files.TAKERS:
        raise Refusal(
            "unknown-kind", f"取り込めない種類「{kind}」です。", f"{'・'.join(files.TAKERS)} から選んでください。"
        )
    with bar("import"):
        count = files.take(from_environment(), kind, file, user=as_, preview=dry_run, mapping=mapping)
    if count:
        print(f"{file.name}: {count}件" + ("（確認のみ）" if dry_run else "を取り込みました。"))
    else:
        print(f"{file.name}: {nothing(file, '新しい行はありません（すべて取り込み済みです）。')}")


app.command()(receipts)
app.command()(reprice)
app.command()(settlement)
app.command()(advance)
app.command("apply-advance")(apply_advance)
app.command("unapply-advance")(unapply_advance)
app.command()(rehearse)


@app.command()
def bill(
    closing: Annotated[str, typer.Option("--closing", help="締日")],
    issue: Annotated[bool, typer.Option("--issue", help="承認・採番・発行・計上まで行う")] = False,
    partner: Annotated[
        list[str] | None, typer.Option("--partner", metavar="CODE", help="この請求先だけ（いくつでも）")
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option("--group", metavar="NAME", help="この管理グループの請求先だけ（いくつでも）")
    ] = None,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """締日の請求を行う。"""
    load()
    from urikake.doors import month

    with bar("bill"):
        figures = month.bill(
            from_environment(), day(closing), issue=issue, partners=partner or (), groups=group or (),
            preview=dry_run, user=as_,
        )  # fmt: skip
    say(figures, "新しく請求するものはありません。")


@app.command("bill-forward")
def bill_forward(
    contract: Annotated[list[str], typer.Argument(metavar="CONTRACT…", help="契約番号（いくつでも）")],
    on: Annotated[str, typer.Option("--on", help="請求日（請求書の日付）")],
    until: Annotated[str, typer.Option("--until", help="この日までに始まる期間を請求する")],
    issue: Annotated[bool, typer.Option("--issue", help="承認・採番・発行・計上まで行う")] = False,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """契約の先の期間を、締日を待たずに前もって請求する。"""
    load()
    from urikake.doors import month

    with bar("bill"):
        figures = month.bill_forward(
            from_environment(), contract, day(on), day(until), issue=issue, preview=dry_run, user=as_
        )
    say(figures, "新しく請求するものはありません。")


@app.command("hold-billing")
def hold_billing(
    closing: Annotated[str, typer.Argument(help="締日")],
    partner: Annotated[str, typer.Option("--partner", metavar="CODE", help="請求先の取引先コード")],
    why: Annotated[str, typer.Option("--why", help="理由（記録に残る）")] = "",
    release: Annotated[bool, typer.Option("--release", help="保留をやめる")] = False,
    to_next: Annotated[bool, typer.Option("--to-next", help="この請求先の次の締めの請求に合わせる")] = False,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """一つの取引先の請求を、その締めの発行から外しておく（--release でやめる、--to-next で次の締めに回す）。"""
    load()
    from urikake.doors import month

    told = month.hold_billing(
        from_environment(),
        day(closing),
        partner=partner,
        why=why,
        release=release,
        to_next=to_next,
        preview=dry_run,
        user=as_,
    )
    if to_next:
        done, same = "を次の締めに回しました。", "は、もう次の締めに回しています。"
    elif release:
        done, same = "の保留をやめました。", "は、もう保留していません。"
    else:
        done, same = "を保留しました。", "は、もう保留しています。"
    print(f"取引先 {partner} の {closing} 締めの請求{done if told['new'] else same}（この締めの保留 {told['held']}件）")


@app.command()
def match(date_: Day = None, dry_run: Dry = False, as_: As = "system") -> None:
    """未消込の入金を自動で消し込む。"""
    load()
    from urikake.doors import month

    on = day(date_) if date_ else None
    with bar("match"):
        figures = month.match(from_environment(), on=on, preview=dry_run, user=as_)
    say(figures, "未消込の入金はありません。")


@app.command()
def apply(
    receipt: str,
    items: list[str],
    difference: Annotated[
        str, typer.Option("--difference", help="fee|discount|withheld|write-off|misc|advance|remain")
    ] = "remain",
    date_: Day = None,
    learn: Annotated[bool, typer.Option("--learn/--no-learn", help="この振込名義を取引先のものと覚える")] = True,
    as_: As = "system",
) -> None:
    """入金を手で消し込む: 入金番号 明細[=金額]…"""
    load()
    from urikake.doors import month

    on = day(date_) if date_ else None
    say(month.apply(from_environment(), receipt, items, difference=difference, on=on, learning=learn, user=as_))


@app.command("take-back")
def take_back(
    receipt: Annotated[str, typer.Argument(help="入金の番号か取引番号")],
    date_: Annotated[str, typer.Option("--date", metavar="DATE", help="銀行が振込人に返した日")],
    why: Annotated[str, typer.Option("--why", help="理由")] = "",
    as_: As = "system",
) -> None:
    """銀行が振込人に返した入金を取り消す（組戻し）。消し込んでいない入金だけ。"""
    load()
    from urikake.doors import month

    say(month.take_back(from_environment(), receipt, day(date_), why=why, user=as_))


@app.command()
def unapply(application: int, date_: Day = None, as_: As = "system") -> None:
    """消込を取り消す。"""
    load()
    from urikake.doors import month

    say(month.unapply(from_environment(), application, on=day(date_) if date_ else None, user=as_))


@app.command("hold-receipt")
def hold_receipt(
    receipt: Annotated[str, typer.Argument(help="入金番号か取引番号")],
    why: Annotated[str, typer.Option("--why", help="理由（記録に残る）")] = "",
    aside: Annotated[bool, typer.Option("--aside", help="保留ではなく、対象外（消し込む入金ではない）にする")] = False,
    release: Annotated[bool, typer.Option("--release", help="保留・対象外をやめる")] = False,
    as_: As = "system",
) -> None:
    """入金を、理由を付けて消し込まずにおく（--release でやめる）。"""
    load()
    from urikake.doors import month

    month.hold_receipt(from_environment(), receipt, why=why, aside=aside, release=release, user=as_)
    done = "の保留をやめました。" if release else "を対象外にしました。" if aside else "を保留しました。"
    print(f"入金 {receipt} {done}")


@app.command()
def note(
    text: Annotated[str, typer.Argument(help="メモ。空なら消す")],
    partner: Annotated[str, typer.Option("--partner", metavar="CODE", help="取引先コード")] = "",
    receipt: Annotated[str, typer.Option("--receipt", help="入金番号か取引番号")] = "",
    as_: As = "system",
) -> None:
    """消込のメモを、取引先か入金に残す。"""
    load()
    from urikake.doors import month

    told = month.note(from_environment(), text, partner=partner, receipt=receipt, user=as_)
    print(
        "メモを残しました。"
        if told["new"] and text
        else "メモを消しました。"
        if told["new"]
        else "同じメモが残っています。"
    )


@app.command()
def recognize(month: str, as_: As = "system") -> None:
    """その月までの収益を認識する（2026-04）。"""
    load()
    from urikake.doors import month as steps

    with bar("recognize"):
        figures = steps.recognize(from_environment(), month, user=as_)
    say(figures, "認識する売上はありません。")


@app.command()
def close(month: str, as_: As = "system") -> None:
    """月を締める: 残っている手順を順に行い、照合し、ロックする。"""
    load()
    from urikake.doors import month as steps

    with bar("close", times=8):
        figures = steps.close(from_environment(), month, user=as_)
    print(f"{month} を締めました。" if figures["new"] else f"{month} は締め済みです。")


@app.command()
def reopen(month: str, why: Annotated[str, typer.Option("--why", help="理由")], as_: As = "system") -> None:
    """締めを、理由を付けて解除する。承認者でない人と締めた本人は、申請になる（別の人が approvals approve で承認する）。"""
    load()
    from urikake.doors import month as steps

    told = steps.reopen(from_environment(), month, why=why, user=as_)
    if told["locked"]:
        print(f"{month} の締めの解除を申請しました（申請 {told['proposal']}）。別の人の承認を待っています。")
    else:
        print(f"{month} の締めを解除しました。")


@app.command("cancel-invoice")
def cancel_invoice(
    number: str,
    why: Annotated[str, typer.Option("--why", help="理由（訂正の記録に残る）")],
    reissue: Annotated[
        bool, typer.Option("--reissue", help="いまの契約で計算し直した修正請求書を、あわせて発行する")
    ] = False,
    date_: Day = None,
    dry_run: Dry = False,
    as_: As = "system",
) -> None:
    """発行した請求書を、返還請求書で取り消す（--reissue で出し直す）。"""
    load()
    from urikake.doors import month

    on = day(date_) if date_ else None
    say(month.cancel_invoice(from_environment(), number, why=why, on=on, reissue=reissue, user=as_, preview=dry_run))


@app.command()
def approve(kind: str, refs: list[str], as_: As = "system") -> None:
    """承認する: receivables 伝票番号… ・ invoices 締日…"""
    load()
    from urikake.doors import month

    say(month.approve(from_environment(), kind, refs, user=as_))


@app.command()
def verify() -> None:
    """すべての不変条件とハッシュ連鎖を確かめる。"""
    load()
    from urikake.base import runs
    from urikake.rooms.closing.queries import verify as proofs

    with bar("verify"), runs.reading(from_environment()) as session:
        wrong = proofs(session)
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        sys.exit(1)
    print("すべて一致しています。")


@app.command()
def calculate(name: str) -> None:
    """計算する: 標準入力の JSON を1行ずつ読み、1行ずつ答える。"""
    from urikake.core.calculators import CALCULATORS, answer

    if name not in CALCULATORS:
        raise Refusal(
            "unknown-calculator", f"計算「{name}」はありません。", f"{'・'.join(CALCULATORS)} から選んでください。"
        )
    for line in sys.stdin:
        if line.strip():
            print(answer(name, line), flush=True)


@app.command()
def report(
    name: str,
    as_of: Annotated[str | None, typer.Option("--as-of")] = None,
    known_at: Annotated[str | None, typer.Option("--known-at")] = None,
    closing: Annotated[str | None, typer.Option("--closing")] = None,
    partner: Annotated[str | None, typer.Option("--partner")] = None,
    since: Annotated[str | None, typer.Option("--from")] = None,
    until: Annotated[str | None, typer.Option("--to")] = None,
    month: Annotated[str | None, typer.Option("--month")] = None,
    by: Annotated[str | None, typer.Option("--by")] = None,
    contract: Annotated[str | None, typer.Option("--contract")] = None,
    basis: Annotated[str | None, typer.Option("--basis")] = None,
    buckets: Annotated[str | None, typer.Option("--buckets")] = None,
    status: Annotated[str | None, typer.Option("--status")] = None,
    receipt: Annotated[str | None, typer.Option("--receipt")] = None,
    source: Annotated[str | None, typer.Option("--source")] = None,
    days: Annotated[int | None, typer.Option("--days")] = None,
    months: Annotated[int | None, typer.Option("--months")] = None,
    renewal: Annotated[int | None, typer.Option("--renewal")] = None,
    total: Annotated[str | None, typer.Option("--total")] = None,
    against: Annotated[str | None, typer.Option("--against")] = None,
    exempt: Annotated[str | None, typer.Option("--exempt")] = None,
    as_: As = "system",
    format_: Annotated[Format, typer.Option("--format")] = Format.table,
) -> None:
    """帳票を出す。"""
    load()
    from urikake.doors.asked import found

    options: dict[str, Any] = {
        **_read({"as_of": as_of, "closing": closing, "until": until}, day),
        **({"from_month": since} if name in MONTHS else _read({"since": since}, day)),
        **_read({"known_at": known_at}, instant),
        "partner": partner,
        "month": month,
        "by": by,
        "contract": contract,
        "basis": basis,
        "buckets": buckets,
        "status": status,
        "receipt": receipt,
        "source": source,
        "days": days,
        "months": months,
        "renewal": renewal,
        "total": total,
        "against": against,
        "exempt": exempt,
    }
    show(found(from_environment(), name, options, user=as_), format_, name)


def _read(texts: dict[str, str | None], reader: Callable[[str], Any]) -> dict[str, Any]:
    return {name: reader(text) if text is not None else None for name, text in texts.items()}
