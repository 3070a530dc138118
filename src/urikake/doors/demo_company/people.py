"""The people of the demo company, as its sign-in page offers them."""

from __future__ import annotations

import csv
from typing import Final, NamedTuple

from .making import MASTERS

NAMES: Final = {
    "kanri": "情報システム 木村",
    "sato": "佐藤 恵",
    "takahashi": "高橋 亮",
    "suzuki": "鈴木 彩",
    "yamamoto": "山本 誠",
    "kansa": "監査 中村",
}


class Somebody(NamedTuple):
    """Somebody of the demo company: the name shown, the role, the address."""

    shown: str
    role: str
    email: str


def people() -> dict[str, Somebody]:
    """Everybody in the company's file of users, by sign-in name."""
    with (MASTERS / "users.csv").open(encoding="utf-8") as file:
        return {
            row["name"]: Somebody(NAMES.get(row["name"], row["name"]), row["role"], row["email"])
            for row in csv.DictReader(file)
        }
