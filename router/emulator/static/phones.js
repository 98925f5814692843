// The phones page: one wait on the network's events keeps everything up to date.

import { call, Reader } from "./api.js";
import { show } from "./board.js";
import { Handset } from "./handset.js";
import * as log from "./logs.js";
import * as settings from "./settings.js";

const REFRESH_MS = 150;
const AT_FIRST = 2; // one phone to call from and one to be called at
const network = document.getElementById("network");
const numbers = document.getElementById("numbers");
let handsets = [];
let made = 0;
const logs = [
  new Reader("webhooks", "webhooks", log.webhooks),
  new Reader("debugger", "entries", log.warnings),
  new Reader("unexpected_rings", "rings", log.warnings),
];
let due = null;
let running = false;
let begun = false;

function remember() {
  localStorage.setItem("phones", JSON.stringify(handsets.map((handset) => handset.number)));
}

function add(number) {
  made += 1;
  const handset = new Handset(`Phone ${made}`, "", remember, remove);
  handsets.push(handset);
  if (number) handset.choose(number);
  return handset;
}

function remove(handset) {
  handset.choose("");
  handset.section.remove();
  handsets = handsets.filter((one) => one !== handset);
  remember();
  document.getElementById("more").focus();
}

/** The numbers of the address (?phone=), else those of the last visit, else the first there are. */
function wanted(state) {
  const asked = new URLSearchParams(location.search).getAll("phone");
  if (asked.length) return asked;
  const there = new Set(state.parties.map((party) => party.number));
  const last = JSON.parse(localStorage.getItem("phones") ?? "[]").filter((one) => there.has(one));
  return [...new Set([...last, ...there])].slice(0, Math.max(AT_FIRST, last.length));
}

function begin(state) {
  begun = true;
  const phones = wanted(state);
  for (let place = 0; place < Math.max(AT_FIRST, phones.length); place += 1) add(phones[place]);
}

async function refresh() {
  due = null;
  running = true;
  try {
    const state = await call("GET", "state");
    if (!begun) begin(state);
    show(state, log.follow);
    log.calls(state);
    const lines = state.numbers.map((line) => new Option(line.friendly_name, line.number));
    numbers.replaceChildren(...lines);
    for (const handset of handsets) handset.show(state);
    await Promise.all([...handsets, ...logs].map((one) => one.read()));
    const text = `Connected · ${settings.showTime(state)} · ${state.legs.length} live`;
    if (network.textContent !== text) network.textContent = text;
  } catch {
    troubled();
  } finally {
    running = false;
  }
}

function happened(events) {
  if (begun && events.some((one) => one.kind === "reset")) {
    log.forget();
    for (const handset of handsets) handset.choose("");
  }
  soon();
}

function soon() {
  due ??= setTimeout(() => (running ? again() : refresh()), REFRESH_MS);
}

function again() {
  due = null;
  soon();
}

function troubled() {
  network.textContent = "The network does not answer.";
}

document.getElementById("more").addEventListener("click", () => {
  const handset = add("");
  soon();
  handset.at(".who").focus();
});
settings.begin();
refresh();
new Reader("events", "events", happened).follow(troubled);
