// 一覧: ↑↓ で行、Enter で開く、Space で選ぶ。選んだものの件数と合計を示す。
// 一覧は並べ替えや絞り込みで入れ替わるので、行も欄も、キーが押されたときに探す。
import { keys, converting } from "./keys.js";
import { remember } from "./back.js";
import { amount, fields } from "./fields.js";

const every = () => [...document.querySelectorAll("table[data-rows] tbody tr[data-row]")];
const current = (found) => found.findIndex((row) => row.hasAttribute("aria-current"));

function go(step) {
  const found = every(), at = current(found);
  const next = found[Math.min(Math.max(at + step, 0), found.length - 1)];
  if (!next) return false;
  found[at]?.removeAttribute("aria-current");
  next.setAttribute("aria-current", "true");
  next.querySelector("a, input")?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function choose(event) {
  if (event.target.closest("button, input, summary")) return false;
  const found = every();
  const box = found[current(found)]?.querySelector("input[type=checkbox]");
  if (!box) return false;
  box.click();
}

// 選びながら動く: 通った行はすべて選ばれる
function range(step) {
  const found = every();
  for (const move of [() => {}, () => go(step)]) {
    move();
    const box = found[current(found)]?.querySelector("input[type=checkbox]");
    if (box && !box.checked) box.click();
  }
}

function all() {
  const boxes = every().map((row) => row.querySelector("input[type=checkbox]:enabled")).filter(Boolean);
  if (!boxes.length) return false;
  const on = boxes.some((box) => !box.checked);
  for (const box of boxes) if (box.checked !== on) box.click();
}

function open(event) {
  const link = every()[current(every())]?.querySelector("a");
  if (!link || event.target.closest("a, button, input, summary")) return false;
  link.click();
}

function sum() {
  const told = document.querySelector("[data-selection]");
  if (!told) return;
  const on = every().filter((row) => row.querySelector("input[type=checkbox]:checked"));
  const money = on.reduce((all, row) => all + (amount([...row.querySelectorAll("[data-amount]")].at(-1)?.dataset.amount ?? "0") ?? 0), 0);
  told.hidden = !on.length;
  told.textContent = `${on.length}件を選択　合計 ${money.toLocaleString("ja-JP").replace("-", "△")}円`;
}

// 入れ替わったあとは、前の行の印と選択を引き継がない
function fresh() {
  for (const row of every()) row.removeAttribute("aria-current");
  for (const box of document.querySelectorAll("table[data-rows] tbody input[type=checkbox]")) box.checked = false;
  for (const option of document.querySelectorAll(".filters option")) option.selected = option.defaultSelected;
  const find = document.querySelector("[data-find]");
  if (find && find !== document.activeElement) find.value = find.defaultValue;
  fields(document.getElementById("day"));
  remember();
  sum();
}

// 打ちながら絞り込む。変換中は待ち、打った途中の番地は履歴に残さない
function typed() {
  let later = 0;
  const on = (name, act) => document.addEventListener(name, (event) => { if (event.target.matches("#list [data-find]")) act(event); });
  const send = ({ target }) => {
    clearTimeout(later);
    later = setTimeout(() => {
      if (!target.isConnected || target.value === target.defaultValue) return;
      target.form.setAttribute("hx-replace-url", "true");
      target.form.requestSubmit();
      target.form.removeAttribute("hx-replace-url");
    }, 200);
  };
  on("input", (event) => { if (!event.isComposing) send(event); });
  on("compositionend", send);
  on("keydown", (event) => { if (event.code === "Enter" && !converting(event)) clearTimeout(later); });
}

export function rows(root) {
  const queue = root.querySelector("[data-queue]");
  if (root.querySelector("table[data-rows], #list")) list();
  if (queue) steps([...queue.querySelectorAll("a")]);
}

function list() {
  keys("↓", "次の行", () => go(1), { quiet: true });
  keys("↑", "前の行", () => go(-1), { quiet: true });
  keys("Enter", "開く", open, { quiet: true });
  if (document.querySelector("table[data-rows] input[type=checkbox]")) {
    keys("Space", "選ぶ", choose);
    keys("Shift+↓", "下へ続けて選ぶ", () => range(1), { quiet: true });
    keys("Shift+↑", "上へ続けて選ぶ", () => range(-1), { quiet: true });
    keys("Ctrl+A", "すべて選ぶ", all, { quiet: true });
  }
  typed();
  remember();
  document.addEventListener("change", (event) => { if (event.target.closest("table[data-rows]")) sum(); });
  document.addEventListener("htmx:after:swap", fresh);
  // 何も選んでいない条件は、番地に残さない
  document.addEventListener("formdata", (event) => {
    if (event.target.matches(".filters")) for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
  });
  // 一覧の続きではない答え(サインイン、エラー)は、その画面として開く
  document.addEventListener("htmx:before:response", (event) => {
    const { request, response } = event.detail.ctx;
    if (response.status === 200 && !response.raw.redirected) return;
    event.preventDefault();
    location.assign(request.action);
  });
}

function steps(links) {
  const at = links.findIndex((link) => link.hasAttribute("aria-current"));
  const move = (step) => () => { const next = links[at + step]; if (!next) return false; next.click(); };
  keys("↓", "次の入金", move(1));
  keys("↑", "前の入金", move(-1));
  links[at]?.scrollIntoView({ block: "nearest" });
}
