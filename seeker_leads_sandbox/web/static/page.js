// Fetches the page's panels every second while the page is visible, and posts the action of a pressed button.
// The server renders and escapes the panels; this script never turns a value into markup.
"use strict";

const EVERY_MS = 1000;
const BASE = "/_sandbox/";
const byId = (id) => document.getElementById(id);
const shown = {};
let isPaused = false;
let timer = 0;

function say(words, isDone = true) {
  byId("done").textContent = words;
  byId("done").classList.toggle("failed", !isDone);
}

function showState(state, words) {
  byId("live").dataset.state = state;
  if (byId("live-words").textContent !== words) byId("live-words").textContent = words;
}

function keysOf(panel) {
  return new Set([...panel.querySelectorAll("[data-key]")].map((row) => row.dataset.key));
}

function replace(id, html) {
  if (shown[id] === html) return;
  const panel = byId(id);
  const isFirst = !(id in shown);
  shown[id] = html;
  const before = keysOf(panel);
  const focused = panel.contains(document.activeElement) ? document.activeElement.id : "";
  const open = [...panel.querySelectorAll("details[open]")].map((each) => each.id);
  panel.innerHTML = html;
  open.forEach((each) => byId(each)?.setAttribute("open", ""));
  if (focused) (byId(focused) ?? byId("main")).focus({ preventScroll: true });
  if (!isFirst) {
    panel.querySelectorAll("[data-key]").forEach((row) => {
      if (!before.has(row.dataset.key)) row.classList.add("new");
    });
  }
}

async function refresh() {
  clearTimeout(timer);
  try {
    const answer = await fetch(`${BASE}page/panels`, { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const panels = await answer.json();
    Object.entries(panels).forEach(([id, html]) => replace(id, html));
    showState(isPaused ? "paused" : "live", isPaused ? "Paused" : "Live");
  } catch {
    showState("gone", "The sandbox does not answer");
  }
  clearTimeout(timer);
  if (!isPaused && !document.hidden) timer = setTimeout(refresh, EVERY_MS);
}

async function press(button) {
  const body = button.dataset.fault
    ? JSON.stringify([{ ...JSON.parse(byId(button.dataset.fault).value), times: 1 }])
    : button.dataset.body;
  button.setAttribute("aria-disabled", "true");
  say(""); // so that a screen reader announces the same words again
  try {
    const answer = await fetch(BASE + button.dataset.path, {
      method: "POST",
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body || undefined,
    });
    if (answer.ok) say(button.dataset.done);
    else say(`The sandbox refused: ${reasonOf(await answer.json())}.`, false);
    await refresh();
  } catch {
    say("The sandbox does not answer.", false);
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

function reasonOf(problem) {
  return problem.errors?.map((error) => error.reason).join(", ") ?? problem.detail;
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(byId(button.dataset.copy).textContent);
    say(`${byId(button.dataset.copy).textContent} was copied.`);
  } catch {
    getSelection().selectAllChildren(byId(button.dataset.copy));
    say("The browser does not let the page copy; the text is selected.");
  }
}

function pause() {
  isPaused = !isPaused;
  byId("pause").textContent = isPaused ? "Resume" : "Pause";
  showState(isPaused ? "paused" : "live", isPaused ? "Paused" : "Live");
  if (isPaused) clearTimeout(timer);
  else refresh();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button || button.getAttribute("aria-disabled")) return;
  if (button.id === "pause") pause();
  else if (button.dataset.copy) copy(button);
  else if (button.dataset.path) press(button);
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !isPaused) refresh();
});
document.documentElement.classList.add("scripted");
refresh();
