// Replaces the content of the page every two seconds. If the server does not answer, the last
// content stays and a line says so; when the server answers again, the updates resume.
"use strict";
const link = document.getElementById("link");
async function update() {
  try {
    const answer = await fetch("/", { signal: AbortSignal.timeout(10000) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("main");
    if (!fresh) throw new Error("not this page");
    const old = document.querySelector("main");
    // Keep how far the reader has scrolled wide tables.
    const left = Array.from(old.querySelectorAll(".scroll"), (it) => it.scrollLeft);
    old.replaceWith(document.adoptNode(fresh));
    fresh.querySelectorAll(".scroll").forEach((it, i) => { it.scrollLeft = left[i] || 0; });
    link.textContent = "";
    link.className = "";
  } catch (error) {
    if (!link.textContent) link.textContent = "No answer from the server since " + new Date().toLocaleTimeString();
    link.className = "lost";
  }
  setTimeout(update, 2000);
}
setTimeout(update, 2000);
