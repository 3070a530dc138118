"""The pages of the guide that the code writes: every column of every file, every refusal. ``--update`` writes them.

``python -m tests.stories.reference --update``; a test says whether they are up to date.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from urikake.base import loading

TOP: Final = Path(__file__).parents[2]
SOURCE: Final = TOP / "src" / "urikake"
NOTE: Final = (
    "<!-- このページはプログラムから作っています。直すときは tests/stories/reference.py を使ってください。 -->"
)
TITLES: Final = {
    "partners": "取引先",
    "products": "商品",
    "option-rules": "オプションの決まり",
    "holidays": "会社カレンダー",
    "contracts": "契約",
    "events": "契約の変更",
    "usage": "使用量",
    "progress": "進捗度・検収",
    "receivables": "債権伝票",
    "openings": "移行残高",
    "users": "利用者",
    "receipts": "入金（銀行の明細）",
    "collectors": "収納機関",
    "mandates": "口座振替の登録",
    "export-mappings": "会計ソフトでの名前",
    "ledger-balances": "会計ソフトの試算表",
    "ledger-journal": "会計ソフトの仕訳帳・元帳",
    "payees": "返金先口座",
    "senders": "振込依頼人",
    "settlement": "精算明細（カード・代引）",
}
FORMS: Final = {"text": "文字", "amount": "整数", "micro": "数（小数6桁まで）", "day": "日付", "instant": "日時"}
NOTES: Final = {
    ("partners", "bill_to"): "請求書を別の取引先に送るとき",
    ("partners", "closing_day"): "`20`、月末は `31`、複数は `10;20;31`、毎週は曜日（`金曜`）",
    ("partners", "payment_months"): "締月から何か月後か（翌月は 1）",
    ("partners", "payment_day"): "1〜28、月末は 31",
    ("partners", "holiday_shift"): "休日なら `before` 前営業日・`after` 翌営業日・`none` そのまま",
    ("partners", "split"): "`transfer:50%;densai:rest:60d` のように",
    ("partners", "peppol_id"): "デジタルインボイスの宛先。`0188:法人番号` など。空欄は `0221:登録番号`",
    ("partners", "invoice_grouping"): "請求書を請求先・契約・受注・案件のどれごとにするか。空欄は会社の方針",
    ("partners", "tax_unit"): "`delivery_note` は、納品書(契約)ごと・税率ごとに消費税を丸める。空欄は請求書ごと",
    ("partners", "minimum_invoice"): "税込の円。今回の請求がこれに満たなければ次の締めに繰り越す。空欄は会社の方針",
    (
        "partners",
        "fee_bearer",
    ): "`payer` は先方負担。手数料を引かれた入金を手数料とせず、足りない分を残す。空欄は当社負担",
    ("partners", "payer_names"): "銀行の明細に出る名義。複数は `;` で区切る",
    ("products", "tax"): "税込の単価は `standard_incl` のように `_incl` を付ける",
    ("products", "revenue"): "空欄は会社の方針 recognition（月割りか日割り）",
    ("products", "tiers"): "`100@10;500@8;*@5`（100まで10円、500まで8円、その先5円）",
    (
        "products",
        "ssp_basis",
    ): "独立販売価格の求め方。`residual` は、契約の価格からほかの商品の独立販売価格を引いた残り",
    ("products", "commitment_months"): "最低・上限料金を何か月の合計で約束するか。空欄は請求サイクルごと",
    ("products", "meter"): "使用量の数え方。`sum` 合計・`max` 最大・`last` 最後の値・`unique` 対象の数。空欄は合計",
    ("usage", "subject"): "利用者や機器の番号など。集計が `unique` の商品では必ず",
    ("products", "valid_from"): "価格を改めるときは新しい適用開始の行を足す",
    ("holidays", "kind"): "`closed` 休業（空欄もこれ）・`open` 銀行は休みでも営業",
    ("option-rules", "rule"): "`needs` 相手のどれかと一緒に・`excludes` 相手とは一緒に売らない・`alone` 単独で売る",
    ("option-rules", "other"): "`needs` の相手がいくつもあるときは、行を分けて書く",
    ("option-rules", "valid_to"): "決まりをやめるときは、同じ行に最後の日を書いて取り込む",
    ("contracts", "contract_no"): "同じ番号の行が一つの契約の明細になる",
    ("contracts", "unit_price"): "空欄は商品の単価",
    ("contracts", "end"): "その日まで（含む）。空欄は期限なし",
    ("contracts", "cycle_months"): "1 は毎月、12 は年払い、0 は一回だけ",
    ("contracts", "timing"): "`advance` 前払・`current` 当月・`arrears` 後払",
    ("contracts", "bill_day"): "空欄は取引先の締日",
    ("contracts", "anchor_day"): "請求期間が始まる日。空欄は会社の方針",
    ("contracts", "auto_renew"): "更新する月数。空欄は更新しない",
    ("contracts", "uplift"): "`3%`。更新のたびに、前の単価に掛ける",
    ("contracts", "minimum_months"): "この月数より前に解約すると解約金がかかる",
    ("contracts", "termination_fee"): "最後に利用した日の締めで、一度だけ請求する",
    ("contracts", "termination_tax"): "空欄は不課税",
    ("contracts", "refund"): "`none` は、前払いを返さない",
    (
        "contracts",
        "tax_point",
    ): "税率が変わるとき、`completion` 役務の終わる日・`monthly` 月ごと・`receipt` 請求の締日の税率。空欄は会社の方針",
    (
        "contracts",
        "commissioned",
    ): "`yes` は、委託を受けた仕事（減額・支払遅延が禁じられた契約）。手数料を差し引いた入金を手数料とせず、帳票 `protected` に出す",
    ("contracts", "closing_day"): "この契約だけの回収条件（締日・回収・分割）。どれも空欄は取引先のもの",
    ("contracts", "discount"): "`10%` か `500`（1回の請求あたりの円）",
    ("contracts", "discount_months"): "空欄は続くかぎり、0 は一回だけ",
    ("contracts", "free_months"): "開始から無料にする月数",
    ("collectors", "partner"): "収納機関（銀行・収納代行会社・カード会社・配送会社）も取引先として登録しておく",
    ("collectors", "kind"): "`debit` 口座振替・`card` カード・`cod` 代引。委託者コードから下は口座振替だけ",
    ("collectors", "client_code"): "10桁",
    ("collectors", "bank"): "4桁",
    ("collectors", "branch"): "3桁",
    ("collectors", "number"): "7桁",
    ("mandates", "bank"): "4桁",
    ("mandates", "branch"): "3桁",
    ("mandates", "number"): "7桁（足りなければ頭に 0）",
    ("collectors", "client_name"): "依頼ファイルに書くカナの名前",
    ("collectors", "payout_days"): "引落日から入金までの日数。銀行の休業日なら次の営業日。空欄は 0",
    ("collectors", "line_end"): "依頼ファイルのレコードの後。`crlf` 改行（空欄もこれ）・`none` なし",
    (
        "export-mappings",
        "kind",
    ): "`account` 勘定科目・`department` 部門・`partner` 取引先・`tax` 税区分・`role` 消費税の扱い・"
    "`letter` ファイルに書けない文字・`column` 列",
    (
        "export-mappings",
        "ours",
    ): "税区分は `sale:standard:10` の形（売上 sale・返還 return・貸倒 loss・仕入 purchase・対象外 none）",
    ("export-mappings", "sub"): "`partner` で取引先ごと、`-` でなし。ほかは決まった補助科目の名前（コード）",
    ("export-mappings", "called"): "空欄は当社の名前のまま",
    ("payees", "bank"): "4桁",
    ("payees", "branch"): "3桁",
    ("payees", "number"): "7桁（足りなければ頭に 0）",
    ("payees", "holder"): "カナ。銀行のファイルに書ける文字（30文字まで、濁点も1文字）",
    ("senders", "account"): "返金を支払う、会社の銀行口座のコード（`main` など）",
    ("senders", "client_code"): "銀行から渡された10桁（総合振込の振込依頼人コード）",
    ("senders", "client_name"): "カナ。空欄は銀行口座の名義",
    ("senders", "line_end"): "ファイルのレコードの後。`crlf` 改行（空欄もこれ）・`none` なし",
    ("mandates", "collector"): "収納機関の取引先コード",
    ("mandates", "holder"): "カナ。銀行のファイルに書ける文字（30文字まで、濁点も1文字）",
    ("mandates", "customer_no"): "収納機関の中で一つだけの番号。空欄は取引先コード",
    ("mandates", "valid_from"): "この日から引き落とせる。空欄はすぐ",
    ("mandates", "stopped"): "`yes` で止める（理由を書く）。`no` や空欄の行を取り込むと、また使える",
    ("settlement", "id"): "収納機関の番号。同じ番号は一度だけ取り込む",
    ("settlement", "fee"): "収納機関が差し引く手数料（税込）。空欄は 0",
    ("events", "effective"): "新しい状態になる最初の日",
    ("events", "last_day"): "解約で、利用できる最後の日（適用日の代わり）",
    ("events", "line"): "変える明細の商品コード",
    ("events", "product"): "変更後（追加する）商品コード",
    ("events", "bill_to"): "`change_bill_to` で、適用日以後に始まる請求期間を請求する取引先",
    ("events", "discount"): "`10%` か `500`。`0` は、それまでの値引を終える",
    ("events", "discount_months"): "空欄は続くかぎり、0 は適用日のある請求一回だけ",
    ("events", "event_id"): "`withdraw` と `correct` では、取り消す・訂正する変更の ID",
    ("usage", "event_id"): "同じ ID は一度だけ数える",
    ("progress", "percent"): "その日までの累計。検収なら 100。書かないときは原価で",
    ("progress", "cost"): "その日までの累計",
    ("progress", "note"): "検収書の番号など、根拠",
    ("usage", "quantity"): "負の数量は、その日の訂正",
    ("receivables", "amount"): "税込",
    ("receipts", "id"): "銀行の取引番号。二度取り込んでも一度だけになる",
}
REFUSALS: Final = "Refusal"


def files_page() -> str:
    """The page of every kind of file with its columns."""
    from urikake.doors.files import TAKERS
    from urikake.rooms.collecting.actions import SETTLEMENT
    from urikake.rooms.intake.queries import Kind
    from urikake.rooms.receipts.queries import RECEIPTS

    others = {
        RECEIPTS.name: "urikake receipts FILE --format csv --account CODE",
        SETTLEMENT.name: "urikake settlement COLLECTOR FILE",
    }

    def rows(kind: Kind) -> Iterator[str]:
        for column in kind.columns:
            form = FORMS.get(getattr(column.read, "__name__", ""), "")
            form = form or column.why.removesuffix(" のいずれかで書いてください")
            note = NOTES.get((kind.name, column.name), "")
            must = "○" if column.required else ""
            yield f"| {column.japanese or '—'} | `{column.name}` | {must} | {form} | {note} |"

    parts = [NOTE, "# ファイルの列", "", *FILES_INTRO.strip().splitlines()]
    for kind in [*(kind for kind, _, _ in TAKERS.values()), RECEIPTS, SETTLEMENT]:
        command = others.get(kind.name, f"urikake import {kind.name} FILE")
        parts += ["", f"## {TITLES[kind.name]} {{ #{kind.name} }}", "", f"`{command}`", ""]
        parts += ["| 見出し | 英語の見出し | 必須 | 書き方 | 補足 |", "| --- | --- | :-: | --- | --- |", *rows(kind)]
    return "\n".join(parts) + "\n"


FILES_INTRO: Final = """
見出しは日本語でも英語でもかまいません（混ぜてもかまいません）。列の順は自由で、要らない列は省けます。
`x_` で始まる列は自由項目です。それ以外の知らない列があると、ファイル全体を取り込みません。

- **文字コード** UTF-8（BOM はあってもなくても）か、Excel の CSV（Shift_JIS・CP932）。Excel の `.xlsx` もそのまま使えます。
- **日付** `2026-04-01` か `2026/4/1`。**日時** `2026-04-01 09:30`（日本時間）か `2026-04-01T09:30:00+09:00`。
- **数** 桁区切りのカンマと全角の数字も読みます。
"""


def errors_page() -> str:
    """The page of every refusal with its cause and remedy, and of what may be wrong with a row of a file."""
    parts = [NOTE, "# エラー一覧", "", *ERRORS_INTRO.strip().splitlines(), ""]
    parts += ["| 番号 | 何が起きたか | どうするか |", "| --- | --- | --- |"]
    parts += [f"| `{code}` | {cause} | {remedy} |" for code, cause, remedy in sorted(set(refusals()))]
    parts += ["", "## ファイルの行の誤り", "", *ROWS_INTRO.strip().splitlines(), ""]
    parts += ["| 列 | 理由 |", "| --- | --- |"]
    parts += [f"| `{column}` | {why} |" for column, why in sorted(set(row_errors()))]
    parts += ["", "## デジタルインボイスの決まり { #peppol }", "", *PEPPOL_INTRO.strip().splitlines(), ""]
    parts += ["| 番号 | 何が誤りか | どうするか |", "| --- | --- | --- |", *peppol_rules()]
    return "\n".join(parts) + "\n"


ERRORS_INTRO: Final = """
断られたときは、何も保存されていません。直して、もう一度行ってください。番号はメッセージの終わりに `[period-locked]` のように出ます。
「…」にはそのときの値が入ります。コマンドの終了ステータスは、断られたとき 1、書き方の誤りは 2 です。
"""
ROWS_INTRO: Final = """
ファイルに一つでも誤りがあると、1行も取り込みません（`file-refused`）。誤りのある行は、行番号・列・値・理由を添えてすべて示します。
"""


PEPPOL_INTRO: Final = """
JP PINT のファイルを照らす決まりです（`urikake document peppol --check`）。書き出すときにも、同じ決まりに照らします。
"""


def peppol_rules() -> Iterator[str]:
    """Every rule of JP PINT files as a row: its name, what is wrong, and what to do."""
    from urikake.core.formats.peppol import RULES

    for rule, (why, remedy) in RULES.items():
        yield f"| `{rule}` | {why.replace('{}', '…')}。 | {remedy}。 |"


def refusals() -> Iterator[tuple[str, str, str]]:
    """Every refusal in the source: code, cause and remedy, with 「…」 where a value stands."""
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for scope in [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]:
            named = {
                target.id: node.value
                for node in ast.walk(scope)
                if isinstance(node, ast.Assign)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            for call in [n for n in ast.walk(scope) if isinstance(n, ast.Call) and _refuses(n)]:
                code, cause, remedy = (_said(named.get(getattr(a, "id", ""), a)) for a in call.args)
                yield code, cause, remedy


def _refuses(call: ast.Call) -> bool:
    """Whether the call makes a refusal."""
    direct = isinstance(call.func, ast.Name) and call.func.id == REFUSALS
    above = isinstance(call.func, ast.Attribute) and call.func.attr == "__init__" and len(call.args) == 3
    return (direct or above) and isinstance(call.args[0], ast.Constant)


def _said(node: ast.expr) -> str:
    """The text of a string in the source; values that are put in are 「…」."""
    if isinstance(node, ast.Constant):
        return str(node.value).replace("|", "\\|")
    if isinstance(node, ast.JoinedStr):
        return "".join(_said(part) for part in node.values)
    if isinstance(node, ast.IfExp):
        return f"{_said(node.body)}／{_said(node.orelse)}"
    return "…"


def row_errors() -> Iterator[tuple[str, str]]:
    """Every reason for which a row of a file may be refused, with its column."""
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = _assigned(tree.body)
        for scope in [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]:
            named = constants | _assigned(ast.walk(scope))
            for call in [n for n in ast.walk(scope) if isinstance(n, ast.Call)]:
                yield from _checked(call, named)
    yield from _unreadable()


def _assigned(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    """What each name is given among the nodes."""
    found: dict[str, ast.expr] = {}
    for node in nodes:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        found |= {target.id: value for target in targets if isinstance(target, ast.Name) and value is not None}
    return found


def _checked(call: ast.Call, named: dict[str, ast.expr]) -> Iterator[tuple[str, str]]:
    """The column and the reason of one check, where the call is one and the source says them."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name == "check" and len(call.args) == 3:
        column, why = _said(call.args[1]), call.args[2]
    elif name == "check_day":
        column, why = "effective", call.args[2]
    else:
        return
    why = named.get(getattr(why, "id", ""), why)
    if isinstance(why, ast.Call) and getattr(why.func, "attr", "") == "format":
        why = named.get(getattr(why.args[0], "id", ""), why.args[0])
    text = _said(why).replace("{}", "…")
    if "…" not in (column, text):
        yield column, text


def _unreadable() -> Iterator[tuple[str, str]]:
    """What is said of a cell that cannot be read as what its column wants."""
    from urikake.core import cells
    from urikake.doors.files import TAKERS
    from urikake.rooms.collecting.actions import SETTLEMENT
    from urikake.rooms.receipts.queries import RECEIPTS

    for kind in [*(kind for kind, _, _ in TAKERS.values()), RECEIPTS, SETTLEMENT]:
        yield from ((c.name, c.reason) for c in kind.columns if c.read is not cells.text)


def permissions_page() -> str:
    """The page of roles and permissions: who may look at and do what."""
    from urikake.base.access import OPERATOR, PERMISSIONS, ROLES

    everybody = (*ROLES, OPERATOR)
    parts = [NOTE, "# 役割と権限", "", *PERMISSIONS_INTRO.strip().splitlines()]
    for title, wanted in (("見る", True), ("行う", False)):
        names = " | ".join(ROLE_NAMES[role] for role in everybody)
        parts += ["", f"## {title}", "", f"| | 権限 | {names} |", f"| --- | --- |{' :-: |' * len(everybody)}"]
        for permission, allowed in sorted(PERMISSIONS.items()):
            what, verb = permission.split(".")
            if (verb == "read") is wanted:
                marks = " | ".join("●" if role in allowed else "" for role in everybody)
                parts.append(f"| {SUBJECTS[what]}{VERBS[verb]} | `{permission}` | {marks} |")
    return "\n".join(parts) + "\n"


PERMISSIONS_INTRO: Final = """
誰が何を見て、何を行えるかの一覧です。画面・API・コマンドのすべてが、この一つの表に従います。会社ごとに、その会社の利用者としての役割で決まります。
`system` は組み込みの利用者です。作ることはできますが、別の人の承認が要るものを承認することはできません。
`none` は何もできません（退職した人など）。
自分が起票したものの承認と、自分が締めた月の解除は、役割にかかわらずできません。
"""
ROLE_NAMES: Final = {
    "admin": "管理者<br>`admin`",
    "accountant": "経理<br>`accountant`",
    "billing": "請求<br>`billing`",
    "sales": "営業<br>`sales`",
    "approver": "承認者<br>`approver`",
    "auditor": "監査<br>`auditor`",
    "none": "なし<br>`none`",
    "operator": "組み込み<br>`system`",
}
SUBJECTS: Final = {
    "home": "ホーム・検索",
    "audit": "証跡", "billing": "請求", "closing": "月次締め", "companies": "会社", "company": "会社の設定一式",
    "collecting": "口座振替・収納代行", "contracts": "契約", "imports": "取込", "refunds": "返金", "exports": "仕訳出力",
    "invoices": "請求書", "journals": "仕訳", "ledger": "仕訳", "matching": "消込",
    "partners": "取引先", "products": "商品", "receipts": "入金", "receivables": "債権", "reports": "分析", "revenue": "収益",
    "runs": "実行の記録", "settings": "設定", "tokens": "API の鍵", "usage": "使用量", "users": "利用者",
}  # fmt: skip
VERBS: Final = {
    "read": "を見る", "add": "を加える", "apply": "を行う", "approve": "を承認する", "ask": "を申請する",
    "cancel": "を取り消す", "change": "を変える", "close": "を行う", "create": "を作る", "deliver": "を送る",
    "enter": "伝票を起票する", "export": "のファイルを作る", "import": "を取り込む", "issue": "を発行する",
    "map": "の列の対応づけと銀行の形式を保存する", "name": "の会計ソフトでの名前を決める", "post": "を計上する",
    "recognize": "を認識する", "request": "を依頼する", "settle": "の結果で消し込む", "reopen": "を解除する", "open": "の解除を承認する",
    "release": "で覚えた名義の使用を許可する", "run": "を計算する", "set_up": "を作る",
    "transfer": "を銀行に送るファイルにする", "judge": "の判断を申請する",
}  # fmt: skip


def api_page() -> str:
    """The page of the REST API: every operation of the committed OpenAPI document, with who may call it."""
    document = json.loads((TOP / "docs/reference/openapi.json").read_text(encoding="utf-8"))
    groups: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            permission = operation["x-permission"]
            needed = f"`{permission}`" if permission else "サインイン"
            row = f"| `{method.upper()}` | `{path.removeprefix('/api/v1')}` | {operation['summary']} | {needed} |"
            groups.setdefault(operation["tags"][0], []).append(row)
    parts = [
        NOTE,
        "# REST API",
        "",
        *API_INTRO.strip().splitlines(),
        "",
        *document["info"]["description"].strip().splitlines(),
    ]
    for group, rows in sorted(groups.items()):
        parts += ["", f"## {group}", "", "| | アドレス | すること | 権限 |", "| --- | --- | --- | --- |", *sorted(rows)]
    return "\n".join(parts) + "\n"


API_INTRO: Final = """
アドレスは `/api/v1` に続けます。くわしい形は OpenAPI 3.1（[openapi.json](openapi.json)、サーバーの `/api/v1/openapi.json`）にあります。
権限を持つ役割は [役割と権限](permissions.md) のとおりです。
"""

PAGES: Final = {
    TOP / "docs/reference/files.md": files_page,
    TOP / "docs/reference/errors.md": errors_page,
    TOP / "docs/reference/permissions.md": permissions_page,
    TOP / "docs/reference/api.md": api_page,
}


def main() -> None:
    """Write the pages anew."""
    loading.load()
    for path, page in PAGES.items():
        path.write_text(page(), encoding="utf-8")


if __name__ == "__main__" and "--update" in sys.argv:
    main()
