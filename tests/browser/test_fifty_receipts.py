"""Fifty receipts of every kind matched in a browser by who knows what is true: by keyboard with the IME on, and by mouse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser, CDPSession, Page, TimeoutError, expect

from urikake.base import runs
from urikake.doors import month
from urikake.doors.bench.matching.files import Files, read
from urikake.doors.bench.matching.playing import answers
from urikake.doors.bench.matching.scoring import Truth, judge, truths
from urikake.rooms.receipts.queries import unapplied

from .conftest import Installation
from .test_matching import CONVERSION_ENDS, brought, opened, told
from .test_work import compose

SHIFT = timedelta(days=182)  # from the May of the generator into the demo's open November
RAISED = "2026-11-02"
MOST = 3  # receipts of a kind, besides those that pay the same invoice
HELD = "確かめる"


def a_few(files: Files) -> Files:
    """Some receipts of every kind, all that pay the same invoices, and all that their payers and their groups owe."""
    firsts = files.truth.unique("receipt", keep="first", maintain_order=True)
    chosen = firsts.filter(pl.int_range(pl.len()).over("kind") < MOST)["receipt"]
    shared = files.truth.filter(pl.col("receipt").is_in(chosen.implode()) & (pl.col("document") != ""))["document"]
    mine = pl.col("receipt").is_in(chosen.implode()) | pl.col("document").is_in(shared.implode())
    truth = files.truth.filter(pl.col("receipt").is_in(files.truth.filter(mine)["receipt"].implode()))
    owners = files.receivables.filter(pl.col("invoice_no").is_in(truth["document"].implode()))["partner"]
    partners = files.partners.filter(pl.col("code").is_in(owners.implode()))
    family = pl.concat([partners["parent"], partners["code"]])
    partners = files.partners.filter(
        pl.col("code").is_in(family.implode()) | pl.col("parent").is_in(family.drop_nulls().implode())
    )
    return Files(
        partners=partners,
        receivables=files.receivables.filter(pl.col("partner").is_in(partners["code"].implode())),
        receipts=files.receipts.filter(pl.col("id").is_in(truth["receipt"].implode())),
        truth=truth,
        settings=files.settings,
    )


def placed(files: Files) -> Files:
    """The same in the demo's open month, under numbers that are not the demo's own."""

    def later(column: str) -> pl.Expr:
        moved = pl.col(column).str.to_date() + SHIFT
        return pl.max_horizontal(moved, pl.lit(date.fromisoformat(RAISED))).cast(pl.String).alias(column)

    def renamed(*columns: str) -> list[pl.Expr]:
        return [pl.col(column).str.replace_all("INV-", "BX-", literal=True) for column in columns]

    return Files(
        partners=files.partners,
        receivables=files.receivables.with_columns(later("due"), *renamed("invoice_no"), invoice_date=pl.lit(RAISED)),
        receipts=files.receipts.with_columns(later("date"), *renamed("payer", "reference")),
        truth=files.truth.with_columns(*renamed("document")),
        settings=files.settings,
    )


@pytest.fixture
def case(own: Installation, tmp_path: Path) -> Files:
    """The demo with fifty receipts and more of every kind that wait, and nothing else that does."""
    folder = tmp_path / "bench"
    told(own, "bench", "matching", "--level", "hard", "--seed", "5", "--months", "1", "--write", str(folder))
    files = placed(a_few(read(folder)))
    url = f"sqlite:///{own.books}#demo"
    with runs.reading(url) as session:
        waiting = (unapplied(session)["receipt_id"] - session.low).to_list()
    for number in waiting:
        month.hold_receipt(url, str(number), why="この試験では扱わない")
    brought(own, "partners", files.partners.fill_null("").to_dicts())
    brought(own, "openings", files.receivables.to_dicts())
    brought(own, "receipts", files.receipts.fill_null("").to_dicts(), "--format", "csv", "--account", "main")
    assert files.receipts.height >= 50
    return files


class Clerk:
    """Somebody who knows what each receipt pays, and does it on the page that is open."""

    def __init__(self, page: Page, files: Files, books: Path) -> None:
        self.page, self.truths = page, truths(files)
        with runs.reading(f"sqlite:///{books}#demo") as session:
            rows = session.read(
                "SELECT id, bank_code FROM receipts_receipt WHERE id >= ? AND id < ?", (session.low, session.high)
            )
            self.names = {id_ - session.low: code for id_, code in rows.iter_rows()}

    def all(self) -> Iterator[Truth]:
        """The truth of the receipt that one is on, one after the other until none waits."""
        page = self.page
        for _ in range(len(self.truths) + 1):
            number = page.evaluate("document.querySelector('uk-match').row?.number ?? 0")
            if not number:
                return
            page.wait_for_function(
                "n => { const m = document.querySelector('uk-match'); return m.now && m.row?.number === n }", arg=number
            )
            yield self.truths[self.names[number]]
            try:
                page.wait_for_function("n => document.querySelector('uk-match').row?.number !== n", arg=number)
            except TimeoutError as late:
                raise AssertionError(f"{self.truths[self.names[number]]} was not done: {self.seen()}") from late
        raise AssertionError("more receipts than there are")

    def seen(self) -> object:
        """What the page holds of the receipt that one is on, for who asks why it was not done."""
        return self.page.evaluate(
            "(() => { const m = document.querySelector('uk-match'); return { row: m.row, pick: m.pick, diff: m.diff,"
            " alloc: [...m.alloc], toast: document.querySelector('.toast')?.textContent,"
            " asks: document.querySelector('dialog[open]')?.textContent } })()"
        )

    def proposal(self, truth: Truth) -> int:
        """The place of the proposal that names what the receipt pays; -1 where none does."""
        every = self.page.evaluate("document.querySelector('uk-match').now.proposals.map(p => p.documents)")
        return next((at for at, one in enumerate(every) if set(one) == set(truth.settles)), -1)

    def wanted(self, truth: Truth) -> str:
        """What the difference is to become; empty where there is none, or nothing is to be done about it."""
        here = self.page.evaluate(
            "(() => { const m = document.querySelector('uk-match'); return [m.gap(), m.diff] })()"
        )
        if here[0] == 0:
            return ""
        kind = {"withholding": "withheld", "rounding": "misc", "": "remain"}.get(
            truth.difference_kind, truth.difference_kind
        )
        kind = "remain" if truth.difference == 0 else kind
        return "" if here[1] == kind else kind


class Typist(Clerk):
    """By keyboard, with the IME on."""

    def __init__(self, page: Page, files: Files, books: Path) -> None:
        super().__init__(page, files, books)
        self.session: CDPSession = page.context.new_cdp_session(page)

    def leave(self) -> None:
        """Put the receipt aside for a reason that is written with the IME."""
        self.page.keyboard.press("F8")
        compose(self.session, "た", "たし", HELD)
        self.session.send("Input.dispatchKeyEvent", CONVERSION_ENDS)
        expect(self.page.locator("dialog.ask")).to_be_visible()
        self.session.send("Input.insertText", {"text": HELD})
        self.page.keyboard.press("Enter")

    def choose(self, at: int) -> None:
        """Take a proposal by its number."""
        self.page.keyboard.press(str(at + 1))

    def tick(self, number: str) -> None:
        """Look a document up, its number typed in full width, and tick it."""
        press = self.page.keyboard.press
        press("f")
        self.page.keyboard.insert_text(number.translate(FULL))
        self.page.wait_for_function("n => document.querySelector('uk-match').cand?.[0]?.number === n", arg=number)
        press("Enter")
        if not self.page.evaluate("n => document.querySelector('uk-match').alloc.has(n)", number):
            press("Space")
        press("f")
        press("Escape")

    def settle(self, kind: str) -> None:
        """Walk to the button of the difference with the tabulator and press it."""
        for _ in range(60):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement.dataset.diff ?? ''") == kind:
                self.page.keyboard.press("Space")
                self.page.evaluate("document.querySelector('uk-match').queue.list.focus()")
                return
        raise AssertionError(f"no button for {kind}")

    def confirm(self) -> None:
        """Confirm and go on to the next."""
        self.page.keyboard.press("F12")


class Pointer(Clerk):
    """By mouse, the keyboard only for what has to be written."""

    def leave(self) -> None:
        """Put the receipt aside for a reason."""
        self.page.get_by_role("button", name="保留", exact=False).first.click()
        self.page.locator("dialog.ask input").fill(HELD)
        self.page.get_by_role("button", name="決める").click()

    def choose(self, at: int) -> None:
        """Click a proposal."""
        self.page.locator(f'button.prop[data-pick="{at}"]').click()

    def tick(self, number: str) -> None:
        """Look a document up and tick it."""
        seek = self.page.get_by_label("請求をさがす")
        seek.fill(number)
        self.page.get_by_label(f"{number} を選ぶ").check()
        seek.fill("")

    def settle(self, kind: str) -> None:
        """Click what the difference is to become."""
        self.page.locator(f'[data-diff="{kind}"]').click()

    def confirm(self) -> None:
        """Click to confirm and go on."""
        self.page.get_by_role("button", name="確定して次へ").click()


FULL = {ord("0") + digit: chr(ord("０") + digit) for digit in range(10)}


def matched(clerk: Typist | Pointer) -> int:
    """Every receipt that waits done as it is true; how many were."""
    done = 0
    for truth in clerk.all():
        done += 1
        if truth.leave:
            clerk.leave()
            continue
        at = clerk.proposal(truth)
        clerk.choose(at if at >= 0 else len(clerk.page.query_selector_all("button.prop")) - 1)
        for number in truth.settles if at < 0 else ():
            clerk.tick(number)
        if kind := clerk.wanted(truth):
            clerk.settle(kind)
        clerk.confirm()
    return done


@pytest.mark.parametrize("clerk", [Typist, Pointer])
def test_fifty_receipts_of_every_kind_are_matched(
    case: Files, own: Installation, browser: Browser, clerk: type[Typist | Pointer]
) -> None:
    page = opened(browser, own)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    expect(page.locator(".row.sel")).to_be_visible()
    assert matched(clerk(page, case, own.books)) == case.receipts.height
    expect(page.get_by_role("tab", name="未処理")).to_contain_text("0")
    page.wait_for_function("document.querySelector('uk-match').going.then(() => true)")
    with runs.reading(f"sqlite:///{own.books}#demo") as session:
        made = {name: one.answer for name, one in answers(session).items() if name.startswith("2026")}
    right = judge(case)
    for truth in truths(case).values():
        assert (truth.receipt in made) != truth.leave, truth
        assert truth.leave or right.right(truth, made[truth.receipt]), (truth, made[truth.receipt])
    assert wrong == []
