// 画面に共通の動き。各部品は自分のファイルにあり、要るものだけがここから始まる。
import { keys, start } from "./keys.js";
import { openPalette } from "./palette.js";
import { openWhy, closeWhy } from "./why.js";
import { fields } from "./fields.js";
import { rows } from "./rows.js";
import { watchRun } from "./run.js";
import { toasts } from "./toasts.js";
import { back } from "./back.js";

const page = () => {
  fields(document);
  rows(document);
  watchRun(document);
  toasts();
  if (document.querySelector("uk-timeline")) import("./timeline.js");
  if (document.querySelector("uk-match")) import("./match.js");
  if (document.querySelector("form.entry")) import("./entry.js").then(({ entry }) => entry(document));
};

keys("Ctrl+K", "どこへでも", openPalette, { typing: true });
keys("E", "根拠", () => openWhy());
keys("Escape", "閉じる、一覧に戻る", (event) => (closeWhy() === false ? back(event) : undefined), { typing: true, quiet: true });
document.addEventListener("click", (event) => {
  const why = event.target.closest("[data-explain]");
  if (why && !event.ctrlKey && !event.metaKey) { event.preventDefault(); openWhy(why); }
  if (event.target.closest("[data-palette]")) openPalette();
  for (const open of document.querySelectorAll("details.pop[open]")) if (!open.contains(event.target)) open.open = false;
});
document.addEventListener("submit", (event) => {
  // 二度押しても一度だけ
  if (event.target.dataset.sent) { event.preventDefault(); return; }
  if (event.target.method === "post") { event.target.dataset.sent = "1"; setTimeout(() => delete event.target.dataset.sent, 4000); }
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});
page();
start();
