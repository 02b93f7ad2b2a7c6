/* What do the pages do besides showing themselves?
 *
 * Everything works without this script; with it some things go by themselves. Each behaviour is switched on by a data
 * attribute, and listens on the document, so that it also holds for what is put in a page later.
 */

const on = (event, selector, handle) =>
  document.addEventListener(event, (found) => {
    const element = found.target.closest?.(selector);
    if (element) handle(element, found);
  });

const entries = (form) => new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));

/* [data-focus]: has the focus when the page opens, such as a summary of what is wrong. */
document.querySelector("[data-focus]")?.focus();

/* The menu slides on a phone: it begins where one is. */
document.querySelector(".wb-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });

/* form[data-autosave=ADDRESS]: what is typed is sent to ADDRESS as the form itself would send it, after two seconds
 * without typing and when the page is left; [data-autosave-status] in the form says so. */
const QUIET = 2000;
const CLOCK = { hour: "2-digit", minute: "2-digit", timeZone: "Europe/Amsterdam" };
const drafts = new Map();

on("input", "form[data-autosave]", (form) => {
  const draft = drafts.get(form) ?? {};
  drafts.set(form, draft);
  clearTimeout(draft.timer);
  draft.timer = setTimeout(save, QUIET, form);
});

// What has been sent is done: saved once more, it would come back as a draft.
on("submit", "form[data-autosave]", (form) => {
  clearTimeout(drafts.get(form)?.timer);
  drafts.get(form)?.request?.abort();
  drafts.delete(form);
});

const saveAll = () => drafts.forEach((_, form) => save(form));
document.addEventListener("visibilitychange", () => document.hidden && saveAll());
window.addEventListener("pagehide", saveAll);

async function save(form) {
  const draft = drafts.get(form);
  const body = entries(form);
  const text = String(body);
  clearTimeout(draft.timer);
  if (text === draft.saved) return;
  draft.saved = text;
  draft.request?.abort(); // what is newer counts
  draft.request = new AbortController();
  // It goes on when the page is gone; a browser does that for at most 64 kB.
  const sending = { method: "POST", body, keepalive: text.length < 60_000, signal: draft.request.signal };
  try {
    const answer = await fetch(form.dataset.autosave, sending);
    const kept = !answer.redirected || answer.url.includes("bewaard="); // at the end of a session it is kept too
    if (!answer.ok || !kept) throw new Error(answer.statusText);
    const time = new Date().toLocaleTimeString("nl-NL", CLOCK);
    const onward = answer.redirected ? ". Meld u opnieuw aan om verder te gaan." : "";
    say(form, `Concept bewaard om ${time}${onward}`);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    draft.saved = undefined; // the next time tries again
    say(form, "Concept niet bewaard");
  }
}

function say(form, words) {
  const status = form.querySelector("[data-autosave-status]");
  if (status) status.textContent = words;
}

/* [data-repeat=NAME]: holds rows [data-repeat-row] with fields NAME.0.…, NAME.1.…; the button [data-repeat-add] adds an
 * empty one, [data-repeat-remove] in a row takes it away, [data-repeat-number] tells which it is. */
const CONTROLS = "input:not([type=hidden]), select, textarea";
const rowsOf = (box) => [...box.querySelectorAll(":scope > [data-repeat-row]")];

on("click", "[data-repeat-add]", (button, event) => {
  event.preventDefault(); // without script it submits the form, which comes back with one more row
  const box = button.closest("[data-repeat]");
  const rows = rowsOf(box);
  const row = rows.at(-1).cloneNode(true);
  // Numbered before it is put in: two choices of one name would undo each other.
  number(row, box.dataset.repeat, rows.length);
  empty(row);
  rows.at(-1).after(row);
  row.querySelector(CONTROLS)?.focus();
  box.dispatchEvent(new Event("input", { bubbles: true }));
});

on("click", "[data-repeat-remove]", (button) => {
  const box = button.closest("[data-repeat]");
  const row = button.closest("[data-repeat-row]");
  const near = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  rowsOf(box).forEach((left, index) => number(left, box.dataset.repeat, index));
  (near.matches("button") ? near : near.querySelector(CONTROLS))?.focus();
  box.dispatchEvent(new Event("input", { bubbles: true }));
});

function number(row, name, index) {
  // As a name measures.0.kind, as an id field-measures-0-kind.
  const numbered = new RegExp(`(\\b${name.replaceAll(".", "[.-]")}[.-])\\d+\\b`, "g");
  for (const element of [row, ...row.querySelectorAll("*")]) {
    for (const attribute of ["name", "id", "for", "aria-describedby", "aria-labelledby"]) {
      const value = element.getAttribute(attribute);
      if (value) element.setAttribute(attribute, value.replace(numbered, `$1${index}`));
    }
  }
  for (const place of row.querySelectorAll("[data-repeat-number]")) place.textContent = index + 1;
}

function empty(row) {
  for (const fault of row.querySelectorAll(".utrecht-form-field-error-message")) fault.remove();
  for (const element of [row, ...row.querySelectorAll("*")]) {
    element.classList.remove("utrecht-form-field--invalid", "utrecht-form-fieldset--invalid");
    element.removeAttribute("aria-invalid");
  }
  for (const control of row.querySelectorAll(CONTROLS)) {
    if (["checkbox", "radio"].includes(control.type)) control.checked = control.value === "";
    else if (control.type === "select-one") control.selectedIndex = 0;
    else control.value = "";
  }
}

/* input[type=range][data-replay]: while it slides, what the page of its form shows at [data-replay-target] comes in the
 * place of what is there; the address follows, and the focus stays. The option of its list says what is read out. */
const SETTLED = 100;
let replay = {};
on("input", "input[type=range][data-replay]", (slider) => {
  const words = slider.list?.querySelector(`option[value="${slider.value}"]`)?.label;
  if (words) slider.setAttribute("aria-valuetext", words);
  clearTimeout(replay.timer);
  replay.request?.abort();
  replay = { request: new AbortController(), timer: setTimeout(show, SETTLED, slider) };
});

async function show(slider) {
  const address = new URL(slider.form.action);
  address.search = entries(slider.form);
  try {
    const answer = await fetch(address, { signal: replay.request.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = page.querySelector("[data-replay-target]");
    if (!part) throw new Error(answer.statusText);
    document.querySelector("[data-replay-target]").replaceWith(part);
    history.replaceState(history.state, "", address);
  } catch (problem) {
    if (problem.name !== "AbortError") location.assign(address); // what stands in the way is said there
  }
}
