/** Starts the page, and tries again if a part of it did not arrive: those that did are kept by the browser. */
const SECONDS = 2;

function tryAgain() {
  document.getElementById("page").textContent = "A part of this page did not arrive. Trying again …";
  setTimeout(() => location.reload(), SECONDS * 1000);
}

const style = document.querySelector("link[rel=stylesheet]");
style.sheet ? import("./main.js").catch(tryAgain) : tryAgain();
