// 登録の画面: 選んだものに要る欄だけを出し、フリガナと番号の検査を助け、明細の行を足す。
import { half } from "./fields.js";

// 検査用の数字は 9 −(下の桁から 1・2・1・2… を掛けた和 ÷ 9 の余り)
function registration(text) {
  const digits = half(text).replace(/[\s-]/g, "").replace(/^T/i, "");
  if (!digits) return "";
  if (/\D/.test(digits)) return "T のあとは数字だけです";
  if (digits.length !== 13) return digits.length < 13 ? `あと${13 - digits.length}桁です` : `${digits.length - 13}桁多いです`;
  const sum = [...digits.slice(1)].reduce((all, digit, at) => all + digit * (at % 2 ? 1 : 2), 0);
  return 9 - (sum % 9) === +digits[0] ? "桁はすべて合っています" : "チェックデジットが合いません。打ち間違いがないか確かめてください";
}

export function entry(root) {
  for (const pick of root.querySelectorAll("[data-leads]")) {
    const led = () => [...pick.form.querySelectorAll("[data-for]")].filter((field) => (field.dataset.of ?? "") === pick.dataset.leads);
    const show = () => { for (const field of led()) field.hidden = !field.dataset.for.split(" ").includes(pick.value); };
    pick.addEventListener("change", show);
    show();
  }
  for (const field of root.querySelectorAll("[data-kana]")) {
    let last = "";
    const name = document.getElementById(field.dataset.kana);
    name?.addEventListener("compositionupdate", (event) => { if (/^[ぁ-んー]+$/.test(event.data)) last = event.data; });
    name?.addEventListener("compositionend", () => { field.value += last.replace(/[ぁ-ん]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 96)); last = ""; });
  }
  for (const field of root.querySelectorAll("[data-registration]")) field.addEventListener("input", () => {
    field.parentElement.querySelector("small").textContent = registration(field.value);
  });
  // 最後の行に書き始めると、次の行ができる
  for (const body of root.querySelectorAll("[data-grows]")) body.addEventListener("input", () => {
    const last = body.lastElementChild, at = body.rows.length;
    if (![...last.querySelectorAll("input")].some((field) => field.value)) return;
    const next = last.cloneNode(true);
    next.innerHTML = next.innerHTML.replaceAll(`-${at}"`, `-${at + 1}"`).replaceAll(`明細${at} `, `明細${at + 1} `).replace(`>${at}<`, `>${at + 1}<`);
    body.append(next);
  });
  document.getElementById("wrong")?.focus();
}
