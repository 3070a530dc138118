// <uk-timeline>: 契約の帯・請求・収益を一枚に。予定は斜線、基準日は縦線。← → で出来事を移る。
const SVG = "http://www.w3.org/2000/svg";
const DAY = 86400000;
const draw = (name, attributes, text) => {
  const found = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
  if (text !== undefined) found.textContent = text;
  return found;
};
const yen = (value) => value.toLocaleString("ja-JP").replace("-", "△");

class Timeline extends HTMLElement {
  connectedCallback() {
    const data = JSON.parse(document.getElementById(this.getAttribute("data")).textContent);
    this.replaceChildren(this.picture(data));
  }

  picture(data) {
    const [from, to] = [Date.parse(data.from), Date.parse(data.to)];
    const [left, width, lane] = [150, 850, 30];
    const x = (day) => left + ((Math.min(Math.max(Date.parse(day), from), to) - from) / (to - from)) * width;
    const top = 40, lanes = data.lanes.length * lane, bills = top + lanes + 12, revenue = bills + 40, height = revenue + 76;
    const root = draw("svg", { viewBox: `0 0 ${left + width + 10} ${height}`, role: "img", "aria-label": "契約の時間軸" });
    const pattern = draw("pattern", { id: "tl-hatch", width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
    pattern.append(draw("rect", { width: 8, height: 8, class: "tl-hatch-bg" }), draw("line", { x1: 0, y1: 0, x2: 0, y2: 8, class: "tl-hatch-line" }));
    root.append(pattern);
    this.months(root, data, x, height);
    data.lanes.forEach((each, at) => this.lane(root, each, x, top + at * lane));
    root.append(draw("text", { x: 0, y: bills + 18 }, "請求"));
    for (const bill of data.bills) this.mark(root, draw("rect", { x: x(bill.on) - 5, y: bills + 4, width: 10, height: 18, class: "tl-bill", tabindex: 0 }), `${bill.on} 請求 ${yen(bill.amount)}円`);
    this.revenue(root, data, x, revenue);
    root.append(draw("line", { x1: x(data.now), x2: x(data.now), y1: 30, y2: height, class: "tl-now" }), draw("text", { x: x(data.now) + 4, y: height - 4 }, "基準日"));
    this.addEventListener("keydown", (event) => {
      if (event.code !== "ArrowLeft" && event.code !== "ArrowRight") return;
      const marks = [...this.querySelectorAll("[tabindex]")];
      marks[Math.min(Math.max(marks.indexOf(document.activeElement) + (event.code === "ArrowRight" ? 1 : -1), 0), marks.length - 1)]?.focus();
    });
    return root;
  }

  months(root, data, x, height) {
    for (let day = new Date(data.from); day < new Date(data.to); day.setUTCMonth(day.getUTCMonth() + 1)) {
      const at = day.toISOString().slice(0, 10), month = day.getUTCMonth() + 1;
      root.append(draw("line", { x1: x(at), x2: x(at), y1: 32, y2: height - 18, class: "tl-grid" }), draw("text", { x: x(at) + 3, y: 28 }, `${month}月`));
      if (month === 1 || at === data.from) root.append(draw("text", { x: x(at) + 3, y: 12, class: "tl-year" }, `${at.slice(0, 4)}年`));
    }
  }

  lane(root, lane, x, y) {
    root.append(draw("text", { x: 0, y: y + 18 }, lane.label.length > 12 ? `${lane.label.slice(0, 11)}…` : lane.label));
    for (const part of lane.parts) {
      const bar = draw("rect", { x: x(part.from), y: y + 4, width: Math.max(x(part.to) - x(part.from) - 1, 2), height: 20, rx: 3, class: part.ahead ? "tl-ahead" : "tl-lane", tabindex: 0 });
      this.mark(root, bar, `${part.text} ${part.from} 〜 ${part.open ? "継続" : part.to}${part.ahead ? " (予約)" : ""}`);
      if (x(part.to) - x(part.from) > part.note.length * 8) root.append(draw("text", { x: x(part.from) + 6, y: y + 18, class: "tl-note", "aria-hidden": true }, part.note));
    }
  }

  revenue(root, data, x, y) {
    const most = Math.max(1, ...data.revenue.map((each) => Math.abs(each.amount)));
    root.append(draw("text", { x: 0, y: y + 34 }, "収益"));
    const sums = new Map();
    for (const each of data.revenue) sums.set(each.month, (sums.get(each.month) ?? 0) + each.amount);
    for (const [month, value] of sums) {
      const high = Math.max((Math.abs(value) / Math.max(most, Math.abs(value))) * 44, 1);
      const first = `${month}-01`, wide = (30 * DAY * 850) / (Date.parse(data.to) - Date.parse(data.from));
      this.mark(root, draw("rect", { x: x(first) + 1, y: y + 50 - high, width: Math.max(wide - 2, 2), height: high, class: `tl-rev${first > data.now ? " ahead" : ""}`, tabindex: 0 }), `${month} 収益 ${yen(value)}円`);
    }
  }

  mark(root, shape, text) {
    shape.append(draw("title", {}, text));
    shape.setAttribute("aria-label", text);
    shape.setAttribute("role", "img");
    root.append(shape);
  }
}
customElements.define("uk-timeline", Timeline);
