// <uk-timeline>: 契約の帯・請求・収益・出来事を一枚に。予定は斜線、基準日は縦線。← → で出来事、[ ] で月を移り、その月を字で読む。
import { keys } from "./keys.js";

const SVG = "http://www.w3.org/2000/svg";
const [LEFT, WIDTH, LANE] = [170, 900, 28];
const draw = (name, attributes, text) => {
  const found = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
  if (text !== undefined) found.textContent = text;
  return found;
};
const yen = (value) => value.toLocaleString("ja-JP").replace("-", "△");
const slashed = (day) => day.replaceAll("-", "/");
const next = (month, step) => { const found = new Date(`${month}-01`); found.setUTCMonth(found.getUTCMonth() + step); return found.toISOString().slice(0, 7); };
const wide = (letter) => (letter.charCodeAt(0) < 128 ? 1 : 2);
function fit(text, most) { // 幅で切る: 半角は全角の半分
  let used = 0;
  const at = [...text].findIndex((letter) => (used += wide(letter)) > most);
  return at < 0 ? text : `${[...text].slice(0, at - 1).join("")}…`;
}
const sum = (rows) => rows.reduce((all, row) => all + row.amount, 0);

class Timeline extends HTMLElement {
  connectedCallback() {
    this.data = JSON.parse(document.getElementById(this.getAttribute("data")).textContent);
    this.month = this.data.now.slice(0, 7);
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", this.data.label);
    this.told = Object.assign(document.createElement("p"), { className: "tl-told" });
    this.told.setAttribute("role", "status");
    this.replaceChildren(this.picture(), this.told);
    this.tell();
    const away = (act) => (event) => event.target.closest(".scroll, figure") ? false : act();
    keys("[", "前の月", () => this.go(-1));
    keys("]", "次の月", () => this.go(1));
    keys("←", "前の出来事", away(() => this.step(-1)));
    keys("→", "次の出来事", away(() => this.step(1)));
  }

  x(day) {
    const [from, to] = [Date.parse(this.data.from), Date.parse(this.data.to)];
    return LEFT + Math.round(((Math.min(Math.max(Date.parse(day), from), to) - from) / (to - from)) * WIDTH);
  }

  picture() {
    const { lanes, bills, revenue, events } = this.data;
    const y = { lanes: 40, bills: 52 + lanes.length * LANE };
    y.revenue = y.bills + (bills.length ? 34 : 0);
    y.events = y.revenue + (revenue.length ? 60 : 0);
    this.height = y.events + 56;
    const root = draw("svg", { viewBox: `0 0 ${LEFT + WIDTH + 10} ${this.height}` });
    this.band = draw("rect", { class: "tl-at", y: 14, height: this.height - 14 });
    root.append(this.band);
    this.months(root);
    lanes.forEach((each, at) => this.lane(root, each, y.lanes + at * LANE));
    if (bills.length) this.bills(root, bills, y.bills);
    if (revenue.length) this.revenue(root, revenue, y.revenue);
    this.events(root, events, y.events);
    const now = this.x(this.data.now);
    root.append(draw("line", { x1: now, x2: now, y1: 30, y2: this.height, class: "tl-now" }), draw("text", { x: now + 4, y: this.height - 4, class: "tl-year" }, "基準日"));
    return root;
  }

  months(root) {
    for (let month = this.data.from.slice(0, 7); month < this.data.to.slice(0, 7); month = next(month, 1)) {
      const x = this.x(`${month}-01`);
      root.append(draw("line", { x1: x, x2: x, y1: 32, y2: this.height - 18, class: "tl-grid" }), draw("text", { x: x + 3, y: 28 }, `${+month.slice(5)}月`));
      if (month.endsWith("-01") || month === this.data.from.slice(0, 7)) root.append(draw("text", { x: x + 3, y: 12, class: "tl-year" }, `${month.slice(0, 4)}年`));
    }
  }

  lane(root, lane, y) {
    const name = draw("text", { x: 0, y: y + 17 }, fit(lane.label, 26));
    name.append(draw("title", {}, lane.label));
    root.append(lane.url ? this.linked(name, lane.url, lane.label) : name);
    for (const part of lane.parts) {
      const [from, to] = [this.x(part.from), this.x(part.to)];
      this.mark(root, draw("rect", { x: from, y: y + 3, width: Math.max(to - from - 1, 2), height: 20, rx: 3, class: `tl-lane${part.rest ? " rest" : ""}${part.cut ? " cut" : ""}${part.ahead ? " ahead" : ""}` }), part.text + (part.ahead ? " (予約)" : ""));
      if (to - from > part.note.length * 8) root.append(draw("text", { x: from + 6, y: y + 17, class: "tl-note", "aria-hidden": true }, part.note));
    }
  }

  bills(root, bills, y) {
    root.append(draw("text", { x: 0, y: y + 17 }, "請求"));
    for (const bill of bills) {
      const bar = draw("rect", { x: this.x(bill.on) - 6, y: y + 3, width: 12, height: 18, class: `tl-bill${bill.state === "請求済み" ? "" : " ahead"}` });
      this.mark(root, bar, `${slashed(bill.on)} 請求 ${yen(bill.amount)}円 (${bill.state})`, bill.url);
    }
  }

  revenue(root, revenue, y) {
    const most = Math.max(1, ...revenue.map((each) => Math.abs(each.amount)));
    root.append(draw("text", { x: 0, y: y + 40 }, "収益"));
    for (const each of revenue) {
      const [from, to] = [this.x(`${each.month}-01`), this.x(`${next(each.month, 1)}-01`)];
      const high = Math.max(Math.round((Math.abs(each.amount) / most) * 44), 1);
      const bar = draw("rect", { x: from + 1, y: y + 50 - high, width: Math.max(to - from - 2, 2), height: high, class: `tl-rev${each.ahead ? " ahead" : ""}${each.amount < 0 ? " minus" : ""}` });
      this.mark(root, bar, `${slashed(each.month)} 収益 ${yen(each.amount)}円${each.ahead ? " (予定)" : ""}`, each.url);
    }
  }

  events(root, events, y) {
    root.append(draw("text", { x: 0, y: y + 14 }, "出来事"));
    const ends = [-Infinity, -Infinity]; // 名は、前の名と重ならない段に書く。どちらも塞がっていれば印だけにする
    for (const each of events) {
      const x = this.x(each.on), row = ends.findIndex((end) => end < x - 8);
      const dot = draw("circle", { cx: x, cy: y + 6, r: 5, class: `tl-event${each.ahead ? " ahead" : ""}`, tabindex: 0, "data-on": each.on });
      this.mark(root, dot, `${slashed(each.on)} ${each.label} ${each.text}`);
      if (row < 0) continue;
      root.append(draw("text", { x: x - 4, y: y + 24 + row * 14, class: "tl-note", "aria-hidden": true }, each.label));
      ends[row] = x + each.label.length * 12;
    }
  }

  mark(root, shape, text, url) {
    shape.append(draw("title", {}, text));
    if (!url) { shape.setAttribute("role", "img"); shape.setAttribute("aria-label", text); }
    root.append(url ? this.linked(shape, url, text) : shape);
  }

  linked(shape, url, text) {
    const link = draw("a", { href: url, "aria-label": text });
    link.append(shape);
    return link;
  }

  // 月の姿を字で: 有効な明細、請求、収益
  tell() {
    const { lanes, bills, revenue } = this.data;
    const end = `${next(this.month, 1)}-01`;
    const held = lanes.filter((lane) => lane.parts.some((part) => !part.rest && part.from < end && part.to >= end)).length;
    const words = [`月末に有効 ${held}${this.data.unit ?? "明細"}`];
    if (bills.length) words.push(`請求 ${yen(sum(bills.filter((bill) => bill.on.startsWith(this.month))))}円`);
    if (revenue.length) words.push(`収益 ${yen(sum(revenue.filter((each) => each.month === this.month)))}円`);
    this.told.textContent = `${this.month.slice(0, 4)}年${+this.month.slice(5)}月　${words.join("　")}`;
    const [from, to] = [this.x(`${this.month}-01`), this.x(end)];
    this.band.setAttribute("x", from);
    this.band.setAttribute("width", to - from);
  }

  go(step) {
    const month = next(this.month, step);
    if (month < this.data.from.slice(0, 7) || month >= this.data.to.slice(0, 7)) return false;
    this.month = month;
    this.tell();
  }

  step(by) {
    const dots = [...this.querySelectorAll("[data-on]")];
    if (!dots.length) return false;
    const at = dots.indexOf(document.activeElement);
    const first = by > 0 ? dots.findIndex((dot) => dot.dataset.on > this.data.now) : dots.findLastIndex((dot) => dot.dataset.on <= this.data.now);
    const to = at < 0 ? first : at + by;
    const dot = dots[Math.min(Math.max(to, 0), dots.length - 1)];
    dot.focus();
    this.month = dot.dataset.on.slice(0, 7);
    this.tell();
  }
}
customElements.define("uk-timeline", Timeline);
