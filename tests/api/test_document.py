"""The OpenAPI document: up to date where it is committed, Japanese, complete, and kept by what answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.conftest import Place, Served
from tests.builders import GIVEN, a_contract, assert_coherent, bill, receive, take_rows

COMMITTED = Path(__file__).parents[2] / "docs" / "reference" / "openapi.json"
JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")
EXAMPLES = 4
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_the_committed_document_is_what_is_served(served: Served) -> None:
    """``urikake openapi -o docs/reference/openapi.json`` writes it anew."""
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == served.ask("GET", "/api/v1/openapi.json").json


def test_every_operation_says_in_japanese_what_it_does_and_what_it_needs() -> None:
    document = json.loads(COMMITTED.read_text(encoding="utf-8"))
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert JAPANESE.search(operation["summary"]), path
            assert "x-permission" in operation, path
            if method == "post":
                assert "example" in operation["requestBody"]["content"]["application/json"], path
                assert (
                    path.startswith("/api/v1/calculations/")
                    or path.endswith("/preview")
                    or {"Idempotency-Key", "Webhook-Id"} & {parameter["name"] for parameter in operation["parameters"]}
                ), path


def a_full_company(place: Place) -> None:
    """Something of everything, so that answers are not empty."""
    a_contract(place.url, "C1", monthly=12_000)
    a_contract(place.url, "U1", product="API")
    take_rows(place.url, "usage", GIVEN["usage"])
    take_rows(place.url, "events", GIVEN["events"])
    take_rows(place.url, "receivables", GIVEN["receivables"], user="billing")
    bill(place.url, "2026-04-30")
    receive(place.url, 13_200)
    receive(place.url, 500)


KEYS = [
    "1",
    "2",
    "P1",
    "C1",
    "u1",
    "PLAN",
    "INV-2026-00001",
    "2026-04",
    "admin",
    "charge-1",
    "entry-1",
    "balance:P1:2026-05-31",
]
NAMES = {
    "partner": "P1",
    "contract": "C1",
    "receipt": "R13200",
    "source": "INV-2026-00001",
    "account": "main",
    "fields": "number",
}


def about(place: Place, document: dict[str, Any]) -> dict[str, Any]:
    """The document for the one company, whose names are among those to try."""
    paths = {}
    for path, methods in document["paths"].items():
        for operation in methods.values():
            own = [parameter for parameter in operation["parameters"] if parameter["name"] != "company"]
            operation["parameters"] = own
            for parameter in own:
                known = (
                    KEYS
                    if parameter["name"] == "key"
                    else [NAMES[parameter["name"]]]
                    if parameter["name"] in NAMES
                    else []
                )
                whole = parameter["schema"].get("type") == "integer"
                if known:
                    values = [int(key) for key in known if key.isdigit()] if whole else known
                    parameter["schema"] = {"anyOf": [{"enum": values}, parameter["schema"]]}
        paths[path.replace("{company}", place.code)] = methods
    return {**document, "paths": paths}


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_whatever_is_asked_of_any_operation_is_answered_as_the_document_says(place: Place) -> None:
    a_full_company(place)
    document = about(place, place.served.ask("GET", "/api/v1/openapi.json").json)
    schema = schemathesis.openapi.from_dict(document)
    tokens = {"GET": place.token("accountant"), "POST": place.token("admin")}
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def answered(case: Any) -> None:
            headers = {"Authorization": f"Bearer {tokens[case.method.upper()]}"}
            response = case.call(base_url=place.served.address, headers=headers)
            case.validate_response(response, checks=CHECKS)

        answered()
    for run in place.get("runs", limit=1000)["items"]:
        assert "思いがけない" not in place.finished(f"/{place.code}/runs/{run['id']}")["cause"], run
    assert_coherent(place.url)
