// キーの台帳: ここに載らないキーは、どの画面にもない。F1 の一覧と下の帯もここから描く。
const book = new Map();
let drawn = false;

export const converting = (event) => event.isComposing || event.keyCode === 229;
const typing = (target) => target.closest("input:not([type=checkbox],[type=radio],[type=submit]),textarea,select,[contenteditable]");

const CODES = { "/": "Slash", "[": "BracketLeft", "]": "BracketRight", "?": "Slash", Enter: "Enter", Space: "Space", Escape: "Escape", "↑": "ArrowUp", "↓": "ArrowDown", "←": "ArrowLeft", "→": "ArrowRight" };
const code = (name) => CODES[name] ?? (/^[A-Z]$/.test(name) ? `Key${name}` : /^\d$/.test(name) ? `Digit${name}` : name);

export function keys(name, label, act, options = {}) {
  const parts = name.split("+");
  const last = parts.pop();
  book.set(name, { name, label, act, code: code(last), ctrl: parts.includes("Ctrl"), shift: parts.includes("Shift"), alt: parts.includes("Alt"), ...options });
  if (drawn) draw(); // あとから来た部品のキーも帯に載る
}

function pressed(event) {
  if (converting(event)) return;
  for (const key of book.values()) {
    const same = event.code === key.code || (key.code === "Enter" && event.code === "NumpadEnter") || (/^Digit/.test(key.code) && event.code === key.code.replace("Digit", "Numpad"));
    if (!same || (event.ctrlKey || event.metaKey) !== key.ctrl || event.shiftKey !== key.shift || event.altKey !== key.alt) continue;
    if (typing(event.target) && !key.typing && !/^F\d/.test(key.code)) continue;
    if (document.querySelector("dialog[open], :popover-open") && key.code !== "Escape") continue;
    if (key.act(event) !== false) event.preventDefault();
    return;
  }
}

function draw() {
  drawn = true;
  const bar = document.querySelector("[data-keys]");
  if (!bar) return;
  bar.replaceChildren(...[...book.values()].filter((k) => !k.quiet).map((k) => {
    const item = document.createElement("span");
    const cap = document.createElement("kbd");
    cap.textContent = k.name.replaceAll("+", " ");
    item.append(cap, ` ${k.label}`);
    return item;
  }));
}

function list() {
  const dialog = document.getElementById("keys");
  const rows = [...book.values()].map((k) => `<tr><th scope="row"><kbd></kbd></th><td></td></tr>`).join("");
  dialog.innerHTML = `<div class="in"><h2>この画面のキー</h2><table class="bridge">${rows}</table><form method="dialog"><button class="btn">閉じる</button></form></div>`;
  [...book.values()].forEach((k, at) => {
    dialog.querySelectorAll("kbd")[at].textContent = k.name.replaceAll("+", " ");
    dialog.querySelectorAll("td")[at].textContent = k.label;
  });
  dialog.showModal();
}

const click = (selector) => () => { const found = document.querySelector(selector); if (!found || found.disabled) return false; found.click(); };

export function start() {
  keys("F1", "キー一覧", list);
  keys("Shift+?", "キー一覧", list, { quiet: true });
  if (document.querySelector("[data-find]")) {
    const find = () => { const field = document.querySelector("[data-find]"); field.focus(); field.select(); };
    keys("F3", "さがす", find);
    keys("/", "さがす", find, { quiet: true });
  }
  // 月のある画面は自分の [ ] を持ち、ほかの画面では基準日が月を移る
  for (const [name, label] of [["[", "前の月"], ["]", "次の月"]]) if (document.querySelector("[data-month]")) keys(name, label, click(`[data-month="${name}"]`), { quiet: true });
  for (const button of document.querySelectorAll("[data-key]")) {
    keys(button.dataset.key, button.dataset.label ?? button.textContent.trim().replace(/\s+/g, " ").replace(button.dataset.key, "").trim(), click(`[data-key="${CSS.escape(button.dataset.key)}"]`), { typing: button.dataset.key.startsWith("Ctrl") });
  }
  if (document.querySelector("main form[method=post]:not([data-aside])")) keys("Ctrl+Enter", "送る", (event) => { const form = event.target.closest("form") ?? document.querySelector("main form[method=post]:not([data-aside])"); form?.requestSubmit(); }, { typing: true, quiet: true });
  // 番号の付いたもの: 今日すること、消込の提案
  [...document.querySelectorAll("main .tasks li a:first-child, main .prop input[type=checkbox]")].slice(0, 9).forEach((one, at) => {
    keys(String(at + 1), one.closest("label")?.querySelector(".lead").textContent.trim() ?? one.textContent, () => one.click(), { quiet: true });
  });
  document.addEventListener("keydown", pressed);
  draw();
}
