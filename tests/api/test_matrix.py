"""Every operation × every role × own and other company: allowed or not, exactly as the table of permissions says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Place
from urikake.base.access import NOBODY, PERMISSIONS, ROLES


def operations(place: Place) -> list[tuple[str, str, str]]:
    """Method, address and permission of every operation, as the document says."""
    found = place.served.ask("GET", "/api/v1/openapi.json").json["paths"]
    return [
        (method.upper(), path, operation["x-permission"])
        for path, methods in found.items()
        for method, operation in methods.items()
    ]


def asked(place: Place, method: str, path: str, token: str, code: str) -> tuple[int, str]:
    """Status and code of an operation that is asked for with nothing in it."""
    month = "2026-04" if "/periods/" in path else "1"
    address = path.replace("{company}", code).replace("{key}", month)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"{method}{path}".replace(" ", "")[:200]}
    body: Any = b"[]" if method == "POST" else None
    answer = place.served.ask(method, address, body, **headers)
    return answer.status, answer.json.get("code", "") if isinstance(answer.json, dict) else ""


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_every_operation_lets_in_whom_the_table_names_and_nobody_else(place: Place) -> None:
    every = operations(place)
    assert len(every) > 70
    assert {permission for *_, permission in every if permission} <= set(PERMISSIONS)
    wrong = []
    for role in ROLES:
        token = place.token(role, scopes=" ".join(PERMISSIONS))
        for method, path, permission in every:
            status, code = asked(place, method, path, token, place.code)
            if role == NOBODY and "{company}" in path:
                wrong += [(role, method, path, status, code)] if (status, code) != (404, "no-company") else []
                continue
            needed = [permission, "receipts.read"] if "/explanations/" in path else [permission]  # of a bare number
            allowed = all(not each or role in PERMISSIONS[each] for each in needed)
            if (code == "not-permitted", status == 401) != (not allowed, False) or status >= 500:
                wrong.append((role, method, path, status, code))
            if "{company}" in path and asked(place, method, path, token, "main") != (404, "no-company"):
                wrong.append((role, method, path, "other company"))
    assert wrong == []


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_every_operation_asks_for_a_scope(place: Place) -> None:
    for role in ("admin", "accountant"):
        narrow = place.token(role, scopes="nothing.at-all")
        for method, path, permission in operations(place):
            if permission and role in PERMISSIONS[permission]:
                assert asked(place, method, path, narrow, place.code) == (403, "out-of-scope"), path
    for method, path, _ in operations(place):
        assert asked(place, method, path, "urk_none", place.code)[0] == 401, path
