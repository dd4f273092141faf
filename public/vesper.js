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
  const AGAIN_AFTER_MS = 2_000;
  const AGAIN_AT_LAST_MS = 8_000;
  /** Regions that the stream brings whole as soon as it is open: the others are told to fetch themselves. */
  const BROUGHT = new Set(["heartbeat", "status", "ribbon", "home", "night", "journal"]);

  /** An EventSource that does not give up: a proxy's 502 ends a plain one for ever. Its listeners stay. */
  class Stream extends EventTarget {
    constructor(url) {
      super();
      this.url = url;
      this.names = new Set();
      this.newestLine = null;
      this.wasOpen = false;
      this.waitMs = AGAIN_AFTER_MS;
      this.resume();
    }

    get readyState() {
      return this.closed ? EventSource.CLOSED : this.inner.readyState % 2;
    }

    addEventListener(name, listener) {
      super.addEventListener(name, listener);
      if (this.names.has(name)) return;
      this.names.add(name);
      this.inner.addEventListener(name, this.forward);
    }

    forward = (event) => {
      if (event.lastEventId !== "") this.newestLine = event.lastEventId;
      this.dispatchEvent(new MessageEvent(event.type, { data: event.data }));
    };

    resume() {
      this.closed = false;
      const address = new URL(this.url, location.href);
      // A stream that is made anew continues the journal where this page is.
      const after = this.newestLine ?? document.querySelector("#journal tr[id]")?.id.replace("line-", "");
      if (after !== undefined) address.searchParams.set("after", after);
      const inner = new EventSource(address);
      this.inner = inner;
      for (const name of this.names) inner.addEventListener(name, this.forward);
      inner.addEventListener("open", (event) => {
        if (this.onopen) this.onopen(event);
        if (this.wasOpen) this.catchUp();
        this.wasOpen = true;
        this.waitMs = AGAIN_AFTER_MS;
      });
      inner.addEventListener("error", () => {
        if (inner.readyState !== EventSource.CLOSED || this.closed) return;
        setTimeout(() => {
          if (!this.closed && this.inner === inner) this.resume();
        }, this.waitMs);
        this.waitMs = Math.min(2 * this.waitMs, AGAIN_AT_LAST_MS);
      });
    }

    /** What changed while the stream was away nobody told. */
    catchUp() {
      for (const name of this.names) {
        if (!BROUGHT.has(name)) this.dispatchEvent(new MessageEvent(name, { data: "changed" }));
      }
    }

    close() {
      this.closed = true;
      this.inner.close();
    }
  }

  let source = null;

  htmx.createEventSource = (url) => {
    source = new Stream(url);
    source.addEventListener("heartbeat", (event) => {
      const { nowMs, rate, lst: sidereal } = JSON.parse(event.data);
      fact = { nowMs, rate, heardMs: performance.now() };
      if (lst !== null) lst.textContent = `LST ${sidereal}`;
      heard();
    });
    for (const list of ["images", "alarms"]) {
      const chip = document.getElementById(`new-${list}`);
      if (chip !== null) source.addEventListener(list, () => (chip.hidden = false));
    }
    return source;
  };

  // A browser keeps six connections to one server: a hidden tab gives its own back.
  let hiddenTimer = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiddenTimer);
    if (document.hidden) {
      hiddenTimer = setTimeout(() => {
        if (source !== null) source.close();
      }, CLOSE_HIDDEN_AFTER_MS);
    } else if (source !== null && source.closed) source.resume();
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

  // ---- what a person unfolded stays so when its region is made anew ----
  const unfolded = [];
  document.addEventListener("htmx:beforeSwap", (event) => {
    for (const { id } of event.detail.target.querySelectorAll("details[id][open]")) unfolded.push(id);
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const id of unfolded.splice(0)) document.getElementById(id)?.setAttribute("open", "");
  });

  // ---- alarms in the title: a tab that is not looked at says so too ----
  document.addEventListener("htmx:sseMessage", (event) => {
    if (event.target.id !== "status") return;
    const mark = document.querySelector("[data-alarms]")?.dataset.alarms ?? "";
    const plain = document.title.replace(/^\(!\d+\) /, "");
    const title = mark === "" || plain.startsWith("Error:") ? plain : `${mark} ${plain}`;
    if (document.title !== title) document.title = title;
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

  // ---- a picture that does not come: in words, not as the browser's own mark, which is white in every theme ----
  function inWords(picture) {
    const words = document.createElement("span");
    words.className = "soft";
    words.textContent = `Not drawn: ${picture.alt} Load the page again.`;
    picture.replaceWith(words);
  }
  document.addEventListener(
    "error",
    (event) => {
      if (event.target instanceof HTMLImageElement) inWords(event.target);
    },
    true,
  );
  for (const picture of document.images) {
    if (picture.complete && picture.naturalWidth === 0 && picture.loading !== "lazy") inWords(picture);
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
