"""How the columns of somebody else's file are matched with ours (列の対応づけ): guessed, saved under a name, looked up."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from urikake.base.bulk import Session
from urikake.base.errors import Refusal

from .columns import Kind, Mapping

SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "partners.code": ("得意先コード", "顧客コード", "得意先番号", "顧客番号", "会社コード", "取引先cd", "得意先cd", "顧客id"),
    "partners.name": ("得意先名", "顧客名", "会社名", "名称", "取引先名称", "得意先名称", "顧客名称", "社名"),
    "partners.kana": ("カナ", "ふりがな", "取引先名カナ", "得意先名カナ", "顧客名カナ", "フリガナ名"),
    "partners.registration_number": ("インボイス番号", "適格請求書発行事業者登録番号", "事業者登録番号", "インボイス登録番号"),
    "partners.postal_code": ("〒", "郵便", "郵便no"),
    "partners.address": ("住所1", "所在地", "請求先住所"),
    "partners.email": ("メールアドレス", "eメール", "e-mail", "mail"),
    "partners.closing_day": ("締め日", "請求締日", "締日区分"),
    "partners.payer_names": ("振込人名", "振込依頼人名", "入金名義"),
    "products.code": ("品番", "商品番号", "品目コード", "商品cd", "サービスコード"),
    "products.name": ("品名", "商品名称", "品目名", "サービス名"),
    "products.unit_price": ("価格", "販売単価", "標準単価", "売単価"),
    "products.tax": ("課税区分", "消費税区分"),
    "contracts.contract_no": ("契約no", "契約id", "契約コード"),
    "contracts.partner": ("得意先コード", "顧客コード", "契約先コード"),
    "contracts.product": ("品番", "品目コード", "サービスコード"),
    "contracts.quantity": ("台数", "口数", "契約数", "ライセンス数"),
    "contracts.unit_price": ("月額", "月額料金", "契約単価"),
    "contracts.start": ("契約開始日", "利用開始日", "課金開始日"),
    "contracts.end": ("契約終了日", "利用終了日", "満了日"),
    "contracts.cycle_months": ("請求間隔", "請求周期", "支払サイクル"),
    "events.contract_no": ("契約no", "契約id"),
    "events.effective": ("変更日", "適用開始日", "適用年月日"),
    "usage.contract_no": ("契約no", "契約id"),
    "usage.quantity": ("使用量", "利用量", "件数"),
    "receivables.partner": ("得意先コード", "顧客コード"),
    "receivables.amount": ("伝票金額", "税込金額", "請求金額"),
    "openings.partner": ("得意先コード", "顧客コード"),
    "openings.balance": ("未回収残高", "売掛残高", "繰越残高", "未入金額"),
    "openings.due": ("入金予定日", "支払期日", "期日"),
    "receipts.date": ("取引日", "日付", "お取引日", "入金年月日", "取扱日付", "勘定日"),
    "receipts.amount": ("入金額", "お預入れ金額", "預入金額", "入金金額", "お預り金額"),
    "receipts.payer": ("振込依頼人名", "振込人名", "依頼人名", "お取引内容", "取引先名", "振込人"),
    "receipts.reference": ("適用", "備考", "取引内容", "メモ"),
    "receipts.id": ("照会番号", "取引no", "明細番号"),
}  # fmt: skip
"""Headers that other products and banks write, by kind and column."""


def guessed(headers: Sequence[str], kind: Kind, earlier: Iterable[Mapping] = ()) -> Mapping:
    """What each header of a file most likely is: our own header, else as an earlier mapping had it, else a usual word for it.

    Each of our columns is given once, to the header that comes first; free fields (``x_…``) stay what they are, any
    other header is not used.
    """
    known = {column.name for column in kind.columns}
    own = {folded(word): column.name for column in kind.columns for word in (column.name, column.japanese) if word}
    usual = {
        folded(word): column.name for column in kind.columns for word in SYNONYMS.get(f"{kind.name}.{column.name}", ())
    }
    before = [{folded(header): name for header, name in mapping.columns.items()} for mapping in earlier]
    found: dict[str, str] = {}
    for look in (own, *before, usual):
        for header in headers:
            name = look.get(folded(header), "")
            if header not in found and name in known and name not in found.values():
                found[header] = name
    fixed = next((mapping.fixed for mapping in earlier if set(mapping.columns) == set(headers)), {})
    free = {header: header for header in headers if header.startswith("x_")}
    columns = {header: found.get(header, free.get(header, "")) for header in headers}
    return Mapping(columns, {name: value for name, value in fixed.items() if name not in found.values()})


def folded(header: str) -> str:
    """The header without what differs between spellings: width, case, spaces, what stands in brackets.

    >>> folded("取引先コード（必須）"), folded("Ｃｏｄｅ "), folded("入金額(円)")
    ('取引先コード', 'code', '入金額')
    """
    plain = unicodedata.normalize("NFKC", header).lower()
    bare = re.sub(r"\([^)]*\)|\[[^\]]*\]|【[^】]*】", "", plain) or plain
    return re.sub(r"[\s_・*※:]", "", bare)


def mappings(session: Session, kind: str) -> dict[str, Mapping]:
    """Every mapping saved for the kind, by name, the one saved last first."""
    rows = session.rows("intake_mapping", "id, mapping_name, content", "kind = ?", (kind,))
    newest = rows.unique("mapping_name", keep="last").sort("id", descending=True)
    return {name: Mapping.read(json.loads(text)) for name, text in newest.select("mapping_name", "content").iter_rows()}


def named(session: Session, kind: str, name: str) -> Mapping:
    """The mapping of that name; refused where there is none."""
    known = mappings(session, kind)
    if name not in known:
        there = "・".join(known) or "まだ一つもありません"
        raise Refusal(
            "unknown-mapping",
            f"この種類のファイルに、対応づけ「{name}」は保存されていません。",
            f"保存されている名前から選ぶか、取込の画面で保存してください（いまあるもの: {there}）。",
        )
    return known[name]
