// 知らせ: 終わったことを右下に出す。元に戻せるものは、画面を離れるまで残る。
import { keys } from "./keys.js";

const STAY = 10_000;

const close = (toast) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn ghost";
  button.textContent = "閉じる";
  button.addEventListener("click", () => toast.remove());
  toast.append(button);
};

export function toasts() {
  const found = document.querySelectorAll("[data-toast]");
  if (!found.length) return;
  const box = document.createElement("div");
  box.className = "toasts no-print";
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", "終わったこと");
  document.querySelector(".app").append(box);
  for (const toast of found) {
    box.append(toast);
    close(toast);
    const leave = () => { if (toast.matches(":hover, :focus-within")) setTimeout(leave, STAY); else toast.remove(); };
    if (!toast.querySelector("[data-undo]")) setTimeout(leave, STAY);
  }
  if (box.querySelector("[data-undo]")) keys("Ctrl+Z", "元に戻す", () => { const undo = document.querySelector("[data-undo]"); if (!undo) return false; undo.click(); });
}
