// What goes on in the network: legs, conferences, queues.

import { element } from "./api.js";

const names = (state) => new Map(state.parties.map((party) => [party.number, party.name]));

export function hearing(hears) {
  const people = hears.with.join(", ");
  const words = {
    say: `hears “${hears.text}”`,
    play: `hears ${hears.text}`,
    ringback: "hears ringing",
    hold: "is on hold",
    wait: `waits in ${hears.where}`,
    talking_with: people ? `hears ${people}` : `is heard by ${hears.heard_by.join(", ")}`,
    silence: "hears nothing",
  };
  return words[hears.kind] ?? hears.kind;
}

function fill(list, items, nothing) {
  list.replaceChildren(...(items.length ? items : [element("li", nothing, "empty")]));
}

function leg(item, known) {
  const node = element("li");
  const number = item.party ?? item.to;
  node.append(element("span", `${known.get(number) ?? number} `, "kind"));
  const room = item.room ? ` · in ${item.room}${item.alone ? ", alone" : ""}` : "";
  const doing = item.status === "in-progress" ? hearing(item.hears) : item.status;
  node.append(`${doing}${room} `);
  const since = new Date(item.hears.since * 1000).toLocaleTimeString();
  node.append(element("span", `${item.direction}, ${item.from} → ${item.to}, since ${since}`, "quiet"));
  return node;
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

export function show(state) {
  const known = names(state);
  const byCall = new Map(state.legs.map((l) => [l.sid, known.get(l.party) ?? l.from]));
  const open = state.conferences.filter((item) => item.status !== "completed");
  const at = (id) => document.getElementById(id);
  fill(at("legs"), state.legs.map((item) => leg(item, known)), "No calls");
  fill(at("rooms"), open.map(room), "No conferences");
  fill(at("queues"), state.queues.map((item) => queue(item, byCall)), "No queues");
}
