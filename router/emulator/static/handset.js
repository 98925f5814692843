// One phone: dial, keys, speech, and what is heard on it.

import { call, clock, element, Reader, words } from "./api.js";
import { hearing } from "./board.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const SPOKEN_KEYS = { "*": "star", "#": "pound" };

export class Handset {
  /** `chosen(number)` is told of every change of the number shown. */
  constructor(title, number, chosen, removed) {
    const section = document.getElementById("handset").content.cloneNode(true).firstElementChild;
    Object.assign(this, { section, number, chosen, transcript: null, listed: "" });
    section.setAttribute("aria-label", title);
    this.at("h2").textContent = title;
    this.at(".remove").addEventListener("click", () => removed(this));
    this.makeKeypad();
    this.at(".who").addEventListener("change", () => this.choose(this.at(".who").value));
    this.at(".on-ring").addEventListener("change", () => this.setOnRing());
    this.submit(".add", () => this.add());
    this.submit(".dial", () => this.act("dial", { to: this.at(".to").value }));
    this.submit(".say", () => this.say());
    this.press(".texts", () => this.text());
    this.press(".answers", () => this.act("answer"));
    this.press(".declines", () => this.act("decline"));
    this.press(".hangs-up", () => this.act("hang_up"));
    this.press(".loses", () => this.act("lose_signal"));
    this.at(".aloud").addEventListener("change", () => speechSynthesis.cancel());
    document.getElementById("handsets").append(section);
  }

  at(selector) { return this.section.querySelector(selector); }

  press(selector, work) { this.at(selector).addEventListener("click", work); }

  submit(selector, work) {
    this.at(selector).addEventListener("submit", (event) => {
      event.preventDefault();
      work();
    });
  }

  makeKeypad() {
    for (const key of KEYS) {
      const button = element("button", key);
      button.type = "button";
      button.setAttribute("aria-label", `Key ${SPOKEN_KEYS[key] ?? key}`);
      button.addEventListener("click", () => this.act("press", { digits: key }));
      this.at(".keypad").append(button);
    }
    // With the focus on any key, the keys of the keyboard work as well.
    this.at(".keypad").addEventListener("keydown", (event) => {
      if (!KEYS.includes(event.key) || event.target.disabled) return;
      event.preventDefault();
      this.act("press", { digits: event.key });
    });
  }

  async attempt(work) {
    try {
      await work();
      this.at(".problem").textContent = "";
      return true;
    } catch (error) {
      this.at(".problem").textContent = words(error);
      return false;
    }
  }

  path(rest = "") { return `parties/${encodeURIComponent(this.number)}${rest}`; }

  act(deed, body = {}) { return this.attempt(() => call("POST", this.path(`/${deed}`), body)); }

  setOnRing() {
    return this.attempt(() => call("PATCH", this.path(), { on_ring: this.at(".on-ring").value }));
  }

  add() {
    return this.attempt(async () => {
      const number = this.at(".new-number").value.trim();
      const name = this.at(".new-name").value.trim();
      const party = await call("POST", "parties", name ? { number, name } : { number });
      this.at(".add").reset();
      this.at(".set-up").open = false;
      this.choose(party.number);
    });
  }

  async say() {
    const who = this.at(".people").value;
    if (await this.act("speak", { text: this.at(".words").value, who })) this.at(".words").value = "";
  }

  async text() {
    const body = { to: this.at(".to").value, text: this.at(".words").value };
    if (await this.act("text", body)) this.at(".words").value = "";
  }

  choose(number) {
    this.number = number;
    this.listed = "";
    if (this.transcript) this.transcript.closed = true;
    this.transcript = null;
    this.at(".heard").replaceChildren();
    if (number) {
      this.first = true;
      this.transcript = new Reader(this.path("/transcript"), "entries", (found) => this.heard(found));
      this.read();
    }
    this.chosen();
  }

  async read() {
    await this.transcript?.read();
    this.first = false;
  }

  heard(entries) {
    const list = this.at(".heard");
    for (const entry of entries) {
      const node = element("li");
      const said = entry.text ?? entry.digits ?? (entry.with ?? []).join(", ");
      const who = entry.who ? `${entry.who}: ` : "";
      const kind = entry.kind.replaceAll("_", " ");
      const rest = said || entry.where || entry.from || entry.to || entry.status || "";
      node.append(clock(entry.at), element("span", ` ${kind} `, "kind"), `${who}${rest}`);
      list.append(node);
      // What was said before this page was opened is not spoken again.
      if (!this.first && this.at(".aloud").checked) this.speak(entry);
    }
    list.scrollTop = list.scrollHeight;
  }

  speak(entry) {
    if (["hangup", "pressed"].includes(entry.kind)) speechSynthesis.cancel();
    if (!["say", "speech"].includes(entry.kind)) return;
    speechSynthesis.speak(new SpeechSynthesisUtterance(entry.text));
  }

  show(state) {
    const party = state.parties.find((one) => one.number === this.number);
    this.list(state, party);
    const live = party?.calls.at(-1);
    const ringing = party?.calls.find((one) => one.direction !== "inbound" && one.status === "ringing");
    const talks = live?.status === "in-progress";
    this.at(".answers").disabled = this.at(".declines").disabled = !ringing;
    this.at(".hangs-up").disabled = this.at(".loses").disabled = !live;
    this.at(".dials").disabled = !party || party.calls.length >= party.lines;
    this.at(".says").disabled = !talks;
    this.at(".texts").disabled = !party;
    for (const key of this.at(".keypad").children) key.disabled = !talks;
    let now = party?.reachable === false ? "No page is registered for it" : "No call";
    if (ringing) now = `Ringing: ${ringing.from}`;
    else if (live) now = talks ? hearing(live.hears) : live.status;
    if (this.at(".now").textContent !== now) this.at(".now").textContent = now;
  }

  /** The lists to choose from, made anew only when they have changed: somebody may be in them. */
  list(state, party) {
    const people = party?.people.filter((one) => one.present).map((one) => one.name) ?? [];
    const phones = state.parties.map((one) => [`${one.name} (${one.number})`, one.number]);
    const wanted = JSON.stringify([phones, people, party?.on_ring.do]);
    if (wanted === this.listed) return;
    this.listed = wanted;
    const options = phones.map(([text, value]) => new Option(text, value));
    this.at(".who").replaceChildren(new Option("Choose a phone", ""), ...options);
    this.at(".who").value = party ? this.number : "";
    this.at(".people").replaceChildren(...people.map((name) => new Option(name, name)));
    this.at(".speaker").hidden = people.length < 2;
    this.at(".on-ring").value = party?.on_ring.do ?? "manual";
    this.at(".on-ring").disabled = !party;
    if (!this.at(".to").value && state.numbers.length) this.at(".to").value = state.numbers[0].number;
    if (!party) this.at(".set-up").open = !state.parties.length;
  }
}
