// Ctrl+K: 画面・取引先・契約・請求書・金額へ。
import { converting } from "./keys.js";

let asked = 0;

const item = (found) => {
  const link = document.createElement("a");
  link.href = found.url;
  const hint = document.createElement("span");
  hint.className = "sub";
  hint.textContent = found.hint;
  link.append(found.title, hint);
  const row = document.createElement("li");
  row.append(link);
  return row;
};

async function search(dialog, text) {
  const mine = ++asked;
  const list = dialog.querySelector("ul");
  if (!text.trim()) { list.replaceChildren(); return; }
  const here = new URLSearchParams(location.search); // 基準日と記録時点は、行き先にも付いていく
  const query = new URLSearchParams({ q: text });
  for (const name of ["as_of", "known_at"]) if (here.has(name)) query.set(name, here.get(name));
  const answer = await fetch(`/${document.body.dataset.company}/search?${query}`, { headers: { Accept: "application/json" } });
  if (mine !== asked || !answer.ok) return;
  const { groups } = await answer.json();
  list.replaceChildren(...groups.flatMap((group) => {
    const head = document.createElement("li");
    head.innerHTML = "<h3></h3>";
    head.firstChild.textContent = group.title;
    return [head, ...group.items.map(item)];
  }));
  if (!groups.length) { const none = document.createElement("li"); none.className = "empty"; none.textContent = "見つかりません。番号・名前・金額の一部で試してください。"; list.append(none); }
  list.querySelector("a")?.classList.add("on");
}

function move(dialog, step) {
  const links = [...dialog.querySelectorAll("a")];
  const at = links.findIndex((link) => link.classList.contains("on"));
  const next = links[Math.min(Math.max(at + step, 0), links.length - 1)];
  links[at]?.classList.remove("on");
  next?.classList.add("on");
  next?.scrollIntoView({ block: "nearest" });
}

export function openPalette() {
  const dialog = document.getElementById("palette");
  if (!dialog.firstChild) {
    dialog.innerHTML = '<input type="search" aria-label="さがすもの" placeholder="取引先・契約・請求書・金額・画面" autocomplete="off"><ul></ul>';
    const field = dialog.querySelector("input");
    let later = 0;
    const ask = () => { clearTimeout(later); later = setTimeout(() => search(dialog, field.value), 120); };
    field.addEventListener("input", (event) => { if (!event.isComposing) ask(); });
    field.addEventListener("compositionend", ask);
    field.addEventListener("keydown", (event) => {
      if (converting(event)) return;
      if (event.code === "ArrowDown" || event.code === "ArrowUp") { event.preventDefault(); move(dialog, event.code === "ArrowDown" ? 1 : -1); }
      if (event.code === "Enter" || event.code === "NumpadEnter") { event.preventDefault(); dialog.querySelector("a.on")?.click(); }
    });
  }
  dialog.showModal();
  const field = dialog.querySelector("input");
  field.focus();
  field.select();
}
