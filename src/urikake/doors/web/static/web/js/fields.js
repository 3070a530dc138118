// 欄は、人が打つもの貼るものをそのまま受け取り、離れるときに整える。
import { keys } from "./keys.js";

export const half = (text) => text.normalize("NFKC").trim();

export function amount(text) {
  const plain = half(text).replace(/[,\s円¥]/g, "");
  const minus = /^(?:[△▲−-]|\().*/.test(plain);
  const digits = plain.replace(/[^\d]/g, "");
  if (!digits || /[^\d△▲−()-]/.test(plain)) return null;
  return (minus ? -1 : 1) * Number(digits);
}

const ERAS = { R: 2018, 令和: 2018, H: 1988, 平成: 1988, S: 1925, 昭和: 1925 };
const pad = (number, size) => String(number).padStart(size, "0");
const made = (year, month, day) => {
  const found = new Date(Date.UTC(year, month - 1, day));
  return found.getUTCMonth() === month - 1 && found.getUTCDate() === day ? found : null;
};

export function date(text, today) {
  const plain = half(text).toUpperCase();
  const [year, month] = [today.getUTCFullYear(), today.getUTCMonth() + 1];
  let hit;
  if ((hit = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(plain))) return made(+hit[1], +hit[2], +hit[3]);
  if ((hit = /^(\d{4})(\d{2})(\d{2})$/.exec(plain))) return made(+hit[1], +hit[2], +hit[3]);
  if ((hit = /^(R|H|S|令和|平成|昭和)(\d{1,2}|元)[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(plain))) return made(ERAS[hit[1]] + (hit[2] === "元" ? 1 : +hit[2]), +hit[3], +hit[4]);
  if ((hit = /^(\d{1,2})[/月](\d{1,2})日?$/.exec(plain)) || (hit = /^(\d{2})(\d{2})$/.exec(plain))) return made(year, +hit[1], +hit[2]);
  if ((hit = /^([+-]\d+)$/.exec(plain))) return new Date(today.getTime() + Number(hit[1]) * 86400000);
  if ((hit = /^(今月|翌月|来月|先月|前月|翌々月)(末|(\d{1,2})日)$/.exec(plain))) {
    const at = month + { 今月: 0, 翌月: 1, 来月: 1, 先月: -1, 前月: -1, 翌々月: 2 }[hit[1]];
    return hit[2] === "末" ? new Date(Date.UTC(year, at, 0)) : new Date(Date.UTC(year, at - 1, +hit[3]));
  }
  return { 今日: today, 本日: today }[plain] ?? null;
}

export const iso = (day) => `${day.getUTCFullYear()}-${pad(day.getUTCMonth() + 1, 2)}-${pad(day.getUTCDate(), 2)}`;
export const now = () => { const local = new Date(Date.now() + 9 * 3600000); return new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate())); };

// 暦は、欄を押すか F4 で開く。開くまでは読まない
const calendar = (field, enter) => { import("./dates.js").then(({ open }) => open(field, enter)); };

// F4: 日付の欄は暦を、候補のある欄は候補を開く。ほかの欄では何もしない
function pick() {
  const field = document.activeElement;
  if (field?.matches("[data-date]")) return calendar(field, true);
  const listed = field?.closest("select, input[list], [data-pick]");
  if (!listed?.showPicker) return false;
  listed.showPicker();
}

export function fields(root) {
  const dates = root.querySelectorAll("[data-date]");
  if (root.querySelector("main [data-date]")) keys("F4", "暦", pick);
  else if (dates.length || root.querySelector("main :is(select, input[list], [data-pick])")) keys("F4", "暦・候補", pick, { quiet: true });
  for (const field of dates) { field.setAttribute("aria-haspopup", "dialog"); field.addEventListener("click", () => calendar(field, false)); }
  for (const field of dates) field.addEventListener("change", () => {
    const found = field.value && date(field.value, now());
    if (found) field.value = iso(found);
    field.setCustomValidity(field.value && !found ? "日付として読めません。2026-11-30、11/30、R8.11.30、今月末 のように書いてください。" : "");
  });
  for (const field of root.querySelectorAll("[data-yen]")) field.addEventListener("change", () => {
    const found = field.value ? amount(field.value) : null;
    if (found !== null) field.value = found.toLocaleString("ja-JP").replace("-", "△");
  });
  // 変換を確定する Enter は、送信にも移動にもならない
  for (const form of root.querySelectorAll("form")) form.addEventListener("keydown", (event) => { if (event.code === "Enter" && (event.isComposing || event.keyCode === 229)) event.stopPropagation(); });
}
