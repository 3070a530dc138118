// 日付の欄の暦。欄を開いたときに初めて読まれる。土曜は青、日曜と祝日は赤で、祝日の名を添える。
import "../vendor/cally-0.9.2.js";
import { date, iso, now } from "./fields.js";

const known = new Map(); // 年 → 日ごとの名
let pop = null, field = null, today = "";

async function holidays(year) {
  if (!known.has(year)) {
    const answer = await fetch(`/${document.body.dataset.company}/calendar/${year}`, { headers: { Accept: "application/json" } });
    const found = answer.ok ? await answer.json() : { days: {}, today };
    known.set(year, found.days);
    today = found.today; // デモ会社の本日は、暦の本日ではない
  }
  return known.get(year);
}

const on = (day) => known.get(Number(day.slice(0, 4)))?.[day];
const parts = (day) => { const name = iso(day), found = on(name); return `d-${name}${found ? (found.holiday ? " holiday" : " bank") : ""}`; };

function made() {
  pop = document.createElement("div");
  pop.className = "cal";
  pop.popover = "auto";
  pop.setAttribute("role", "dialog");
  pop.setAttribute("aria-label", "カレンダー");
  pop.innerHTML = '<calendar-date locale="ja-JP" first-day-of-week="0"><span slot="previous">前の月</span><span slot="next">次の月</span><calendar-month></calendar-month></calendar-date><p class="sub" role="status"></p>';
  const calendar = pop.querySelector("calendar-date");
  calendar.addEventListener("change", () => choose(calendar.value));
  calendar.addEventListener("focusday", (event) => show(iso(event.detail)));
  pop.addEventListener("toggle", (event) => { if (event.newState === "closed" && pop.contains(document.activeElement)) field.focus(); });
  return pop;
}

function choose(day) {
  field.value = day;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  pop.hidePopover();
  field.focus();
}

// 見えている月の祝日を塗り、名を字でも示す
async function show(day) {
  const days = await holidays(Number(day.slice(0, 4)));
  const calendar = pop.querySelector("calendar-date");
  calendar.today = today;
  calendar.getDayParts = (each) => parts(each);
  const month = day.slice(0, 7);
  const names = Object.entries(days).filter(([each]) => each.startsWith(month));
  pop.querySelector("p").textContent = names.map(([each, { name }]) => `${+each.slice(5, 7)}/${+each.slice(8)} ${name}`).join("　") || "祝日はありません";
}

function titles() {
  for (const button of pop.querySelector("calendar-month").shadowRoot.querySelectorAll("button")) {
    const day = /d-(\d{4}-\d\d-\d\d)/.exec(button.getAttribute("part"))?.[1];
    button.title = (day && on(day)?.name) ?? "";
  }
}

function place() {
  const { left, bottom, top } = field.getBoundingClientRect();
  const { width, height } = pop.getBoundingClientRect();
  pop.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  pop.style.top = `${bottom + height + 8 > innerHeight && top > height ? top - height - 4 : bottom + 4}px`;
}

export async function open(input, enter) {
  field = input;
  const first = !pop;
  const home = field.closest("details.pop > div") ?? document.body;
  if (first) made();
  if (pop.parentElement !== home) home.append(pop);
  const day = iso((field.value && date(field.value, now())) || now());
  const calendar = pop.querySelector("calendar-date");
  calendar.value = day;
  calendar.focusedDate = day;
  pop.showPopover();
  await show(day);
  await customElements.whenDefined("calendar-month");
  const month = pop.querySelector("calendar-month");
  await month.updated;
  if (first) new MutationObserver(titles).observe(month.shadowRoot, { subtree: true, childList: true, attributeFilter: ["part"] });
  titles();
  place();
  if (enter) calendar.focus();
}
