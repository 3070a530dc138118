"""名義の学習と規則: what matches by hand taught of payer names, tried against history, released and revoked."""

from __future__ import annotations

from typing import Final

import polars as pl
from django.http import HttpResponse

from urikake.base.company import policies
from urikake.base.policies import TOLD
from urikake.doors import names as door
from urikake.rooms.matching.queries import ENOUGH, MONTHS
from urikake.rooms.parties.queries import profiles
from urikake.rooms.reports.queries.payers import RULES, STATES, matching_rules, payer_names, rule_trials

from ..book import Deed, Shown, deed, page
from ..desk import Desk
from ..table import Choice, Column, Empty, table

PAGE: Final = "matching/names"
SHOWN: Final = 20
"""So many receipts of which a rule would have made something else are shown."""
WAITING: Final = STATES[""]
TONES: Final = {STATES["released"]: "good", WAITING: "wait", STATES["revoked"]: "off"}


@page("payer-names", PAGE, permission="matching.read", title="名義の学習と規則")
def listed(desk: Desk) -> Shown:
    """Every learned name with what it would have done so far; those that wait for a second person first."""
    rows = pl.DataFrame(payer_names(desk.session), schema=_SCHEMA)
    named = profiles(desk.session, "name").select(partner="code", partner_name="name")
    found = rows.join(named, on="partner", how="left", maintain_order="left").with_row_index("key")
    found = found.with_columns(used=pl.when("in_use").then(pl.lit("使う")).otherwise(pl.lit("使わない")))
    columns = [
        Column("payer", "振込名義"),
        Column("partner_name", "取引先", url=lambda row: desk.link(f"partners/{row['partner']}")),
        Column("times", "教えた回数", "number"),
        Column("right", "これまで合う", "number"),
        Column("wrong", "ほかの取引先", "number"),
        Column("waiting", "待っている入金", "number", summed=True),
        Column("state", "状態", "state", tone=TONES),
        Column("used", "自動消込"),
    ]
    listing = table(
        desk, found, columns, key="key", name="payer-names", filters=[Choice("state", "状態")],
        find=["payer", "partner_name", "partner"], sort="payer",
        empty=Empty("まだ覚えた名義はありません。手で消し込むと、その名義を覚えます。", "入金・消込へ", desk.link("matching")),
    )  # fmt: skip
    if isinstance(listing, HttpResponse):
        return listing
    policy = next(told for told in TOLD if told.key == "learned_names")
    return {
        "table": listing,
        "waiting": found.filter(pl.col("state") == WAITING).to_dicts(),
        "released": found.filter("in_use").to_dicts(),
        "policy": policy.word(policies(desk.session)["learned_names"]),
        "tolerance": policies(desk.session).number("fee_tolerance"),
        "rules": [{**rule, "tried": rule["right"] + rule["wrong"]} for rule in matching_rules(desk.session)],
        "wrong": [
            {**row, "ref": f"receipt-{row['receipt']}", "title": RULES[row["rule"]][0]}
            for row in rule_trials(desk.session)
            if row["answer"] == "違う"
        ][:SHOWN],
        "enough": ENOUGH,
        "months": MONTHS,
        "rounding": policies(desk.session).number("rounding_tolerance"),
    }


_SCHEMA: Final = {
    "partner": pl.String,
    "payer": pl.String,
    "times": pl.Int64,
    "right": pl.Int64,
    "wrong": pl.Int64,
    "waiting": pl.Int64,
    "state": pl.String,
    "in_use": pl.Boolean,
}


@deed("release-name", f"{PAGE}/release", permission="matching.release")
def release(doing: Deed) -> HttpResponse:
    """Let the automatic run know a payer by a learned name."""
    partner, name = doing.field("partner"), doing.field("payer")
    door.release(doing.books, partner, name, user=doing.person.name)
    return doing.done(f"名義「{name}」を自動消込に使います。", PAGE)


@deed("revoke-name", f"{PAGE}/revoke", permission="matching.release")
def revoke(doing: Deed) -> HttpResponse:
    """Use a payer name for the partner no longer."""
    partner, name = doing.field("partner"), doing.field("payer")
    door.revoke(doing.books, partner, name, user=doing.person.name)
    return doing.done(f"名義「{name}」を使うのをやめました。", PAGE)


@deed("release-rule", f"{PAGE}/release-rule", permission="matching.release")
def release_rule(doing: Deed) -> HttpResponse:
    """Let the automatic run use a rule that was tried on history."""
    door.release_rule(doing.books, doing.field("rule"), why=doing.field("why"), user=doing.person.name)
    return doing.done(f"決まり「{_title(doing)}」を自動消込に使います。", PAGE)


@deed("revoke-rule", f"{PAGE}/revoke-rule", permission="matching.release")
def revoke_rule(doing: Deed) -> HttpResponse:
    """Use a rule no longer."""
    door.revoke_rule(doing.books, doing.field("rule"), why=doing.field("why"), user=doing.person.name)
    return doing.done(f"決まり「{_title(doing)}」を使うのをやめました。", PAGE)


def _title(doing: Deed) -> str:
    return RULES[doing.field("rule")][0]
