// 照合の面を描く: 入金、提案と根拠、同じ物差しの二本の棒、請求、計上される仕訳、相手のこと。
import { day, fullDay, money, safe, yen } from "./words.js";
import { DIFFERENCES, lines, sides } from "./entry.js";

const company = document.body.dataset.company;
const TABS = [["todo", "未処理"], ["none", "候補なし"], ["hold", "保留"], ["done", "確定済み"]];
const here = () => { const kept = new URLSearchParams([...new URLSearchParams(location.search)].filter(([name]) => ["as_of", "known_at"].includes(name))).toString(); return kept && `?${kept}`; };
const why = (ref, amount) => (ref ? `<a class="yen${amount < 0 ? " neg" : ""}" href="/${company}/explain/${encodeURIComponent(ref)}${here()}" data-explain="${safe(ref)}">${money(amount)}</a>` : money(amount));

export function frame(match) {
  match.innerHTML = `<div class="progress"><svg class="parts" role="img" viewBox="0 0 1000 10" preserveAspectRatio="none"></svg><div class="left"></div><ul class="legend"></ul></div>
<div class="panes"><section class="panel" aria-label="入金の一覧"><div class="tabs" role="tablist" aria-label="入金の区分"></div>
<div class="find"><input type="search" data-find aria-label="入金をさがす" placeholder="名義・取引先・金額(全角半角どちらでも)" autocomplete="off"><kbd>/</kbd></div>
<div class="list" tabindex="0" role="grid" aria-label="入金" aria-multiselectable="true"><div class="pad" role="rowgroup"></div></div></section>
<section class="panel" aria-label="照合"><div class="say" role="status" aria-live="polite"></div><div class="work" tabindex="0" role="region" aria-label="入金と請求"></div><div class="act"></div></section>
<aside class="panel" aria-label="仕訳と取引先"><div class="beside" tabindex="0" role="region" aria-label="仕訳と取引先の詳細"></div></aside></div>
<dialog class="ask" aria-labelledby="ask-title"><form method="dialog" class="in"><h2 id="ask-title"></h2><input type="text" maxlength="500" aria-labelledby="ask-title" list="ask-before" autocomplete="off"><datalist id="ask-before"><option value="先方へ確認中"></option><option value="支払通知待ち"></option><option value="二重振込の確認中"></option><option value="担当営業へ確認中"></option></datalist><p class="row-end"><button type="button" class="btn ghost" data-do="close">やめる <kbd>Esc</kbd></button><button class="btn pri">決める <kbd>Enter</kbd></button></p></form></dialog>
<dialog class="pick" aria-labelledby="pick-title"><div class="in"><h2 id="pick-title">取引先を選ぶ</h2><input type="text" role="combobox" aria-expanded="true" aria-controls="pick-list" aria-label="取引先" placeholder="コード・名前・よみ(ひらがな可)" autocomplete="off"><ul id="pick-list" role="listbox" aria-label="候補"></ul></div></dialog>`;
}

export function drawProgress(match) {
  const todo = { todo: [0, 0], none: [0, 0], hold: [0, 0] };
  for (const row of match.rows.values()) {
    const key = row.st === "hold" ? "hold" : row.st !== "todo" ? "" : match.set.unoffered.includes(row.kind) ? "none" : "todo";
    if (key) { todo[key][0]++; todo[key][1] += row.unapplied; }
  }
  const parts = match.set.parts.map((part) => (todo[part.key] ? { ...part, count: todo[part.key][0], sum: todo[part.key][1] } : part));
  const all = parts.reduce((sum, part) => sum + part.count, 0) || 1, bar = match.querySelector(".parts");
  let at = 0;
  bar.innerHTML = parts.map((part) => { const width = (part.count / all) * 1000, rect = `<rect class="${part.key}" x="${at}" y="0" width="${width}" height="10"></rect>`; at += width; return rect; }).join("");
  bar.setAttribute("aria-label", `進み具合: ${parts.map((part) => `${part.label}${part.count}件`).join("、")}`);
  match.querySelector(".legend").innerHTML = parts.map((part) => `<li class="${part.key}"><i aria-hidden="true"></i>${part.label} <b class="n">${part.count.toLocaleString()}</b>件 <span class="n">${yen(part.sum)}円</span></li>`).join("");
  const waiting = parts.filter((part) => todo[part.key]), count = waiting.reduce((sum, part) => sum + part.count, 0), sum = waiting.reduce((total, part) => total + part.sum, 0);
  match.querySelector(".left").innerHTML = `<b class="n">残り ${count.toLocaleString()}</b> 件<small class="n">${yen(sum)} 円</small>`;
  const meta = document.querySelector(".head .meta"), badge = document.querySelector("nav.side a[aria-current] em");
  if (meta) meta.textContent = `残り ${count.toLocaleString()}件 ${yen(sum)}円`;
  if (badge) badge.textContent = count.toLocaleString();
  const shown = { todo: todo.todo[0] + todo.none[0], none: todo.none[0], hold: todo.hold[0], done: parts.filter((part) => !todo[part.key]).reduce((total, part) => total + part.count, 0) };
  const tabs = match.querySelector(".tabs"), focused = document.activeElement?.dataset?.tab;
  tabs.innerHTML = TABS.map(([key, label]) => `<button type="button" role="tab" data-tab="${key}" aria-selected="${match.tab === key}" tabindex="${match.tab === key ? 0 : -1}">${label}<em class="n">${shown[key].toLocaleString()}</em></button>`).join("");
  if (focused) tabs.querySelector(`[data-tab="${focused}"]`)?.focus();
}

export function draw(match) {
  const work = match.querySelector(".work"), act = match.querySelector(".act"), { row, now } = match;
  const field = document.activeElement, kept = field?.dataset?.alloc ?? (field?.matches?.(".seek") ? "seek" : field?.dataset?.tick ? `tick:${field.dataset.tick}` : "");
  const at = kept && field.selectionStart;
  if (!row) { work.innerHTML = nothing(match); act.innerHTML = ""; return; }
  work.innerHTML = match.marks.size && now?.several ? several(match) + scale(match) + documents(match) : receipt(match) + (now ? (row.st === "done" || !now.unapplied ? done(match) : row.st === "hold" ? held(match) : proposals(match) + scale(match) + evidence(match) + documents(match)) : "");
  for (const bar of work.querySelectorAll("[data-width]")) bar.style.width = `${bar.dataset.width}%`;
  act.innerHTML = row.st === "todo" && match.set.may ? acts(match) : row.st === "hold" && match.set.may ? '<span class="sp"></span><button type="button" class="btn pri" data-do="hold">保留をやめる <kbd>F8</kbd></button>' : "";
  if (!kept) return;
  const again = kept === "seek" ? work.querySelector(".seek") : kept.startsWith("tick:") ? work.querySelector(`[data-tick="${CSS.escape(kept.slice(5))}"]`) : work.querySelector(`[data-alloc="${CSS.escape(kept)}"]`);
  again?.focus({ preventScroll: true });
  if (kept === "seek") again?.setSelectionRange(at, at);
}

function nothing(match) {
  if (match.text) return '<div class="empty"><b>条件に合う入金はありません</b>検索の文字を消すか、別のタブを見てください。</div>';
  if (match.tab === "hold") return '<div class="empty"><b>保留している入金はありません</b></div>';
  if (match.tab === "done") return '<div class="empty"><b>今月の入金で、確定したものはまだありません</b></div>';
  return `<div class="empty"><b>この一覧の入金はすべて済みました</b>次は月次締めの手順を確かめます。<br><a class="btn" href="/${company}/close">月次締めへ</a></div>`;
}

function receipt(match) {
  const { row, now } = match, payer = now?.payer ?? row.payer, left = now?.unapplied ?? row.unapplied ?? row.amount;
  const other = match.others.get(row.number), part = now && now.unapplied && now.unapplied !== now.amount ? `<span>入金額 <b class="n">${yen(now.amount)}</b></span>` : "";
  const line = now?.line ? `<a href="/${company}/explain/receipt-${row.number}${here()}" data-explain="receipt-${row.number}">取込んだ行(${now.line.line}行目)を見る</a>` : `<a href="/${company}/explain/receipt-${row.number}${here()}" data-explain="receipt-${row.number}">入金の根拠</a>`;
  return `<div class="rcpt"><div class="kana">${safe(payer)}</div><div class="amt n"><small>${left === (now?.amount ?? row.amount) ? "入金" : "未消込"}</small>${yen(left)}<small> 円</small></div>
<div class="m"><span>入金日 <b class="n">${fullDay(row.received_on)}</b></span><span>入金番号 <b class="n">${row.number}</b></span>${now?.line?.bank ? `<span>仕向 <b>${safe(now.line.bank)}</b></span>` : ""}${part}${now?.reference ? `<span>摘要 <b>${safe(now.reference)}</b></span>` : ""}</div><div class="m end">${line}</div>
<div class="to"><span class="sub">取引先</span>${whose(match)}</div>${other ? `<p class="notice who">${safe(other.who)} さんが ${other.since} からこの入金を見ています。先に確定した人のものになります。</p>` : ""}${row.trouble ? `<p class="notice" role="alert">${safe(row.trouble)}</p>` : ""}${now?.note ? `<p class="note">${safe(now.note.text)}<small>${safe(now.note.actor)} ${now.note.at}</small></p>` : ""}</div>`;
}

function whose(match) {
  const { row, now, set } = match, open = row.st === "todo" && set.may, partner = now ? now.partner : row.partner_name && { name: row.partner_name, code: row.code };
  if (!partner) return `<strong>未定</strong>${open ? '<button type="button" class="btn" data-do="partner">取引先を選ぶ <kbd>F4</kbd></button>' : ""}`;
  const times = now?.history.times, known = !now ? "" : now.known ? `<span class="tag good">${times ? `この名義の消込 ${times}回` : "名義が一致"}</span>` : '<span class="tag warn">名義では決まりません</span>';
  return `<strong>${safe(partner.name)}</strong><span class="n sub">${safe(partner.code)}</span>${known}${open ? '<button type="button" class="lnk" data-do="partner">変更</button>' : ""}`;
}

function several(match) {
  const rows = [...match.marks];
  return `<div class="rcpt"><div class="kana">入金 ${rows.length}件をまとめて</div><div class="amt n"><small>合計</small>${yen(match.money())}<small> 円</small></div><div class="m">${rows.map((row) => `<span><b>${safe(row.payer)}</b> <span class="n">${day(row.received_on)} ${yen(row.unapplied)}</span></span>`).join("")}</div><div class="m end"><button type="button" class="lnk" data-do="unmark">まとめるのをやめる(Esc)</button></div></div>`;
}

function title(one, tolerance) {
  const count = one.documents.length, short = -one.difference;
  if (!short) return count === 1 ? "1件と一致" : `${count}件の合計と一致`;
  if (short > 0 && short <= tolerance) return `${count}件 − 手数料 ${yen(short)}円`;
  return short > 0 ? `${count}件に一部充当` : `${count}件に充当・超過 ${yen(-short)}円`;
}

function proposals(match) {
  const { now, pick, set } = match;
  if (!now.proposals.length) return "";
  const cards = now.proposals.map((one, at) => {
    const about = one.documents.length === 1 ? [one.documents[0], match.item(one.documents[0])?.about].filter(Boolean).join(" ") : `${one.documents[0]} ほか${one.documents.length - 1}件`;
    const owner = one.documents.map((number) => match.item(number)).find((item) => item && !item.own);
    const sure = at === 0 && match.row.kind in { exact: 1, fee: 1, sum: 1, misc: 1, withheld: 1 };
    return `<button type="button" class="prop" role="radio" aria-checked="${at === pick}" data-pick="${at}"><span class="t"><kbd>${at + 1}</kbd>${title(one, set.tolerance)}</span>${sure ? '<span class="rec">推奨</span>' : ""}<span class="x">${safe(about)}${owner ? ` <b>${safe(owner.partner)}</b>` : ""}</span></button>`;
  });
  return `<div class="props" role="radiogroup" aria-label="提案" data-count="${cards.length}">${cards.join("")}<button type="button" class="prop own" role="radio" aria-checked="${pick === -1}" data-pick="-1"><span class="t"><kbd>${cards.length + 1}</kbd>自分で選ぶ</span><span class="x">下の請求から <kbd>Space</kbd></span></button></div>`;
}

function scale(match) {
  const { alloc, now, diff } = match, used = match.money(), total = match.total(), gap = match.gap(), most = Math.max(used, total, 1), part = (value) => Math.max(0, (Math.abs(value) / most) * 100).toFixed(2);
  if (now.near && !alloc.size) return "";
  const ins = match.marks.size ? [...match.marks].map((row) => `<i class="in" data-width="${part(row.unapplied)}"></i>`).join("") : `<i class="in" data-width="${part(used)}"></i>`;
  const outs = [...alloc.values()].map((value) => `<i class="${value < 0 ? "df" : "iv"}" data-width="${part(value)}"></i>`).join("");
  const options = gap < 0 ? [["fee", "振込手数料"], ["remain", "残す(一部入金)"], ["discount", "売上値引"]] : [["advance", "前受金"], ["remain", "仮受金に残す"]], more = gap < 0 ? ["misc", "withheld", "write-off"] : ["misc"];
  const others = more.map((kind) => `<button type="button" data-diff="${kind}" aria-pressed="${diff === kind}">${DIFFERENCES[kind]}</button>`).join("");
  const note = diff === "fee" && gap < 0 ? (-gap <= match.set.tolerance ? `<span class="sub">手数料の許容 ${yen(match.set.tolerance)}円以内</span>` : `<b class="neg">許容 ${yen(match.set.tolerance)}円を超えています</b>`) : "";
  const what = !alloc.size ? '<span class="sub">請求を選ぶと差額を計算します</span>' : gap === 0 ? '<span class="ok">✓ 一致しています</span>' : `<div class="seg" role="group" aria-label="差額の処理">${options.map(([kind, label]) => `<button type="button" data-diff="${kind}" aria-pressed="${diff === kind}">${label}</button>`).join("")}${others}</div>${note}`;
  return `<div class="scale"><div class="ln"><span>入金</span><div class="tr">${ins}${gap < 0 ? `<i class="df" data-width="${part(gap)}"></i>` : ""}</div><span class="n r">${yen(used)}</span></div>
<div class="ln"><span>充当 ${alloc.size}件</span><div class="tr">${outs}${gap > 0 && alloc.size ? `<i class="df" data-width="${part(gap)}"></i>` : ""}</div><span class="n r">${yen(total)}</span></div>
<div class="diff${gap === 0 && alloc.size ? " ok" : ""}"><span>差額</span><span class="v">${money(alloc.size ? gap : 0)} 円</span>${what}</div></div>`;
}

// 同じ合計になる選び方が、ほかにいくつあるか(14件まで、すべて数える)
function ways(match) {
  const open = (match.now.items ?? []).filter((item) => !item.gone && item.own).slice(0, 14).map((item) => item.balance), wanted = match.total();
  let count = 0;
  for (let mask = 1; mask < 1 << open.length; mask++) { let sum = 0; for (let at = 0; at < open.length; at++) if ((mask >> at) & 1) sum += open[at]; if (sum === wanted) count++; }
  return count - 1;
}

function evidence(match) {
  const { now, pick, alloc, diff } = match, one = now.proposals[pick], gap = match.gap();
  if (!alloc.size) return "";
  const items = [...alloc.keys()].map((number) => match.item(number)).filter(Boolean), dues = [...new Set(items.map((item) => item.due_on))], foreign = items.some((item) => !item.own), found = [];
  const name = one?.name ?? (now.known ? "振込名義が一致" : "名義では決まらない。取引先は人が選んだ");
  found.push([now.known && !foreign && !/一致しない|似て/.test(name), "名義", `${name}${now.history.times ? `(この名義の消込 ${now.history.times}回)` : ""}${foreign && now.partner ? "。別の取引先の請求を含む" : ""}`]);
  const paid = match.paid(), partial = items.some((item) => paid.get(item.number) !== item.balance);
  found.push([gap === 0 && !partial, "金額", gap === 0 ? (partial ? "請求の一部に充てる" : (one?.why ?? (items.length > 1 ? `${items.length}件の合計と1円まで一致` : "未回収額と1円まで一致"))) : diff === "fee" && gap < 0 && !/手数料/.test(one?.why ?? "") ? `${items.length > 1 ? `${items.length}件の合計` : "未回収額"}から ${yen(-gap)}円(手数料の許容内)を引いた額` : one?.why && match.total() === one.amount ? one.why : gap < 0 ? `${yen(-gap)}円 足りない` : `${yen(gap)}円 多い`]);
  const late = items.filter((item) => item.due_on < match.row.received_on).length, usual = now.partner?.late;
  found.push([dues.length === 1 && (!late || usual > 0), "期日", `${dues.length === 1 ? `すべて ${day(dues[0])} 期日` : "期日の異なる請求を含む"}${late ? `、${late}件は期日の後の入金` : ""}${usual === null || usual === undefined ? "" : `(${usual < 0 ? `平均 ${-usual}日早い` : `平均の遅れ ${usual}日`})`}`]);
  const more = partial ? 0 : ways(match), text = one?.others ? one.others : diff === "remain" && gap < 0 ? "期日の古い順に、足りる分まで" : more > 0 ? `同じ合計になる選び方がほかに ${more} 通り` : items.length > 1 ? "この合計になる選び方はほかにない" : "同じ金額の未回収はほかにない";
  found.push([!one?.others && more <= 0, "一意", text]);
  return `<div class="ev" role="group" aria-label="提案の根拠">${found.map(([good, label, words]) => `<div class="${good ? "y" : "w"}"><b>${label}</b><span>${safe(words)}</span></div>`).join("")}</div>`;
}

function documents(match) {
  const { now, alloc, cur } = match, paid = match.paid(), cand = match.cand ?? [], sought = Boolean(match.find), heading = sought ? "さがした請求" : now.several ? "まとめる入金の未回収" : now.near ? "金額が近い未回収" : "この取引先とグループの未回収";
  const chosen = [...alloc.keys()].filter((number) => !cand.some((item) => item.number === number)).map((number) => match.item(number)).filter(Boolean);
  const rows = [...chosen, ...cand];
  match.cand = rows;
  const body = rows.map((item, at) => {
    const on = alloc.has(item.number), late = !item.gone && item.due_on < match.row.received_on, name = item.own ? "" : `<b>${safe(item.partner)}</b> `;
    const cell = item.gone ? "" : `<input type="checkbox" data-tick="${safe(item.number)}"${on ? " checked" : ""}${match.set.may ? "" : " disabled"} aria-label="${safe(item.number)} を選ぶ">`;
    const take = on ? (item.balance < 0 || !match.set.may ? money(paid.get(item.number) ?? 0) : `<input type="text" class="al" data-alloc="${safe(item.number)}" inputmode="numeric" value="${yen(paid.get(item.number) ?? 0)}" aria-label="${safe(item.number)} の充当額">`) : '<span class="sub">—</span>';
    return `<tr class="${on ? "on" : ""}${item.gone ? " gone" : ""}"${at === cur ? ' aria-current="true"' : ""}><td>${cell}</td><td class="n">${safe(item.number)}</td><td class="n${late ? " late" : ""}">${day(item.due_on)}${late ? " 超過" : ""}</td><td class="w">${name}${safe(item.about)}${item.why ? ` <em>${safe(item.why)}</em>` : ""}</td><td class="r">${item.gone ? `<span class="sub n">${yen(item.gross)}</span>` : why(item.ref, item.balance)}</td><td class="r">${item.gone ? "" : take}</td></tr>`;
  });
  const table = rows.length ? `<table class="tbl"><thead><tr><th scope="col"><span class="sr">選択</span></th><th scope="col">請求番号</th><th scope="col">期日</th><th scope="col">摘要</th><th scope="col" class="r">未回収(円)</th><th scope="col" class="r">今回充当(円)</th></tr></thead><tbody>${body.join("")}</tbody></table>`
    : `<div class="empty"><b>${sought ? "見つかりません" : "未回収の請求はありません"}</b>${sought ? "請求番号・取引先・金額の一部で試してください。" : "上の欄で別の請求をさがすか、保留にします。"}</div>`;
  return `<div class="cbar"><b>${heading} <span class="n">${cand.length}</span>件</b><input type="search" class="seek" placeholder="すべての請求からさがす F" aria-label="請求をさがす" value="${safe(match.find)}" autocomplete="off"></div>${table}`;
}

function held(match) {
  const hold = match.now.hold ?? { at: "", actor: match.row.actor, why: match.row.why };
  return `<div class="empty"><b>${match.row.state === "aside" ? "対象外にしています" : "保留しています"}</b>${safe(hold.at)} ${safe(hold.actor)}: ${safe(hold.why)}<br>自動の消込はこの入金を飛ばします。</div>`;
}

function done(match) {
  const { now, set } = match;
  const rows = now.applied.map((one) => `<tr><td class="n">${day(one.on)}</td><td class="r">${why(`application-${one.number}`, one.used)}</td><td class="w">${one.difference ? `差額 ${yen(one.difference)}円 ${DIFFERENCES[one.kind] ?? ""}` : "一致"}</td><td class="r">${one.stands && set.may ? `<button type="button" class="btn ghost" data-do="unapply" data-number="${one.number}">取り消す</button>` : one.stands ? "" : '<span class="sub">取消済み</span>'}</td></tr>`);
  return `<div class="cbar"><b>この入金の消込 <span class="n">${rows.length}</span>件</b></div><table class="tbl"><thead><tr><th scope="col">消込日</th><th scope="col" class="r">使った額(円)</th><th scope="col">差額</th><th scope="col"><span class="sr">操作</span></th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

const acts = (match) => `<button type="button" class="btn ghost" data-do="note">メモ <kbd>M</kbd></button>${match.now && match.row?.st === "todo" ? `<label class="check"><input type="checkbox" data-learn${match.learn ? " checked" : ""}> この名義を覚える</label>` : ""}<span class="sp"></span>${match.marks.size ? "" : '<button type="button" class="btn ghost" data-do="aside">対象外 <kbd>F9</kbd></button><button type="button" class="btn ghost" data-do="hold">保留 <kbd>F8</kbd></button>'}<button type="button" class="btn pri" data-do="ok"${match.able() ? "" : " disabled"}>確定して次へ <kbd>Enter</kbd></button>`;

export function drawSide(match) {
  const side = match.querySelector(".beside"), { row, now } = match;
  if (!row || !now) { side.innerHTML = ""; return; }
  side.innerHTML = (row.st === "todo" && now.unapplied ? entry(match) : "") + about(match) + past(match) + (now.applied.some((one) => one.stands) ? paper(now) : "");
}

const paper = (now) => `<section class="sec"><h2>領収書</h2><form method="get" action="/${company}/receipts/${now.number}.pdf" class="paper-form"><label>但し書き <input name="purpose" maxlength="60" placeholder="サービス利用料として"></label><label class="check"><input type="checkbox" name="paper" value="1"> 紙で渡す(収入印紙の欄)</label><button class="btn ghost">PDF</button></form></section>`;

function entry(match) {
  const found = lines(match);
  if (!found.length) return '<div class="sec"><h2>仕訳の予定</h2><p class="sub">請求を選ぶと、ここに仕訳を表示します。入金時の仕訳(普通預金 / 仮受金)は取込のときに計上済みです。</p></div>';
  const [debit, credit] = sides(found), even = debit === credit, { now } = match;
  return `<div class="sec"><h2>仕訳の予定<small>計上日 ${day(now.several ? match.row.received_on : now.received_on)}</small></h2><div class="jr">${found.map(([turn, name, value, words]) => `<span class="dc${turn === "貸" ? " c" : ""}">${turn}</span><span class="nm">${safe(name)}<small>${safe(words)}</small></span><span class="n r">${yen(value)}</span>`).join("")}</div><div class="jt"><span>借方 <span class="n">${yen(debit)}</span></span><span>貸方 <span class="n">${yen(credit)}</span></span><span class="${even ? "ok" : "neg"}">${even ? "✓ 貸借一致" : "不一致"}</span></div></div>`;
}

function about(match) {
  const { now, row } = match, { partner } = now;
  if (!partner) return "";
  const rest = [...match.paid()].reduce((all, [number, value]) => all + (match.item(number)?.code === partner.code ? value : 0), 0);
  const note = partner.note ? `<div class="sec"><p class="note">${safe(partner.note.text)}<small>${safe(partner.note.actor)} ${partner.note.at}</small></p></div>` : "";
  const name = partner.url ? `<a href="${safe(partner.url)}">取引先の状況</a>` : "取引先の状況";
  return `${note}<div class="sec"><h2>${name}</h2><div class="kv"><span>未回収の合計</span><b class="n">${yen(partner.open)}</b>${row.st === "todo" ? `<span>確定後の未回収</span><b class="n">${yen(partner.open - rest)}</b>` : ""}<span>平均の遅れ</span><span class="n">${partner.late === null ? "—" : partner.late < 0 ? `${-partner.late} 日早い` : `${partner.late} 日`}</span><span>支払条件</span><span>${safe(partner.terms)}</span></div></div>`;
}

function past({ now }) {
  const rows = now.history.rows.map((one) => `<li><a class="n" href="/${company}/matching?receipt=${one.number}">${one.on.slice(2)}</a><span>${one.difference ? `${DIFFERENCES[one.kind] ?? "差額"} ${yen(Math.abs(one.difference))}` : safe(one.partner)}</span><span class="n">${yen(one.amount)}</span></li>`);
  return `<div class="sec"><h2>この名義の消込履歴</h2>${rows.length ? `<ul class="hist">${rows.join("")}</ul>` : '<p class="sub">はじめての名義です。</p>'}</div>`;
}
