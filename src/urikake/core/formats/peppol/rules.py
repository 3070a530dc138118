"""The rules that a JP PINT file must keep: each with what is wrong where it is broken, and what to do, in Japanese.

Rules marked with an asterisk in `RULES` (``*``) are let through by the official rule set, although they make an invoice
wrong: the product keeps them all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_CHECK: Final = "請求書の内容と書き出しの設定を確かめ、もう一度書き出してください"
_SUM: Final = "金額を足し直し、もう一度書き出してください"

RULES: Final[dict[str, tuple[str, str]]] = {
    "xml": ("XML として読めません（{}）", "ファイルが途中で切れていないか、書き換えられていないか確かめてください"),
    "root": ("UBL の Invoice ではありません（{}）", "JP PINT の請求書のファイルを選んでください"),
    "document": (
        "CustomizationID・ProfileID・InvoiceTypeCode の組が JP PINT のものではありません（{}）",
        "標準 380・仕入明細 389・登録番号のない発行者 480 のいずれかの組にしてください",
    ),
    "required": ("必要な項目 {} がありません", "項目を書き足してください"),
    "once": ("{} は一つしか書けません", "一つにまとめてください"),
    "unknown": ("JP PINT にない項目 {} があります", "項目を取り除いてください"),
    "order": ("項目 {} の順が決まりと違います", "UBL の順に並べてください"),
    "empty": ("空の項目 {} があります", "値を書くか、項目を取り除いてください"),
    "date": ("「{}」は 2026-04-30 の形の日付ではありません", "日付を直してください"),
    "time": ("「{}」は 09:30:00 の形の時刻ではありません", "時刻を直してください"),
    "period": ("取引の期間がありません", "請求書か明細に、期間の初めと終わりを書いてください"),
    "period-order": ("期間の終わりが初めより前です（{}）", "期間の初めと終わりを確かめてください"),
    "period-inside": ("明細の期間が請求書の期間から外れています（{}）", "請求書の期間を広げるか、明細の期間を直してください"),
    "currency": ("通貨「{}」がこの場所の通貨ではありません", "請求書の通貨（税の円換算は JPY）にそろえてください"),
    "tax-currency": ("TaxCurrencyCode が「{}」です", "円以外の請求書にだけ、JPY と書いてください"),
    "yen-tax": ("円以外の請求書に、円の消費税額がありません", "円に換算した消費税の合計と内訳を書き足してください"),
    "yen-tax-sign": ("円の消費税額と、請求書の通貨の消費税額の符号が違います（{}）", "換算を確かめてください"),
    "yen-tax-categories": ("円の消費税の内訳が、請求書の通貨の内訳と合いません（{}）", "同じ税区分と税率にそろえてください"),
    "amount": ("「{}」は数ではありません", "半角の数字で書いてください"),
    "decimals": ("金額「{}」の小数は 2 桁までです", "小数 2 桁までに丸めてください"),
    "yen-decimals": ("円の金額「{}」に小数点があります", "円は整数で書いてください"),  # *
    "endpoint-scheme": ("電子アドレスの種類（schemeID）がありません", "0188（法人番号）か 0221（登録番号）などを書いてください"),
    "endpoint": ("電子アドレス「{}」が、その種類の番号ではありません", "法人番号（13 桁）か登録番号（T と 13 桁）を確かめてください"),
    "country": ("国「{}」は ISO 3166 の 2 文字ではありません", "日本なら JP と書いてください"),
    "seller-number": ("発行者の登録番号がありません", "発行者の登録番号を書いてください（番号がなければ 480 の請求書にします）"),
    "seller-number-form": ("発行者の登録番号「{}」は T と 13 桁の数字ではありません", "登録番号を確かめてください"),
    "number-digit": ("番号「{}」のチェックデジットが合いません", "番号の打ち間違いがないか確かめてください"),  # *
    "seller-number-none": ("登録番号のない発行者の請求書に、登録番号「{}」があります", "380 の請求書にするか、番号を取り除いてください"),
    "means-account": ("振込先の口座がありません", "銀行・支店・種目・口座番号を書いてください"),
    "means-mandate": ("口座振替の同意の番号がありません", "PaymentMandate に番号を書いてください"),
    "reason": ("増減額の理由がありません", "理由の文か番号を書いてください"),
    "discount-only": ("単価の増減は値引だけです", "単価を上げるときは、単価そのものを直してください"),
    "original": ("返還の請求書が、もとの請求書を指していません", "もとの請求書の番号と発行日を書いてください"),
    "original-note": ("返還の明細に、もとの取引の日がありません", "明細の備考に、もとの取引の日か期間を書いてください"),
    "scheme": ("税の種類が「{}」です", "消費税は VAT と書いてください"),
    "category": ("税区分「{}」は使えません", "S・AA・E・G・O のいずれかにしてください"),
    "percent": ("税区分と税率が合いません（{}）", "S と AA は税率、E と G は 0、O は税率なしにしてください"),
    "line-tax": ("明細に税区分と税率がありません", "明細に税区分と税率を書いてください"),  # *
    "subtotals": ("明細の税区分・税率と、内訳の税区分・税率が合いません（{}）", "税区分と税率ごとに、内訳をちょうど一つ書いてください"),
    "taxable": ("内訳の税抜額 {} が、その税率の明細と増減額の合計と合いません", _SUM),  # *
    "tax-range": ("消費税 {} が、税抜額 × 税率の切捨てから切上げまでの間にありません", "税率ごとに一度だけ丸めて計算し直してください"),
    "tax-zero": ("税のかからない区分に、消費税 {} があります", "消費税を 0 にしてください"),
    "tax-none": ("登録番号のない発行者の請求書に、消費税 {} があります", "消費税を 0 にしてください"),
    "tax-sum": ("消費税の合計 {} が、内訳の合計と合いません", _SUM),
    "lines-sum": ("明細の合計 {} が、明細を足した額と合いません", _SUM),
    "allowance-sum": ("増減額の合計 {} が、増減額を足した額と合いません", _SUM),
    "exclusive": ("税抜の合計 {} が、明細 − 減額 + 増額と合いません", _SUM),
    "inclusive": ("税込の合計 {} が、税抜 + 消費税と合いません", _SUM),
    "payable": ("請求額 {} が、税込 − 前払 + 端数調整と合いません", _SUM),
    "line-id": ("明細の番号「{}」が重なっています", "明細の番号を一つずつ変えてください"),
    "unit": ("数量の単位（unitCode）がないか、単価の数量の単位と違います（{}）", "UN/ECE 勧告 20 の単位にそろえてください"),
    "price": ("単価「{}」が負です", "返品や返金は、数量と金額を負にしてください"),
    "base-quantity": ("単価の数量「{}」が正ではありません", "単価の数量を正にしてください"),
    "line-amount": ("明細の金額 {} が、数量 × 単価と合いません", "数量・単価・金額を確かめてください"),  # *
    "despatch": ("出荷の番号が、請求書と明細の両方にあります", "どちらか一方にしてください"),
    "identifier": ("{} の種類（schemeID・listID）がありません", "番号の種類を書いてください"),
    "property": ("追加の項目に、名前か値がありません", "名前と値の両方を書いてください"),
}  # fmt: skip
"""Of each rule: what is wrong (``{}`` is what was found), and what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A broken rule: its name in `RULES`, the element where, and what was found there.

    >>> print(Problem("price", "InvoiceLine[1]/Price/PriceAmount", "-5"))
    InvoiceLine[1]/Price/PriceAmount: 単価「-5」が負です。返品や返金は、数量と金額を負にしてください。 [price]
    """

    rule: str
    where: str
    found: str = ""

    @property
    def why(self) -> str:
        return RULES[self.rule][0].format(self.found)

    @property
    def remedy(self) -> str:
        return RULES[self.rule][1]

    def __str__(self) -> str:
        return f"{self.where}: {self.why}。{self.remedy}。 [{self.rule}]"
