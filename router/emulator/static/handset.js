// One phone: dial, keys, speech, and what is heard on it.

import { call, clock, element, Reader, Refusal } from "./api.js";
import { hearing } from "./board.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const at = (id) => document.getElementById(id);

export class Handset {
  constructor() {
    const asked = new URLSearchParams(location.search).get("phone");
    this.number = asked ?? localStorage.getItem("phone") ?? "";
    this.transcript = null;
    for (const key of KEYS) {
      const button = element("button", key);
      button.type = "button";
      button.setAttribute("aria-label", `Key ${{ "*": "star", "#": "pound" }[key] ?? key}`);
      button.addEventListener("click", () => this.act("press", { digits: key }));
      at("keypad").append(button);
    }
    at("who").addEventListener("change", () => this.choose(at("who").value));
    this.submit("pick", () => this.add());
    this.submit("dial", () => this.act("dial", { to: at("to").value }));
    this.submit("say", () => this.say());
    at("text").addEventListener("click", () => this.text());
    for (const [id, deed] of [["answer", "answer"], ["decline", "decline"], ["hang-up", "hang_up"]]) {
      at(id).addEventListener("click", () => this.act(deed, {}));
    }
    at("aloud").addEventListener("change", () => speechSynthesis.cancel());
  }

  submit(id, work) {
    at(id).addEventListener("submit", (event) => {
      event.preventDefault();
      work();
    });
  }

  async attempt(work) {
    try {
      await work();
      at("problem").textContent = "";
    } catch (error) {
      at("problem").textContent = error instanceof Refusal ? error.message : "The network does not answer.";
    }
  }

  act(deed, body) {
    const path = `parties/${encodeURIComponent(this.number)}/${deed}`;
    return this.attempt(() => call("POST", path, body));
  }

  add() {
    return this.attempt(async () => {
      const number = at("new-number").value.trim();
      const name = at("new-name").value.trim();
      const party = await call("POST", "parties", name ? { number, name } : { number });
      this.choose(party.number);
    });
  }

  async say() {
    await this.act("speak", { text: at("words").value });
    at("words").value = "";
  }

  async text() {
    await this.act("text", { to: at("to").value, text: at("words").value });
    at("words").value = "";
  }

  choose(number) {
    if (!number) return;
    this.number = number;
    localStorage.setItem("phone", number);
    if (this.transcript) this.transcript.closed = true;
    at("heard").replaceChildren();
    this.first = true;
    const path = `parties/${encodeURIComponent(number)}/transcript`;
    this.transcript = new Reader(path, "entries", (entries) => this.heard(entries));
    this.read();
  }

  async read() {
    await this.transcript?.read();
    this.first = false;
  }

  heard(entries) {
    for (const entry of entries) {
      const node = element("li");
      const words = entry.text ?? entry.digits ?? (entry.with ?? []).join(", ");
      const who = entry.who ? `${entry.who}: ` : "";
      const kind = entry.kind.replaceAll("_", " ");
      node.append(clock(entry.at), element("span", ` ${kind} `, "kind"), `${who}${words || entry.where || entry.from || ""}`);
      at("heard").append(node);
      // What was said before this page was opened is not spoken again.
      if (!this.first && at("aloud").checked) this.speak(entry);
    }
    at("heard").scrollTop = at("heard").scrollHeight;
  }

  speak(entry) {
    if (["hangup", "pressed"].includes(entry.kind)) speechSynthesis.cancel();
    if (!["say", "speech"].includes(entry.kind)) return;
    speechSynthesis.speak(new SpeechSynthesisUtterance(entry.text));
  }

  show(state) {
    this.list(state);
    const party = state.parties.find((one) => one.number === this.number);
    const live = party?.calls.at(-1);
    const rings = Boolean(live) && live.direction !== "inbound" && live.status === "ringing";
    at("answer").disabled = at("decline").disabled = !rings;
    at("hang-up").disabled = !live;
    at("dial").querySelector(".go").disabled = !party || party.calls.length >= party.lines;
    for (const button of at("keypad").children) button.disabled = live?.status !== "in-progress";
    let now = "No call";
    if (rings) now = `Ringing: ${live.from}`;
    else if (live) now = live.status === "in-progress" ? hearing(live.hears) : live.status;
    if (at("now").textContent !== now) at("now").textContent = now;
  }

  list(state) {
    const wanted = state.parties.map((party) => `${party.name} ${party.number}`).join("|");
    if (wanted !== this.listed) {
      this.listed = wanted;
      const options = state.parties.map((party) => new Option(`${party.name} (${party.number})`, party.number));
      at("who").replaceChildren(...options);
      const mine = state.parties.some((party) => party.number === this.number);
      if (!mine && options.length) this.choose(state.parties[0].number);
      else if (mine && !this.begun) this.choose(this.number);
      this.begun = true;
    }
    at("who").value = this.number;
    const lines = state.numbers.map((line) => line.number).join("|");
    if (lines === this.lines) return;
    this.lines = lines;
    at("numbers").replaceChildren(
      ...state.numbers.map((line) => new Option(line.friendly_name, line.number)),
    );
    if (!at("to").value && state.numbers.length) at("to").value = state.numbers[0].number;
  }
}
