// 実行の進み: 一秒ごとに尋ね、終わったら結果を出す。
export function watchRun(root) {
  const box = root.querySelector("[data-run]");
  if (!box || box.dataset.ended === "1") return;
  const ask = async () => {
    const answer = await fetch(box.dataset.run, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const run = await answer.json();
    box.querySelector("progress").value = run.done;
    box.querySelector("[data-step]").textContent = `${run.state_label} ${run.step} (${run.done}/${run.total})`;
    if (run.ended) location.reload(); else setTimeout(ask, 1000);
  };
  setTimeout(ask, 400);
}
