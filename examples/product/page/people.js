/** The pages on which an admin of the tenant looks after its people: the list, an invitation, and one person. */
import { asKept } from "./addresses.js";
import { fill, main, show } from "./screen.js";

const ROLES = ["member", "admin"]; // and those of the onboarding stack's `memberRoles`
const STATUSES = {
  INVITED: "invited, has not confirmed yet",
  ACTIVE: "active",
  DISABLED: "disabled, cannot sign in",
};
const DONE = {
  ACTIVE: "Enabled: they can sign in again.",
  DISABLED: "Disabled: they cannot sign in any more, and no session of theirs goes on.",
};
const INVITED = "They are invited. The link in the mail is good for 7 days.";
const INVITED_TO_PROVIDER = "They are invited, and come in by your company's own sign-in page.";
const MAILED_AGAIN = "Another link is on its way to them. It is good for 7 days.";

export class People {
  #members;
  #config;
  #people = [];
  #search = "";
  #cursor = null;
  #person;

  constructor(members, config) {
    this.#members = members;
    this.#config = config;
  }

  /** Show the list from its beginning, or those that a search finds. */
  async open(search = "", words = "") {
    const { users, nextCursor } = await this.#members.list(search.trim());
    [this.#people, this.#cursor, this.#search] = [users, nextCursor, search.trim()];
    this.#showList(words);
  }

  async more() {
    const { users, nextCursor } = await this.#members.list(this.#search, this.#cursor);
    [this.#people, this.#cursor] = [[...this.#people, ...users], nextCursor];
    this.#showList();
  }

  /** Show an empty invitation. */
  begin() {
    offerRoles("invite");
    show("invite", this.#config);
  }

  async invite({ email, name, role }) {
    const person = await this.#members.invite(asKept(email), name.trim(), role);
    this.#showPerson(person, this.#isFederated ? INVITED_TO_PROVIDER : INVITED);
  }

  async giveRole({ role }) {
    this.#showPerson(await this.#members.change(this.#person, { role }), `Their role is ${role} now.`);
  }

  async setStatus(status) {
    this.#showPerson(await this.#members.change(this.#person, { status }), DONE[status]);
  }

  async resend() {
    await this.#members.resend(this.#person);
    this.#showPerson(this.#person, MAILED_AGAIN);
  }

  /** Ask before somebody is removed. */
  askToRemove() {
    show("remove", this.#person);
  }

  async remove() {
    await this.#members.remove(this.#person);
    await this.open("", `${this.#person.email} is removed.`);
  }

  /** Go back from that question. */
  keep() {
    this.#showPerson(this.#person);
  }

  get #isFederated() {
    return this.#config.identityProviders?.length > 0;
  }

  #showList(words = "") {
    fill(".people", this.#people.map((person) => this.#button(person)));
    const none = this.#cursor ? "Nobody in this part of the list. Look further." : "There is nobody.";
    main.querySelector("[data-does=more]").hidden = !this.#cursor;
    const texts = { tenantId: this.#config.tenantId, search: this.#search, none: this.#people.length ? "" : none };
    show("people", texts, words, true);
  }

  #button(person) {
    const button = document.createElement("button");
    const parts = [person.name || person.email, person.email, `${person.role}, ${STATUSES[person.status]}`];
    for (const part of parts.slice(person.name ? 0 : 1)) {
      const line = document.createElement("span");
      line.textContent = part;
      button.append(line, " ");
    }
    button.addEventListener("click", () => this.#showPerson(person));
    return button;
  }

  #showPerson(person, words = "") {
    this.#person = person;
    for (const button of main.querySelectorAll("#person [data-for]")) {
      button.hidden = button.dataset.for !== person.status || (button.dataset.does === "resend" && this.#isFederated);
    }
    offerRoles("person", person.role);
    const { createdAt, status } = person;
    const texts = { name: person.name || "not known", status: STATUSES[status], since: createdAt.slice(0, 10) };
    show("person", { ...person, ...texts }, words, true);
  }
}

/** Offer the roles that a form can give, and choose one. */
function offerRoles(section, chosen = ROLES[0]) {
  const options = [...new Set([...ROLES, chosen])].map((role) => new Option(role, role, role === chosen, role === chosen));
  main.querySelector(`#${section} select`).replaceChildren(...options);
}
