"""The matching workbench in a real browser: by keyboard with the IME on, by mouse, without a script, and with somebody else."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from .conftest import SERVE, Installation, signed_in
from .test_pages import problems
from .test_work import compose

PARTNERS = {
    "W1": ("株式会社双葉", "フタバ"), "W2": ("石清水製作", "イワシミズセイサク"), "W3": ("野守電機", "ノモリデンキ"),
    "W4": ("遠山物流", "トオヤマブツリユウ"), "W5": ("沢渡印刷", "サワタリインサツ"), "W6": ("沢渡紙業", "サワタリシギヨウ"),
}  # fmt: skip
OWED = {
    "Z-1": ("W1", 363_000), "Z-2": ("W1", 187_000), "Z-3": ("W1", 55_000), "Z-4": ("W2", 111_000), "Z-5": ("W3", 222_000),
    "Z-6": ("W4", 500_000), "Z-7": ("W5", 70_000), "Z-8": ("W6", 30_000),
}  # fmt: skip
CAME = {
    "exact": ("W2", 111_000), "fee": ("W3", 221_560), "half": ("W4", 300_000), "rest": ("W4", 200_000),
    "both": ("W1", 549_560), "group": ("W5", 100_000), "who": ("", 4_321),
}  # fmt: skip


def told(own: Installation, *command: str) -> None:
    """A command line on the books of the installation."""
    environment = os.environ | {"DATABASE_URL": f"sqlite:///{own.books}", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", SERVE, *command], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def brought(own: Installation, kind: str, rows: list[dict[str, object]], *options: str) -> None:
    """The rows as a file, taken by the command line."""
    file = own.books.parent / f"{kind}.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    told(own, *(["receipts", str(file), *options] if kind == "receipts" else ["import", kind, str(file)]))


@pytest.fixture
def desk(own: Installation) -> Installation:
    """The demo with a receipt of every kind besides."""
    parents = {"W6": "W5"}
    brought(own, "partners", [
        {"code": code, "name": name, "kana": kana, "closing_day": 31, "parent": parents.get(code, "")}
        for code, (name, kana) in PARTNERS.items()
    ])  # fmt: skip
    brought(own, "openings", [
        {"partner": partner, "invoice_no": number, "invoice_date": "2026-11-02", "due": "2026-11-20", "balance": amount}
        for number, (partner, amount) in OWED.items()
    ])  # fmt: skip
    brought(own, "receipts", [
        {"date": "2026-11-20", "amount": amount, "payer": f"{PARTNERS[code][1]}(カ" if code else "ナゾノヒト", "id": f"W-{name}"}
        for name, (code, amount) in CAME.items()
    ], "--format", "csv", "--account", "main")  # fmt: skip
    return own


def opened(browser: Browser, desk: Installation, **options: object) -> Page:
    page = signed_in(browser, desk, "sato", viewport={"width": 1440, "height": 900}, **options).new_page()
    page.goto("/demo/matching")
    return page


def left(page: Page) -> int:
    return int(re.sub(r"\D", "", page.locator("uk-match .left b").inner_text()))


def payer(page: Page) -> str:
    return page.locator(".row.sel .k").inner_text()


def find(page: Page, text: str) -> None:
    page.keyboard.press("/")
    page.keyboard.insert_text(text)
    page.keyboard.press("Enter")
    expect(page.locator(".work .rcpt .kana")).to_have_text(payer(page))


def unfind(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.press("Escape")


def says(page: Page, text: str) -> None:
    expect(page.locator(".say.on")).to_contain_text(text)


CONVERSION_ENDS = {"type": "rawKeyDown", "windowsVirtualKeyCode": 229, "key": "Process", "code": "Enter"}


def test_receipts_of_every_kind_are_done_by_keyboard_with_the_ime_on(desk: Installation, browser: Browser) -> None:
    page = opened(browser, desk)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    expect(page.locator(".row.sel")).to_be_visible()
    session = page.context.new_cdp_session(page)
    whole = one_confirmed_and_undone(page)
    found_by_reading_and_by_amount(page, session, whole)
    put_together_by_hand(page)
    a_whole_kind_at_once(page)
    held_for_a_reason(page, session)
    two_receipts_for_one_invoice(page)
    an_invoice_of_the_group(page)
    why_it_is_not_offered(page)
    expect(page.locator("uk-match .left b")).to_have_text(f"残り {whole - 4}")
    assert wrong == []


def one_confirmed_and_undone(page: Page) -> int:
    expect(page.locator(".work .rcpt .kana")).to_have_text(payer(page))
    whole, first = left(page), payer(page)
    page.keyboard.press("Enter")  # 確定して、同じ場所の次の入金へ
    says(page, "元に戻すと、")
    assert (left(page), payer(page) != first) == (whole - 1, True)
    page.keyboard.press("Control+z")
    says(page, "取り消しました")
    assert (left(page), payer(page)) == (whole, first)
    return whole


def found_by_reading_and_by_amount(page: Page, session: CDPSession, whole: int) -> None:
    page.keyboard.press("/")  # 変換を終える Enter では、何も確定しない
    compose(session, "f", "ふ", "ふた", "ふたば")
    session.send("Input.dispatchKeyEvent", CONVERSION_ENDS)
    assert left(page) == whole
    session.send("Input.insertText", {"text": "ふたば"})
    expect(page.locator(".row")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.insert_text("５４９，５６０")
    expect(page.locator(".row")).to_have_count(1)
    page.keyboard.press("Enter")


def put_together_by_hand(page: Page) -> None:
    press = page.keyboard.press
    expect(page.locator("button.prop").first).to_be_visible()
    press(str(page.locator("button.prop").count()))  # 自分で選ぶ
    for key in ("Space", "ArrowRight", "Space"):
        press(key)
    expect(page.locator(".diff .v")).to_have_text(re.compile("△440"))
    expect(page.locator('[data-diff="fee"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".jt")).to_contain_text("貸借一致")
    expect(page.locator(".jr")).to_contain_text("支払手数料")
    press("ArrowLeft")
    press("F2")
    page.keyboard.type("363")
    press("/")
    assert page.evaluate("document.activeElement.value") == "363,000"
    press("Control+a")
    page.keyboard.type("1")
    press("*")
    assert page.evaluate("document.activeElement.value") == "362,560"
    press("Enter")
    expect(page.locator(".diff.ok")).to_be_visible()
    press("F2")
    page.keyboard.insert_text("３６３，０００")
    press("Enter")
    press("F12")
    says(page, "549,560円を消し込みました")
    unfind(page)


def a_whole_kind_at_once(page: Page) -> None:
    before = left(page)
    rows = page.evaluate("document.querySelector('uk-match').shown.filter(r => r.kind === 'exact').length")
    page.keyboard.press("Home")
    page.keyboard.press("Shift+Enter")
    says(page, f"{rows}件 ")
    assert left(page) == before - rows
    page.keyboard.press("Control+z")
    says(page, f"{rows}件の消込を取り消しました")
    assert left(page) == before


def held_for_a_reason(page: Page, session: CDPSession) -> None:
    find(page, "なぞの")  # 保留の理由も、変換の Enter では決まらない
    page.keyboard.press("F8")
    compose(session, "か", "かく", "かくにん")
    session.send("Input.dispatchKeyEvent", CONVERSION_ENDS)
    expect(page.locator("dialog.ask")).to_be_visible()
    session.send("Input.insertText", {"text": "確認中"})
    page.keyboard.press("Enter")
    says(page, "保留しました")
    unfind(page)
    expect(page.locator('[data-tab="hold"]')).to_contain_text("1")


def two_receipts_for_one_invoice(page: Page) -> None:
    find(page, "とおやま")
    for key in ("Control+Space", "ArrowDown", "Control+Space"):
        page.keyboard.press(key)
    expect(page.locator(".work .rcpt .kana")).to_have_text("入金 2件をまとめて")
    expect(page.locator(".work tbody tr")).to_have_count(1)
    page.keyboard.press("Space")
    expect(page.locator(".diff.ok")).to_be_visible()
    page.keyboard.press("F12")
    says(page, "500,000円を消し込みました")
    unfind(page)


def an_invoice_of_the_group(page: Page) -> None:
    find(page, "さわたり")
    expect(page.locator(".work tbody")).to_contain_text("沢渡紙業")
    page.keyboard.press(str(page.locator("button.prop").count()))
    for key in ("Space", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(page.locator(".diff.ok")).to_be_visible()
    page.keyboard.press("Enter")
    says(page, "100,000円を消し込みました")
    unfind(page)


def why_it_is_not_offered(page: Page) -> None:
    page.keyboard.press("f")
    page.keyboard.insert_text("z-6")
    expect(page.locator(".work tr.gone")).to_contain_text("消込済みです(sato)")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(page.locator("#why")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#why")).to_be_hidden()
    page.keyboard.press("F1")
    expect(page.locator("#keys")).to_contain_text("入金をまとめる")
    page.keyboard.press("Escape")


def test_the_same_is_done_by_mouse(desk: Installation, browser: Browser) -> None:
    page = opened(browser, desk)
    expect(page.locator(".row.sel")).to_be_visible()
    whole = left(page)
    a_fee_with_a_note_and_back(page)
    assert left(page) == whole
    part_of_an_invoice_of_a_partner_that_was_chosen(page)
    expect(page.get_by_role("tab", name=re.compile("未処理"))).to_contain_text(str(whole))
    assert problems(page) == []
    page.get_by_role("tab", name=re.compile("未処理")).click()
    expect(page.locator(".work .tbl")).to_be_visible()
    assert problems(page) == []
    for width, height in ((1366, 768), (683, 384)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (width, height)


def a_fee_with_a_note_and_back(page: Page) -> None:
    page.get_by_label("入金をさがす").fill("野守")
    page.locator(".row").click()
    expect(page.locator("button.prop").first).to_contain_text("手数料 440円")
    expect(page.locator(".ev")).to_contain_text("振込手数料（440）")
    page.get_by_role("button", name="残す(一部入金)").click()
    expect(page.locator(".jr")).not_to_contain_text("支払手数料")
    page.get_by_role("button", name="振込手数料", exact=True).click()
    page.get_by_role("button", name="メモ").click()
    expect(page.locator("dialog.ask h2")).to_have_text("野守電機 のメモ")
    page.locator("dialog.ask input").fill("手数料は当社負担")
    page.get_by_role("button", name="決める").click()
    expect(page.locator(".beside .note")).to_contain_text("手数料は当社負担")
    page.get_by_role("button", name="確定して次へ").click()
    says(page, "を消し込みました")
    page.get_by_role("button", name="取り消す").click()
    says(page, "1件の消込を取り消しました")
    page.get_by_label("入金をさがす").fill("")


def part_of_an_invoice_of_a_partner_that_was_chosen(page: Page) -> None:
    page.get_by_role("tab", name=re.compile("候補なし")).click()
    page.locator(".row", has_text="ナゾノヒト").click()
    expect(page.get_by_role("button", name="確定して次へ")).to_be_disabled()
    page.get_by_role("button", name="取引先を選ぶ").click()
    page.get_by_role("combobox", name="取引先").fill("いわしみず")
    page.get_by_role("option", name=re.compile("石清水製作")).click()
    expect(page.locator(".to")).to_contain_text("名義では決まりません")
    page.get_by_label("Z-4 を選ぶ").check()
    expect(page.get_by_label("Z-4 の充当額")).to_have_value("4,321")
    page.get_by_role("button", name="売上値引").click()
    expect(page.get_by_label("Z-4 の充当額")).to_have_value("111,000")
    page.get_by_role("button", name="残す(一部入金)").click()
    page.get_by_role("button", name="確定して次へ").click()
    says(page, "4,321円を消し込みました")
    page.get_by_role("tab", name=re.compile("確定済み")).click()
    page.locator(".row", has_text="ナゾノヒト").click()
    page.locator(".work").get_by_role("button", name="取り消す").click()
    says(page, "消込を取り消しました")


def test_a_part_pays_costs_then_interest_then_principal(own: Installation, browser: Browser) -> None:
    """What the page shows before it is confirmed is what is settled: 300 of costs, 1,000 of interest, 2,700 of the rest."""
    brought(own, "partners", [{"code": "L1", "name": "延滞商店", "kana": "エンタイショウテン", "closing_day": 31}])
    rows: list[dict[str, object]] = [
        {"slip_no": number, "partner": "L1", "date": day, "account": "売掛金", "credit_account": account, "amount": amount,
         "tax": "out_of_scope", "due": day}
        for number, day, account, amount in (
            ("L-W", "2026-11-02", "雑収入", 10_000), ("L-R", "2026-11-09", "受取利息", 1_000), ("L-T", "2026-11-16", "支払手数料", 300),
        )
    ]  # fmt: skip
    brought(own, "receivables", rows)
    for number in ("L-W", "L-R", "L-T"):
        told(own, "approve", "receivables", number, "--as", "yamamoto")
    came: list[dict[str, object]] = [
        {"date": "2026-11-20", "amount": 4_000, "payer": "エンタイショウテン", "id": "L-1"}
    ]
    brought(own, "receipts", came, "--format", "csv", "--account", "main")
    page = opened(browser, own)
    page.get_by_label("入金をさがす").fill("延滞")
    page.locator(".row").click()
    for number in ("L-W", "L-R", "L-T"):
        page.get_by_label(f"{number} を選ぶ").check()
    page.get_by_role("button", name="残す(一部入金)").click()
    for number, paid in (("L-T", "300"), ("L-R", "1,000"), ("L-W", "2,700")):
        expect(page.get_by_label(f"{number} の充当額")).to_have_value(paid)
    page.get_by_role("button", name="確定して次へ").click()
    says(page, "を消し込みました")
    page.goto("/demo/partners/L1")
    expect(page.locator("main")).to_contain_text("7,300")


LOOKS = (
    "import django; django.setup(); from django.utils import timezone; from urikake.doors.web.models import Looking;"
    " Looking.objects.create(company='demo', person='hana', shown='山本', receipt={}, since=timezone.now(), at=timezone.now())"
)


CHANGED_BEHIND = """async () => {
  const m = document.querySelector('uk-match');
  m.row.documents = 'what it was before';  // so that the renewed list says something else of the receipt
  await m.renewed();
  const stays = [m.pick, m.alloc.size, m.now !== null];
  return stays;
}"""


def test_what_a_person_chose_stays_chosen_when_the_list_is_renewed(desk: Installation, browser: Browser) -> None:
    page = opened(browser, desk)
    find(page, "フタバ")
    expect(page.locator('button.prop[data-pick="0"]')).to_be_visible()
    page.locator('button.prop[data-pick="0"]').click()
    chosen = page.evaluate("document.querySelector('uk-match').alloc.size")
    assert chosen > 0
    assert page.evaluate(CHANGED_BEHIND) == [0, chosen, True]


def test_what_somebody_else_is_on_is_marked_and_what_they_did_is_refused_with_who_and_when(
    desk: Installation, browser: Browser
) -> None:
    page = opened(browser, desk)
    expect(page.locator(".row.sel")).to_be_visible()
    find(page, "のもり")
    number = page.locator(".row.sel").get_attribute("data-number")
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{desk.books}", "PYTHONPATH": os.pathsep.join(sys.path),
        "DJANGO_SETTINGS_MODULE": "urikake.doors.web.settings",
    }  # fmt: skip
    subprocess.run([sys.executable, "-c", LOOKS.format(number)], env=environment, check=True, timeout=60)
    page.evaluate("document.querySelector('uk-match').meet()")
    expect(page.locator(".row.sel .who")).to_contain_text("山本")
    expect(page.locator(".row.sel .s")).to_contain_text("野守電機")
    told(desk, "apply", "W-fee", "Z-5", "--difference", "fee", "--as", "kanri")
    page.keyboard.press("Enter")
    says(page, "に kanri がすべて消し込みました")
    page.evaluate("document.querySelector('uk-match').meet()")
    expect(page.locator(".row")).to_have_count(0)


def test_it_works_with_plain_forms_where_there_is_no_script(desk: Installation, browser: Browser) -> None:
    page = opened(browser, desk, java_script_enabled=False)
    meta = page.locator(".head .meta")
    before = meta.inner_text()
    page.get_by_label("入金をさがす").fill("野守")
    page.get_by_role("button", name="さがす", exact=True).click()
    page.locator("[data-queue] a").first.click()
    page.locator("input[name=why]").fill("確認中")
    page.get_by_role("button", name="保留する").click()
    expect(page.locator(".notice.ok")).to_contain_text("保留しました")
    page.locator(".tabs a", has_text="保留").click()
    page.locator("[data-queue] a").first.click()
    page.get_by_role("button", name="保留をやめる").click()
    page.locator(".prop input").first.check()
    page.locator("select[name=difference]").select_option("fee")
    page.get_by_role("button", name="確定して次へ").click()
    expect(page.locator(".notice.ok")).to_contain_text(
        re.compile("221,560円を消し込みました.*元に戻すと、.*支払手数料 440円", re.S)
    )
    assert meta.inner_text() != before
    page.get_by_role("button", name="元に戻す").click()
    expect(page.locator(".notice.ok")).to_contain_text("消込を取り消しました")
    page.goto("/demo/matching")
    assert meta.inner_text() == before
    page.get_by_role("button", name="一括確定").first.click()
    expect(page.locator(".notice.ok")).to_contain_text("円を確定しました")
    page.get_by_role("button", name="元に戻す").click()
    expect(page.locator(".notice.ok")).to_contain_text("件の消込を取り消しました")
    page.goto("/demo/matching?tab=done")
    assert page.locator("[data-queue] a").count() > 0
    token = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    for deed, fields, code in (
        ("confirm", {"seen": "[[1]]"}, "bad-seen"),
        ("apply", {"receipt": "1"}, "no-target"),
        ("apply", {"receipt": "1", "target": "Z-1", "on": "いつか"}, "bad-date"),
    ):
        answer = page.request.post(
            f"/demo/matching/{deed}",
            form=fields | {"csrfmiddlewaretoken": token},
            headers={"Accept": "application/json", "Referer": desk.address},
        )
        assert (answer.status, answer.json()["code"]) == (422, code)


def test_the_answers_to_the_script_ask_for_the_permission(desk: Installation, browser: Browser) -> None:
    context = signed_in(browser, desk, "suzuki")
    for path in ("receipts/1", "queue", "queue?tab=done", "found?q=INV", "partners?q=W"):
        assert context.request.get(f"/demo/matching/{path}").status == 403, path
    assert signed_in(browser, desk, "sato").request.get("/demo/matching/receipts/99999").status == 404
