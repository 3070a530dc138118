"""Users of a company: who there is, and the pen that adds them and changes their role."""

from __future__ import annotations

import polars as pl

from . import facts
from .access import ROLES, SYSTEM, action, standing, unknown_user
from .bulk import Session
from .errors import Refusal
from .models import User

LONGEST_NAME = 150
LONGEST_EMAIL = 254


def users(session: Session) -> pl.DataFrame:
    """Every user as it stands, by name: ``name, role, email``."""
    rows = session.rows("base_user", "id, name, role, email")
    return rows.unique("name", keep="last").drop("id").sort("name")


@action("users.change")
def add_user(session: Session, *, name: str, role: str, email: str = "") -> None:
    """Register a user under a name that is not taken."""
    if name == SYSTEM or standing(session, name):
        raise Refusal(
            "user-exists", f"利用者「{name}」は既に登録されています。", "役割は urikake user role で変えられます。"
        )
    _record(session, name, role, email)


@action("users.change")
def change_user(session: Session, *, name: str, role: str, email: str | None = None) -> bool:
    """Give a user another role or address and return whether that changed anything; nobody changes their own role."""
    known = standing(session, name)
    if known is None:
        raise unknown_user(name)
    if name == session.user and role != known[1]:
        raise Refusal("own-role", "自分の役割は自分では変えられません。", "別の管理者が変えてください。")
    before = str(session.value("SELECT email FROM base_user WHERE id = ?", (known[0],)))
    after = before if email is None else email
    if (role, after) == (known[1], before):
        return False
    _record(session, name, role, after)
    return True


def _record(session: Session, name: str, role: str, email: str) -> None:
    """Record how the user stands from now on."""
    if role not in ROLES:
        raise Refusal("unknown-role", f"役割「{role}」はありません。", f"{'・'.join(ROLES)} から選んでください。")
    if not name.strip() or name != name.strip() or len(name) > LONGEST_NAME:
        raise Refusal("user-name", f"利用者名が「{name}」です。", "前後に空白のない、150字までの名前にしてください。")
    if len(email) > LONGEST_EMAIL:
        raise Refusal("user-email", "メールアドレスが長すぎます。", "254字までで書いてください。")
    facts.record(session, User, pl.DataFrame({"name": [name], "role": [role], "email": [email]}))
