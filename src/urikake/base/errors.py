"""Refusals a person can act on: a code, what is wrong and why, and what to do, in Japanese."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


class Refusal(Exception):
    """A request that is refused as a whole; nothing of it was stored.

    >>> print(Refusal("period-locked", "2026年4月は締め済みです。", "翌月の日付で登録してください。"))
    2026年4月は締め済みです。翌月の日付で登録してください。 [period-locked]
    """

    def __init__(self, code: str, cause: str, remedy: str) -> None:
        super().__init__(code, cause, remedy)
        self.code, self.cause, self.remedy = code, cause, remedy

    def __str__(self) -> str:
        return f"{self.cause}{self.remedy} [{self.code}]"


@dataclass(frozen=True, slots=True, order=True)
class RowError:
    """One thing wrong with one cell of a file: where it stands, what stands there, and why it cannot be taken."""

    line: int
    column: str
    value: str
    why: str

    def __str__(self) -> str:
        return f"{self.line}行目 {self.column} 「{self.value}」: {self.why}"


CAUSES: Final = {
    errno.ENOENT: "その場所にありません",
    errno.EACCES: "読み書きする権限がありません",
    errno.EPERM: "読み書きする権限がありません",
    errno.EISDIR: "ファイルではなくフォルダーです",
    errno.ENOTDIR: "途中の名前がフォルダーではありません",
    errno.ENAMETOOLONG: "名前が長すぎます",
    errno.ELOOP: "リンクが堂々巡りしています",
    errno.EMFILE: "開いているファイルが多すぎます",
    errno.ENOSPC: "ディスクに空きがありません",
    errno.EROFS: "書き込めないディスクです",
    errno.EIO: "ディスクの読み書きに失敗しました",
}


def cause_of(error: OSError) -> str:
    """Why the system could not open or write a file, in words.

    >>> cause_of(FileNotFoundError(2, "No such file or directory")), cause_of(OSError(9999, "odd"))
    ('その場所にありません', 'システムのエラー 9999')
    """
    return CAUSES.get(error.errno or 0, f"システムのエラー {error.errno or 0}")


class FileRefusal(Refusal):
    """A file that is refused whole, with every bad cell in the order of the file."""

    def __init__(self, name: str, errors: Sequence[RowError]) -> None:
        self.errors = sorted(errors)
        self.name = name
        super().__init__(
            "file-refused",
            f"{name} に誤りが{len(self.errors)}件あるため、1行も取り込みませんでした。",
            "下の行を直して、もう一度取り込んでください。",
        )

    def __str__(self) -> str:
        shown = self.errors[:MOST_ERRORS]
        more = len(self.errors) - len(shown)
        rows = [super().__str__(), *(f"  {error}" for error in shown)]
        return "\n".join(rows + ([f"  ほか{more}件"] if more else []))


MOST_ERRORS = 200
