/** What is seen: one section at a time, with its texts; what went wrong, at the top or at the field that it is about. */
export const main = document.querySelector("main");
const problem = document.getElementById("problem");

/** Show a section and no other, with its texts; whoever listens to the page hears its heading. */
export function show(name, texts = {}, words = "", isNews = false) {
  for (const section of main.querySelectorAll("section")) section.hidden = section.id !== name;
  const section = document.getElementById(name);
  for (const place of section.querySelectorAll("[data-of]")) place.textContent = texts[place.dataset.of] ?? "";
  for (const input of section.querySelectorAll("[data-value-of]")) {
    input.defaultValue = input.value = texts[input.dataset.valueOf] ?? "";
  }
  for (const form of section.querySelectorAll("form")) unmark(form);
  document.title = `${section.querySelector("h1").textContent} · Sample product`;
  main.setAttribute("aria-busy", name === "resolving");
  say(words, isNews);
  const inputs = [...section.querySelectorAll("input:not([readonly], [type=search])")];
  (inputs.find((input) => !input.value) ?? inputs[0] ?? section.querySelector("h1")).focus();
}

/** Say something above all else: what went wrong, or news that is neither. */
export function say(words, isNews = false) {
  problem.textContent = words;
  problem.classList.toggle("news", isNews);
  problem.hidden = !words;
}

export function fill(list, contents) {
  main.querySelector(list).replaceChildren(...items(contents));
}

/** Say at each field what is wrong with it, and go to the first; tells whether the form has any such field. */
export function mark(form, wrong) {
  const inputs = [...form.elements].filter(({ name }) => name && wrong[name]);
  for (const input of inputs) {
    const list = document.createElement("ul");
    list.id = `${input.id}-wrong`;
    list.className = "wrong";
    list.append(...items(wrong[input.name]));
    input.after(list);
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", list.id);
  }
  inputs[0]?.focus();
  return inputs.length > 0;
}

export function unmark(form) {
  for (const list of form.querySelectorAll(".wrong")) list.remove();
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
}

/** Do one thing at a time: no button can be pressed meanwhile, and the keyboard stays where it was. */
export async function busy(act) {
  const buttons = [...main.querySelectorAll("button")];
  const at = document.activeElement;
  for (const button of buttons) button.disabled = true;
  try {
    await act();
  } finally {
    for (const button of buttons) button.disabled = false;
    if (document.activeElement === document.body) at?.focus();
  }
}

function items(contents) {
  return contents.map((content) => {
    const item = document.createElement("li");
    item.append(content); // a text stays text
    return item;
  });
}
