// The phones page: one wait on the network's events keeps everything up to date.

import { call, Reader } from "./api.js";
import { show } from "./board.js";
import { Handset } from "./handset.js";
import { rings, warnings, webhooks } from "./logs.js";

const REFRESH_MS = 150;
const handset = new Handset();
const network = document.getElementById("network");
const logs = [
  new Reader("webhooks", "webhooks", webhooks),
  new Reader("debugger", "entries", warnings),
  new Reader("unexpected_rings", "rings", rings),
];
let due = null;

async function refresh() {
  due = null;
  try {
    const state = await call("GET", "state");
    show(state);
    handset.show(state);
    await Promise.all([handset.read(), ...logs.map((log) => log.read())]);
    const speed = state.time.mode === "fast" ? ` ${state.time.speed}×` : "";
    const text = `Connected · time ${state.time.mode}${speed} · ${state.legs.length} live`;
    if (network.textContent !== text) network.textContent = text;
  } catch {
    troubled();
  }
}

function soon() {
  due ??= setTimeout(refresh, REFRESH_MS);
}

function troubled() {
  network.textContent = "The network does not answer.";
}

refresh();
new Reader("events", "events", soon).follow(troubled);
