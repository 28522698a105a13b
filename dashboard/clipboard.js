/** Copies texts for who clicks, and says so; where a page may not write to the clipboard, the text is selected. */
const SAID_MILLISECONDS = 3000;

export class Clipboard {
  #changed;
  #timer = null;
  #text = null;
  /** What is to be said, also to who does not see the page; empty after a while. */
  words = "";

  /** @param changed is told whenever there is something else to be shown */
  constructor(changed) {
    this.#changed = changed;
  }

  isCopied = (text) => this.#text === text;

  /** Copy a text that an element shows. */
  copy = async (text, element) => {
    try {
      await navigator.clipboard.writeText(text);
      this.#say("Copied.", text);
    } catch { // not allowed, or not there
      getSelection().selectAllChildren(element);
      this.#say("Selected. Copy it with Ctrl+C, or ⌘C.", null);
    }
  };

  #say(words, text) {
    clearTimeout(this.#timer);
    this.#text = text;
    this.words = words;
    this.#changed();
    if (words) this.#timer = setTimeout(() => this.#say("", null), SAID_MILLISECONDS);
  }
}
