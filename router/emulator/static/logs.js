// Webhooks with signature, timing, parameters and TwiML; warnings and errors.

import { clock, element, fill } from "./api.js";
import { explain } from "./explanations.js";

const KEPT = 500, SHOWN = 100;
const at = (id) => document.getElementById(id);
const hooks = [];
const troubles = [];

function bad(entry) {
  return entry.error || entry.status >= 400;
}

function path(url) {
  try {
    const { pathname, search } = new URL(url);
    return pathname + search;
  } catch {
    return url || "(no address)";
  }
}

function outcome(entry) {
  if (entry.status && entry.error) return `${entry.status}, error ${entry.error}`;
  return entry.status ? `${entry.status}` : `error ${entry.error}`;
}

/** TwiML with an element a line; what is not XML, as it came. */
export function pretty(text) {
  const parsed = new DOMParser().parseFromString(text, "application/xml");
  if (parsed.querySelector("parsererror")) return text;
  const lines = [];
  const write = (node, indent) => {
    const attributes = [...node.attributes].map(({ name, value }) => ` ${name}="${value}"`).join("");
    const children = [...node.childNodes].filter(
      (child) => child.nodeType === Node.ELEMENT_NODE || child.textContent.trim(),
    );
    const open = `${indent}<${node.tagName}${attributes}`;
    if (!children.length) lines.push(`${open}/>`);
    else if (!node.children.length) lines.push(`${open}>${node.textContent.trim()}</${node.tagName}>`);
    else {
      lines.push(`${open}>`);
      for (const child of children) {
        if (child.nodeType === Node.ELEMENT_NODE) write(child, `${indent}  `);
        else lines.push(`${indent}  ${child.textContent.trim()}`);
      }
      lines.push(`${indent}</${node.tagName}>`);
    }
  };
  write(parsed.documentElement, "");
  return lines.join("\n");
}

function parameters(params) {
  const list = element("dl");
  for (const [key, value] of Object.entries(params)) {
    list.append(element("dt", key), element("dd", value || "(empty)"));
  }
  return list;
}

function webhook(entry) {
  const node = element("li");
  const details = element("details");
  details.dataset.seq = entry.seq;
  const summary = element("summary");
  const retry = entry.attempt ? ` retry ${entry.attempt}` : "";
  summary.append(
    clock(entry.at),
    element("span", ` ${entry.kind} `, "kind"),
    `${entry.method} ${path(entry.url)} `,
    element("span", outcome(entry), bad(entry) ? "bad" : "good"),
    element("span", `${retry} ${entry.ms} ms`, "quiet"),
  );
  details.append(summary);
  details.addEventListener("toggle", () => {
    if (details.querySelector("dl")) return;
    details.append(
      element("p", `Call ${entry.call_sid || "none"} · ${entry.url}`, "quiet"),
      element("p", `X-Twilio-Signature: ${entry.signature}`, "quiet"),
      element("p", `I-Twilio-Idempotency-Token: ${entry.idempotency_token}`, "quiet"),
      element("h4", entry.content_type ? `Answer, ${entry.content_type}` : "Answer"),
      element("pre", entry.twiml ? pretty(entry.twiml) : "(no body)"),
    );
    if (entry.message) details.append(element("p", entry.message, "bad"));
    details.append(element("h4", "Parameters"), parameters(entry.params));
  });
  node.append(details);
  return node;
}

function draw() {
  const call = at("of-call").value;
  const only = at("only-bad").checked;
  const wanted = hooks.filter((one) => !call || one.call_sid === call);
  const shown = wanted.filter((one) => !only || bad(one) || one.attempt).slice(-SHOWN).reverse();
  fill(at("hooks"), shown.map(webhook), hooks.length ? "None of these" : "No webhooks");
}

export function webhooks(entries) {
  hooks.push(...entries);
  hooks.splice(0, hooks.length - KEPT);
  const call = at("of-call").value;
  if (at("only-bad").checked || !at("hooks").querySelector("details")) {
    draw();
    return;
  }
  // Add at the top, so that what is open stays open.
  for (const entry of entries) {
    if (!call || entry.call_sid === call) at("hooks").prepend(webhook(entry));
  }
  while (at("hooks").children.length > SHOWN) at("hooks").lastElementChild.remove();
}

/** Show the webhooks of one call. */
export function follow(sid) {
  const chooser = at("of-call");
  if (![...chooser.options].some((one) => one.value === sid)) chooser.append(new Option(sid, sid));
  chooser.value = sid;
  draw();
  at("log").focus();
}

/** The calls to choose from. */
export function calls(state) {
  const chooser = at("of-call");
  const known = new Map(state.parties.map((party) => [party.number, party.name]));
  const recent = state.calls.slice(-50).reverse().map((item) => {
    const who = known.get(item.from) ?? item.from;
    const whom = known.get(item.to) ?? (item.to || "application");
    return [`${who} → ${whom}, ${item.status}, …${item.sid.slice(-4)}`, item.sid];
  });
  const wanted = JSON.stringify(recent);
  if (chooser.dataset.listed === wanted || document.activeElement === chooser) return;
  chooser.dataset.listed = wanted;
  const chosen = chooser.value;
  chooser.replaceChildren(new Option("All calls", ""), ...recent.map(([t, v]) => new Option(t, v)));
  if (chosen && !recent.some(([, sid]) => sid === chosen)) chooser.append(new Option(chosen, chosen));
  chooser.value = chosen;
}

function trouble(entry) {
  const node = element("li");
  if (entry.number) {
    node.append(
      clock(entry.at),
      element("span", ` unexpected ${entry.kind} `, "bad"),
      `to ${entry.number}: nobody is there. Add a phone with this number to take it.`,
    );
    return node;
  }
  node.append(
    clock(entry.at),
    element("span", ` ${entry.kind} ${entry.code} `, "bad"),
    entry.message,
  );
  const about = explain(entry.code);
  if (about) node.append(element("p", about, "quiet"));
  if (entry.url) node.append(element("p", entry.url, "quiet"));
  return node;
}

export function warnings(entries) {
  troubles.push(...entries);
  troubles.splice(0, troubles.length - SHOWN);
  troubles.sort((one, other) => one.at - other.at);
  fill(at("warnings"), troubles.map(trouble).reverse(), "None");
}

/** The network was reset. */
export function forget() {
  hooks.length = troubles.length = 0;
  at("of-call").value = "";
  draw();
  warnings([]);
}

at("of-call").addEventListener("change", draw);
at("only-bad").addEventListener("change", draw);
draw();
warnings([]);
