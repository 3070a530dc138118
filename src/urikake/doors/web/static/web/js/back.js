// Esc: 開いているものを閉じ、何もなければ、見ていた条件のままの一覧に戻る。
const entry = () => document.querySelector("nav.side a[aria-current]");
const changed = (field) => (field.options ? [...field.options].some((o) => o.selected !== o.defaultSelected) : field.value !== field.defaultValue || field.checked !== field.defaultChecked);

export function remember() {
  if (document.getElementById("list")) sessionStorage.setItem(location.pathname, location.pathname + location.search);
}

export function back(event) {
  const open = document.querySelector("details.pop[open]");
  if (open) { open.open = false; open.querySelector("summary").focus(); return; }
  const list = entry();
  if (!list || event.target.closest("input,textarea,select")) return false;
  const path = new URL(list.href).pathname;
  if (path === location.pathname || [...document.querySelectorAll("main form[method=post] :is(input,textarea,select)")].some(changed)) return false;
  location.assign(sessionStorage.getItem(path) ?? list.href);
}
