// 一覧: ↑↓ で行、Enter で開く、Space で選ぶ。選んだものの件数と合計を示す。
import { keys } from "./keys.js";
import { amount } from "./fields.js";

export function rows(root) {
  const table = root.querySelector("table[data-rows]");
  const queue = root.querySelector("[data-queue]");
  if (table) list(table);
  if (queue) steps([...queue.querySelectorAll("a")]);
}

function list(table) {
  const every = () => [...table.querySelectorAll("tbody tr[data-row]")];
  const now = () => every().findIndex((row) => row.hasAttribute("aria-current"));
  const go = (step) => {
    const found = every(), at = now();
    const next = found[Math.min(Math.max(at + step, 0), found.length - 1)];
    if (!next) return false;
    found[at]?.removeAttribute("aria-current");
    next.setAttribute("aria-current", "true");
    next.querySelector("a, input")?.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };
  keys("↓", "次の行", () => go(1), { quiet: true });
  keys("↑", "前の行", () => go(-1), { quiet: true });
  const boxes = [...table.querySelectorAll("tbody input[type=checkbox]")];
  if (!boxes.length) return;
  const told = document.querySelector("[data-selection]");
  const sum = () => {
    const on = boxes.filter((box) => box.checked);
    const money = on.reduce((all, box) => { const cells = box.closest("tr").querySelectorAll("[data-amount]"); return all + (amount(cells[cells.length - 1]?.dataset.amount ?? "0") ?? 0); }, 0);
    told.hidden = !on.length;
    told.textContent = `${on.length}件を選択　合計 ${money.toLocaleString("ja-JP").replace("-", "△")}円`;
  };
  table.addEventListener("change", sum);
  keys("Space", "選ぶ", (event) => { if (event.target.type === "checkbox") return false; const row = every()[now()]; const box = row?.querySelector("input[type=checkbox]"); if (!box) return false; box.click(); }, { quiet: true });
}

function steps(links) {
  const at = links.findIndex((link) => link.hasAttribute("aria-current"));
  const go = (step) => () => { const next = links[at + step]; if (!next) return false; next.click(); };
  keys("↓", "次の入金", go(1));
  keys("↑", "前の入金", go(-1));
  links[at]?.scrollIntoView({ block: "nearest" });
}
