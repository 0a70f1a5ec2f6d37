// Times in the viewer's zone, live parts, keys, the progress of an upload. Every page works without it.
"use strict";

const DAY = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
const TIME = { hour: "2-digit", minute: "2-digit" };
const SECONDS = { second: "2-digit" };

function tellTimes(root) {
  const today = new Date().toDateString();
  for (const one of root.querySelectorAll("time[datetime]")) {
    const at = new Date(one.dateTime);
    const told = at.toDateString() === today ? TIME : DAY;
    one.textContent = at.toLocaleString([], "seconds" in one.dataset ? { ...told, ...SECONDS } : told);
  }
}

function watch(part) {
  const source = new EventSource(part.dataset.live);
  source.onmessage = (event) => {
    if (part.contains(document.activeElement) && document.activeElement !== document.body) return;
    part.innerHTML = event.data;
    tellTimes(part);
  };
  addEventListener("pagehide", () => source.close());
}

function listenForKeys() {
  const list = document.getElementById("keys");
  const button = document.querySelector("button.keys");
  if (!list || !button) return;
  button.hidden = false;
  button.onclick = () => list.showModal();
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select")) return;
    const deeds = { "/": focusFind, "?": () => list.showModal(), p: openPause };
    const deed = deeds[event.key];
    if (deed) { event.preventDefault(); deed(); }
  });
}

function focusFind() { document.getElementById("find")?.focus(); }

function openPause() {
  const pause = document.getElementById("pause");
  if (!pause) return;
  pause.open = true;
  pause.querySelector("input[name=why]")?.focus();
}

function showInstead(page) {
  document.title = page.title;
  document.getElementById("main").replaceWith(page.getElementById("main"));
  tellTimes(document);
  document.getElementById("main").focus();
}

function showProgress(form) {
  const bar = form.querySelector("progress");
  const told = form.querySelector("output");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const sending = new XMLHttpRequest();
    const fail = () => { told.textContent = "The upload did not arrive. Nothing was stored; send it again."; bar.hidden = true; };
    bar.hidden = false;
    sending.upload.onprogress = (step) => { bar.max = step.total; bar.value = step.loaded; told.textContent = step.loaded < step.total ? "sending" : "storing: all of the file, or nothing of it"; };
    sending.onload = () => {
      const page = new DOMParser().parseFromString(sending.responseText, "text/html");
      if (sending.status < 400) { showInstead(page); return; }
      bar.hidden = true;
      told.textContent = page.querySelector("[role=alert]")?.textContent || "This was not taken.";
    };
    sending.onerror = fail;
    sending.open("POST", form.action);
    sending.send(new FormData(form));
  });
}

tellTimes(document);
listenForKeys();
for (const part of document.querySelectorAll("[data-live]")) watch(part);
for (const form of document.querySelectorAll("form[data-progress]")) showProgress(form);
