"""``python -m tests.stories.papers``: a sample of every document in docs/documents, as PDF and as pictures of its pages.

The company, its partners and its business are made up; its seal and logo are set by the same typesetter. Whoever changes a
template makes the samples anew and looks at them.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.conftest import boot

boot()

from tests import builders  # noqa: E402 - what has tables is read when Django is ready
from urikake.base import schema  # noqa: E402
from urikake.doors import month, setup  # noqa: E402
from urikake.doors.documents import asked, glyphs, typesetting  # noqa: E402

FOLDER = Path(__file__).parents[2] / "docs" / "documents"
COMPANY = """[company]
name = "株式会社みほん通信"
registration_number = "T8990000000001"
[policy]
opening_month = "2026-04"
fee_tolerance = 880
second_person = []
[document]
postal_code = "231-0001"
address = "神奈川県横浜市中区見本町1-2-3\\nみほんタワー 12階"
tel = "045-000-0000"
contact = "経理部 請求担当"
bank = "見本銀行（9999） 本店営業部（001）\\n普通預金 1234567\\nカ）ミホンツウシン"
virtual_bank = "見本銀行（9999） 専用支店（901） 普通"
remarks = "お振込の際は、請求書番号をお書き添えください。"
footer = "お問い合わせ 045-000-0000（平日 9:00–17:00）"
logo = "logo.png"
seal = "seal.png"
[[bank_account]]
code = "main"
bank = "9999"
branch = "001"
number = "1234567"
account = "普通預金"
"""
SEAL = """#set page(width: 18mm, height: 18mm, margin: 0.7mm, fill: none)
#set text(font: "BIZ UDPGothic", fill: rgb("#c5281c"), weight: "bold", size: 10.5pt)
#set par(leading: 0.35em)
#box(width: 100%, height: 100%, stroke: 1.5pt + rgb("#c5281c"), radius: 1mm, align(center + horizon)[株式会\\ 社見本\\ 通信印])
"""
LOGO = """#set page(width: 52mm, height: 11mm, margin: 0mm, fill: none)
#set text(font: "BIZ UDPGothic", fill: rgb("#1f3a5f"), weight: "bold", size: 18pt)
#align(left + horizon, grid(columns: (auto, auto), column-gutter: 2.5mm, align: horizon,
  box(width: 8mm, height: 8mm, radius: 1.5mm, fill: rgb("#1f3a5f")), [MIHON]))
"""
PRODUCTS: list[dict[str, Any]] = [
    {"code": "PLAN", "name": "クラウド基盤 ビジネスプラン", "tax": "standard", "price_model": "unit", "unit_price": 48_000,
     "service": "クラウド"},
    {"code": "LINE", "name": "専用接続回線 1Gbps", "tax": "standard", "price_model": "flat", "unit_price": 120_000,
     "service": "回線"},
    {"code": "CARE", "name": "監視・障害一次対応（24時間365日）", "tax": "standard", "price_model": "unit", "unit_price": 3_500,
     "service": "運用"},
    {"code": "WATER", "name": "給水サーバー用 天然水 12L", "tax": "reduced", "price_model": "unit", "unit_price": 1_980,
     "service": "給水", "obligation": "goods", "revenue": "point"},
    {"code": "YEAR", "name": "ドメイン管理 年間契約", "tax": "standard", "price_model": "flat", "unit_price": 39_600,
     "service": "ドメイン"},
]  # fmt: skip
PARTNER = "MK-0102"
LONG = "MK-0733"
YEARLY = "MK-0415"
BY_NOTE = "MK-0560"


def picture(source: str) -> bytes:
    """A picture that is set from the source."""
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(glyphs.FONTS)])
    made = typst.Compiler(input=source.encode(), font_paths=fonts).compile(format="png", ppi=300.0)
    return bytes(made)


def a_company(url: str, folder: Path) -> None:
    """The company with its letterhead, its shelf and its partners, one of them with everything long."""
    (folder / "seal.png").write_bytes(picture(SEAL))
    (folder / "logo.png").write_bytes(picture(LOGO))
    (folder / "company.toml").write_text(COMPANY, encoding="utf-8")
    setup.set_up(url, folder / "company.toml")
    builders.take_rows(url, "products", [{"revenue": "monthly"} | row for row in PRODUCTS])
    builders.a_partner(url, PARTNER, name="北浜製作所株式会社", kana="キタハマセイサクシヨ", postal_code="541-0000",
                       address="大阪府大阪市中央区北浜見本町4-5-6 北浜見本ビル 7階", payment_months=1, payment_day=31)  # fmt: skip
    builders.a_partner(url, YEARLY, name="株式会社髙﨑①塚商店", postal_code="370-0000", address="群馬県高崎市見本町2-3")
    builders.a_partner(url, BY_NOTE, name="みほん食品株式会社", postal_code="460-0000", address="愛知県名古屋市中区見本町8-9",
                       tax_unit="delivery_note")  # fmt: skip
    builders.a_partner(url, "MK-0561", name="みほん食品 熱田工場", bill_to=BY_NOTE)
    builders.a_partner(
        url, LONG, name="一般財団法人 日本全国地域情報基盤整備推進機構 西日本統括本部 経理センター 支払管理課", kana="ニホンゼンコク",
        postal_code="812-0000", virtual_account="0070733",
        address="福岡県福岡市博多区見本駅前三丁目25番10号 博多見本駅前スクエアビルディング 西館 14階 1405号室",
    )  # fmt: skip


def business(url: str) -> None:
    """What the company sells them, bills and is paid."""
    lines = [
        builders.a_line("K-2026-014", partner=PARTNER, product="PLAN", quantity=3, order_no="PO-88120"),
        builders.a_line("K-2026-014", partner=PARTNER, product="CARE", quantity=12, order_no="PO-88120"),
        builders.a_line("K-2026-031", partner=PARTNER, product="LINE", order_no="PO-88574", start="2026-05-16", anchor_day=1),
        builders.a_line("K-2026-040", partner=PARTNER, product="WATER", quantity=24),
        builders.a_line("K-2026-052", partner=YEARLY, product="YEAR", cycle_months=12, timing="advance", start="2026-05-01"),
        builders.a_line("N-2026-001", partner=BY_NOTE, product="WATER", quantity=7),
        builders.a_line("N-2026-002", partner="MK-0561", product="WATER", quantity=13),
        builders.a_line("N-2026-002", partner="MK-0561", product="CARE"),
        *(builders.a_line(f"B-{n:03}", partner=LONG, product=("PLAN", "CARE", "WATER")[n % 3], quantity=n + 1,
                          order_no=f"西日本-{n // 6 + 1:02}") for n in range(42)),
    ]  # fmt: skip
    builders.take_rows(url, "contracts", lines)
    builders.bill(url, "2026-04-30")
    first = next(row for row in builders.invoices(url) if row["partner"] == PARTNER)
    builders.receive(url, first["total"] - 440, payer="キタハマセイサクシヨ", on="2026-05-29", id="R-1")
    builders.apply(url, "R-1", first["number"], difference="fee")
    builders.bill(url, "2026-05-31")
    builders.receive(
        url, builders.invoices(url, "2026-05-31")[0]["total"], payer="キタハマセイサクシヨ", on="2026-06-30", id="R-2"
    )
    builders.apply(url, "R-2", builders.invoices(url, "2026-05-31")[0]["number"])
    builders.an_event(url, "cancel", contract_no="K-2026-052", last_day="2026-06-30")
    builders.bill(url, "2026-06-30")
    wrong = next(row["number"] for row in builders.invoices(url, "2026-06-30") if row["partner"] == PARTNER)
    month.cancel_invoice(url, wrong, why="注文番号の訂正", reissue=True)
    price = next(row for row in builders.invoices(url, "2026-06-30") if row["partner"] == LONG)
    builders.receive(url, price["total"] - 33_000, payer="ニホンゼンコク", on="2026-07-31", id="R-3")
    builders.apply(url, "R-3", price["number"], difference="discount")
    for text in ("2026-04", "2026-05", "2026-06", "2026-07"):
        month.close(url, text)


def papers(url: str) -> dict[str, dict[str, Any]]:
    """What the samples are of, by their names."""
    may, june = builders.invoices(url, "2026-05-31"), builders.invoices(url, "2026-06-30")
    numbers = (next(row["number"] for row in may if row["partner"] == code) for code in (PARTNER, LONG, BY_NOTE))
    number, long, summary = numbers
    back = next(row["number"] for row in june if row["kind"] == "return" and row["partner"] == YEARLY)
    revised = next(row["number"] for row in june if row["kind"] == "revised")
    less = next(
        row["application"]
        for row in builders.report(url, "reductions", as_of="2026-07-31")
        if row["return_invoice"] == "needed"
    )
    span = {"ref": PARTNER, "since": date(2026, 4, 1), "until": date(2026, 6, 30)}
    return {
        "invoice": {"kind": "invoice", "ref": number},
        "invoice-en": {"kind": "invoice", "ref": number, "lang": "en"},
        "invoice-long": {"kind": "invoice", "ref": long},
        "summary": {"kind": "invoice", "ref": summary},
        "revised": {"kind": "invoice", "ref": revised},
        "ruler": {"kind": "ruler"},
        "credit": {"kind": "invoice", "ref": back},
        "reduction": {"kind": "reduction", "ref": str(less)},
        "delivery": {"kind": "delivery", "ref": number},
        "notes": {"kind": "notes", "on": date(2026, 5, 31), "exempt": "as-invoiced"},
        "statement": {"kind": "statement", **span},
        "receipt": {"kind": "receipt", "ref": "R-2"},
        "close": {"kind": "close", "ref": "2026-06"},
        "receipt-paper": {"kind": "receipt", "ref": "R-1", "paper": True, "purpose": "4月分 クラウド基盤利用料として"},
    }


def main() -> None:
    """Write every sample."""
    with TemporaryDirectory() as name:
        url = f"sqlite:///{name}/urikake.db"
        schema.create(url)
        a_company(url, Path(name))
        business(url)
        FOLDER.mkdir(exist_ok=True)
        for title, what in papers(url).items():
            book = asked.found(url, **what)
            (FOLDER / f"{title}.pdf").write_bytes(typesetting.pdf(book))
            for at, page in enumerate(typesetting.png(book), start=1):
                if at <= 2:
                    (FOLDER / (f"{title}.png" if at == 1 else f"{title}-{at}.png")).write_bytes(page)


if __name__ == "__main__":
    main()
