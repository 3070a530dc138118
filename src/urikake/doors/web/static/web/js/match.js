// 入金消込: 入金を判断の種類ごとに並べ、根拠を見て、次々に確定する。書くのは画面のフォームと同じ操作で、答えを JSON で受ける。
import { keys, converting } from "./keys.js";
import { openWhy } from "./why.js";
import { amount } from "./fields.js";
import { Queue } from "./match/queue.js";
import { draw, drawSide, drawProgress, frame } from "./match/draw.js";
import { fold, yen, digits } from "./match/words.js";

const POLL = 15_000, SETTLE = 1_200;
const SURE = new Set(["exact", "fee", "sum", "misc", "withheld"]);
const UNSURE = new Set(["none", "unknown", "duplicate"]); // Enter で決まらないように、提案を選んでおかない種類
const company = document.body.dataset.company;
const query = () => { const here = new URLSearchParams(location.search); return new URLSearchParams([...here].filter(([name]) => ["as_of", "known_at"].includes(name))); };

class Match extends HTMLElement {
  connectedCallback() {
    if (this.set) return;
    this.set = JSON.parse(document.getElementById("match-data").textContent);
    this.rows = new Map();
    this.laid = new Map();
    this.marks = new Set();
    this.others = new Map();
    this.undo = [];
    this.tab = this.set.tab;
    this.text = "";
    this.going = Promise.resolve();
    this.take(this.set.queue);
    const first = this.set.first;
    if (first) this.laid.set(this.key(first.number), first);
    if (first && !this.rows.has(first.number)) this.alone(first);
    frame(this);
    this.queue = new Queue(this.querySelector(".list"), this);
    this.listen();
    this.register();
    this.refresh();
    const row = first && (this.rows.get(first.number) ?? this.done?.[0]);
    this.go(row && this.shown.includes(row) ? this.shown.indexOf(row) : 0);
    this.queue.list.focus({ preventScroll: true });
    this.meet();
    setInterval(() => document.hidden || this.meet(), POLL);
    addEventListener("pagehide", () => navigator.sendBeacon(`/${company}/matching/here`, this.form({ receipt: "0" })));
  }

  // 番地が指す入金がもう待っていないときは、それだけを確定済みとして見せる
  alone(first) {
    this.tab = "done";
    this.only = true;
    this.done = [{ number: first.number, received_on: first.received_on, payer: first.payer, amount: first.amount, partner_name: first.partner?.name, code: first.partner?.code, st: "done" }];
  }

  // --- 一覧 ---
  take(packed) {
    const names = Object.keys(packed), seen = new Set();
    for (let at = 0; at < packed.number.length; at++) {
      const number = packed.number[at], row = this.rows.get(number) ?? { st: "todo" };
      if (row.busy) { seen.add(number); continue; }
      for (const name of names) row[name] = packed[name][at];
      row.st = row.state ? "hold" : "todo";
      row.folded = undefined;
      this.rows.set(number, row);
      seen.add(number);
    }
    for (const [number, row] of this.rows) if (!seen.has(number) && !row.busy && row.st !== "done") this.rows.delete(number);
  }

  words(row) { return (row.folded ??= fold(`${row.payer} ${row.partner_name ?? ""} ${row.kana ?? ""} ${row.code ?? ""}`)); }

  list() {
    const { tab } = this, none = this.set.unoffered;
    let rows = tab === "done" ? this.done ?? [] : [...this.rows.values()].filter((row) =>
      tab === "hold" ? row.st === "hold" : row.st === "todo" && (tab !== "none" || none.includes(row.kind)));
    const wanted = fold(this.text), number = digits(this.text);
    if (wanted) rows = rows.filter((row) => this.words(row).includes(wanted) || (number && String(row.unapplied ?? row.amount).includes(number)));
    return rows;
  }

  refresh() {
    const rows = this.list(), grouped = this.tab === "todo" || this.tab === "none";
    this.groups = [];
    this.shown = rows;
    if (grouped) {
      this.shown = [];
      for (const kind of Object.keys(this.set.kinds)) {
        const own = rows.filter((row) => row.kind === kind);
        if (!own.length) continue;
        own.sort((a, b) => (a.received_on < b.received_on ? -1 : a.received_on > b.received_on ? 1 : a.number - b.number));
        this.groups.push({ kind, at: this.shown.length, count: own.length, sum: own.reduce((all, row) => all + row.unapplied, 0) });
        this.shown.push(...own);
      }
    }
    this.queue.show(this.shown, this.groups);
    drawProgress(this);
  }

  go(at) {
    this.at = Math.max(0, Math.min(at, this.shown.length - 1));
    this.row = this.shown[this.at] ?? null;
    this.queue.select(this.at);
    this.partner = "";
    this.open();
  }
  step(by) { if (!this.marks.size) this.go(this.at + by); else { this.at = Math.max(0, Math.min(this.at + by, this.shown.length - 1)); this.row = this.shown[this.at]; this.queue.select(this.at); } }

  // --- 一件を開く ---
  key(number) { return `${number}:${this.partner ?? ""}`; }

  async fetched(number, partner = "") {
    const key = `${number}:${partner}`;
    if (!this.laid.has(key)) {
      const asked = query();
      if (partner) asked.set("partner", partner);
      const answer = fetch(`/${company}/matching/receipts/${number}?${asked}`, { headers: { Accept: "application/json" } }).then((found) => (found.ok ? found.json() : null));
      this.laid.set(key, answer);
      const found = await answer;
      if (this.laid.get(key) === answer) found ? this.laid.set(key, found) : this.laid.delete(key);
      return found; // 待つあいだに一覧が新しくなり、覚えが消えていても
    }
    return this.laid.get(key);
  }

  // 状態の変わった入金は、次に開くときに読み直す
  forget(number) { for (const key of this.laid.keys()) if (key.startsWith(`${number}:`)) this.laid.delete(key); }

  open() {
    const row = this.row;
    this.find = "";
    this.hits = null;
    this.now = null;
    if (!row) { this.choose(-1); return; }
    const found = this.laid.get(this.key(row.number));
    if (found && !(found instanceof Promise)) this.lay(found);
    else { this.choose(-1); this.later(row); }
    clearTimeout(this.sat);
    this.sat = setTimeout(() => { this.meet(); this.ahead(); }, 250);
  }
  // 通り過ぎた入金は読まない: 一度に一件、いまいる入金だけを
  async later(row) {
    this.want = row;
    if (this.reading) return;
    this.reading = true;
    while (this.want) {
      const one = this.want, { partner } = this;
      this.want = null;
      const found = await this.fetched(one.number, partner).catch(() => null);
      if (this.row === one && this.partner === partner && found && !this.now && !this.marks.size) this.lay(found);
    }
    this.reading = false;
  }
  // 次の二件を先に読んでおく。確定を待たせないように、一件ずつ
  async ahead() {
    const { at } = this;
    for (const row of this.shown.slice(at + 1, at + 3)) { await this.going; if (this.at !== at || this.reading) return; await this.fetched(row.number).catch(() => null); }
  }

  lay(found) {
    this.now = found;
    this.cur = 0;
    this.cand = found.items;
    if (this.row && found.unapplied && this.row.unapplied !== found.unapplied) this.row.unapplied = found.unapplied;
    for (const one of found.here) this.others.set(one.receipt, one);
    this.choose(found.proposals.length && !UNSURE.has(this.row?.kind) ? 0 : -1);
    this.mine = false; // まだ人が選んでいない
  }

  // 提案を選ぶ。-1 は自分で選ぶ
  choose(at) {
    this.pick = at;
    this.mine = true;
    this.alloc = new Map();
    this.diff = "remain";
    this.decided = "";
    this.learn = true;
    const one = this.now?.proposals[at];
    if (one) {
      for (const number of one.documents) { const item = this.item(number); if (item) this.alloc.set(number, item.balance); }
      const told = at === 0 && ["misc", "withheld"].includes(this.row?.kind) ? this.row.kind : "";
      this.settle(told || (one.difference > 0 ? "advance" : ""));
    }
    this.render();
  }
  item(number) { return this.now?.items.find((item) => item.number === number) ?? this.hits?.find((item) => item.number === number) ?? this.extra?.get(number); }
  money() { return this.marks.size ? [...this.marks].reduce((all, row) => all + row.unapplied, 0) : this.now?.unapplied ?? this.row?.unapplied ?? 0; }
  total() { let all = 0; for (const value of this.alloc.values()) all += value; return all; }
  gap() { return this.money() - this.total(); }
  // 差額の扱い: 人が決めたものが当てはまればそれ、なければ、手数料の許容までは手数料、それを超えれば残す
  settle(wanted = this.decided) {
    const gap = this.gap(), fits = gap < 0 ? ["fee", "remain", "discount", "misc", "withheld", "write-off"] : ["advance", "remain", "misc"];
    this.diff = gap !== 0 && fits.includes(wanted) ? wanted : gap < 0 && -gap <= this.set.tolerance ? "fee" : "remain";
  }
  // いま計上される充当額。足りない分を残すときは、費用・利息・元本の順、同じものは期日の古い順に、足りる分まで
  paid() {
    if (this.diff !== "remain" || this.gap() >= 0) return this.alloc;
    let left = this.money();
    for (const value of this.alloc.values()) if (value < 0) left -= value;
    const due = (number) => `${this.item(number)?.claim ?? 2} ${this.item(number)?.due_on ?? ""}`, found = new Map();
    for (const [number, value] of [...this.alloc].sort(([a], [b]) => (due(a) < due(b) ? -1 : due(a) > due(b) ? 1 : 0))) {
      const part = value < 0 ? value : Math.min(left, value);
      if (value > 0) left -= part;
      if (part) found.set(number, part);
    }
    return found;
  }
  toggle(number) {
    const item = this.item(number);
    if (!item || item.gone || !this.set.may) return;
    this.pick = -1;
    if (this.alloc.has(number)) this.alloc.delete(number);
    else { this.alloc.set(number, item.balance); (this.extra ??= new Map()).set(number, item); }
    this.settle();
    this.render();
  }
  allocate(number, value) {
    const item = this.item(number);
    if (!item) return;
    this.pick = -1;
    this.alloc.set(number, item.balance < 0 ? item.balance : Math.max(0, Math.min(value, item.balance)));
    this.settle();
    this.render();
  }
  able() { return this.set.may && this.row?.st !== "done" && this.row?.st !== "hold" && this.alloc.size > 0 && this.money() > 0 && [...this.alloc.values()].some((value) => value); }
  render() { draw(this); drawSide(this); }

  // --- 入金をまとめる ---
  mark() {
    const row = this.row;
    if (!row || row.st !== "todo" || !this.set.may) return;
    if (this.marks.has(row)) this.marks.delete(row); else this.marks.add(row);
    this.queue.paint();
    this.gather();
  }
  async gather() {
    if (!this.marks.size) { this.open(); return; }
    this.now = null; // 前の入金の請求に、いまの入金を充てない
    this.choose(-1);
    const marked = [...this.marks], found = (await Promise.all(marked.map((row) => this.fetched(row.number)))).filter(Boolean);
    if (!found.length || marked.some((row) => !this.marks.has(row)) || marked.length !== this.marks.size) return;
    const items = new Map();
    for (const one of found) for (const item of one.items) items.set(item.number, item);
    this.now = { ...found[0], proposals: [], items: [...items.values()].sort((a, b) => (a.due_on < b.due_on ? -1 : 1)), unapplied: this.money(), several: found };
    this.cand = this.now.items;
    this.cur = 0;
    this.choose(-1);
  }

  // --- 確定 ---
  form(fields) {
    const body = new URLSearchParams({ csrfmiddlewaretoken: document.body.dataset.csrf });
    for (const [name, value] of Object.entries(fields)) for (const one of Array.isArray(value) ? value : [value]) body.append(name, one);
    return body;
  }
  async post(path, fields) {
    const answer = await fetch(`/${company}/matching/${path}`, { method: "POST", headers: { Accept: "application/json" }, body: this.form(fields) });
    if (answer.redirected) { location.reload(); return new Promise(() => {}); }
    const told = await answer.json().catch(() => null);
    if (!answer.ok) throw new Error(told ? `${told.title}${told.next}` : "サーバーが答えませんでした。もう一度確定してください。");
    return told;
  }
  // 送る順は押した順。答えを待たずに次へ進める
  send(path, fields) { const answer = this.going.then(() => this.post(path, fields)); this.going = answer.catch(() => {}); return answer; }

  // 答えが一つの種類なら、開くのを待たずに押した確定も受ける
  async early() {
    const { row } = this;
    if (!SURE.has(row.kind) || this.hasty) return;
    this.hasty = true;
    const found = await this.fetched(row.number).catch(() => null);
    this.hasty = false;
    if (this.row !== row || !found || this.partner) return;
    if (!this.now) this.lay(found);
    this.ok();
  }

  async ok() {
    if (!this.now && this.row?.st === "todo" && !this.marks.size) { this.early(); return; }
    if (!this.able()) return;
    const rows = this.marks.size ? [...this.marks] : [this.row], at = this.at, used = this.money(), first = this.shown.indexOf(rows[0]);
    const pays = this.paid();
    const fields = {
      receipt: rows.map((row) => row.number), seen: rows.map((row) => row.unapplied), difference: this.diff, learn: this.learn ? "1" : "0",
      target: [...pays].filter(([, value]) => value).map(([number, value]) => (value < 0 ? number : `${number}=${value}`)),
    };
    const left = this.diff === "remain" ? Math.max(this.gap(), 0) : 0, before = new Map(rows.map((row) => [row, row.unapplied]));
    this.marks.clear();
    for (const row of rows) { row.st = "done"; row.busy = true; row.trouble = ""; }
    this.after(first === -1 ? at : Math.min(at, first));
    try {
      const told = await this.send("apply", fields);
      for (const row of rows) row.busy = false;
      if (told.proposal) { this.back(rows, "貸倒の承認待ち"); this.say(told.text); return; }
      this.remember({ applications: told.applications, rows, at: first === -1 ? at : first, sum: used - left, before });
      this.say(told.text, told.says, true);
      this.renew(left ? 0 : SETTLE);
    } catch (error) { this.back(rows, error.message); }
  }
  // 確定したあとも、同じ場所の次の行にいる
  after(at, keep) {
    const row = this.row;
    this.refresh();
    const here = keep ? this.shown.indexOf(row) : at;
    this.go(here === -1 ? at : here);
  }
  back(rows, why) {
    for (const row of rows) { row.st = row.state ? "hold" : "todo"; row.busy = false; row.trouble = why; this.forget(row.number); }
    const looking = this.row;
    this.refresh();
    const at = this.shown.indexOf(looking);
    this.go(at === -1 ? this.at : at);
    this.say(why, "", false, true);
    this.renew();
  }
  remember(one) {
    for (const row of one.rows) this.forget(row.number);
    this.undo.push(one);
    const hand = this.set.parts.find((part) => part.key === "hand");
    hand.count += one.rows.length;
    hand.sum += one.sum;
    this.done = null;
    drawProgress(this);
  }

  async batch(kind = this.row?.kind) {
    if (!this.set.may || !this.set.together.includes(kind) || this.tab === "hold" || this.tab === "done") return;
    const rows = this.shown.filter((row) => row.kind === kind && row.st === "todo");
    if (!rows.length) return;
    const at = this.shown.indexOf(rows[0]), seen = JSON.stringify(rows.map((row) => [row.number, row.unapplied, row.documents]));
    for (const row of rows) { row.st = "done"; row.busy = true; row.trouble = ""; }
    this.marks.clear();
    this.after(at);
    try {
      const told = await this.send("confirm", { seen }), refused = new Map(told.refused.map((one) => [one.receipt, one.why]));
      const good = rows.filter((row) => !refused.has(row.number));
      for (const row of rows) { row.busy = false; if (refused.has(row.number)) { row.st = "todo"; row.trouble = refused.get(row.number); } }
      if (good.length) this.remember({ applications: told.applications, rows: good, at, sum: good.reduce((all, row) => all + row.unapplied, 0) });
      this.after(this.at, true);
      this.say(told.text.split("\n")[0], told.says, good.length > 0, refused.size > 0);
      if (refused.size) this.select(rows.find((row) => refused.has(row.number)));
      this.renew();
    } catch (error) { this.back(rows, error.message); }
  }
  select(row) { const at = this.shown.indexOf(row); if (at !== -1) this.go(at); }

  async undoLast() {
    await this.going;
    const one = this.undo.pop();
    if (!one) { this.say("取り消す操作はありません。"); return; }
    try {
      if (one.held) await this.send("hold", { receipt: one.held, release: "1" });
      else await this.send("unapply", { application: one.applications.join(",") });
    } catch (error) { this.say(error.message, "", false, true); return; }
    if (!one.held) { const hand = this.set.parts.find((part) => part.key === "hand"); hand.count -= one.rows.length; hand.sum -= one.sum; }
    this.done = null;
    for (const row of one.rows) {
      row.st = "todo"; row.state = ""; row.trouble = "";
      if (one.before) row.unapplied = one.before.get(row);
      this.rows.set(row.number, row);
    }
    this.laid.clear();
    this.tab = this.tab === "done" ? "todo" : this.tab;
    this.refresh();
    this.go(Math.max(0, this.shown.indexOf(one.rows[0])));
    this.say(one.held ? "保留を取り消しました。" : `${one.rows.length}件の消込を取り消しました。`);
    this.renew();
  }

  async unapply(number) {
    try {
      const told = await this.send("unapply", { application: String(number), receipt: this.now.number });
      this.say(told.text, told.says);
      await this.renewed();
      this.laid.clear();
      this.done = null;
      if (this.tab === "done") await this.turn("done", true); else this.open();
    } catch (error) { this.say(error.message, "", false, true); }
  }

  // --- 保留・メモ・取引先 ---
  hold(aside = false) {
    const row = this.row;
    if (!row || !this.set.may || row.st === "done" || this.tab === "done") return;
    if (row.st === "hold") { this.release(row); return; }
    this.ask(aside ? "対象外にする理由" : "保留する理由", "", (why) => this.held(row, why, aside));
  }
  async held(row, why, aside) {
    if (!why.trim()) return;
    const at = this.at;
    row.st = "hold"; row.busy = true; row.state = aside ? "aside" : "held"; row.why = why; row.actor = this.set.person;
    this.after(at);
    try {
      const told = await this.send("hold", { receipt: row.number, why, ...(aside ? { aside: "1" } : {}) });
      row.busy = false;
      this.undo.push({ held: row.number, rows: [row], at });
      this.forget(row.number);
      this.say(told.text, "", true);
    } catch (error) { row.state = ""; this.back([row], error.message); }
  }
  async release(row) {
    try {
      const told = await this.send("hold", { receipt: row.number, release: "1" });
      row.state = ""; row.st = "todo";
      this.forget(row.number);
      this.after(this.at);
      this.say(told.text);
      this.renew();
    } catch (error) { this.say(error.message, "", false, true); }
  }
  note() {
    const { now, row } = this, partner = now?.partner;
    if (!now || !this.set.may) return;
    const mine = partner ? partner.note : now.note;
    this.ask(partner ? `${partner.name} のメモ` : "この入金のメモ", mine?.text ?? "", async (text) => {
      try {
        const told = await this.send("note", partner ? { partner: partner.code, text } : { about: row.number, text });
        for (const [key, one] of this.laid) if (partner ? one.partner?.code === partner.code : one.number === row.number) this.laid.delete(key);
        this.say(told.text);
        this.open();
      } catch (error) { this.say(error.message, "", false, true); }
    });
  }
  ask(title, text, done) {
    const dialog = this.querySelector("dialog.ask"), field = dialog.querySelector("input");
    dialog.querySelector("h2").textContent = title;
    field.value = text;
    this.answer = done;
    dialog.showModal();
    field.select();
  }
  partnerPick() {
    if (!this.row || !this.set.may || this.row.st !== "todo" || this.marks.size) return;
    const dialog = this.querySelector("dialog.pick");
    dialog.querySelector("input").value = "";
    this.hit = 0;
    dialog.showModal();
    this.pickAsk("");
  }
  async pickAsk(text) {
    const mine = (this.asking = (this.asking ?? 0) + 1);
    const answer = await fetch(`/${company}/matching/partners?${new URLSearchParams({ q: text })}`, { headers: { Accept: "application/json" } });
    if (mine !== this.asking || !answer.ok) return;
    this.picks = (await answer.json()).partners;
    this.hit = 0;
    this.pickDraw();
  }
  pickDraw() {
    const list = this.querySelector("dialog.pick ul"), field = this.querySelector("dialog.pick input");
    list.replaceChildren(...this.picks.map((one, at) => {
      const row = document.createElement("li");
      row.setAttribute("role", "option");
      row.id = `pick-${at}`;
      row.setAttribute("aria-selected", at === this.hit);
      row.dataset.at = at;
      row.innerHTML = "<span class='n'></span><span></span><span class='n'></span>";
      [one.code, one.name, one.open ? `未回収 ${yen(one.open)}` : "未回収なし"].forEach((text, cell) => { row.children[cell].textContent = text; });
      return row;
    }));
    if (!this.picks.length) list.innerHTML = "<li role='option' aria-selected='false'>見つかりません</li>";
    field.setAttribute("aria-activedescendant", `pick-${this.hit}`);
  }
  picked(at) {
    const one = this.picks?.[at];
    if (!one) return;
    this.querySelector("dialog.pick").close();
    this.partner = one.code;
    this.queue.list.focus({ preventScroll: true });
    this.open();
  }

  // --- 請求をさがす ---
  seek(text) {
    this.find = text;
    clearTimeout(this.seeking);
    if (!text.trim()) { this.hits = null; this.cand = this.now?.items ?? []; this.cur = 0; this.render(); return; }
    this.seeking = setTimeout(async () => {
      const asked = query();
      asked.set("q", text);
      const answer = await fetch(`/${company}/matching/found?${asked}`, { headers: { Accept: "application/json" } });
      if (!answer.ok || this.find !== text) return;
      this.hits = (await answer.json()).items;
      this.cand = this.hits;
      this.cur = 0;
      this.render();
    }, 120);
  }

  // --- ほかの人・新しい一覧 ---
  async meet() {
    if (!this.set.may) return;
    const told = await this.post("here", { receipt: this.row?.number ?? 0, newest: this.set.newest.join(",") }).catch(() => null);
    if (!told) return;
    this.others = new Map(told.others.map((one) => [one.receipt, one]));
    const theirs = told.touched.filter((one) => one.actor !== this.set.person);
    this.set.newest = told.newest;
    for (const one of theirs) {
      const row = this.rows.get(one.receipt);
      if (row && row.st === "todo" && !row.busy) row.trouble = `${one.actor} が操作しました`;
      this.forget(one.receipt);
    }
    if (theirs.length) this.renew(0);
    this.queue.paint();
  }
  renew(wait = SETTLE) { clearTimeout(this.renewing); this.renewing = setTimeout(() => this.renewed(), wait); }
  async renewed() {
    await this.going;
    const answer = await fetch(`/${company}/matching/queue?${query()}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const told = await answer.json(), row = this.row, at = this.at, pick = this.pick;
    for (const one of this.rows.values()) if (one.st === "done" && !one.busy) this.rows.delete(one.number);
    const before = row && `${row.number}:${row.kind}:${row.documents}`;
    this.take(told.queue);
    this.set.parts = told.parts;
    for (const [key, one] of this.laid) if (one !== this.now) this.laid.delete(key);
    const marked = this.marks.size;
    this.marks = new Set([...this.marks].filter((one) => this.rows.get(one.number) === one && one.st === "todo"));
    this.refresh();
    if (this.tab === "done") return;
    const here = this.shown.indexOf(row);
    const typing = this.querySelector(".work input:focus, dialog[open]"); // 打っている最中の人の手は止めない
    if (here === -1) { if (!typing && (!marked || row !== this.row)) this.go(at); return; }
    this.at = here;
    this.queue.select(here);
    if (!typing && before !== `${row.number}:${row.kind}:${row.documents}` && pick === 0 && !this.mine && !this.marks.size) { this.laid.delete(this.key(row.number)); this.open(); }
  }

  async turn(tab, again) {
    this.tab = tab;
    this.marks.clear();
    if (tab === "done" && (!this.done || this.only || again)) {
      this.only = false;
      if (!again) { this.done = null; this.refresh(); } // 読むあいだ、前のタブの行を押させない
      const asked = query();
      asked.set("tab", "done");
      const answer = await fetch(`/${company}/matching/queue?${asked}`, { headers: { Accept: "application/json" } });
      this.done = answer.ok ? (await answer.json()).done.map((row) => ({ ...row, st: "done" })) : [];
    }
    this.refresh();
    this.go(0);
  }

  say(text, says = "", back = false, wrong = false) {
    const toast = this.querySelector(".say");
    toast.replaceChildren();
    const words = document.createElement("span");
    words.textContent = text;
    if (says) { const small = document.createElement("small"); small.textContent = says; words.append(small); }
    toast.append(words);
    if (back) { const button = document.createElement("button"); button.type = "button"; button.dataset.do = "undo"; button.innerHTML = "取り消す <kbd>Ctrl Z</kbd>"; toast.append(button); }
    toast.classList.toggle("wrong", wrong);
    toast.classList.add("on");
    clearTimeout(this.saying);
    this.saying = setTimeout(() => toast.classList.remove("on"), wrong ? 12_000 : 7_000);
  }

  // --- 手 ---
  listen() {
    const filter = this.querySelector("[data-find]");
    const filtered = (text) => { if (text === this.text) return; this.text = text; this.refresh(); this.go(0); };
    filter.addEventListener("input", (event) => { if (!event.isComposing) filtered(filter.value); });
    filter.addEventListener("compositionend", () => filtered(filter.value));
    this.addEventListener("input", (event) => { if (event.target.matches(".seek") && !event.isComposing) this.seek(event.target.value); if (event.target.matches(".pick input") && !event.isComposing) this.pickAsk(event.target.value); });
    this.addEventListener("compositionend", (event) => { if (event.target.matches(".seek")) this.seek(event.target.value); if (event.target.matches(".pick input")) this.pickAsk(event.target.value); });
    this.addEventListener("change", (event) => {
      const { target } = event;
      if (target.dataset.learn !== undefined) this.learn = target.checked;
      else if (target.dataset.tick) this.toggle(target.dataset.tick);
      else if (target.dataset.alloc) { const value = amount(target.value); if (value !== null) this.allocate(target.dataset.alloc, value); else this.render(); }
    });
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("keydown", (event) => this.typed(event));
    this.querySelector("dialog.ask form").addEventListener("submit", () => { const text = this.querySelector("dialog.ask input").value, done = this.answer; this.answer = null; this.queue.list.focus({ preventScroll: true }); done?.(text); });
  }
  clicked({ target, ctrlKey, metaKey }) {
    const row = target.closest(".row");
    if (row && !target.closest("button")) { this.at = Number(row.dataset.at); this.row = this.shown[this.at]; if (ctrlKey || metaKey) { this.queue.select(this.at); this.mark(); } else if (this.marks.size) this.queue.select(this.at); else this.go(this.at); this.queue.list.focus({ preventScroll: true }); return; }
    const tab = target.closest("[data-tab]"), pick = target.closest("[data-pick]"), diff = target.closest("[data-diff]"), option = target.closest("dialog.pick li[data-at]");
    if (tab) { this.turn(tab.dataset.tab).then(() => this.querySelector(`[data-tab="${tab.dataset.tab}"]`).focus()); return; }
    if (pick) { this.choose(Number(pick.dataset.pick)); return; }
    if (option) { this.picked(Number(option.dataset.at)); return; }
    if (diff) { this.mine = true; this.diff = this.decided = diff.dataset.diff; this.render(); return; }
    const act = target.closest("[data-do]")?.dataset;
    if (!act) return;
    ({ ok: () => this.ok(), hold: () => this.hold(), aside: () => this.hold(true), undo: () => this.undoLast(), batch: () => this.batch(act.kind), partner: () => this.partnerPick(), note: () => this.note(), unmark: () => { this.marks.clear(); this.queue.paint(); this.open(); }, unapply: () => this.unapply(act.number), close: () => target.closest("dialog").close(), again: () => location.reload() })[act.do]?.();
  }
  typed(event) {
    if (converting(event)) return;
    const { target, code } = event, stop = () => { event.preventDefault(); event.stopPropagation(); };
    if (target.closest("dialog.pick")) {
      const by = { ArrowDown: 1, ArrowUp: -1 }[code];
      if (by) { this.hit = Math.max(0, Math.min(this.hit + by, (this.picks?.length ?? 1) - 1)); this.pickDraw(); stop(); }
      else if (code === "Enter" || code === "NumpadEnter") { this.picked(this.hit); stop(); }
      return;
    }
    if (target.matches("[data-alloc]")) {
      if (code === "Slash" || code === "NumpadDivide" || event.key === "," || event.key === "/") { target.value = yen((amount(target.value) ?? 0) * 1000); stop(); }
      else if (event.key === "*" || code === "NumpadMultiply") { const item = this.item(target.dataset.alloc), rest = this.total() - (this.alloc.get(item.number) ?? 0); target.value = yen(Math.max(0, Math.min(item.balance, this.money() - rest))); stop(); }
      else if (code === "ArrowDown" || code === "ArrowUp") { const every = [...this.querySelectorAll("[data-alloc]")], next = every[every.indexOf(target) + (code === "ArrowDown" ? 1 : -1)]; stop(); if (next) { const number = next.dataset.alloc; target.blur(); this.querySelector(`[data-alloc="${CSS.escape(number)}"]`)?.select(); } }
      else if (code === "Enter" || code === "NumpadEnter" || code === "Escape") { target.blur(); this.queue.list.focus({ preventScroll: true }); stop(); }
      return;
    }
    if (target.matches("input[type=search]")) {
      if (code === "Escape") { if (target.value) { target.value = ""; target.dispatchEvent(new Event("input", { bubbles: true })); } this.queue.list.focus({ preventScroll: true }); stop(); }
      else if (code === "ArrowDown" || code === "Enter" || code === "NumpadEnter") { this.queue.list.focus({ preventScroll: true }); stop(); }
      return;
    }
    if (code === "Escape" && this.marks.size && document.getElementById("why").hidden) { this.marks.clear(); this.queue.paint(); this.open(); stop(); }
  }
  register() {
    const inList = (event) => event.target === this.queue.list || event.target === document.body || event.target.id === "main";
    const quiet = { quiet: true };
    const move = (by) => (event) => (inList(event) ? this.step(by) : false);
    for (const [name, label, by] of [["↓", "次の入金", 1], ["↑", "前の入金", -1], ["J", "次の入金", 1], ["K", "前の入金", -1], ["PageDown", "10件先", 10], ["PageUp", "10件前", -10], ["Home", "最初の入金", -1e9], ["End", "最後の入金", 1e9]]) keys(name, label, move(by), quiet);
    const across = (by) => (event) => { if (!inList(event)) return false; this.cur = Math.max(0, Math.min(this.cur + by, (this.cand?.length ?? 1) - 1)); this.render(); };
    keys("→", "次の請求", across(1), quiet);
    keys("←", "前の請求", across(-1), quiet);
    const native = (event) => event.target.closest("button, a, summary, input:not([type=checkbox])");
    keys("Space", "請求を選ぶ", (event) => { if (!inList(event)) return false; const item = this.cand?.[this.cur]; if (item) this.toggle(item.number); });
    keys("Ctrl+Space", "入金をまとめる", () => this.mark());
    for (let at = 0; at < 4; at++) keys(String(at + 1), ["1番目の提案", "2番目の提案", "3番目の提案", "自分で選ぶ"][at], () => { const count = this.now?.proposals.length ?? 0; if (at < count) this.choose(at); else if (at === count) this.choose(-1); else return false; }, quiet);
    keys("Enter", "確定して次へ", (event) => (native(event) ? false : void this.ok()), quiet);
    keys("Shift+Enter", "一括確定", (event) => (native(event) ? false : void this.batch()));
    keys("F2", "充当額", () => { const field = this.querySelector("tr[aria-current] [data-alloc]") ?? this.querySelector("[data-alloc]"); if (!field) return false; field.focus(); field.select(); });
    keys("F4", "取引先", () => this.partnerPick());
    keys("F8", "保留", () => this.hold());
    keys("F9", "対象外", () => this.hold(true));
    keys("F12", "確定して次へ", () => void this.ok());
    keys("Ctrl+Enter", "確定して次へ", () => void this.ok(), { typing: true, quiet: true });
    keys("M", "メモ", () => this.note(), quiet);
    keys("F", "請求をさがす", () => this.querySelector(".seek")?.focus(), quiet);
    keys("Ctrl+Z", "取り消す", (event) => { if (event.target.matches("input[type=text], input[type=search]")) return false; this.undoLast(); });
    keys("E", "根拠", () => openWhy(this.querySelector("tr[aria-current] [data-explain]") ?? this.querySelector(".rcpt [data-explain]")));
  }
}
customElements.define("uk-match", Match);
