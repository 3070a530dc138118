// 何千行でも滑らかな一覧: 見えている行だけを置く。焦点は一覧に留まり、いまの行は aria-activedescendant が指す。
import { day, safe, yen } from "./words.js";

const HEAD = 36, ROW = 50, SPARE = 240;

export class Queue {
  constructor(list, match) {
    this.list = list;
    this.match = match;
    this.pad = list.firstElementChild;
    this.pool = new Map();
    list.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(list);
  }

  show(rows, groups) {
    this.items = [];
    let top = 0;
    const heads = new Map(groups.map((group) => [group.at, group]));
    rows.forEach((row, at) => {
      const group = heads.get(at);
      if (group) { this.items.push({ group, top }); top += HEAD; }
      this.items.push({ row, at, top });
      top += ROW;
    });
    this.place = new Map(this.items.map((item, index) => [item.at, index]));
    this.pad.style.height = `${top}px`;
    this.list.setAttribute("aria-rowcount", this.items.length);
    this.paint();
  }

  paint() {
    for (const node of this.pool.values()) node.remove();
    this.pool.clear();
    this.draw();
  }

  draw() {
    if (!this.items) return;
    const from = this.list.scrollTop - SPARE, to = this.list.scrollTop + this.list.clientHeight + SPARE;
    let low = 0, high = this.items.length;
    while (low < high) { const middle = (low + high) >> 1; if (this.items[middle].top < from) low = middle + 1; else high = middle; }
    const keep = new Set();
    for (let index = Math.max(0, low - 1); index < this.items.length && this.items[index].top < to; index++) {
      keep.add(index);
      let node = this.pool.get(index);
      if (!node) { node = document.createElement("div"); this.pool.set(index, node); this.fill(node, this.items[index], index); this.pad.append(node); }
      this.state(node, this.items[index]);
    }
    for (const [index, node] of this.pool) if (!keep.has(index)) { node.remove(); this.pool.delete(index); }
  }

  state(node, { row, group }) {
    const { match } = this;
    if (group) { node.classList.toggle("on", match.row?.kind === group.kind); return; }
    node.classList.toggle("sel", row === match.row);
    node.classList.toggle("marked", match.marks.has(row));
    node.setAttribute("aria-selected", row === match.row || match.marks.has(row));
  }

  fill(node, item, index) {
    const { match } = this, { set } = match;
    node.style.top = `${item.top}px`;
    node.id = `q${index}`;
    node.setAttribute("role", "row");
    node.setAttribute("aria-rowindex", index + 1);
    if (item.group) {
      const { kind, count, sum } = item.group;
      node.className = "grp";
      node.dataset.kind = kind;
      const end = set.together.includes(kind) && set.may ? `<button type="button" data-do="batch" data-kind="${kind}" tabindex="-1">一括確定 <kbd>Shift Enter</kbd></button>` : '<span class="sub">1件ずつ確認</span>';
      node.innerHTML = `<span role="rowheader">${set.kinds[kind]} ${count}件</span><span class="n sub" role="gridcell">${yen(sum)}</span><span class="end" role="gridcell">${end}</span>`;
      return;
    }
    const { row } = item, other = match.others.get(row.number);
    node.className = `row${row.st === "done" ? " done" : ""}`;
    node.dataset.at = item.at;
    node.dataset.number = row.number;
    const [tone, label] = this.kind(row);
    const who = other ? `<span class="pill who">${safe(other.who)} ${other.since}〜</span>` : "";
    const trouble = row.trouble ? `<span class="pill bad">確定できません</span>` : "";
    node.innerHTML = `<span class="d n" role="gridcell">${day(row.received_on)}</span><span class="k" role="gridcell">${safe(row.payer)}</span><span class="a n" role="gridcell">${yen(row.unapplied ?? row.amount)}</span>`
      + `<span class="s" role="gridcell"><span class="pill k-${tone}">${label}</span>${who}${trouble}<span>${safe(row.trouble || this.brief(row))}</span></span>`;
  }

  kind(row) {
    if (row.st === "hold") return ["hold", row.state === "aside" ? "対象外" : "保留"];
    if (row.st === "done") return ["exact", row.automatic ? "自動確定" : "消込済"];
    return [row.kind, this.match.set.kinds[row.kind]];
  }

  brief(row) {
    if (row.st === "hold") return `${row.why}(${row.actor})`;
    const name = row.partner_name ?? "取引先を選んでください";
    if (row.st === "done") return name;
    const words = { fee: `手数料 ${yen(-row.difference)}円`, sum: `${row.documents.length}件`, ambiguous: `候補 ${row.candidates}` }[row.kind];
    return words ? `${name}・${words}` : name;
  }

  select(at) {
    const index = this.place.get(at);
    if (index === undefined) { this.list.removeAttribute("aria-activedescendant"); this.draw(); return; }
    const { top } = this.items[index], above = this.items[index - 1]?.group ? HEAD : 0, { list } = this;
    if (top - above < list.scrollTop) list.scrollTop = top - above;
    else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight + 4;
    list.setAttribute("aria-activedescendant", `q${index}`);
    this.draw();
  }
}
