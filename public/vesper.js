// What moves on a page without being asked: the clock, the link state, dialogs. Every page is complete without it.
(() => {
  "use strict";
  const NOT_LIVE_AFTER_MS = 12_000;
  const CLOSE_HIDDEN_AFTER_MS = 10_000;
  const root = document.documentElement;
  const clock = document.getElementById("clock");
  const lst = document.getElementById("lst");
  const linkState = document.getElementById("link-state");

  // ---- the observatory clock, ticked from the last fact the server sent ----
  let fact = {
    nowMs: Number(root.dataset.nowMs),
    rate: Number(root.dataset.rate),
    heardMs: performance.now(),
  };
  let lastHeardMs = performance.now();
  let lastHeardUtc = new Date();

  const utc = (ms) => new Date(ms).toISOString().slice(11, 19);

  function tick() {
    const sinceMs = performance.now() - fact.heardMs;
    if (clock !== null) clock.textContent = `UTC ${utc(fact.nowMs + sinceMs * fact.rate)}`;
    const silent = performance.now() - lastHeardMs > NOT_LIVE_AFTER_MS;
    if (silent !== root.classList.contains("not-live")) {
      root.classList.toggle("not-live", silent);
      linkState.innerHTML = silent
        ? `NOT LIVE<span class="roomy-only"> since ${lastHeardUtc.toISOString().slice(11, 19)} UTC, real time</span>`
        : "";
    }
  }
  setInterval(tick, fact.rate > 1 ? 250 : 1_000);

  function heard() {
    lastHeardMs = performance.now();
    lastHeardUtc = new Date();
    tick();
  }

  // ---- the event stream ----
  let source = null;
  let closedWhileHidden = false;

  htmx.createEventSource = (url) => {
    const address = new URL(url, location.href);
    // A stream that is made anew continues the journal where this page is.
    const top = document.querySelector("#journal tr[id]");
    if (top !== null) address.searchParams.set("after", top.id.replace("line-", ""));
    source = new EventSource(address);
    source.addEventListener("heartbeat", (event) => {
      const { nowMs, rate, lst: sidereal } = JSON.parse(event.data);
      fact = { nowMs, rate, heardMs: performance.now() };
      if (lst !== null) lst.textContent = `LST ${sidereal}`;
      heard();
    });
    for (const list of ["images", "alarms"]) {
      source.addEventListener(list, () => {
        const chip = document.getElementById(`new-${list}`);
        if (chip !== null) chip.hidden = false;
      });
    }
    return source;
  };

  // A browser keeps six connections to one server: a hidden tab gives its own back.
  let hiddenTimer = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiddenTimer);
    if (document.hidden) {
      hiddenTimer = setTimeout(() => {
        closedWhileHidden = source !== null;
        if (source !== null) source.close();
      }, CLOSE_HIDDEN_AFTER_MS);
    } else if (closedWhileHidden) {
      const writing = document.querySelector("input:focus, textarea:focus, dialog[open]");
      if (writing === null) location.reload();
    }
  });

  // ---- swaps: never what a person is using, never above what a person is reading ----
  const waiting = [];
  const showNew = document.getElementById("show-new-lines");

  document.addEventListener("htmx:sseBeforeMessage", (event) => {
    const region = event.target;
    if (region.id === "journal") {
      if (scrollY > 200 || String(getSelection()) !== "") {
        event.preventDefault();
        waiting.unshift(event.detail.data);
        offerLines();
      }
      return;
    }
    const busy = region.contains(document.activeElement) || holdsSelection(region);
    if (busy && document.activeElement !== document.body) event.preventDefault();
  });

  function holdsSelection(region) {
    const selection = getSelection();
    return selection !== null && String(selection) !== "" && region.contains(selection.anchorNode);
  }

  function offerLines() {
    const lines = waiting.join("").split("<tr ").length - 1;
    showNew.textContent = `${lines} new ${lines === 1 ? "line" : "lines"}: show`;
    showNew.parentElement.hidden = lines === 0;
  }

  if (showNew !== null) {
    showNew.addEventListener("click", () => {
      document.getElementById("journal").insertAdjacentHTML("afterbegin", waiting.splice(0).join(""));
      offerLines();
      scrollTo({ top: 0 });
    });
  }

  // ---- the pages under More: a menu goes when one turns away from it ----
  const more = document.querySelector(".nav-more");
  document.addEventListener("click", (event) => {
    if (more !== null && !more.contains(event.target)) more.open = false;
  });
  document.addEventListener("focusin", (event) => {
    if (more !== null && !more.contains(event.target)) more.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || more === null || !more.open) return;
    more.open = false;
    more.querySelector("summary").focus();
  });

  // ---- questions before a step that matters: the same page, in a dialog ----
  const dialog = document.getElementById("dialog");
  const onClick = async (event) => {
    const close = event.target.closest("[data-dialog-close]");
    if (close !== null && dialog.open) {
      event.preventDefault();
      dialog.close();
      return;
    }
    const link = event.target.closest("a[data-dialog]");
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    try {
      const answer = await fetch(link.href, {
        headers: { "x-dialog": "1" },
        signal: AbortSignal.timeout(5_000),
      });
      if (!answer.ok) throw new Error(answer.statusText);
      dialog.innerHTML = await answer.text();
      dialog.showModal();
    } catch {
      location.assign(link.href);
    }
  };
  document.addEventListener("click", (event) => void onClick(event));
})();
