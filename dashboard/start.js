/**
 * Starts the page, and tries again if a part of it did not arrive: those that did are kept by the browser.
 * It stands in the page itself, as nobody would try again if it did not arrive.
 */
const TRIES = "onboarding.tries";
const MOST_TRIES = 5;

function tryAgain() {
  const tries = Number(sessionStorage.getItem(TRIES)) + 1;
  const words = tries > MOST_TRIES ? "Reload it in a while." : "Trying again …";
  document.getElementById("page").textContent = `A part of this page did not arrive. ${words}`;
  if (tries > MOST_TRIES) return sessionStorage.removeItem(TRIES);
  sessionStorage.setItem(TRIES, tries);
  setTimeout(() => location.reload(), 2 ** tries * 1000);
}

function begin(main) {
  sessionStorage.removeItem(TRIES);
  main.begin();
}

const style = document.querySelector("link[rel=stylesheet]");
if (style.sheet) import(new URL("main.js", style.href)).then(begin, tryAgain);
else tryAgain();
