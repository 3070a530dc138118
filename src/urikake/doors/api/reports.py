"""The reports: each with its own options as parameters, answered as it is on the command line."""

from __future__ import annotations

import inspect
from typing import Any, Final, cast

from ninja import Schema
from pydantic import Field, create_model

from urikake.base.bulk import Session
from urikake.doors.asked import SPELT
from urikake.rooms.reports.queries import READING, REPORTS, SINGLE, report

from .operation import SIGNED_IN, Call, Day, Known, Month, Text, reads

GROUP: Final = "帳票"
KNOWN: Final = "known_at"
TITLES: Final = {
    "invoices": "請求書",
    "billing-diff": "前回の請求との差",
    "billing-alarms": "請求前の確認（大きな増減・請求なし・初めて・使用量なし・与信限度超過・保留）",
    "deliveries": "請求書の送付（未送付・送付済み・失敗・不達）",
    "debits": "口座振替（依頼・振替済・振替不能・取下げ）",
    "receivables": "請求・回収情報データベース",
    "aging": "年齢調べ",
    "deposits": "預り保証金（預り・返還・残高）",
    "openings": "移行残高（取引先ごと・総勘定元帳と旧システムとの突合）",
    "advances": "前受金（入金・充当・残り）",
    "tie-out": "会計ソフトの帳簿との照合（科目・月ごと）",
    "tie-out-slips": "会計ソフトの帳簿と違う伝票",
    "protected": "取適法の確認（減額・支払遅延・長すぎる回収予定・手形）",
    "reductions": "消込での売上値引と、返還請求書の要否",
    "refunds": "返金（承認済み・振込ファイル・戻った）",
    "receipts": "入金",
    "bank-files": "取り込んだ銀行のファイルと、前のファイルとのつながり",
    "bank-corrections": "銀行のファイルの訂正（人が確かめるもの）",
    "matches": "入金の消込候補",
    "payer-names": "消込で覚えた振込名義と、これまでの消込に当てた結果",
    "matching-rules": "許可して使う消込の決まりと、これまでの消込に当てた結果",
    "rule-trials": "消込の決まりを当てた入金（違うものから）",
    "statement": "得意先元帳",
    "journals": "仕訳帳",
    "trial-balance": "合計残高試算表",
    "close-status": "月次締めの進み",
    "close-steps": "月次締めの手順（数字と証明）",
    "close-flux": "先月からの増減（売上・売掛金・前受金・仮受金・消費税）",
    "close-history": "月の締めと解除の記録",
    "audit": "証跡",
    "schedule": "収益認識の予定",
    "recognized": "認識した収益",
    "deferred": "前受収益の増減",
    "contract-balances": "契約残高の増減（債権・契約資産・契約負債）",
    "remaining-obligations": "残存履行義務（いつ収益になるか）",
    "revenue-by": "収益の分解（サービス・パターン・部門などの切り口）",
    "waterfall": "請求した月ごとの収益の進み（ウォーターフォール）",
    "obligations": "履行義務と取引価格の配分（契約の版ごと）",
    "modifications": "契約変更の扱いと、それを決めたもの",
    "judgements": "収益認識の判断と、その理由",
    "allocation-check": "配分の確かめ（取引価格・配分・請求）",
    "interest": "重要な金融要素の利息（契約・月ごと）",
    "timeline": "契約の出来事",
    "contracts": "有効な契約明細",
    "renewals": "更新予定",
    "mrr": "月次経常収益（MRR）とその増減",
    "mrr-by": "切り口ごとの月次経常収益（MRR）",
    "mrr-movements": "MRR を動かした契約明細",
    "cohorts": "開始した月ごとの残り方",
    "forecast": "請求と収益の見通し",
    "usage": "使用量のそろい方（ある・欠け・遅れ）",
}
OPTIONS: Final[dict[str, tuple[Any, str]]] = {
    "as_of": (Day, "基準日"),
    "closing": (Day, "締日"),
    "since": (Day, "この日から"),
    "until": (Day, "この日まで"),
    "month": (Month, "月"),
    "by": (Text, "まとめ方"),
    "partner": (Text, "取引先コード"),
    "contract": (Text, "契約番号"),
    "basis": (Text, "数え始め（due 期日・invoice 請求日）"),
    "buckets": (Text, "区切りの日数"),
    "status": (Text, "unapplied なら消込の済まないものだけ、状態の名前ならその状態のものだけ"),
    "receipt": (Text, "入金番号か取引番号"),
    "source": (Text, "請求書番号"),
    "days": (int, "何日先までか"),
    "from_month": (Month, "この月から"),
    "months": (int, "何か月分か"),
    "total": (Text, "旧システムの合計（円）"),
    "renewal": (int, "自動更新される見込み（%）"),
    "exempt": (
        Text,
        "残存履行義務から除くもの（one-year 1年以内の契約・as-invoiced 請求する権利の額で認識するもの。カンマで並べる）",
    ),
    "rule": (Text, "消込の決まり（oldest・over・part）"),
    "against": (Text, "比べる期間（before 直前の同じ長さ・year 前年）"),
}


class Line(Schema):
    """A report as the list of them shows it."""

    name: str = Field(description="帳票の名前")
    title: str = Field(description="表題")
    permission: str = Field(description="読むのに要る権限")
    options: list[str] = Field(description="指定できるもの")


def wanted(name: str) -> list[inspect.Parameter]:
    """The options of a report, apart from the instant, which every report takes."""
    return [p for p in list(inspect.signature(REPORTS[name]).parameters.values())[1:] if p.name != KNOWN]


def _options(name: str) -> type[Known]:
    """The parameters of a report's operation."""
    found: dict[str, Any] = {}
    for parameter in wanted(name):
        kind, why = OPTIONS[parameter.name]
        bounds = {"ge": 0, "le": 3660} if kind is int else {}
        must = parameter.default is inspect.Parameter.empty
        default = ... if must else parameter.default
        kind = kind if must or default is not None else kind | None
        found[parameter.name] = (kind, Field(default, description=why, alias=SPELT.get(parameter.name), **bounds))
    title = "".join(part.title() for part in name.split("-"))
    return cast(type[Known], create_model(f"{title}Options", __base__=Known, **found))


def _enter(name: str) -> None:
    own = KNOWN in inspect.signature(REPORTS[name]).parameters  # as files say it of contracts, not as recorded here

    @reads(f"reports/{name}", permission=READING[name], summary=f"帳票: {TITLES[name]}", group=GROUP,
           response=dict[str, Any] if name in SINGLE else list[dict[str, Any]], options=_options(name), bounded=not own)  # fmt: skip
    def made(session: Session, call: Call) -> Any:
        asked = {p.name: getattr(call.options, p.name) for p in wanted(name)}
        found = report(session, name, **asked, **({KNOWN: call.known_at} if own else {}))
        return found if name in SINGLE else list(found)


@reads("reports", permission=SIGNED_IN, summary="帳票の一覧", group=GROUP, response=list[Line])
def listed(session: Session, call: Call) -> list[dict[str, Any]]:
    """Every report that the caller may read."""
    return [
        {
            "name": name,
            "title": TITLES[name],
            "permission": READING[name],
            "options": [SPELT.get(p.name, p.name) for p in wanted(name)] + ["known_at"],
        }
        for name in REPORTS
        if call.caller.may(READING[name])
    ]


for _name in REPORTS:
    _enter(_name)
