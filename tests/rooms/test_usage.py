"""Metered lines (従量): which month usage belongs to, what comes late, and what is billed without any."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from tests.builders import (
    a_line,
    a_product,
    a_shop,
    an_event,
    assert_coherent,
    assert_same,
    bill,
    billed,
    deferred,
    dump,
    invoices,
    recognize,
    recognized,
    take_bytes,
    take_rows,
)
from urikake.base import runs
from urikake.base.errors import FileRefusal, Refusal
from urikake.core import cells
from urikake.doors import files
from urikake.rooms.billing.queries import unmeasured
from urikake.rooms.contracts.queries import contracts
from urikake.rooms.intake.queries import Column, Kind, Mapping, given


def use(url: str, quantity: float, timestamp: str, event_id: str = "", product: str = "API", **columns: object) -> int:
    row = {"event_id": event_id or f"{timestamp}/{quantity}", "contract_no": "C1", "product": product}
    return take_rows(url, "usage", [row | {"timestamp": timestamp, "quantity": quantity} | columns])


def a_metered_shop(url: str, **columns: object) -> None:
    a_shop(url)
    take_rows(url, "contracts", [a_line("C1", product="API", **columns)])


def test_usage_belongs_to_its_day_in_japan(database: str) -> None:
    a_metered_shop(database)
    use(database, 1, "2026-04-30T23:30:00+09:00")
    use(database, 10, "2026-04-30T14:59:59Z")  # 23:59:59 in Tokyo
    use(database, 100, "2026-04-30T15:00:00Z")  # 1 May in Tokyo
    use(database, 1000, "2026-05-01 00:00")  # without an offset: Tokyo
    bill(database, "2026-04-30", "2026-05-31")
    assert billed(database) == [
        ("2026-04-30", "2026-04-01", "2026-04-30", 110),
        ("2026-05-31", "2026-05-01", "2026-05-31", 11_000),
    ]


def test_usage_of_a_day_on_which_the_line_is_not_in_force_is_refused(database: str) -> None:
    a_metered_shop(database, start="2026-04-01", end="2026-04-30")
    for moment in ("2026-03-31T23:59:59+09:00", "2026-04-30T15:00:00Z"):
        with pytest.raises(FileRefusal):
            use(database, 1, moment)
    assert use(database, 1, "2026-03-31T15:00:00Z") == 1  # 1 April in Tokyo


def test_no_usage_is_no_line_and_usage_of_nothing_neither(database: str) -> None:
    a_metered_shop(database)
    bill(database, "2026-04-30")
    use(database, 0, "2026-05-10T10:00")
    bill(database, "2026-05-31")
    assert invoices(database) == []


def test_usage_that_comes_late_is_billed_next_time(database: str) -> None:
    a_metered_shop(database)
    use(database, 5, "2026-04-10T10:00")
    bill(database, "2026-04-30")
    issued = invoices(database)
    use(database, 3, "2026-04-20T10:00")
    use(database, 7, "2026-05-20T10:00")
    bill(database, "2026-05-31")
    assert invoices(database)[:1] == issued
    assert sorted(row[1:] for row in billed(database) if row[0] == "2026-05-31") == [
        ("2026-04-01", "2026-04-30", 30),
        ("2026-05-01", "2026-05-31", 70),
    ]
    before = dump(database)
    bill(database, "2026-05-31")
    assert_same(before, dump(database))


def test_late_usage_costs_what_the_whole_costs_less_what_was_billed(database: str) -> None:
    # 100 at 10, then 5: 90 used is 900; 20 more make 110: 100 × 10 + 10 × 5 = 1,050 → 150 more.
    a_metered_shop(database)
    a_product(database, "TIER", price_model="graduated", tiers="100@10;*@5", revenue="usage")
    an_event(database, "change_plan", "2026-04-01", product="TIER")
    use(database, 90, "2026-04-10T10:00", product="TIER")
    bill(database, "2026-04-30")
    use(database, 20, "2026-04-20T10:00", product="TIER")
    bill(database, "2026-05-31")
    assert [net for *_, net in billed(database)] == [900, 150]


def test_the_base_fee_is_billed_without_usage_and_the_overage_above_what_is_included(database: str) -> None:
    # 5,000 with 100 included, 10 above it; quantity 0 counts as one plan.
    a_shop(database)
    a_product(
        database, "BASE", price_model="included", unit_price=5_000, included=100, overage_price=10, revenue="usage"
    )
    take_rows(database, "contracts", [a_line("C1", product="BASE", quantity=0)])
    use(database, 130, "2026-05-10T10:00", product="BASE")
    bill(database, "2026-04-30", "2026-05-31")
    assert [net for *_, net in billed(database)] == [5_000, 5_300]


def test_lines_without_usage_are_told_and_hold_up_nothing(database: str) -> None:
    a_metered_shop(database)
    take_rows(database, "contracts", [a_line("C2", product="API"), a_line("C3", monthly=5_000)])
    use(database, 1, "2026-04-10T10:00")
    with runs.reading(database) as session:
        found = unmeasured(session, date(2026, 4, 1), date(2026, 4, 30)).join(contracts(session), on="contract_id")
    assert found["contract_no"].to_list() == ["C2"]
    bill(database, "2026-04-30")
    assert sorted(net for *_, net in billed(database)) == [10, 5_000]


def test_a_minimum_is_billed_without_usage(database: str) -> None:
    a_shop(database)
    a_product(database, "MIN", price_model="unit", unit_price=10, minimum=800, revenue="usage")
    take_rows(database, "contracts", [a_line("C1", product="MIN", quantity=0)])
    use(database, 50, "2026-05-10T10:00", product="MIN")
    use(database, 100, "2026-06-10T10:00", product="MIN")
    bill(database, "2026-04-30", "2026-05-31", "2026-06-30")
    assert [net for *_, net in billed(database)] == [800, 800, 1_000]


def test_usage_is_revenue_of_the_month_in_which_it_was_used(database: str) -> None:
    a_shop(database)
    take_rows(database, "partners", [{"code": "TEN", "name": "十", "closing_day": 10}])
    take_rows(database, "contracts", [a_line("C1", product="API", partner="TEN")])
    use(database, 30, "2026-04-10T10:00")
    recognize(database, "2026-04")
    assert recognized(database, "2026-04") == [300]
    assert deferred(database, "2026-04") == {"C1": (0, 0, 300, -300)}  # 契約資産: served, not billed
    bill(database, "2026-05-10")
    recognize(database, "2026-05")
    assert recognized(database, "2026-05") == [0]
    assert deferred(database, "2026-05")["C1"] == (-300, 300, 0, 0)


def test_late_usage_of_a_recognised_month_is_revenue_of_the_month_that_learns_it(database: str) -> None:
    a_metered_shop(database)
    use(database, 5, "2026-04-10T10:00")
    bill(database, "2026-04-30")
    recognize(database, "2026-04")
    use(database, 3, "2026-04-20T10:00")
    bill(database, "2026-05-31")
    recognize(database, "2026-05")
    assert recognized(database, "2026-04", "2026-05") == [50, 30]


def test_a_negative_quantity_corrects_the_day_down_to_nothing_and_no_further(database: str) -> None:
    a_metered_shop(database)
    use(database, 10, "2026-04-10T10:00")
    use(database, -4, "2026-04-10T23:00")
    with pytest.raises(FileRefusal, match=r"合計が -0\.5 になります"):
        use(database, -6.5, "2026-04-10T12:00")
    with pytest.raises(FileRefusal, match="合計が -1 になります"):
        use(database, -1, "2026-04-11T12:00")  # another day has nothing to correct
    bill(database, "2026-04-30")
    assert [net for *_, net in billed(database)] == [60]


def test_a_correction_may_stand_before_what_it_corrects_in_one_file(database: str) -> None:
    a_metered_shop(database)
    row = {"contract_no": "C1", "product": "API", "timestamp": "2026-04-10 10:00"}
    rows = [row | {"event_id": "a", "quantity": -5}, row | {"event_id": "b", "quantity": 5}]
    assert take_rows(database, "usage", rows) == 2
    assert take_rows(database, "usage", rows) == 0
    bill(database, "2026-04-30")
    assert billed(database) == []


def test_a_correction_after_the_bill_is_credited_with_the_next_one(database: str) -> None:
    # 100 at 10, then 5: 120 used cost 1,100, of 90 it is 900; so 200 back with May's 500.
    a_metered_shop(database)
    a_product(database, "TIER", price_model="graduated", tiers="100@10;*@5", revenue="usage")
    an_event(database, "change_plan", "2026-04-01", product="TIER")
    use(database, 120, "2026-04-10T10:00", product="TIER")
    bill(database, "2026-04-30")
    use(database, -30, "2026-04-10T10:00", product="TIER")
    use(database, 50, "2026-05-10T10:00", product="TIER")
    bill(database, "2026-05-31")
    assert [row["net"] for row in invoices(database)] == [1_100, 300]
    recognize(database, "2026-05")
    assert sum(recognized(database, "2026-04", "2026-05")) == 1_400
    assert_coherent(database)


# --- meters ----------------------------------------------------------------------------------------------------------


def a_gauge(url: str, meter: str) -> None:
    a_shop(url)
    a_product(url, "GAUGE", price_model="unit", unit_price=10, revenue="usage", meter=meter)
    take_rows(url, "contracts", [a_line("C1", product="GAUGE")])


@pytest.mark.parametrize(
    ("meter", "april", "late"),
    [
        ("sum", 160, [260]),  # 7 + 4 + 5 = 16; 26 more
        ("max", 70, [190]),  # 7; then 26
        ("last", 50, []),  # 5 measured last; 26 is of the day before
        ("unique", 20, [10]),  # a and b; then c
    ],
)
def test_a_meter_makes_a_quantity_of_the_usage_of_a_cycle(
    database: str, meter: str, april: int, late: list[int]
) -> None:
    a_gauge(database, meter)
    for quantity, moment, subject in ((7, "04-03", "a"), (5, "04-28", "a"), (4, "04-10", "b")):
        use(database, quantity, f"2026-{moment}T10:00", product="GAUGE", subject=subject)
    bill(database, "2026-04-30")
    assert [net for *_, net in billed(database)] == [april]
    use(database, 26, "2026-04-27T10:00", product="GAUGE", subject="c")
    bill(database, "2026-05-31")
    assert [net for *_, net in billed(database)][1:] == late
    assert_coherent(database)


def test_of_two_measured_at_one_instant_the_one_recorded_later_is_the_last(database: str) -> None:
    a_gauge(database, "last")
    for quantity in (8, 3):
        use(database, quantity, "2026-04-10T10:00", product="GAUGE")
    bill(database, "2026-04-30")
    assert [net for *_, net in billed(database)] == [30]


def test_a_stretch_that_a_change_cut_off_is_metered_by_itself(database: str) -> None:
    a_gauge(database, "max")
    an_event(database, "change_price", "2026-04-16", unit_price=20)
    use(database, 9, "2026-04-10T10:00", product="GAUGE")
    use(database, 4, "2026-04-20T10:00", product="GAUGE")
    bill(database, "2026-04-30")
    assert [net for *_, net in billed(database)] == [90, 80]


def test_a_product_that_counts_subjects_refuses_usage_without_one(database: str) -> None:
    a_gauge(database, "unique")
    with pytest.raises(FileRefusal) as refused:
        use(database, 1, "2026-04-10T10:00", product="GAUGE")
    assert [error.column for error in refused.value.errors] == ["対象"] or "subject" in str(refused.value)


def test_a_meter_is_for_products_billed_by_usage_and_sum_is_the_usual_one(database: str) -> None:
    a_shop(database)
    with pytest.raises(FileRefusal, match="使用量で課金する商品"):
        a_product(database, "ODD", meter="max")
    row = {"code": "API", "name": "API", "tax": "standard", "price_model": "unit", "unit_price": 10, "revenue": "usage"}
    assert take_rows(database, "products", [row | {"meter": "sum"}]) == 0


# --- large files -----------------------------------------------------------------------------------------------------


def many(count: int, start: int = 0) -> pl.DataFrame:
    at = pl.int_range(start, start + count, eager=True)
    moment = pl.lit(datetime(2026, 4, 1, tzinfo=UTC)) + pl.duration(minutes=pl.col("at"))
    return pl.DataFrame({"at": at}).select(
        event_id=pl.format("e{}", "at"), contract_no=pl.lit("C1"), product=pl.lit("API"), timestamp=moment, quantity=1 + at % 7
    )  # fmt: skip


def as_csv(frame: pl.DataFrame) -> bytes:
    return frame.with_columns(pl.col("timestamp").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_csv().encode()


def as_parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urikake.rooms.intake.queries.large.BYTES", 4_000)
    monkeypatch.setattr("urikake.rooms.intake.queries.large.ROWS", 100)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize(("form", "first_row"), [("csv", 2), ("parquet", 1)])
def test_a_large_file_is_taken_part_by_part_as_if_whole(database: str, form: str, first_row: int) -> None:
    spelt = as_csv if form == "csv" else as_parquet
    a_metered_shop(database)
    rows = many(500)
    assert take_bytes(database, "usage", spelt(rows), name=f"u.{form}") == 500
    assert take_bytes(database, "usage", spelt(rows), name=f"u.{form}") == 0
    again = pl.concat([many(500, 500), rows.head(3), many(1, 500)])
    assert take_bytes(database, "usage", spelt(again), name=f"u.{form}") == 500
    before = dump(database)
    unknown = pl.when(pl.col("event_id").is_in(["e1007", "e1490"])).then(pl.lit("C9")).otherwise("contract_no")
    clash = pl.concat([many(500, 1000), many(1, 1003).with_columns(quantity=pl.lit(99, dtype=pl.Int64))])
    for wrong, lines in ((many(500, 1000).with_columns(contract_no=unknown), [7, 490]), (clash, [500])):
        with pytest.raises(FileRefusal) as refused:
            take_bytes(database, "usage", spelt(wrong), name=f"u.{form}")
        assert [error.line - first_row for error in refused.value.errors] == lines
    assert_same(before, dump(database))
    bill(database, "2026-04-30")
    assert [net for *_, net in billed(database)] == [sum(1 + at % 7 for at in range(1000)) * 10]


@pytest.mark.usefixtures("small_parts")
def test_a_large_file_lays_the_index_by_and_a_correction_in_it_has_it_back(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("urikake.rooms.usage.actions.taking.LARGE", 100)
    a_metered_shop(sqlite_url)
    before = _indexes(sqlite_url)
    wrong = many(300).with_columns(quantity=pl.when(pl.col("event_id") == "e250").then(-9).otherwise("quantity"))
    right = wrong.with_columns(quantity=pl.when(pl.col("event_id") == "e250").then(-1).otherwise("quantity"))
    with pytest.raises(FileRefusal, match="合計が"):
        take_bytes(sqlite_url, "usage", as_csv(wrong.head(251).tail(1)))
    assert take_bytes(sqlite_url, "usage", as_csv(right)) == 300
    assert _indexes(sqlite_url) == before != []
    assert_coherent(sqlite_url)


def _indexes(url: str) -> list[str]:
    """The statements that make the indexes of usage."""
    with runs.reading(url) as session:
        sql = "SELECT sql AS code FROM sqlite_master WHERE type = 'index' AND tbl_name = 'usage_event' AND sql IS NOT NULL"
        return session.read(sql, code=pl.String)["code"].to_list()


def test_the_same_file_is_known_by_its_content_and_by_how_it_was_read(database: str, tmp_path: Path) -> None:
    a_metered_shop(database)
    file = tmp_path / "u.csv"
    file.write_bytes(as_csv(many(3_000)))
    assert [files.take(database, "usage", file), files.take(database, "usage", file)] == [3_000, 0]
    an_event(database, "cancel", "2026-04-02")  # rows of the file would not fit any more
    assert files.take(database, "usage", file) == 0
    other = Mapping({name: name for name in ("event_id", "contract_no", "product", "timestamp", "quantity")})
    with pytest.raises(FileRefusal):
        files.take(database, "usage", file, mapping=other)


@pytest.mark.usefixtures("small_parts")
def test_a_quoted_cell_may_hold_a_line_break_at_the_border_of_a_part(database: str) -> None:
    a_metered_shop(database)
    rows = many(300).with_columns(x_note=pl.lit('上\n"下"'))
    data = rows.with_columns(pl.col("timestamp").dt.strftime("%Y-%m-%d %H:%M:%S")).write_csv().encode()
    assert take_bytes(database, "usage", data) == 300


def test_parquet_is_read_by_its_own_types_with_the_checks_of_a_csv(database: str) -> None:
    a_metered_shop(database)
    rows = many(3)
    local = rows.with_columns(pl.col("timestamp").dt.replace_time_zone(None), pl.col("quantity") / 4)
    assert take_bytes(database, "usage", as_parquet(local), name="u.parquet") == 3
    assert take_bytes(database, "usage", as_csv(local).replace(b"Z", b""), name="u.csv") == 0
    odd = rows.with_columns(quantity=pl.Series([1e-7, None, 10.0**13]), event_id=pl.lit("z" * 61))
    with pytest.raises(FileRefusal) as refused:
        take_bytes(database, "usage", as_parquet(odd), name="u.parquet")
    assert sorted((e.line, e.column) for e in refused.value.errors) == sorted(
        [(at, "event_id") for at in (1, 2, 3)] + [(at, "quantity") for at in (1, 2, 3)]
    )
    with pytest.raises(Refusal, match="not-parquet"):
        take_bytes(database, "usage", b"PAR1 nothing", name="u.parquet")


@pytest.mark.parametrize(
    "spelt", ["2026-04-10T10:00:00Z", "2026-04-10T19:00:00+09:00", "2026-04-10 19:00:00", "2026/4/10 19:00".replace("4/", "04/")]
)  # fmt: skip
def test_an_instant_is_the_same_however_it_is_spelt(spelt: str) -> None:
    column = Column("timestamp", "", cells.instant)
    kind = Kind("usage", (column,))
    found = given([{"timestamp": spelt}], kind, "x").frame["timestamp"].item()
    assert found == datetime(2026, 4, 10, 10, tzinfo=UTC)
