// Words for numbers and times, and small pieces of the page. Text only ever becomes text, never markup.

const stamp = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function time(at) {
  const then = new Date(at);
  return then.toDateString() === new Date().toDateString() ? clock.format(then) : stamp.format(then);
}

export function span(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

export function ago(at) {
  return span(Math.max(0, (Date.now() - new Date(at)) / 1000));
}

export function plural(count, word) {
  return `${count.toLocaleString()} ${word}${count === 1 ? "" : "s"}`;
}

export function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let place = 0;
  while (count >= 1024 && place < units.length - 1) {
    count /= 1024;
    place += 1;
  }
  return `${count.toFixed(count < 10 && place > 0 ? 1 : 0)} ${units[place]}`;
}

// A command as it is typed in a shell.
export function command(argv) {
  const quote = word => (/^[\w./:=@,+%-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  return argv.map(quote).join(" ");
}

// The sign and word of a level: never the colour alone.
export const LEVELS = { alert: ["■", "alert"], warning: ["▲", "warning"], info: ["·", "info"] };

// An element: its class, its text or children.
export function put(tag, look, ...content) {
  const made = document.createElement(tag);
  if (look) made.className = look;
  made.append(...content.filter(one => one !== null && one !== undefined && one !== ""));
  return made;
}

// Our own words, in which commands stand between backticks.
export function prose(text) {
  return text.split("`").map((part, at) => (at % 2 ? put("code", "", part) : part));
}

export function level(name) {
  const [sign, word] = LEVELS[name] || ["", name];
  const mark = put("span", `level ${name}`, put("span", "sign", sign), ` ${word}`);
  mark.firstChild.setAttribute("aria-hidden", "true");
  return mark;
}

// A table with a caption for those who hear it; on a phone each cell names its column.
export function table(caption, heads, rows, empty) {
  if (rows.length === 0) return put("p", "muted", empty);
  const made = put("table", "", put("caption", "unseen", caption));
  made.append(put("thead", "", put("tr", "", ...heads.map(head => {
    const cell = put("th", "", head);
    cell.scope = "col";
    return cell;
  }))));
  made.append(put("tbody", "", ...rows.map(row => put("tr", "", ...row.map((value, at) => {
    const cell = put("td", "", value ?? "");
    cell.dataset.head = heads[at];
    return cell;
  })))));
  return made;
}

// A command with a button that copies it.
export function copyable(text) {
  const button = put("button", "copy", "copy");
  button.type = "button";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "copied";
    } catch {
      button.textContent = "select it and copy";
    }
    setTimeout(() => { button.textContent = "copy"; }, 2000);
  });
  // A line ends between two words, never after the dashes of one.
  const words = text.split(" ").flatMap((word, at) => [at ? " " : "", put("span", "whole", word)]);
  return put("div", "command", put("code", "", ...words), button);
}

export function replace(id, ...content) {
  document.getElementById(id).replaceChildren(...content);
}
