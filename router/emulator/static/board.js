// What goes on in the network: legs, conferences, queues, texts.

import { clock, element, fill } from "./api.js";

const OVER = 50;
const at = (id) => document.getElementById(id);

export function hearing(hears) {
  const people = hears.with.join(", ");
  const listeners = hears.heard_by.join(", ");
  const words = {
    say: `hears “${hears.text}”`,
    play: `hears ${hears.text}`,
    ringback: "hears ringing",
    hold: "is on hold",
    wait: `waits in ${hears.where}`,
    talking_with: people ? `hears ${people}` : `is heard by ${listeners}, and hears nobody`,
    silence: "hears nothing",
  };
  return words[hears.kind] ?? hears.kind;
}

function leg(item, known, follow) {
  const node = element("li");
  const number = item.party ?? item.to;
  node.append(element("span", `${known.get(number) ?? number} `, "kind"));
  const room = item.room ? ` · in ${item.room}${item.alone ? ", alone" : ""}` : "";
  const doing = item.status === "in-progress" ? hearing(item.hears) : item.status;
  node.append(`${doing}${room} `);
  const since = new Date(item.hears.since * 1000).toLocaleTimeString();
  const parent = item.parent ? ", dialled by another leg" : "";
  const facts = `${item.direction}${parent}, ${item.from} → ${item.to || "an application"}, since ${since} `;
  node.append(element("span", facts, "quiet"), toWebhooks(item, known.get(number) ?? number, follow));
  return node;
}

function over(item, known, follow) {
  const node = element("li");
  const name = (number) => known.get(number) ?? (number || "an application");
  const seconds = item.started ? `, ${Math.round(item.ended - item.started)} s` : "";
  node.append(
    clock(item.ended),
    element("span", ` ${name(item.from)} → ${name(item.to)} `, "kind"),
    `${item.status}${seconds} `,
    toWebhooks(item, name(item.from), follow),
  );
  return node;
}

function toWebhooks(item, whose, follow) {
  const button = element("button", "Its webhooks", "small");
  button.type = "button";
  button.setAttribute("aria-label", `Webhooks of the call of ${whose}`);
  button.dataset.call = item.sid;
  button.addEventListener("click", () => follow(item.sid));
  return button;
}

function room(item) {
  const node = element("li");
  node.append(element("span", `${item.name} `, "kind"), `${item.status}: `);
  const people = item.participants.map((person) => {
    const marks = [
      person.muted && "muted",
      person.hold && "on hold",
      person.coaching && "coaching",
      person.end_on_exit && "ends it",
      person.status !== "connected" && person.status,
    ].filter(Boolean);
    const who = person.people.join(" and ") || person.label || person.call_sid;
    return marks.length ? `${who} (${marks.join(", ")})` : who;
  });
  node.append(people.join(", ") || item.reason_ended || "nobody");
  return node;
}

function queue(item, byCall) {
  const waiting = item.members.map((member) => byCall.get(member.call_sid) ?? member.call_sid);
  const node = element("li");
  node.append(element("span", `${item.name} `, "kind"), waiting.join(", ") || "empty");
  return node;
}

function text(item) {
  const node = element("li");
  const failed = item.error_code ? `, error ${item.error_code}` : "";
  node.append(
    clock(item.at),
    element("span", ` ${item.from} → ${item.to} `, "kind"),
    item.text,
    element("span", ` ${item.status}${failed}`, failed ? "bad" : "quiet"),
  );
  return node;
}

/** `follow(sid)` shows the webhooks of a call. */
export function show(state, follow) {
  const known = new Map(state.parties.map((party) => [party.number, party.name]));
  const byCall = new Map(state.legs.map((l) => [l.sid, known.get(l.party) ?? l.from]));
  const open = state.conferences.filter((item) => item.status !== "completed");
  refill("legs", state.legs.map((item) => leg(item, known, follow)), "No calls");
  const ended = state.calls.filter((item) => item.ended).slice(-OVER).reverse();
  refill("over", ended.map((item) => over(item, known, follow)), "None");
  refill("rooms", open.map(room), "No conferences");
  refill("queues", state.queues.map((item) => queue(item, byCall)), "No queues");
  refill("texts", state.messages.map(text).reverse(), "No texts");
}

/** Replace a list only if it says something else: the focus may be on a button in it. */
function refill(id, nodes, nothing) {
  const fresh = element("ul");
  fill(fresh, nodes, nothing);
  if (fresh.innerHTML !== at(id).innerHTML) at(id).replaceChildren(...fresh.childNodes);
}
