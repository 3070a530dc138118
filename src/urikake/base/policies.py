"""The company's policies in words, and how they are changed: for what is computed from now on, never for the past.

Every figure is computed under the policies that stand in its run, and whoever recomputes it asks for those
(`company.policies` with a run). What would change running contracts or balances that are carried on cannot be changed by a
setting: it is a change of accounting policy and takes a decision on every contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from ..core.formats import registration_number
from ..core.formats.peppol import endpoint
from . import facts, proposals, runs
from .access import action
from .bulk import Session
from .company import CHOICES, SECOND_PERSON, TAX_RATES, UNITS, Policies, policies, policy_rows, tax_rate_text
from .errors import Refusal
from .models import Policy

NAME: Final = "policies"


@dataclass(frozen=True, slots=True)
class Told:
    """A policy as people read it: its title, its values in words, what it decides, and whether it can be changed."""

    key: str
    title: str
    effect: str
    values: Mapping[str, str]
    changeable: bool = False

    def word(self, value: str) -> str:
        """The value in words."""
        if self.key == "second_person":
            return "・".join(self.values[each] for each in value.split(",") if each) or "なし"
        return self.values.get(value, value or "—")


ROUNDINGS: Final = {"floor": "切り捨て", "half_up": "四捨五入", "ceil": "切り上げ"}
PRORATIONS: Final = {
    "daily": "実日数", "monthly": "月数", "thirtieth": "30日割り", "thirty_360": "30/360",
    "full_month": "1か月分", "free": "無料",
}  # fmt: skip
KINDS: Final = {
    "receivables": "債権伝票", "write-off": "貸倒・免除", "refund": "返金", "reopen": "締めの解除",
    "bank-account": "銀行口座の変更", "invoices": "請求書の発行", "policies": "方針の変更",
    "judgement": "収益認識の判断",
}  # fmt: skip
TAX_POINTS: Final = {
    "completion": "役務の終わる日", "monthly": "月ごと(変わる日で明細を分ける)", "receipt": "請求の締日(前受のとき)",
}  # fmt: skip
TOLD: Final = (
    Told("tax_rounding", "消費税の端数", "請求書ごと・税率ごとに一度だけ丸める。 1,005円の10%は切り捨てで100円、切り上げで101円。",
         ROUNDINGS, True),
    Told("tax_rates", "消費税率の変更",
         "これから変わる税率を、決まったときに書いておく。税区分=税率%@適用開始日。例 standard=12%@2028-04-01", {}, True),
    Told("tax_point", "どの日の税率か", "契約で決めていないときの、消費税率を決める日。一年分の請求の途中で税率が変わるときに効く。",
         TAX_POINTS, True),
    Told("invoice_grouping", "請求書の単位", "一つの締日の明細を、請求先ごとに一枚にするか、契約・受注・案件ごとに分けるか。",
         {"bill_to": "請求先ごと", "contract": "契約ごと", "order": "受注番号ごと", "project": "案件ごと"}, True),
    Told("minimum_invoice", "請求書を出す最低額",
         "請求先の今回の請求額(税込)がこの額(円)に満たないときは、請求書を出さず次の締めに繰り越す。0 は繰り越さない。", {}, True),
    Told("fee_tolerance", "手数料とみなす上限", "入金が請求よりこの額(円)まで少ないとき、振込手数料が引かれたとみなせる。", {}, True),
    Told("rounding_tolerance", "端数とみなす上限", "入金と請求の違いがこの額(円)までのとき、端数の計算の違いとみて雑損益にできる。"
         "0 なら、違いはすべて人が決める。", {}, True),
    Told("renewal_alert_days", "更新を知らせる日数", "契約の通知期限の何日前から、ホームの仕事と更新予定に出すか。", {}, True),
    Told("billing_alarm_percent", "知らせる増減", "請求先の請求額が前の締めから何%より動いたら、請求前の確認に出すか。", {}, True),
    Told("fee_account", "差し引かれた手数料の科目", "振込手数料を、費用とするか、売上の値引とするか。",
         {"支払手数料": "支払手数料(費用)", "売上値引": "売上値引(売上のマイナス)"}, True),
    Told("allocation", "一部入金の充て方", "請求額に足りない入金を、古い明細から充てるか、金額の割合で分けるか。",
         {"oldest": "古い順", "proportional": "按分"}, True),
    Told("learned_names", "覚えた名義の使い方", "消込で覚えた振込名義を、いつから自動の消込に使うか。",
         {"after_release": "別の人が認めてから", "after_two": "2回同じに消し込まれてから", "at_once": "すぐに"}, True),
    Told("financing", "重要な金融要素", "支払の時期が提供の時期と大きくずれる契約で、判断した利率により利息を取引価格から分けるか。"
         "すでに判断した契約は変わらない。", {"none": "分けない", "judged": "判断した契約で分ける"}, True),
    Told("second_person", "二人目の承認が要るもの", "挙げたものは、作った人とは別の人が承認するまで行われない。", KINDS, True),
    Told("registration_number", "登録番号", "適格請求書に印字する。これから発行する請求書に使う。", {}, True),
    Told("peppol_id", "電子アドレス", "デジタルインボイスの差出人（Peppol ID）。空欄なら 0221 と登録番号。", {}, True),
    Told("proration", "日割りの方法", "契約で決めていないときの、途中の開始・終了・変更の計算。これから登録する契約に使う。",
         PRORATIONS, True),
    Told("cycle_anchor", "請求サイクルの起算", "契約で決めていないときの、請求期間の始まる日。これから登録する契約に使う。",
         {"start": "契約の開始日", "calendar": "暦の1日"}, True),
    Told("amount_rounding", "金額の端数", "日割り・従量の円未満の丸め方。", ROUNDINGS),
    Told("recognition", "収益の割り方", "商品が決めていないときの、期間にわたる収益の割り方。", {"monthly": "月割り", "daily": "日割り"}),
    Told("partial_month", "端数月の収益", "月の途中で始まる・終わる月の収益。",
         {"daily": "日数で", "full_first": "初月を1か月分", "none_first": "初月は計上しない"}),
    Told("remainder", "割り切れない円", "月に割った円未満の扱い。",
         {"cumulative": "累計で丸める", "last": "最後の月に", "first": "最初の月に"}),
    Told("advance_tax", "前受金の消費税", "前受けの消費税を、収益のときに計上するか、請求のときに計上するか。",
         {"with_revenue": "収益のとき(前受金は税込)", "on_invoice": "請求のとき(契約負債は税抜)"}),
    Told("accrual_account", "未請求収益の科目", "請求より先に計上した収益の科目。",
         {"contract_asset": "契約資産", "receivable": "未収入金"}),
    Told("fiscal_year_start_month", "期首の月", "会計年度の始まる月。", {}),
    Told("opening_month", "記帳を始める月", "この月より前は、移行残高のほか何も計上しない。", {}),
    Told("currency", "機能通貨", "帳簿の通貨。", {}),
)  # fmt: skip
BY_KEY: Final = {told.key: told for told in TOLD}


def propose(session: Session, values: Mapping[str, str], why: str) -> int | None:
    """Ask for other values of policies; the number of the proposal, or None where it is done at once."""
    held, wanted = policies(session), {key: _value(key, str(value).strip()) for key, value in values.items()}
    content = {key: {"from": held[key], "to": value} for key, value in wanted.items()}
    changed = {key: change for key, change in content.items() if _as_kept(key, change["from"]) != change["to"]}
    if not changed:
        raise Refusal("no-change", "方針は今の値のままです。", "変えたい項目の値を選び直してください。")
    return proposals.propose(session, NAME, changed, why)


def _as_kept(key: str, value: str) -> str:
    """A value that stands, as it would be kept now: kinds were once kept in the order they were written in."""
    return _kinds(value) if key == "second_person" else value


def _value(key: str, value: str) -> str:
    """The value as it is kept; refused where the policy cannot have it, or cannot be changed."""
    told = BY_KEY.get(key)
    if told is None:
        raise Refusal("unknown-policy", f"方針「{key}」はありません。", f"{'・'.join(BY_KEY)} から選んでください。")
    if not told.changeable:
        raise Refusal(
            "fixed-policy",
            f"方針「{told.title}」は、記帳を始めた後では変えられません。",
            "続いている契約や残高の計算が変わるためです。新しい会社として始めるか、移行残高で引き継いでください。",
        )
    if key in CHOICES and value not in CHOICES[key]:
        words = "・".join(f"{each}({told.word(each)})" for each in CHOICES[key])
        raise Refusal("policy-value", f"方針「{told.title}」が「{value}」です。", f"{words} から選んでください。")
    if key in UNITS and not (value.isdecimal() and value.isascii() and int(value) < 10**9):
        raise Refusal(
            "policy-value", f"方針「{told.title}」が「{value}」です。", f"0 以上の{UNITS[key]}で指定してください。"
        )
    if key == "second_person":
        return _kinds(value)
    if key == TAX_RATES:
        return tax_rate_text(value)
    return _number(key, value) if value else value


def _number(key: str, value: str) -> str:
    """The registration number or the electronic address as it is kept; other values as they are."""
    if key == "registration_number":
        if why := registration_number.problem(value):
            raise Refusal("registration-number", f"登録番号「{value}」: {why}。", "番号を確かめてください。")
        return registration_number.normalised(value)
    if key == "peppol_id":
        if why := endpoint.problem(value):
            raise Refusal("peppol-id", f"Peppol ID「{value}」: {why}。", "番号を確かめてください。")
        return endpoint.normalised(value)
    return value


def _kinds(value: str) -> str:
    """The kinds that need a second person, each once, in their own order."""
    asked = {each.strip() for each in value.split(",") if each.strip()}
    if wrong := asked - set(SECOND_PERSON):
        raise Refusal(
            "policy-value",
            f"二人目の承認が要るものに「{min(wrong)}」があります。",
            f"{'・'.join(SECOND_PERSON)} から選んでください。",
        )
    return ",".join(each for each in SECOND_PERSON if each in asked)


def _check(session: Session, content: proposals.Content) -> None:
    """Refuse a change whose starting point is no longer so."""
    held = policies(session)
    stale = [key for key, change in content.items() if held[key] != change["from"]]
    if stale:
        raise Refusal(
            "stale-proposal",
            f"申請のあとで「{BY_KEY[stale[0]].title}」が変わっています。",
            "差し戻して、今の値から申請し直してもらってください。",
        )


@action("settings.change")
def change(session: Session, values: Mapping[str, str]) -> None:
    """Record other values of policies, for what is computed from the next run on."""
    rows = [{"key": key, "value": value, "valid_from_on": runs.day(session)} for key, value in values.items()]
    facts.record(session, Policy, pl.DataFrame(rows))
    session.cache["policies"] = Policies({**policies(session).values, **values})


def _do(session: Session, content: proposals.Content) -> None:
    change(session, {key: told["to"] for key, told in content.items()})


def words(content: proposals.Content) -> str:
    """A change in words.

    >>> words({"tax_rounding": {"from": "floor", "to": "half_up"}})
    '消費税の端数: 切り捨て → 四捨五入'
    """
    told = [(BY_KEY[key], each) for key, each in content.items()]
    return "、".join(f"{found.title}: {found.word(each['from'])} → {found.word(each['to'])}" for found, each in told)


def history(session: Session) -> pl.DataFrame:
    """Every value that a policy ever had, newest first: ``key, value, actor, recorded_at``; the first ones are not told."""
    run = session.read(
        "SELECT DISTINCT r.id AS run_id, r.actor, r.recorded_at FROM base_policy p JOIN base_run r ON r.id = p.run_id"
        " WHERE p.id >= ? AND p.id < ?",
        (session.low, session.high),
    )
    rows = policy_rows(session)
    later = rows.filter(pl.col("run_id") > rows["run_id"].min())
    return later.join(run, on="run_id", how="left", maintain_order="left").reverse().drop("run_id", "valid_from_on")


def listed(session: Session) -> list[dict[str, Any]]:
    """Every policy as it stands: ``key, title, value, word, effect, changeable``."""
    held = policies(session)
    return [
        {"key": told.key, "title": told.title, "value": held[told.key], "word": told.word(held[told.key]),
         "effect": told.effect, "changeable": told.changeable}
        for told in TOLD
    ]  # fmt: skip


proposals.kind(proposals.Kind(NAME, "方針の変更", "settings.change", "settings.approve", _check, _do, words))
