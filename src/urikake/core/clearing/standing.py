"""Where the clearing of a run stands: what is asked and open, what is settled, what is in doubt; one step of it."""

from __future__ import annotations

from typing import Final, NamedTuple

import polars as pl

ASKS: Final = {"receipt": pl.UInt32, "pool": pl.Int64, "amount": pl.Int64, "received_on": pl.Date}
CLAIMS: Final = {"receipt": pl.UInt32, "doc": pl.UInt32, "bundle": pl.UInt32}
DOUBTFUL: Final = {"receipt": pl.UInt32, "candidates": pl.Int64, "kind": pl.String}
CONTESTED: Final = {"doc": pl.UInt32}


class Found(NamedTuple):
    """What one rank explains: claims of receipts with one explanation, receipts with several, what those touch.

    Receipts of one ``bundle`` pay their documents together; mostly a bundle is one receipt.
    """

    claims: pl.DataFrame
    doubtful: pl.DataFrame
    contested: pl.DataFrame


class Standing(NamedTuple):
    """Where the cascade stands: what is open, what is settled (with its kind), what is in doubt.

    ``asks`` has a row per receipt and pool of documents it may pay from; ``documents`` are by pool and age. ``cited``
    are the documents that receipts name (``receipt, doc``): none is settled without them.
    """

    asks: pl.DataFrame
    documents: pl.DataFrame
    cited: pl.DataFrame
    settled: pl.DataFrame
    doubtful: pl.DataFrame
    contested: pl.DataFrame


def claims(frame: pl.DataFrame) -> pl.DataFrame:
    """The claims of receipts that pay alone, from ``receipt, doc``."""
    return frame.select("receipt", "doc", bundle="receipt").cast(CLAIMS)  # type: ignore[arg-type]


def doubtful(frame: pl.DataFrame, candidates: pl.Expr | int = 1, kind: str = "ambiguous") -> pl.DataFrame:
    """The receipts in doubt, each with how many explanations it has."""
    count = pl.lit(candidates) if isinstance(candidates, int) else candidates
    return frame.select("receipt", candidates=count, kind=pl.lit(kind)).cast(DOUBTFUL)  # type: ignore[arg-type]


def contested(frame: pl.DataFrame) -> pl.DataFrame:
    """The documents that receipts in doubt touch."""
    return frame.select("doc").cast(CONTESTED)  # type: ignore[arg-type]


NOTHING: Final = Found(*(pl.DataFrame(schema=kinds) for kinds in (CLAIMS, DOUBTFUL, CONTESTED)))


def settle(standing: Standing, found: Found, kind: str) -> Standing:
    """The standing after a rank: claims that nothing disputes are settled, disputed ones are in doubt.

    Disputed is a claim on a document that another bundle claims or a receipt in doubt touches, that of a receipt with
    explanations in several pools, and one that leaves out a document the payer named.
    """
    if found.claims.is_empty() and found.doubtful.is_empty():
        return standing._replace(contested=pl.concat([standing.contested, found.contested]))
    shared = found.claims.filter(pl.col("bundle").n_unique().over("doc") > 1).select("doc")
    disputed = pl.concat([standing.contested, found.contested, shared])
    on_disputed = found.claims.join(disputed, on="doc", how="semi").select("bundle")
    unsure = pl.concat([on_disputed, _torn(standing, found), _incomplete(standing, found)]).unique()
    sure = found.claims.join(unsure, on="bundle", how="anti", maintain_order="left")
    withheld = found.claims.join(unsure, on="bundle", how="semi")
    doubted = doubtful(withheld.unique("receipt").join(found.doubtful, on="receipt", how="anti"))
    done = pl.concat([found.doubtful.select("receipt"), found.claims.select("receipt")]).unique()
    return standing._replace(
        asks=standing.asks.join(done, on="receipt", how="anti", maintain_order="left"),
        documents=standing.documents.join(sure, on="doc", how="anti", maintain_order="left"),
        settled=pl.concat([standing.settled, sure.with_columns(kind=pl.lit(kind))]),
        doubtful=pl.concat([standing.doubtful, found.doubtful.unique("receipt", keep="first"), doubted]),
        contested=pl.concat([standing.contested, found.contested, withheld.select("doc")]),
    )


def _torn(standing: Standing, found: Found) -> pl.DataFrame:
    """The bundles of receipts that are explained in more than one pool."""
    many = standing.asks.filter(pl.len().over("receipt") > 1).select("receipt").unique()
    of_many = found.claims.join(many, on="receipt", how="semi")
    if of_many.is_empty():
        return of_many.select("bundle")
    pools = of_many.join(standing.documents.select("doc", "pool"), on="doc")
    several = pools.filter(pl.col("pool").n_unique().over("receipt") > 1).select("bundle")
    also = of_many.join(found.doubtful, on="receipt", how="semi").select("bundle")
    return pl.concat([several, also])


def _incomplete(standing: Standing, found: Found) -> pl.DataFrame:
    """The bundles of receipts that name a document they do not claim."""
    named = standing.cited.join(found.claims.select("receipt", "bundle").unique(), on="receipt")
    return named.join(found.claims, on=["receipt", "doc"], how="anti").select("bundle")
