// Keeps the sections of a live page fresh: a stream while it lasts, polling while it does not, and always
// the age of what is shown. Clocks tick here; everything else is rendered by the server.

const page = document.querySelector("[data-live]");
const bar = document.getElementById("stale");
const words = document.getElementById("stale-words");
const age = document.getElementById("stale-age");
const SILENT_AFTER_MS = 6000;
const POLL_EVERY_MS = 2000;
const STREAM_AGAIN_MS = 10000;

let skew = Date.parse(page.dataset.now) - Date.now();
let shownAt = Date.now();
let heardAt = Date.now();
let source = null;
let sourceOpenedAt = 0;
let streaming = false;
let polling = false;
let polledAt = 0;
let tag = "";
let signedOut = false;
const onlyPolled = !page.dataset.stream;

const pad = (number) => String(number).padStart(2, "0");

export function elapsed(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

function tick() {
  const now = Date.now() + skew;
  for (const clock of document.querySelectorAll(".clock[data-since]")) {
    const seconds = (now - Date.parse(clock.dataset.since)) / 1000;
    const words = elapsed(seconds);
    if (clock.textContent !== words) clock.textContent = words;
    const level =
      seconds >= Number(clock.dataset.late || Infinity) ? "late" : seconds >= Number(clock.dataset.warn || Infinity) ? "warn" : "";
    if ((clock.dataset.level || "") !== level) clock.dataset.level = level;
  }
}

function show(message) {
  skew = Date.parse(message.at) - Date.now();
  shownAt = heardAt = Date.now();
  for (const [id, html] of Object.entries(message.sections || {})) {
    const section = document.getElementById(id);
    if (!section || section.dataset.shown === html) continue;
    const focused = section.contains(document.activeElement) ? document.activeElement.id : "";
    section.innerHTML = html;
    section.dataset.shown = html;
    if (focused) document.getElementById(focused)?.focus();
  }
  tick();
}

function setStreaming(now) {
  streaming = now;
  page.dataset.by = now ? "stream" : "polling";
}

function openStream() {
  if (onlyPolled || signedOut) return;
  source?.close();
  sourceOpenedAt = Date.now();
  source = new EventSource(page.dataset.stream, { withCredentials: true });
  source.addEventListener("board", (event) => {
    setStreaming(true);
    show(JSON.parse(event.data));
  });
  source.addEventListener("beat", (event) => {
    setStreaming(true);
    shownAt = heardAt = Date.now();
    skew = Date.parse(event.data) - Date.now();
  });
  source.addEventListener("signed-out", () => {
    source.close();
    setStreaming(false);
    poll();
  });
  source.onerror = () => setStreaming(false);
}

async function poll() {
  if (polling || signedOut) return;
  polling = true;
  polledAt = Date.now();
  try {
    const headers = { Accept: "application/json" };
    if (tag) headers["If-None-Match"] = tag;
    const answer = await fetch(page.dataset.poll, { headers, redirect: "manual", signal: AbortSignal.timeout(5000) });
    if (answer.status === 304) {
      shownAt = Date.now();
    } else if (answer.ok) {
      tag = answer.headers.get("ETag") || "";
      show(await answer.json());
    } else if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
      signedOut = true;
      source?.close();
    }
  } catch {
    // The bar tells the age of what is shown; the next turn tries again.
  } finally {
    polling = false;
  }
}

// The sentence is read aloud when it changes; the age beside it changes every second and is not.
function tell() {
  const seconds = (Date.now() - shownAt) / 1000;
  const old = seconds > SILENT_AFTER_MS / 1000;
  let sentence = "";
  if (signedOut) sentence = "You are signed out. What is shown is no longer kept up.";
  else if (!streaming && old) sentence = "Out of date. Trying to reconnect.";
  else if (!streaming && !onlyPolled) sentence = "The live stream is down. This page asks again every 2 seconds.";
  bar.hidden = !sentence;
  bar.querySelector("a").hidden = !signedOut;
  if (words.textContent !== sentence) words.textContent = sentence;
  const told = sentence && (old || signedOut) ? `Shown as of ${elapsed(seconds)} ago.` : "";
  if (age.textContent !== told) age.textContent = told;
}

function turn() {
  tick();
  const now = Date.now();
  if (streaming && now - heardAt > SILENT_AFTER_MS) setStreaming(false);
  if (!streaming && now - sourceOpenedAt > 1500) {
    if (now - polledAt >= POLL_EVERY_MS) poll();
    if (now - sourceOpenedAt > STREAM_AGAIN_MS) openStream();
    tell();
  } else if (streaming) {
    tell();
  }
}

tick();
openStream();
setInterval(turn, 250);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) turn();
});
