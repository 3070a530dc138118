// 文字と数: さがすときの畳み方(サーバーの core/search と同じ)と、金額・日付の書き方。
const SMALL = { ァ: "ア", ィ: "イ", ゥ: "ウ", ェ: "エ", ォ: "オ", ッ: "ツ", ャ: "ヤ", ュ: "ユ", ョ: "ヨ", ヮ: "ワ", ヵ: "カ", ヶ: "ケ" };
const DROPPED = /株式会社|有限会社|合同会社|\(株\)|\(有\)|\(同\)|カ\)|\(カ|ユ\)|\(ユ|ド\)|\(ド|[\s\u3000ー\-‐−―・,、.円]/g;

export const fold = (text) => text.normalize("NFKC").toLowerCase()
  .replace(/[ぁ-ゖ]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) + 96))
  .replace(/[ァィゥェォッャュョヮヵヶ]/g, (kana) => SMALL[kana])
  .replace(DROPPED, "");
export const digits = (text) => { const plain = text.normalize("NFKC").replace(/[,\s円¥]/g, ""); return /^\d{2,}$/.test(plain) ? plain : ""; };

const MONEY = new Intl.NumberFormat("ja-JP");
export const yen = (amount) => (amount < 0 ? `△${MONEY.format(-amount)}` : MONEY.format(amount));
export const day = (on) => on.slice(5).replace("-", "/");
export const fullDay = (on) => `${on.replaceAll("-", "/")}(${"日月火水木金土"[new Date(`${on}T00:00:00`).getDay()]})`;
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
export const safe = (text) => String(text ?? "").replace(/[&<>"]/g, (one) => ENTITIES[one]);
export const money = (amount) => (amount < 0 ? `<span class="n neg"><span class="sr">マイナス</span><span aria-hidden="true">△</span>${MONEY.format(-amount)}</span>` : `<span class="n">${MONEY.format(amount)}</span>`);
