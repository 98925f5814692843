// The control API and its feeds, and small pieces of page.

export class Refusal extends Error {}

export async function call(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  const answer = await fetch(`/control/${path}`, options);
  const data = await answer.json();
  if (!answer.ok) throw new Refusal(data.error);
  return data;
}

export const words = (error) => (
  error instanceof Refusal ? error.message : "The network does not answer."
);

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** A numbered feed: each read takes what is new, and only one read runs at a time. */
export class Reader {
  constructor(path, name, take) {
    Object.assign(this, { path, name, take, after: 0, reading: null, closed: false });
  }

  read(wait = 0) {
    this.reading ??= this.once(wait).finally(() => { this.reading = null; });
    return this.reading;
  }

  async once(wait) {
    const data = await call("GET", `${this.path}?after=${this.after}&wait=${wait}`);
    const entries = data[this.name];
    if (this.closed || !entries.length) return;
    this.after = entries.at(-1).seq;
    this.take(entries);
  }

  /** Wait for entries for ever. One such wait a page: a browser has few connections to a host. */
  async follow(troubled) {
    for (;;) {
      try {
        await this.read(20);
      } catch {
        troubled();
        await pause(1000);
      }
    }
  }
}

export function element(tag, text = "", className = "") {
  const node = document.createElement(tag);
  node.textContent = text;
  if (className) node.className = className;
  return node;
}

export function clock(at) {
  const time = element("time", new Date(at * 1000).toLocaleTimeString());
  time.dateTime = new Date(at * 1000).toISOString();
  return time;
}

/** Fill a list, and say so where there is nothing. */
export function fill(list, nodes, nothing) {
  list.replaceChildren(...(nodes.length ? nodes : [element("li", nothing, "empty")]));
}
