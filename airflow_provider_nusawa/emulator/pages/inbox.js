// Shows the page anew whenever the gateway has something new to show; what was unfolded stays so.
"use strict";
let tag = null;
async function look() {
  try {
    const answer = await fetch(location.href, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
    if (answer.status === 200) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const open = new Set([...document.querySelectorAll("details[open]")].map((one) => one.id));
      const shut = new Set([...document.querySelectorAll("details:not([open])")].map((one) => one.id));
      for (const one of fresh.querySelectorAll("details")) one.open = open.has(one.id) || (one.open && !shut.has(one.id));
      document.getElementById("live").replaceWith(fresh.getElementById("live"));
      tag = answer.headers.get("ETag");
    }
    document.body.classList.remove("gone");
  } catch {
    document.body.classList.add("gone");
  }
  setTimeout(look, document.hidden ? 5000 : 1000);
}
look();
