"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const LEVELS = ["superuser", "owner", "write", "read", "other"];
const LETTERS = { superuser: "S", owner: "O", write: "w", read: "r", other: "x", none: "" };

function make(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

const own = (row, service) => row.service === service;
const across = (row) => row.cells.some((cell) => !own(row, data.services[cell.service]));

function introduce() {
  $("database").textContent = data.database;
  $("about").textContent = data.about;
  const login = data.roles.filter((row) => row.login).length;
  const strangers = data.roles.filter((row) => !row.declared);
  const beyond = data.roles.filter((row) => row.service !== null && across(row)).length;
  const powerful = data.roles.filter((row) => row.cells.some((c) => c.level === "superuser")).length;
  for (const [number, text, alarm] of [
    [data.services.length, "services"],
    [data.roles.length, "roles"],
    [login, "log in"],
    [beyond, "reach beyond their service"],
    [powerful, powerful === 1 ? "superuser" : "superusers"],
    [strangers.length, "not in the spec", strangers.length > 0],
  ]) {
    const item = make("li", alarm ? "alarm" : "");
    item.append(make("b", "", number), text);
    $("numbers").append(item);
  }
  for (const level of LEVELS) {
    const label = make("label", `level-${level}`);
    const box = make("input");
    box.type = "checkbox";
    box.checked = true;
    box.defaultChecked = true;
    box.value = level;
    label.append(box, make("i", "", LETTERS[level]), level);
    $("levels").append(label);
  }
}

function filtered() {
  const role = $("role").value.trim().toLowerCase();
  const service = $("service").value.trim().toLowerCase();
  const which = $("which").value;
  const levels = new Set([...document.querySelectorAll("#levels input:checked")].map((b) => b.value));
  const columns = data.services.map((name, i) => i)
    .filter((i) => data.services[i].toLowerCase().includes(service));
  const at = new Map(columns.map((index, position) => [index, position]));
  const rows = [];
  for (const row of data.roles) {
    if (!row.name.toLowerCase().includes(role)) continue;
    if (which === "login" && !row.login) continue;
    if (which === "stranger" && row.declared) continue;
    if (which === "across" && !across(row)) continue;
    const cells = row.cells.filter((cell) => at.has(cell.service)
      && (levels.has(cell.level) || levels.has(cell.becomes) || (cell.writes && levels.has("write")))
      && !($("own").checked && own(row, data.services[cell.service])));
    if (cells.length) rows.push({ row, cells });
  }
  return { columns, at, rows };
}

function size(count) {
  const room = $("scroller").clientWidth - 16;
  const longest = Math.max(8, ...data.roles.map((row) => row.name.length + (row.declared ? 0 : 11)));
  const names = Math.min(300, Math.max(150, longest * 6.6 + 44));
  const wide = Math.floor((room - names) / Math.max(count, 1));
  const words = wide >= 78;
  const style = $("matrix").style;
  style.setProperty("--names", `${names}px`);
  style.setProperty("--wide", `${words ? Math.min(wide, 132) : Math.max(11, Math.min(wide, 30))}px`);
  style.setProperty("--letter", wide < 14 ? "9px" : "10px");
  style.setProperty("--tall", words ? "26px" : "18px");
  style.setProperty("--size", words ? "13px" : "12px");
  const title = Math.max(...data.services.map((name) => name.length), 4);
  style.setProperty("--heads", words ? "58px" : `${Math.min(190, title * 6.4 + 18)}px`);
  style.setProperty("--count", count);
  $("matrix").className = words ? "words" : "dense";
  return words;
}

let cells = [];
let pinned = null;
let drawn = 0;

function draw() {
  drawn = $("scroller").clientWidth;
  const { columns, at, rows } = filtered();
  const words = size(columns.length);
  const matrix = $("matrix");
  matrix.replaceChildren();
  matrix.hidden = rows.length === 0;
  $("nothing").hidden = rows.length > 0;
  matrix.setAttribute("aria-rowcount", rows.length + 1);
  matrix.setAttribute("aria-colcount", columns.length + 1);
  const head = make("div", "head");
  head.setAttribute("role", "row");
  const corner = make("div", "corner", `${rows.length} roles, ${columns.length} services`);
  corner.setAttribute("role", "columnheader");
  const titles = make("div", "titles");
  for (const index of columns) {
    const title = make("div", "title");
    title.setAttribute("role", "columnheader");
    title.dataset.service = index;
    const text = make("span", "", data.services[index]);
    text.title = data.services[index];
    title.append(text);
    titles.append(title);
  }
  head.append(corner, titles);
  matrix.append(head);
  cells = [];
  let before = rows.length ? rows[0].row.service : null;
  rows.forEach(({ row, cells: found }, number) => {
    const line = make("div", row.service === before ? "row" : "row part");
    before = row.service;
    line.setAttribute("role", "row");
    line.setAttribute("aria-rowindex", number + 2);
    const name = make("div", row.login ? "name" : "name group", row.name);
    name.setAttribute("role", "rowheader");
    name.title = [row.name, ...row.remarks].join(", ");
    if (!row.declared) name.append(make("small", "", "not in spec"));
    const space = make("div", "cells");
    for (const cell of found) {
      const button = make("button", looks(cell), label(cell, words));
      button.type = "button";
      button.tabIndex = -1;
      button.setAttribute("role", "gridcell");
      button.setAttribute("aria-colindex", at.get(cell.service) + 2);
      button.setAttribute("aria-label", spoken(row, cell));
      button.style.setProperty("--at", at.get(cell.service));
      if (cell.becomes) button.style.setProperty("--other-fill", `var(--${cell.becomes})`);
      const entry = { button, row, cell, line, x: at.get(cell.service), y: number };
      button.entry = entry;
      cells.push(entry);
      space.append(button);
    }
    line.append(name, space);
    matrix.append(line);
  });
  if (cells.length) cells[0].button.tabIndex = 0;
  const kept = pinned;
  pinned = null;
  explain(null);
  if (kept) {
    const same = cells.find((entry) => entry.cell === kept.cell);
    if (same) keep(same);
  }
}

function looks(cell) {
  const level = cell.level === "none" ? cell.becomes : cell.level;
  return ["cell", `level-${level}`, cell.part ? "some" : "", cell.usable ? "" : "shut",
    cell.level === "none" ? "none" : cell.becomes ? "becomes" : ""].filter(Boolean).join(" ");
}

function label(cell, words) {
  if (!words) return LETTERS[cell.level] + (cell.usable ? "" : "!");
  if (cell.level === "none") return `(${cell.becomes})`;
  return cell.level + (cell.part ? ` ${cell.part}` : "") + (cell.usable ? "" : " !");
}

function spoken(row, cell) {
  const lines = cell.lines.map((i) => data.lines[i].join(": "));
  return `${row.name} in ${data.services[cell.service]}: ${cell.level}${
    cell.part ? `, ${cell.part} tables` : ""}. ${lines.join(". ")}`;
}

function explain(entry) {
  const detail = $("detail");
  for (const marked of document.querySelectorAll(".marked")) marked.classList.remove("marked");
  if (!entry) {
    detail.replaceChildren(make("h2", "", "Why?"));
    const hint = make("p", "hint");
    hint.append("Point at a cell to see what gives the access; click to keep it here. By keyboard: ",
      make("kbd", "", "Tab"), " into the matrix, then the arrow keys.");
    const marks = make("p", "hint",
      "A cut corner: not all tables. Hatched, with !: no USAGE on the schema, so nothing is "
      + "reached. Dashed: only after SET ROLE. Names in italics do not log in.");
    detail.append(hint, marks);
    return;
  }
  const { row, cell } = entry;
  entry.line.classList.add("marked");
  const title = document.querySelector(`.title[data-service="${cell.service}"]`);
  if (title) title.classList.add("marked");
  detail.replaceChildren(make("h2", "", row.name));
  detail.append(make("p", "in", `in ${data.services[cell.service]}`));
  const level = make("span", `badge level-${cell.level}`, cell.level);
  detail.append(level);
  if (cell.part) detail.append(make("span", "badge", `${cell.part} tables`));
  for (const remark of row.remarks) detail.append(make("span", "badge", remark));
  const list = make("ul");
  for (const index of cell.lines) {
    const [what, why] = data.lines[index];
    const item = make("li");
    item.append(make("b", "", what), make("span", "", why));
    list.append(item);
  }
  detail.append(list);
}

function keep(entry) {
  if (pinned) pinned.button.classList.remove("on");
  pinned = pinned === entry ? null : entry;
  if (pinned) pinned.button.classList.add("on");
  explain(pinned);
}

function nearest(from, key) {
  let best = null;
  for (const entry of cells) {
    const dx = entry.x - from.x;
    const dy = entry.y - from.y;
    const sideways = key === "ArrowLeft" || key === "ArrowRight";
    const ahead = sideways ? (key === "ArrowRight" ? dx : -dx) : key === "ArrowDown" ? dy : -dy;
    if (ahead <= 0 || (sideways && dy !== 0)) continue;
    const cost = sideways ? ahead : ahead * 1000 + Math.abs(dx);
    if (!best || cost < best.cost) best = { cost, entry };
  }
  return best && best.entry;
}

function focus(entry) {
  for (const other of cells) other.button.tabIndex = -1;
  entry.button.tabIndex = 0;
  entry.button.focus();
}

$("matrix").addEventListener("pointerover", (event) => {
  const entry = event.target.entry;
  if (entry && !pinned) explain(entry);
});
$("matrix").addEventListener("pointerleave", () => { if (!pinned) explain(null); });
$("matrix").addEventListener("focusin", (event) => {
  if (event.target.entry && !pinned) explain(event.target.entry);
});
$("matrix").addEventListener("click", (event) => {
  if (event.target.entry) keep(event.target.entry);
});
$("matrix").addEventListener("keydown", (event) => {
  const entry = event.target.entry;
  if (!entry) return;
  if (event.key.startsWith("Arrow")) {
    event.preventDefault();
    const next = nearest(entry, event.key);
    if (next) focus(next);
  } else if (event.key === "Home" || event.key === "End") {
    event.preventDefault();
    focus(event.key === "Home" ? cells[0] : cells[cells.length - 1]);
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && pinned) keep(pinned);
});
$("filters").addEventListener("input", draw);
$("filters").addEventListener("submit", (event) => event.preventDefault());
$("filters").addEventListener("reset", () => setTimeout(draw));
window.addEventListener("resize", () => { if ($("scroller").clientWidth !== drawn) draw(); });
introduce();
draw();
