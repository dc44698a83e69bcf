"use strict";
// Every page works without this script. It adds: copy buttons, live pages, the tray's spoken counter, one send a press, keys.
(() => {
  const $ = (query, root = document) => [...root.querySelectorAll(query)];

  // What was shown once is not brought back by the browser's own memory of the page.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });

  const copyText = (button) => {
    const from = button.dataset.copy && document.getElementById(button.dataset.copy);
    const near = from || button.closest("figure, .given, dd, p")?.querySelector("pre, code");
    return button.dataset.text || near?.textContent || "";
  };

  const wire = (root) => {
    $("button.copy, button[data-copy], button[data-text]", root).forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(copyText(button));
        say("Copied.");
        const use = button.querySelector("use");
        const before = use?.getAttribute("href");
        use?.setAttribute("href", "#i-ok");
        button.classList.add("ok", "copied");
        setTimeout(() => {
          use?.setAttribute("href", before);
          button.classList.remove("ok", "copied");
        }, 2000);
      });
    });
    // What is chosen there changes what the page shows.
    $(".choosing :is(select, [name=resend])", root).forEach((field) => field.addEventListener("change", async () => {
      const form = field.form;
      const body = new URLSearchParams(new FormData(form));
      body.append("look", "1");
      try {
        const answer = await fetch(form.action, { method: "POST", body });
        if (!answer.ok) throw answer;
        const page = parsed(await answer.text());
        const main = page.querySelector("main");
        document.querySelector("main").replaceWith(main);
        history.replaceState(null, "", answer.url);
        document.title = page.title;
        wire(main);
        document.getElementById(field.id)?.focus();
        say(main.querySelector(".says").textContent);
      } catch { form.querySelector("[name=look]").click(); }
    }));
    $(".pickable", root).forEach((form) => {
      const boxes = $("tbody input[type=checkbox]", form);
      const all = form.querySelector("thead input[type=checkbox]");
      let last = null;
      const told = () => {
        const count = boxes.filter((box) => box.checked).length;
        if (all) {
          all.checked = count > 0 && count === boxes.length;
          all.indeterminate = count > 0 && count < boxes.length;
        }
        return count;
      };
      if (all) all.hidden = false;
      all?.addEventListener("change", () => {
        boxes.forEach((box) => { box.checked = all.checked; });
        say(`${told()} selected.`);
      });
      boxes.forEach((box, at) => box.addEventListener("click", (event) => {
        if (event.shiftKey && last !== null) {
          for (let i = Math.min(at, last); i <= Math.max(at, last); i++) boxes[i].checked = box.checked;
        }
        last = at;
        say(`${told()} selected.`);
      }));
      told();
    });
  };

  // A page that was fetched; the icons that it uses and this one does not come along.
  const parsed = (text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    $("symbol", page).forEach((icon) => {
      if (!document.getElementById(icon.id)) document.querySelector("svg.hush").append(icon);
    });
    return page;
  };

  const say = (words) => { document.getElementById("said").textContent = words; };

  // A second press of a button whose form is on its way does nothing; the server would ignore it too.
  addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; }, 8000);
    $("button", form).forEach((button) => button.setAttribute("aria-disabled", "true"));
  });

  // Menus close on Escape and on a click elsewhere.
  const menus = () => $("details.menu[open]");
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") menus().forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
  });
  addEventListener("click", (event) => menus().forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }));

  // Single keys, unless someone types or has turned them off. `g` and a letter follow the navigation.
  const off = () => localStorage.getItem("keys") === "off";
  const rows = () => $("main tbody tr").filter((row) => row.querySelector("a, input"));
  const current = () => rows().findIndex((row) => row.contains(document.activeElement));
  const step = (by) => {
    const all = rows();
    const row = all[Math.max(0, Math.min(all.length - 1, current() + by))];
    row?.querySelector("a, input")?.focus();
  };
  const tick = (shiftKey) => {
    const box = rows()[current()]?.querySelector("input[type=checkbox]");
    box?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey }));
  };
  const sheet = async () => {
    let box = document.querySelector("dialog");
    if (!box) {
      const answer = await fetch(document.getElementById("keyboard").href);
      const keys = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("keys");
      if (!keys) return;
      box = document.createElement("dialog");
      box.className = "notice";
      box.setAttribute("aria-label", "Keyboard");
      box.append(keys);
      box.insertAdjacentHTML("beforeend", '<form method="dialog"><button class="btn">Close</button></form>');
      document.body.append(box);
    }
    if (box.open) return box.close();
    box.showModal();
    box.scrollTop = 0;
  };
  const acts = {
    j: () => step(1),
    k: () => step(-1),
    x: () => tick(false),
    X: () => tick(true),
    "/": () => document.querySelector("main :is(input:not([type=hidden], [type=checkbox], [type=radio]), select)")?.focus(),
    "?": sheet,
  };
  let going = 0;
  addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox], [type=radio]), select, textarea");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || off()) return;
    const inDialog = document.querySelector("dialog[open]");
    const way = Date.now() - going < 1500 && document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    going = event.key === "g" && !way ? Date.now() : 0;
    const act = way && !inDialog ? () => way.click() : inDialog && event.key !== "?" ? null : acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  const switched = document.getElementById("single-keys");
  const told = () => { switched.textContent = `Turn single keys ${off() ? "on" : "off"}`; };
  if (switched) {
    switched.hidden = false;
    told();
    switched.addEventListener("click", () => {
      if (off()) localStorage.removeItem("keys"); else localStorage.setItem("keys", "off");
      told();
      say(`Single keys are ${off() ? "off" : "on"}.`);
    });
  }

  // A page that still changes fetches itself until it says that it no longer does.
  const live = async () => {
    const part = document.querySelector("[data-live]");
    if (!part) return;
    await new Promise((resume) => setTimeout(resume, Number(part.dataset.live) || 1000));
    try {
      if (!document.hidden && !part.contains(document.activeElement?.closest("input, select, textarea"))) {
        const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
        if (answer.redirected) { location.reload(); return; }
        if (answer.ok) {
          const page = parsed(await answer.text());
          const fresh = page.getElementById(part.id);
          if (fresh && fresh.innerHTML !== part.innerHTML) {
            const [before, now] = [part, fresh].map((one) => one.querySelector(".says, h2, h3, strong")?.textContent.trim());
            if (now && now !== before) say(now);
            const open = $("details[open]", part).map((details) => details.id).filter(Boolean);
            part.replaceWith(fresh);
            open.forEach((id) => { const details = document.getElementById(id); if (details) details.open = true; });
            wire(fresh);
            document.title = page.title;
          } else if (!fresh) { location.reload(); return; }
        }
      }
    } catch { /* The next round tries again. */ }
    live();
  };

  wire(document);
  document.querySelector(".error-summary")?.focus();
  live();
})();
