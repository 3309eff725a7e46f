// Buttons that copy the citation of a page, and links to a place in it that copy their own address.

{
  // navigator.clipboard is lacking where the book is served without encryption
  const copy = (text) => {
    const source = document.createElement("pre");
    source.textContent = text;
    document.body.append(source);
    getSelection().selectAllChildren(source);
    document.execCommand("copy");
    source.remove();
  };

  const offer = (shown, words) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "cite-copy";
    button.textContent = words;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", () => {
      copy(shown.textContent);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = words), 2000);
    });
    shown.after(button);
  };

  addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".cite-text").forEach((text) => offer(text, "Copy the citation"));
    document.querySelectorAll(".cite-bibtex").forEach((text) => offer(text, "Copy the BibTeX"));
    const status = document.createElement("span");
    status.className = "link-copied";
    status.setAttribute("role", "status");
    document.querySelector(".bd-article")?.addEventListener("click", ({ target }) => {
      const link = target.closest("a.headerlink");
      if (!link) return;
      copy(link.href); // and the browser goes there, so that the address is to be seen, too
      link.after(status);
      status.textContent = "Link copied";
      setTimeout(() => status.remove(), 2000);
    });
  });
}
