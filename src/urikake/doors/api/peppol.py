"""Issued invoices as JP PINT XML: each under its number."""

from __future__ import annotations

from typing import Annotated, Final

from django.http import HttpResponse
from ninja import Path

from urikake.base.bulk import Session
from urikake.doors import peppol

from .operation import Call, Known, filed, reads

MEDIA: Final = "application/xml"


@reads("documents/peppol/{key}", permission=peppol.PERMISSION, summary="デジタルインボイス（JP PINT の XML）", group="書類",
       response=str, options=Known, media=MEDIA,
       key=Annotated[str, Path(..., max_length=60, description="請求書番号", example="INV-2026-00001")],
       description="発行した請求書を JP PINT の XML で返す。決まりに合わないもの・足りないものがあれば 422 で理由を返す。")  # fmt: skip
def invoice(session: Session, call: Call) -> HttpResponse:
    """The XML of an invoice, 304 where the caller has it already."""
    xml = peppol.of_number(session, call.key)
    return filed(call.request, xml, f"{call.key}.xml", MEDIA, kept=True)
