// How the network behaves: time, faults, switches.

import { call, element, fill, words } from "./api.js";

const at = (id) => document.getElementById(id);
const DEEDS = {
  callbacks: ["delay", "drop", "repeat", "reorder"],
  rest: ["500", "503", "429", "timeout", "reset", "500_after", "timeout_after", "reset_after"],
};
let faults = { callbacks: [], rest: [], stale_seconds: 0, seed: 0 };

async function attempt(problem, work) {
  try {
    await work();
    at(problem).textContent = "";
  } catch (error) {
    at(problem).textContent = words(error);
  }
}

// Time

const timeForm = at("time");
let changing = false; // what was just chosen is not put back by a state read before

async function setTime() {
  const mode = timeForm.elements.mode.value;
  const speed = mode === "fast" ? Number(at("speed").value) : 1;
  changing = true;
  await attempt("time-problem", () => call("POST", "time", { mode, speed }));
  changing = false;
}

function advance(seconds) {
  return attempt("time-problem", () => call("POST", "time/advance", { seconds }));
}

/** Time as the network has it; `now` is shown only while it stands still. */
export function showTime({ time, now }) {
  if (!changing) timeForm.elements.mode.value = time.mode;
  timeForm.querySelector(".fast").hidden = time.mode !== "fast";
  timeForm.querySelector(".manual").hidden = time.mode !== "manual";
  if (time.mode === "fast" && document.activeElement !== at("speed")) at("speed").value = time.speed;
  const hands = new Date(now * 1000).toLocaleTimeString();
  return { real: "time real", fast: `time ${time.speed}×`, manual: `time by hand, ${hands}` }[time.mode];
}

// Faults

function rule(list, item, index) {
  const node = element("li");
  const often = item.next === null ? `chance ${item.probability}` : `${item.next} more`;
  const what = list === "callbacks" ? `webhooks of kind ${item.kind}` : `${item.method} ${item.path || "any path"}`;
  const late = ["delay", "reorder"].includes(item.do) ? `, ${item.seconds} s` : "";
  node.append(element("span", `${item.do.replaceAll("_", " ")} `, "kind"), `${what}, ${often}${late} `);
  const button = element("button", "Remove", "small");
  button.type = "button";
  button.setAttribute("aria-label", `Remove the fault ${item.do} of ${what}`);
  button.addEventListener("click", () => {
    putFaults({ [list]: faults[list].filter((_, place) => place !== index) });
  });
  node.append(button);
  return node;
}

function putFaults(change) {
  return attempt("settings-problem", async () => {
    faults = await call("GET", "faults");
    showFaults(await call("PUT", "faults", { ...faults, ...change }));
  });
}

function showFaults(given) {
  faults = given;
  const rules = ["callbacks", "rest"].flatMap((list) => faults[list].map((one, i) => rule(list, one, i)));
  fill(at("rules"), rules, "No faults");
  if (document.activeElement !== at("stale")) at("stale").value = faults.stale_seconds;
  const count = rules.length + (faults.stale_seconds > 0 ? 1 : 0);
  at("faults-count").textContent = count ? `${count} in force` : "none in force";
}

function chooseDeeds() {
  const deeds = DEEDS[at("rule-list").value];
  at("rule-do").replaceChildren(...deeds.map((deed) => new Option(deed.replaceAll("_", " "), deed)));
}

function addRule() {
  const list = at("rule-list").value;
  const what = at("rule-what").value.trim();
  const made = { do: at("rule-do").value, seconds: Number(at("rule-seconds").value) };
  made[at("rule-often").value] = Number(at("rule-count").value);
  if (what) made[list === "callbacks" ? "kind" : "path"] = what;
  return putFaults({ [list]: [...faults[list], made] });
}

// Switches

function input(name, item) {
  let node;
  if (item.choices.length) {
    node = element("select");
    node.append(...item.choices.map((one) => new Option(one, one)));
  } else {
    node = element("input");
    node.type = { boolean: "checkbox", number: "number" }[typeof item.default] ?? "text";
    if (node.type === "number") Object.assign(node, { min: 0, step: "any" });
    node.autocomplete = "off";
  }
  if (node.type === "checkbox") node.checked = item.value;
  else node.value = item.value;
  node.addEventListener("change", () => {
    const value = node.type === "checkbox" ? node.checked : node.value;
    putSwitch(name, node.type === "number" ? Number(value) : value);
  });
  return node;
}

function switchItem([name, item]) {
  const node = element("li");
  const label = element("label", "", typeof item.default === "boolean" ? "check" : "");
  const field = input(name, item);
  const title = element("span", name.replaceAll("_", " "), "kind");
  if (field.type === "checkbox") label.append(field, " ", title);
  else label.append(title, " ", field);
  const about = element("p", item.about, "quiet");
  about.id = `about-${name}`;
  field.setAttribute("aria-describedby", about.id);
  node.append(label, about);
  if (item.value !== item.default) {
    const button = element("button", `Back to ${item.default}`, "small");
    button.type = "button";
    button.setAttribute("aria-label", `${name.replaceAll("_", " ")}: back to ${item.default}`);
    button.addEventListener("click", () => putSwitch(name, item.default));
    node.append(button);
  }
  return node;
}

function putSwitch(name, value) {
  return attempt("settings-problem", async () => {
    showSwitches(await call("PUT", "switches", { [name]: value }));
    at(`about-${name}`).parentElement.querySelector("input, select").focus();
  });
}

function showSwitches(given) {
  const items = Object.entries(given);
  // Somebody may be in them: they are made anew only when they have changed.
  const wanted = JSON.stringify(given);
  if (at("switches").dataset.shown === wanted) return;
  at("switches").dataset.shown = wanted;
  fill(at("switches"), items.map(switchItem), "");
  const changed = items.filter(([, item]) => item.value !== item.default).length;
  at("switches-count").textContent = changed ? `${changed} changed` : "all at their defaults";
}

/** Read them, when somebody opens them and at the start: they change seldom. */
function readSettings() {
  return attempt("settings-problem", async () => {
    showFaults(await call("GET", "faults"));
    showSwitches(await call("GET", "switches"));
  });
}

export function begin() {
  for (const radio of timeForm.elements.mode) radio.addEventListener("change", setTime);
  at("speed").addEventListener("change", setTime);
  for (const button of timeForm.querySelectorAll("[data-seconds]")) {
    button.addEventListener("click", () => advance(Number(button.dataset.seconds)));
  }
  timeForm.addEventListener("submit", (event) => {
    event.preventDefault();
    if (timeForm.elements.mode.value === "manual") advance(Number(at("seconds").value));
  });
  at("rule-list").addEventListener("change", chooseDeeds);
  at("add-rule").addEventListener("submit", (event) => {
    event.preventDefault();
    addRule();
  });
  at("stale").addEventListener("change", () => putFaults({ stale_seconds: Number(at("stale").value) }));
  for (const id of ["faults", "switch-list"]) {
    at(id).addEventListener("toggle", () => { if (at(id).open) readSettings(); });
  }
  at("reset").addEventListener("click", () => {
    if (!confirm("End all calls, and forget phones, logs and faults?")) return;
    attempt("settings-problem", async () => {
      await call("POST", "reset", {});
      await readSettings();
    });
  });
  chooseDeeds();
  readSettings();
}
