"""Files taken whole or refused whole, in every spelling that people bring."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.builders import (
    GIVEN,
    Rows,
    a_company,
    a_contract,
    a_line,
    a_partner,
    a_shop,
    an_event,
    assert_same,
    bill,
    csv_text,
    dump,
    report,
    take_bytes,
    take_rows,
    xlsx,
)
from urikake.base.errors import FileRefusal, Refusal

# One bad cell beside the good rows: column, what stands there, and a word of the reason.
BAD: list[tuple[str, str, Any, str]] = [
    ("users", "role", "boss", "いずれか"),
    ("users", "email", "", "必須"),
    ("partners", "name", "", "必須"),
    ("partners", "name", "長" * 201, "200字まで"),
    ("partners", "code", "P" * 61, "60字まで"),
    ("partners", "virtual_account", "1234567;" + "1" * 21, "20字まで"),
    ("partners", "closing_day", "29", ""),
    ("partners", "bill_to", "NOBODY", "ありません"),
    ("partners", "registration_number", "T1234567890123", ""),
    ("partners", "split", "transfer:50%", ""),
    ("partners", "credit_limit", "-1", "0 以上"),
    ("products", "tax", "ten", "いずれか"),
    ("products", "tiers", "100:10", ""),
    ("products", "unit_price", "1.2345678", "6桁"),
    ("contracts", "quantity", "one", "数値"),
    ("contracts", "start", "2026-02-30", "日付"),
    ("contracts", "end", "2026-03-31", "開始日より前"),
    ("contracts", "product", "NOTHING", "ありません"),
    ("contracts", "timing", "later", "いずれか"),
    ("events", "contract_no", "C0", "ありません"),
    ("events", "effective", "2026-03-31", "開始日"),
    ("events", "unit_price", "", "必須"),
    ("usage", "timestamp", "yesterday", "日時"),
    ("usage", "product", "PLAN", "明細がありません"),
    ("receivables", "amount", "1.5", "整数"),
    ("receivables", "account", "売掛", "科目表"),
    ("receivables", "date", "2026-03-31", "締め済み"),
    ("openings", "balance", "0", "0 円"),
    ("openings", "partner", "NOBODY", "ありません"),
    ("receipts", "amount", "0", "正の整数"),
    ("receipts", "date", "20260420", "日付"),
]


def a_ready_shop(url: str) -> None:
    a_shop(url)
    take_rows(url, "contracts", [a_line("C1"), a_line("U1", product="API", quantity=0)])


def refused(url: str, kind: str, rows: Rows, names: list[str] | None = None) -> FileRefusal:
    """The refusal of the file, of which nothing was stored."""
    before = dump(url)
    with pytest.raises(FileRefusal) as error:
        take_bytes(url, kind, csv_text(rows, names).encode())
    assert_same(before, dump(url))
    return error.value


def test_one_bad_row_refuses_the_whole_file_and_is_named(database: str) -> None:
    a_ready_shop(database)
    for kind, column, value, why in BAD:
        good = [dict(row) for row in GIVEN[kind]]
        bad = [{k: f"{v}-b" if k in KEYS.get(kind, ()) else v for k, v in good[0].items()} | {column: value}]
        errors = refused(database, kind, good + bad).errors
        named = [(e.line, e.column, e.value) for e in errors]
        assert named == [(len(good) + 2, column, str(value))], (kind, column, value, errors)
        assert errors[0].why
        assert why in errors[0].why, (kind, column, errors)


KEYS = {
    "users": ("name",), "partners": ("code",), "products": ("code",), "contracts": ("contract_no",),
    "usage": ("event_id",), "receivables": ("slip_no",), "openings": ("invoice_no",), "receipts": ("id",),
}  # fmt: skip


def test_every_bad_row_is_listed_in_the_order_of_the_file(database: str) -> None:
    a_ready_shop(database)
    rows = [a_line("C8", quantity="x"), a_line("C8"), a_line("C8", start="soon", cycle_months="often")]
    errors = refused(database, "contracts", rows).errors
    assert [(e.line, e.column, e.value) for e in errors] == [
        (2, "quantity", "x"),
        (4, "cycle_months", "often"),
        (4, "start", "soon"),
    ]


def test_the_same_file_twice_changes_nothing(database: str) -> None:
    a_ready_shop(database)
    for kind, rows in GIVEN.items():
        assert take_rows(database, kind, rows) == (1 if kind not in {"contracts", "receipts"} else 2), kind
        before = dump(database)
        assert take_rows(database, kind, rows) == 0, kind
        assert_same(before, dump(database))


def test_a_dry_run_says_what_it_would_take_and_stores_nothing(database: str) -> None:
    a_ready_shop(database)
    before = dump(database)
    for kind, rows in GIVEN.items():
        assert take_rows(database, kind, rows, preview=True) == (1 if kind not in {"contracts", "receipts"} else 2), (
            kind
        )
        assert_same(before, dump(database))


def test_the_same_number_with_other_content_is_refused_and_named(database: str) -> None:
    a_ready_shop(database)
    for kind, rows in GIVEN.items():
        take_rows(database, kind, rows)
    other = [
        ("contracts", {"quantity": 2}, "contract_no"),
        ("products", {"tiers": "100@11;*@5"}, "code"),
        ("usage", {"quantity": 4}, "event_id"),
        ("receivables", {"amount": 1_200}, "slip_no"),
        ("openings", {"balance": 5_600}, "invoice_no"),
        ("receipts", {"amount": 5_600}, "id"),
    ]
    for kind, change, column in other:
        errors = refused(database, kind, [GIVEN[kind][0] | change]).errors
        assert [(e.line, e.column) for e in errors] == [(2, column)], kind
    an_event(database, "change_price", "2026-07-01", unit_price=1, event_id="E1")
    event = {"contract_no": "C1", "effective": "2026-07-01", "type": "change_price", "unit_price": 2, "event_id": "E1"}
    errors = refused(database, "events", [event]).errors
    assert [(e.column, e.value) for e in errors] == [("event_id", "E1")]


def test_two_rows_of_one_id_with_other_content_are_refused_both(database: str) -> None:
    a_ready_shop(database)
    rows = [GIVEN["usage"][0], GIVEN["usage"][0] | {"quantity": 9}]
    assert [e.line for e in refused(database, "usage", rows).errors] == [2, 3]


JAPANESE = (
    '取引先コード,取引先名,フリガナ,締日,回収サイト月,与信限度額,x_担当\n'
    'P8,八商事,ハチシヨウジ,２０,２,"１，２００，０００",佐藤\n'
)  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_headers_digits_and_encodings_as_people_write_them(database: str, encoding: str, ending: str) -> None:
    a_company(database)
    text = JAPANESE.replace("\n", ending)
    assert take_bytes(database, "partners", text.encode(encoding)) == 1
    assert stored(database) == ("P8", "八商事", 1_200_000)


def stored(url: str) -> tuple[str, str, int]:
    tables = dump(url)
    return (tables["parties_partner"]["code"][0], *tables["parties_profile"].select("name", "credit_limit").row(0))


def test_an_excel_file_works_like_a_csv(database: str) -> None:
    a_company(database)
    rows = [["取引先コード", "name", "締日", "与信限度額"], ["P8", "八商事", 20, 1_200_000], ["P9", "九商事", "31", ""]]
    assert take_bytes(database, "partners", xlsx(rows), name="partners.xlsx") == 2
    assert stored(database) == ("P8", "八商事", 1_200_000)
    with pytest.raises(FileRefusal) as error:
        take_bytes(database, "partners", xlsx([*rows, ["P10", "", 20, 0]]), name="partners.xlsx")
    assert [(e.line, e.column) for e in error.value.errors] == [(4, "name")]


def test_excel_dates_and_decimals_are_read(database: str) -> None:
    a_shop(database)
    header = ["contract_no", "partner", "product", "quantity", "unit_price", "start", "cycle_months", "timing"]
    row: list[str | float] = ["C1", "P1", "PLAN", 2.5, 100.25, "2026/4/1", 1, "current"]
    assert take_bytes(database, "contracts", xlsx([header, row]), name="c.xlsx") == 1
    line = report(database, "contracts", as_of="2026-04-01")[0]
    assert (line["quantity"], line["unit_price"], line["start"]) == (2.5, 100.25, "2026-04-01")


def test_line_numbers_are_those_of_the_file_whatever_the_cells_hold(database: str) -> None:
    a_company(database)
    text = 'code,name,address\nP1,一商事,"東京都, 港区"\nP2,二商事,"大阪市\n北区"\n\nP3,,京都市\n'
    with pytest.raises(FileRefusal) as error:
        take_bytes(database, "partners", text.encode())
    assert [(e.line, e.column) for e in error.value.errors] == [(6, "name")]
    assert take_bytes(database, "partners", text.replace("P3,,", "P3,三商事,").encode()) == 3
    assert sorted(dump(database)["parties_profile"]["address"]) == ["京都市", "大阪市\n北区", "東京都, 港区"]


def test_line_numbers_count_blank_lines_in_a_plain_file(database: str) -> None:
    a_company(database)
    with pytest.raises(FileRefusal) as error:
        take_bytes(database, "partners", "code,name\nP1,一\n\n\nP2,\n".encode())
    assert [(e.line, e.column) for e in error.value.errors] == [(5, "name")]


def test_an_unknown_column_is_named_and_a_free_one_is_taken(database: str) -> None:
    a_company(database)
    errors = refused(database, "partners", [{"code": "P1", "name": "一", "colour": "blue"}]).errors
    assert [(e.line, e.column) for e in errors] == [(1, "colour")]
    assert take_rows(database, "partners", [{"code": "P1", "name": "一", "x_colour": "blue"}]) == 1


def test_a_missing_or_repeated_column_is_named(database: str) -> None:
    a_company(database)
    errors = refused(database, "partners", [{"code": "P1"}]).errors
    assert "name" in errors[0].why
    with pytest.raises(Refusal):
        take_bytes(database, "partners", "code,取引先コード,name\nP1,P1,一\n".encode())


def test_a_row_with_too_few_or_too_many_cells_is_refused(database: str) -> None:
    a_company(database)
    for text in ('code,name,kana\nP1,一\n', 'code,name\nP1,一,余り\n', 'code,name,kana\n"P1",一\n'):  # fmt: skip
        with pytest.raises(FileRefusal) as error:
            take_bytes(database, "partners", text.encode())
        assert [e.line for e in error.value.errors] == [2], text


def test_an_empty_file_is_refused_and_a_header_alone_is_no_rows(database: str) -> None:
    a_ready_shop(database)
    before = dump(database)
    for kind, rows in GIVEN.items():
        with pytest.raises(Refusal, match="empty-file"):
            take_bytes(database, kind, b"")
        assert take_bytes(database, kind, csv_text(rows).splitlines()[0].encode() + b"\n") == 0, kind
    assert_same(before, dump(database))


def test_a_file_that_is_no_text_or_not_there_is_refused(database: str) -> None:
    from urikake.doors import files

    a_company(database)
    with pytest.raises(Refusal, match="encoding"):
        take_bytes(database, "partners", b"code,name\nP1,\x81\xff\xfe\n")
    with pytest.raises(Refusal, match="no-file"):
        files.take(database, "partners", Path("/no/such/file.csv"))


def test_spreadsheet_formulas_and_hostile_text_are_only_text(database: str) -> None:
    a_company(database)
    names = [
        "=1+1",
        "'; DROP TABLE base_run; --",
        "%s ? \\N",
        '"',
        "\\",
        "N/A",
        "null",
        "NaN",
        "１２",
        "𠮷野家",
        "a\tb",
    ]
    a_rows = [{"code": f"H{n}", "name": name} for n, name in enumerate(names)]
    assert take_rows(database, "partners", a_rows) == len(names)
    assert dump(database)["parties_profile"]["name"].to_list() == names
    assert take_rows(database, "partners", a_rows) == 0


def test_a_changed_partner_is_a_newer_profile_and_the_old_one_stays(database: str) -> None:
    a_company(database)
    a_partner(database, "P1", closing_day=20)
    assert (
        take_rows(database, "partners", [{"code": "P1", "name": "P1商事", "kana": "P1ショウジ", "closing_day": 10}])
        == 1
    )
    assert dump(database)["parties_profile"].height == 2


def test_a_file_of_contracts_takes_numbers_with_separators(database: str) -> None:
    a_shop(database)
    a_contract(database, quantity="１，０００", unit_price="1,234.5")
    bill(database, "2026-04-30")
    assert report(database, "invoices")[0]["net"] == 1_234_500


# --- nothing hidden: each row's first fault is told, whatever stage of the checks finds it -------------------------------


def told(error: FileRefusal) -> list[tuple[int, str, str]]:
    """Line, column and value of every error."""
    return [(e.line, e.column, e.value) for e in error.errors]


def test_events_that_are_wrong_in_different_ways_are_all_listed(database: str) -> None:
    a_ready_shop(database)
    take_rows(database, "contracts", [a_line("C2", end="2026-05-31")])
    an_event(database, "change_price", "2026-07-01", unit_price=1, event_id="E1")
    event = {"contract_no": "C1", "effective": "2026-06-01", "type": "change_price", "unit_price": 5}
    rows: Rows = [
        event,
        event | {"unit_price": "five"},
        event | {"contract_no": "C0"},
        event | {"effective": "2026-03-01"},
        event | {"event_id": "E1"},
        event | {"contract_no": "C2", "effective": "2026-07-01", "line": "PLAN"},
        event | {"type": "withdraw", "effective": "2026-08-01", "unit_price": None},
        event | {"type": "correct", "effective": "2026-08-02"},
        event | {"type": "cancel", "effective": None, "last_day": "2026-02-28", "unit_price": None},
        event | {"type": "add_option", "product": "PLAN"},
        event | {"type": "resume", "effective": "2026-06-10", "unit_price": None},
        event | {"type": "renew", "unit_price": None},
    ]
    assert told(refused(database, "events", rows)) == [
        (3, "unit_price", "five"),
        (4, "contract_no", "C0"),
        (5, "effective", "2026-03-01"),
        (6, "event_id", "E1"),
        (7, "effective", "2026-07-01"),
        (8, "effective", "2026-08-01"),
        (9, "effective", "2026-08-02"),
        (10, "last_day", "2026-02-28"),
        (11, "product", "PLAN"),
        (12, "type", "resume"),
        (13, "type", "renew"),
    ]


def test_a_row_that_only_lacks_what_a_bad_row_would_have_made_is_not_told(database: str) -> None:
    a_ready_shop(database)
    event = {"contract_no": "C1", "effective": "2026-06-01"}
    rows: Rows = [
        event | {"type": "add_option", "product": "OPTION", "quantity": "many"},
        event | {"type": "change_quantity", "line": "OPTION", "quantity": 2},
        event | {"type": "change_quantity", "line": "BIG", "quantity": 2},
    ]
    assert told(refused(database, "events", rows)) == [(2, "quantity", "many"), (4, "line", "BIG")]


def test_usage_slips_and_receipts_that_are_wrong_in_different_ways_are_all_listed(database: str) -> None:
    a_ready_shop(database)
    for kind in ("usage", "receivables", "receipts", "openings"):
        take_rows(database, kind, GIVEN[kind])
    use = GIVEN["usage"][0]
    rows: Rows = [use | {"event_id": "u2", "quantity": "x"}, use | {"event_id": "u3", "contract_no": "C0"}]
    rows += [use | {"quantity": 4}, use | {"event_id": "u4"}, use | {"event_id": "u4", "quantity": 9}]
    rows += [use | {"event_id": "u5", "timestamp": "2026-04-06 10:00", "quantity": "-1"}]
    assert told(refused(database, "usage", rows)) == [
        (2, "quantity", "x"),
        (3, "contract_no", "C0"),
        (4, "event_id", "u1"),
        (5, "event_id", "u4"),
        (6, "event_id", "u4"),
        (7, "quantity", "-1"),
    ]
    slip = GIVEN["receivables"][0]
    rows = [
        slip | {"slip_no": "S2", "partner": "NO"},
        slip | {"amount": 10},
        slip | {"slip_no": "S3", "date": "2026-03-01"},
    ]
    assert told(refused(database, "receivables", rows)) == [
        (2, "partner", "NO"),
        (3, "slip_no", "S1"),
        (4, "date", "2026-03-01"),
    ]
    paid = GIVEN["receipts"][0]
    rows = [paid | {"id": "R2", "amount": "-1"}, paid | {"amount": 1}, paid | {"id": "R3", "date": "2026/3/1"}]
    assert told(refused(database, "receipts", rows)) == [(2, "amount", "-1"), (3, "id", "R1"), (4, "date", "2026/3/1")]
    old = GIVEN["openings"][0]
    rows = [old | {"invoice_no": "OLD-2", "balance": "0"}, old | {"balance": 1}]
    assert told(refused(database, "openings", rows)) == [(2, "balance", "0"), (3, "invoice_no", "OLD-1")]


def test_masters_and_contracts_that_are_wrong_in_different_ways_are_all_listed(database: str) -> None:
    a_ready_shop(database)
    rows: Rows = [{"code": "PLAN", "name": "x", "tax": "standard", "price_model": "flat", "unit_price": 1}]
    rows += [rows[0] | {"code": "P9", "unit_price": None}]
    assert told(refused(database, "products", rows)) == [(2, "code", "PLAN"), (3, "unit_price", "")]
    rows = [{"code": "A", "name": "A", "bill_to": "NO"}, {"code": "B", "name": "B", "bill_to": "C"}]
    rows += [{"code": "C", "name": "C", "bill_to": "P1"}]
    assert told(refused(database, "partners", rows)) == [(2, "bill_to", "NO"), (3, "bill_to", "C")]
    rows = [
        a_line("C1", quantity=2),
        a_line("C7", partner="NO"),
        a_line("C7"),
        a_line("C8"),
        a_line("C8", partner="P2"),
    ]
    a_partner(database, "P2")
    assert told(refused(database, "contracts", rows)) == [
        (2, "contract_no", "C1"),
        (3, "partner", "NO"),
        (5, "partner", "P1"),
        (6, "partner", "P2"),
    ]


def test_a_missing_row_of_a_known_contract_does_not_make_its_other_rows_wrong(database: str) -> None:
    a_shop(database)
    rows = [a_line(), a_line(product="OPTION")]
    take_rows(database, "contracts", rows)
    assert told(refused(database, "contracts", [rows[0] | {"quantity": "x"}, rows[1]])) == [(2, "quantity", "x")]


def test_the_first_fault_of_a_cell_alone_is_told_and_nothing_that_rests_on_it(database: str) -> None:
    a_ready_shop(database)
    event = {"contract_no": "C1", "effective": "soon", "type": "change_price", "unit_price": "５円"}
    assert told(refused(database, "events", [event])) == [(2, "effective", "soon"), (2, "unit_price", "５円")]
    rows = [a_line("C8", end="later", auto_renew=12)]
    assert told(refused(database, "contracts", rows)) == [(2, "end", "later")]


@pytest.mark.parametrize(
    ("kind", "column", "value"),
    [
        ("usage", "quantity", "-100"),
        ("contracts", "quantity", " -1.50 "),
        ("contracts", "unit_price", "－１,０００"),
        ("contracts", "start", "2026/4/1"),
        ("contracts", "uplift", "-2%"),
        ("partners", "credit_limit", "▲5"),
        ("partners", "credit_limit", "-１，０００"),
    ],
)
def test_the_value_told_is_the_one_in_the_file(database: str, kind: str, column: str, value: str) -> None:
    a_ready_shop(database)
    row = GIVEN[kind][0] | {column: value} | ({"end": "2026-03-31"} if column == "start" else {})
    if kind == "contracts" and column == "uplift":
        row |= {"auto_renew": 12, "end": "2027-03-31"}
    error = refused(database, kind, [row]).errors[0]
    assert error.value == ("2026-03-31" if column == "start" else value.strip()), error


def test_the_value_told_under_a_mapping_is_the_one_in_the_file(database: str) -> None:
    from urikake.rooms.intake.queries import Mapping

    a_company(database)
    mapping = Mapping({"CD": "code", "名": "name", "枠": "credit_limit"})
    with pytest.raises(FileRefusal) as error:
        take_bytes(database, "partners", "CD,名,枠\nP1,一,-1千\nP2,二,-5円\n".encode(), mapping=mapping)
    assert [(e.column, e.value) for e in error.value.errors] == [("枠", "-1千"), ("枠", "-5円")]


@pytest.mark.parametrize(
    ("kind", "column", "wants"),
    [
        ("partners", "payment_day", "1〜28、月末は 31"),
        ("partners", "payment_months", "何か月後"),
        ("contracts", "cycle_months", "0（一回だけ）〜120"),
        ("contracts", "notice_days", "日数"),
        ("products", "life_months", "月数"),
        ("partners", "credit_limit", "整数の金額"),
    ],
)
def test_an_unreadable_number_is_told_with_what_its_column_wants(
    database: str, kind: str, column: str, wants: str
) -> None:
    a_ready_shop(database)
    error = refused(database, kind, [GIVEN[kind][0] | {column: "月末"}]).errors[0]
    assert (error.column, error.value) == (column, "月末")
    assert wants in error.why


def test_a_file_that_cannot_be_opened_is_told_in_japanese(database: str, tmp_path: Path) -> None:
    from urikake.doors import files, setup

    a_company(database)
    for file, why in ((tmp_path / "no.csv", "その場所にありません"), (tmp_path, "フォルダー")):
        with pytest.raises(Refusal, match=why):
            files.take(database, "partners", file)
        with pytest.raises(Refusal, match=why):
            setup.set_up(database, file)


def test_a_header_without_rows_is_told_as_such(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from urikake.doors.cli.main import import_, receipts

    a_company(database)
    monkeypatch.setenv("DATABASE_URL", database)
    file, paid = tmp_path / "partners.csv", tmp_path / "receipts.csv"
    file.write_text("code,name\n", encoding="utf-8")
    paid.write_text("date,amount,payer\n", encoding="utf-8")
    import_("partners", file)
    receipts(paid, format_="csv", account="main")
    said = capsys.readouterr().out
    assert said.count("見出しのほかに行がありません") == 2
    assert "取り込み済み" not in said


def test_a_slip_taken_again_after_its_month_was_closed_changes_nothing(database: str) -> None:
    from urikake.doors import month

    a_company(database, second_person=[])
    a_partner(database)
    take_rows(database, "receivables", GIVEN["receivables"])
    month.close(database, "2026-04")
    assert take_rows(database, "receivables", GIVEN["receivables"]) == 0
    late = GIVEN["receivables"][0] | {"slip_no": "S2"}
    assert told(refused(database, "receivables", [late])) == [(2, "date", "2026-04-10")]
