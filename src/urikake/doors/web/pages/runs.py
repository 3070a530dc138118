"""実行・取込: what ran and what came of it; files taken in with their rows checked first."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect

from urikake.base import access, proposals
from urikake.base.errors import Refusal
from urikake.doors import files

from .. import jobs, shown
from ..book import Deed, Shown, deed, page
from ..desk import Desk
from ..models import Job
from ..table import Choice, Column, Empty, table

ACTIONS: Final = {
    "init": "会社の設定",
    "bill": "請求",
    "match": "自動消込",
    "apply": "手動消込",
    "unapply": "消込の取消",
    "receipts": "入金の取込",
    "recognize": "収益認識",
    "close": "月次締め",
    "reopen": "締めの解除",
    "cancel-invoice": "請求書の取消",
    "hold-billing": "請求の保留",
    "confirm": "消込の一括確定",
    "hold-receipt": "入金の保留",
    "note": "消込のメモ",
    "take back receipt": "入金の組戻し",
    "bank format": "銀行の形式の保存",
    "withdraw bank format": "銀行の形式の取りやめ",
    "release name": "覚えた名義の許可",
    "revoke name": "覚えた名義の取りやめ",
    "release rule": "消込の決まりの許可",
    "revoke rule": "消込の決まりの取りやめ",
    "add name": "振込名義の登録",
    "approve": "承認",
    "deliver": "請求書の送付",
    "bounce": "不達の記録",
    "bounces": "不達の取込",
    "responses": "デジタルインボイスの応答の取込",
    "change mail": "メールの設定",
    "withdraw link": "リンクの取消",
    "open links": "リンクの開封",
    "reprice": "料金改定",
    "withdraw reprice": "料金改定の取消",
    "import simulation": "もしも計算の予約",
    "user add": "利用者の登録",
    "user role": "役割の変更",
    "export": "仕訳出力",
    "tie-out": "会計ソフトとの照合",
}
WORDS: Final = {
    "charges": "請求明細",
    "invoices": "請求書",
    "held": "保留",
    "carried": "少額繰越",
    "total": "合計",
    "rows": "行",
    "revenue": "収益",
    "receipts": "入金",
    "amount": "金額",
    "cancelled": "銀行の取消",
    "corrected": "訂正",
    "known": "取込済み",
    "out": "出金",
    "others": "ほかの口座",
    "gaps": "前のファイルとの抜け",
    "applied": "消込",
    "left": "確定できなかった入金",
    "locked": "締め",
    "new": "新しい",
    "approved": "承認",
    "drafts": "下書き",
    "returned": "返還請求書",
    "revised": "修正請求書",
    "total_revised": "修正後の合計",
    "verified": "照合",
    "exact": "一致",
    "sum": "合算",
    "fee": "手数料の差",
    "part": "一部",
    "ambiguous": "候補が複数",
    "none": "候補なし",
    "unknown": "名義が不明",
    "unapplied": "取消",
    "proposal": "申請",
    "contracts": "契約",
    "lines": "明細",
    "before": "いまの月額",
    "after": "改定後の月額",
    "difference": "月額の差",
    "products": "料金",
    "events": "契約の変更",
    "differing": "違う契約",
    "billing": "請求の差",
    "tax": "消費税の差",
    "cash": "入金予定の差",
    "claimed": "送り始め",
    "told": "結果の記録",
    "changed": "変えた項目",
    "opened": "開封",
    "waiting": "未送付",
    "no_address": "宛先なし",
    "sending": "送信中",
    "sent": "送信済み",
    "partial": "一部の宛先に不達",
    "failed": "失敗",
    "bounced": "不達",
    "printed": "印刷に回した",
    "handed": "書き出した",
    "accepted": "受領",
    "refused": "受領拒否",
    "kept_own": "個別の単価で据え置き",
    "kept_unrenewed": "更新がなく据え置き",
    "request": "振替依頼",
    "debits": "件数",
    "debit_on": "引落日",
    "left_out": "依頼しない取引先",
    "left_amount": "依頼しない金額",
    "digest": "ファイルの SHA-256",
    "paid": "振替済",
    "unpaid": "振替不能",
    "unpaid_amount": "振替不能の金額",
    "stopped": "口座の登録を止めた数",
    "owed": "収納機関の未収入金",
    "overpaid": "前受金にした額",
    "entries": "仕訳",
    "batch": "ファイル",
    "tie_out": "照合",
    "accounts": "科目",
    "off": "差のある科目",
    "other_accounts": "ほかの科目の差",
    "slips_waiting": "まだ渡していない",
    "slips_missing": "会計ソフトにない",
    "slips_extra": "会計ソフトだけにある",
    "slips_double": "会計ソフトに二つある",
    "slips_changed": "内容が違う",
    "again": "再出力",
}
FILES: Final = {
    "partners": "取引先",
    "products": "商品・料金",
    "option-rules": "オプションの決まり",
    "holidays": "会社カレンダー",
    "contracts": "契約",
    "events": "契約の変更",
    "usage": "利用量",
    "progress": "進捗度・検収",
    "receivables": "債権伝票",
    "openings": "移行残高",
    "users": "利用者",
    "receipts": "入金(銀行のファイル・CSV)",
    "collectors": "収納機関",
    "mandates": "口座振替の登録",
    "export-mappings": "会計ソフトでの名前",
    "ledger-balances": "会計ソフトの試算表",
    "ledger-journal": "会計ソフトの仕訳帳・元帳",
    "payees": "返金先口座",
    "senders": "振込依頼人",
}


@page("runs", "runs", permission="runs.read", title="実行")
def listed(desk: Desk) -> Shown:
    """What runs now or waits, and every run that was recorded."""
    going = Job.objects.filter(company=desk.company.code).order_by("-id")[:12]
    found = desk.session.rows("base_run", "id, action, subject, actor, recorded_at, outcome")
    shaped = found.reverse().with_columns(
        number=pl.col("id") - desk.session.low,
        title=pl.col("action").map_elements(title_of, return_dtype=pl.String),
        outcome=pl.col("outcome").map_elements(_figures, return_dtype=pl.String),
    )
    columns = [
        Column("number", "番号", "number"),
        Column("recorded_at", "記録時点", "instant"),
        Column("title", "したこと"),
        Column("subject", "対象"),
        Column("actor", "担当"),
        Column("outcome", "結果"),
    ]
    listing = table(
        desk,
        shaped,
        columns,
        key="number",
        name="runs",
        filters=[Choice("title", "したこと"), Choice("actor", "担当")],
        find=["title", "subject", "actor"],
        empty=Empty("まだ何も行われていません。"),
    )
    if isinstance(listing, HttpResponse):
        return listing
    return {"table": listing, "jobs": [_shown(job) for job in going]}


def title_of(action: str) -> str:
    """What a run did, in words.

    >>> title_of("import partners"), title_of("bill")
    ('取込 取引先', '請求')
    """
    if action in ACTIONS:
        return ACTIONS[action]
    verb, _, kind = action.partition(" ")
    if kind in proposals.KINDS:
        return f"{proposals.KINDS[kind].title}の{proposals.VERDICTS.get(verb, '申請')}"
    return f"取込 {FILES.get(kind, kind)}" if verb == "import" else action


def _figures(text: str) -> str:
    import json

    return figures(json.loads(text or "{}"))


def figures(found: dict[str, Any]) -> str:
    """The figures of a run as one line."""
    parts = []
    for name, value in found.items():
        if isinstance(value, dict):
            parts.append("(" + " ".join(f"{WORDS.get(k, k)} {v:,}" for k, v in value.items()) + ")")
        elif isinstance(value, bool):
            parts.append(f"{WORDS.get(name, name)} {'済' if value else '—'}")
        elif isinstance(value, int):
            parts.append(f"{WORDS.get(name, name)} {shown.yen(value)}")
    return " ".join(parts)


def _shown(job: Job) -> dict[str, Any]:
    return {
        "id": job.pk,
        "kind": job.kind,
        "title": jobs.KINDS[job.kind].title,
        "subject": job.subject,
        "state": job.state,
        "state_label": Job.State(job.state).label,
        "step": job.step,
        "done": job.done,
        "total": job.total,
        "actor": job.actor,
        "figures": figures(job.figures),
        "cause": job.cause,
        "remedy": job.remedy,
        "rows": job.rows,
        "ended": job.state not in (Job.State.WAITING, Job.State.RUNNING),
        "asked_at": job.asked_at,
    }


def _bank(job: Job) -> dict[str, int]:
    """What a bank's file that was taken leaves to be looked at; empty for other work."""
    if job.kind != "import" or not job.options.get("format"):
        return {}
    return {name: job.figures.get(name, 0) for name in ("gaps", "corrected")}


def _outputs(job: Job) -> list[dict[str, Any]]:
    """The files that the work made."""
    return list(job.outputs.order_by("id").values("id", "name"))


@page("run", "runs/<int:number>", permission="runs.read", title="実行")
def one(desk: Desk, number: int) -> Shown:
    """One piece of work: how far it is, what came of it, what to do next."""
    job = _job(desk.company.code, number)
    if "application/json" in desk.request.headers.get("Accept", ""):
        found = _shown(job)
        found.pop("asked_at")
        return JsonResponse(found)
    return {
        "job": _shown(job) | {"outputs": _outputs(job), "bank": _bank(job)},
        "page": {"title": job.subject, "name": "run"},
    }


@page("run-file", "runs/files/<int:number>", permission="runs.read", title="実行が作ったファイル")
def output(desk: Desk, number: int) -> Shown:
    """A file that a piece of work made, for who may do such work."""
    found = jobs.output(desk.company.code, number)
    if found is None or not access.may(desk.person.role, jobs.KINDS[found.job.kind].permission):
        raise Http404(str(number))
    media = "application/pdf" if found.name.endswith(".pdf") else "application/xml"
    headers = {"Content-Disposition": f'attachment; filename="{found.name}"'}
    return HttpResponse(bytes(found.content), content_type=media, headers=headers)


def _job(code: str, number: int) -> Job:
    job = Job.objects.filter(company=code, pk=number).first()
    if job is None:
        raise Http404(str(number))
    return job


@deed("run-stop", "runs/<int:number>/stop", permission="runs.read")
def stop(doing: Deed, number: int) -> HttpResponse:
    """Ask the work to stop; what it did so far is undone."""
    job = _job(doing.company.code, number)
    _own(doing, job)
    jobs.stop(job)
    return redirect(f"/{doing.company.code}/runs/{number}")


@deed("run-again", "runs/<int:number>/again", permission="runs.read")
def again(doing: Deed, number: int) -> HttpResponse:
    """Do the same work once more."""
    job = _job(doing.company.code, number)
    _own(doing, job)
    job.actor = doing.person.name
    return redirect(f"/{doing.company.code}/runs/{jobs.again(job).pk}")


def _own(doing: Deed, job: Job) -> None:
    """Refuse whoever may not do this kind of work."""
    need = files.permission_of(job.options["kind"]) if job.kind == "import" else jobs.KINDS[job.kind].permission
    if not access.may(doing.person.role, need):
        raise Refusal("not-permitted", "この実行を扱う権限がありません。", "権限のある人に頼んでください。")
