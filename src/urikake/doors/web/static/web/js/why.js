// 根拠: どの金額からも右の面が開き、Esc で閉じて元の場所に戻る。
let from = null;

export async function openWhy(link = current()) {
  if (!link) return false;
  const panel = document.getElementById("why");
  from ??= document.activeElement;
  const url = new URL(link.href);
  url.searchParams.set("panel", "1");
  const answer = await fetch(url, { headers: { "HX-Request": "true" } });
  if (!answer.ok) { location.assign(link.href); return; } // 開けないわけは、その画面が言う
  panel.innerHTML = await answer.text();
  panel.hidden = false;
  panel.focus();
}

export function closeWhy() {
  const panel = document.getElementById("why");
  if (!panel || panel.hidden) return false;
  panel.hidden = true;
  from?.focus();
  from = null;
}

// いま見ている行の金額、なければ画面で最初の金額
function current() {
  const near = document.activeElement?.closest("[data-explain]") ?? document.activeElement?.closest("tr")?.querySelector("[data-explain]");
  return near ?? document.querySelector("tr[aria-current] [data-explain]") ?? document.querySelector("main [data-explain]");
}
document.addEventListener("click", (event) => { if (event.target.closest("[data-close-why]")) closeWhy(); });
