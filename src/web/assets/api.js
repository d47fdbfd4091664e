// Asking the machine: the token, answers as JSON, and the stream of beats. It shows nothing.

const KEPT = "home-soc-token";
const LONGEST_WAIT = 15000;

export class NoToken extends Error {}

// The token comes behind the # of the address, which browsers send to nobody. It is kept for this tab alone and taken
// off the address, so that it is neither in the history nor on a shared screen.
function takeToken() {
  const given = /^#t=(.+)$/.exec(location.hash);
  if (given) {
    sessionStorage.setItem(KEPT, given[1]);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(KEPT) || "";
}

let token = takeToken();

export const hasToken = () => token !== "";

addEventListener("hashchange", () => {
  if (location.hash.startsWith("#t=")) {
    takeToken();
    location.reload();
  }
});

export function enter(text) {
  token = text.trim().replace(/^.*#t=/, "");
  sessionStorage.setItem(KEPT, token);
}

function ask(path, more = {}) {
  const headers = { ...more.headers };
  if (token) headers.Authorization = `Bearer ${token}`;
  return fetch(path, { ...more, headers, cache: "no-store", credentials: "omit", redirect: "error" });
}

export async function json(path, signal) {
  if (!token) throw new NoToken();
  const answer = await ask(path, { signal });
  if (answer.status === 401 || answer.status === 429) throw new NoToken();
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error || answer.statusText);
  return said;
}

// Server-sent events over fetch, because EventSource can send no header. It comes back by itself, and tells the server
// which beat it had last.
export class Stream {
  constructor(heard, lost) {
    this.heard = heard;
    this.lost = lost;
    this.last = "";
    this.wait = 1000;
  }

  start() {
    this.stop();
    this.stopper = new AbortController();
    this.run(this.stopper.signal);
  }

  stop() {
    this.stopper?.abort();
    clearTimeout(this.timer);
  }

  async run(signal) {
    try {
      const headers = this.last ? { "Last-Event-ID": this.last } : {};
      const answer = await ask("/api/live", { signal, headers });
      if (answer.status === 401 || answer.status === 429) throw new NoToken();
      if (!answer.ok) throw new Error(await answer.text());
      await this.read(answer.body.getReader());
      throw new Error("the stream ended");
    } catch (error) {
      if (signal.aborted) return;
      this.lost(error);
      if (error instanceof NoToken) return;
      this.timer = setTimeout(() => this.start(), this.wait);
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    }
  }

  async read(reader) {
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const messages = text.split("\n\n");
      text = messages.pop();
      for (const message of messages) this.take(message);
    }
  }

  take(message) {
    const field = name => message.split("\n").find(line => line.startsWith(`${name}: `))?.slice(name.length + 2);
    const data = field("data");
    if (!data) return;
    this.wait = 1000;
    this.last = field("id") || this.last;
    this.heard(field("event"), JSON.parse(data));
  }
}
