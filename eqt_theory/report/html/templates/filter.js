(() => {
  const form = document.querySelector(".filters");
  const rows = [...document.querySelectorAll("table.judgements tbody tr")];
  const count = document.getElementById("count");
  const search = document.getElementById("search");
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  const apply = () => {
    const wanted = form.elements.judgement.value;
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const fits = (!wanted || row.dataset.judgement === wanted) && words.every((word) => text.includes(word));
      row.hidden = !fits;
      shown += fits;
    }
    count.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} shown`;
    const address = new URLSearchParams();
    if (wanted) address.set("judgement", wanted);
    if (search.value) address.set("search", search.value);
    history.replaceState(null, "", address.size ? `#${address}` : location.pathname);
  };
  const asked = new URLSearchParams(location.hash.slice(1));
  search.value = asked.get("search") || "";
  for (const radio of form.elements.judgement) radio.checked = radio.value === (asked.get("judgement") || "");
  if (!form.elements.judgement.value) form.elements.judgement[0].checked = true;
  form.addEventListener("input", apply);
  apply();
})();
