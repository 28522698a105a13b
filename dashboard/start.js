/**
 * Starts the page, and tries again if its script did not arrive. It stands in the page itself, as nobody would try again
 * if it did not arrive, and so does the stylesheet.
 */
const TRIES = "onboarding.tries";
const MOST_TRIES = 5;

function tryAgain() {
  const tries = Number(sessionStorage.getItem(TRIES)) + 1;
  const words = tries > MOST_TRIES ? "Reload it in a while." : "Trying again …";
  document.querySelector(".loading").textContent = `A part of this page did not arrive. ${words}`;
  if (tries > MOST_TRIES) return sessionStorage.removeItem(TRIES);
  sessionStorage.setItem(TRIES, tries);
  setTimeout(() => location.reload(), 2 ** tries * 1000);
}

function begin(main) {
  sessionStorage.removeItem(TRIES);
  main.begin();
}

import(document.querySelector("link[rel=modulepreload]").href).then(begin, tryAgain);
