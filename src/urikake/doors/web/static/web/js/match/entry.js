// 計上される仕訳を、確定する前に組み立てる。貸借は打つそばから合う。
export const DIFFERENCES = { fee: "振込手数料", discount: "売上値引", misc: "雑損益", withheld: "源泉徴収", "write-off": "貸倒", advance: "前受金" };

export function lines(match) {
  const { alloc, diff, set } = match, gap = match.gap(), total = match.total();
  if (!alloc.size) return [];
  const rows = match.marks.size ? [...match.marks] : [match.row], used = diff === "remain" ? Math.min(match.money(), total) : match.money();
  const found = [["借", "仮受金", used, rows.map((row) => `入金 ${row.number}`).join("・")]];
  const short = -gap, over = gap;
  if (diff !== "remain" && short > 0) {
    const [name, words] = { fee: [set.fee, "振込手数料"], discount: ["売上値引", "仮受消費税を含む"], "write-off": ["貸倒損失", "仮受消費税を含む"], withheld: ["仮払税金", "源泉徴収"], misc: ["雑損失", "差額"] }[diff] ?? ["", ""];
    if (name) found.push(["借", name, short, words]);
  }
  for (const [number, part] of match.paid()) {
    const item = match.item(number);
    if (part) found.push(part > 0 ? ["貸", item.account, part, number] : ["借", item.account, -part, number]);
  }
  if (diff !== "remain" && over > 0) found.push(["貸", diff === "advance" ? "前受金" : "雑収入", over, match.now?.partner?.name ?? ""]);
  return found;
}
export const sides = (found) => ["借", "貸"].map((side) => found.reduce((all, [one, , value]) => all + (one === side ? value : 0), 0));
