// Webhooks with signature, timing and TwiML; warnings.

import { clock, element } from "./api.js";

const KEPT = 100;

function prepend(list, nodes) {
  list.querySelector(".empty")?.remove();
  for (const node of nodes) list.prepend(node);
  while (list.children.length > KEPT) list.lastElementChild.remove();
}

function webhook(entry) {
  const node = element("li");
  const details = element("details");
  const summary = element("summary");
  const path = new URL(entry.url).pathname;
  const failed = entry.error || entry.status >= 400;
  const outcome = entry.error && !entry.status ? `error ${entry.error}` : `${entry.status}`;
  summary.append(
    clock(entry.at),
    ` ${entry.kind} ${entry.method} ${path} `,
    element("span", outcome, failed ? "bad" : "kind"),
    element("span", ` ${entry.ms} ms`, "quiet"),
  );
  details.append(summary);
  details.addEventListener("toggle", () => {
    if (details.querySelector("pre")) return;
    const facts = Object.entries(entry.params).map(([key, value]) => `${key}=${value}`);
    details.append(
      element("p", entry.url, "quiet"),
      element("pre", facts.join("\n")),
      element("p", `X-Twilio-Signature: ${entry.signature}`, "quiet"),
      element("pre", entry.twiml || entry.message || "(no body)"),
    );
  });
  node.append(details);
  return node;
}

export function webhooks(entries) {
  prepend(document.getElementById("hooks"), entries.map(webhook));
}

export function warnings(entries) {
  const nodes = entries.map((entry) => {
    const node = element("li");
    node.append(clock(entry.at), element("span", ` ${entry.code} `, "bad"), entry.message);
    return node;
  });
  prepend(document.getElementById("warnings"), nodes);
}

export function rings(entries) {
  const nodes = entries.map((entry) => {
    const node = element("li");
    node.append(clock(entry.at), element("span", " unexpected ", "bad"), `${entry.kind} to ${entry.number}`);
    return node;
  });
  prepend(document.getElementById("warnings"), nodes);
}
