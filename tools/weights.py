"""What a page of the built book weighs, and how long a phone waits for it.

    python tools/weights.py                     # every page of build/laptop/html, on a phone's line
    python tools/weights.py build/smoke/html 02_randomization

The book is served as GitHub Pages serves it, compressed by gzip. The phone: 360 × 740, 1.6 Mbit/s down, a round trip of
150 ms, a processor four times slower than this one. Sizes are in kB on the line; times in seconds from the click.
"""

import argparse
import gzip
import http.server
import mimetypes
import sys
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

import chromium

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("html", "css", "js", "font", "image")
PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
LINE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
SLOWER = 4

# In the page, from its first moment: how far things move by themselves, and when the first slider has changed its frame.
WATCH = """() => {
  window.moved = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.moved += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  const seen = () => document.querySelector(".figure-slider svg.figure")?.getAttribute("aria-label");
  let before = null;
  const timer = setInterval(() => {
    const handle = document.querySelector(".figure-slider input[type=range]");
    const now = handle && seen();
    if (!now) return;
    if (before !== null && now !== before) {
      window.slider = performance.now();
      return clearInterval(timer);
    }
    before = now;
    handle.value = Number(handle.value) + (handle.value < handle.max ? 1 : -1);
    handle.dispatchEvent(new Event("input", { bubbles: true }));
  }, 50);
}"""


class Compressed(http.server.BaseHTTPRequestHandler):
    """Serves a folder's files compressed, and notes how many bytes each answer had."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = unquote(urlsplit(self.path).path)
        file = self.server.folder / path.lstrip("/")
        if not file.is_file():
            return self.send_error(404)
        body = self.server.bodies.get(file)
        if body is None:
            body = file.read_bytes()
            if file.suffix not in (".woff2", ".woff", ".png", ".jpg"):
                body = gzip.compress(body, 6, mtime=0)
            self.server.bodies[file] = body
        self.server.sent.append((file, len(body)))
        self.send_response(200)
        self.send_header("Content-Type", mimetypes.guess_type(file.name)[0] or "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        if body[:2] == b"\x1f\x8b":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def serve(folder):
    """Return a running server of `folder`; `sent` lists (file, bytes on the line) for each answer."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Compressed)
    server.folder, server.sent, server.bodies = Path(folder).resolve(), [], {}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def kind(file):
    """Return which of KINDS a file is."""
    kinds = {".html": "html", ".css": "css", ".js": "js", ".woff2": "font", ".woff": "font"}
    return kinds.get(file.suffix, "image")


def visit(browser, server, path, phone=False):
    """Open one page in a browser that has not been there; return its row of the table.

    `bytes` on the line by kind and `files`; with `phone` also `text` and `slider` (seconds; None: has none) and `moved` (CLS).
    """
    context = browser.new_context(**PHONE) if phone else browser.new_context()
    page = context.new_page()
    if phone:
        page.add_init_script(f"({WATCH})()")
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", LINE)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    server.sent.clear()
    page.goto(f"http://127.0.0.1:{server.server_port}/{path}", wait_until="load", timeout=180_000)
    page.wait_for_load_state("networkidle")
    row = {"page": path, "bytes": dict.fromkeys(KINDS, 0), "files": []}
    if phone:
        if page.locator(".figure-slider").count():
            page.wait_for_function("() => window.slider", timeout=120_000)
        paint = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"
        row["text"] = page.evaluate(paint)
        row["slider"] = page.evaluate("() => window.slider ? window.slider / 1000 : null")
        row["moved"] = page.evaluate("() => window.moved")
    for file, size in server.sent:
        row["bytes"][kind(file)] += size
        row["files"].append(file.relative_to(server.folder).as_posix())
    context.close()
    return row


def table(rows):
    """Return the rows as lines of text: kB by kind and in all, then what the phone waited."""
    head = f"{'page':42}" + "".join(f"{name:>7}" for name in (*KINDS, "all")) + f"{'text':>8}{'slider':>8}{'moved':>8}"
    lines = [head]
    for row in rows:
        sizes = [*row["bytes"].values(), sum(row["bytes"].values())]
        line = f"{row['page']:42}" + "".join(f"{size / 1000:7.0f}" for size in sizes)
        if "text" in row:
            slider = "–" if row["slider"] is None else f"{row['slider']:.1f}"
            line += f"{row['text']:8.1f}{slider:>8}{row['moved']:8.3f}"
        lines.append(line)
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("html", nargs="?", type=Path, default=ROOT / "build/laptop/html")
    parser.add_argument("names", nargs="*", help="parts of the names of the pages to open (default: all)")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    pages = sorted(f for f in options.html.rglob("*.html") if "_static" not in f.parts and f.name != "index.html")
    names = [f.relative_to(options.html).as_posix() for f in pages]
    server = serve(options.html)
    with sync_playwright() as playwright:
        try:
            browser = chromium.launch(playwright)
        except chromium.NoBrowserError as error:
            sys.exit(f"FAILED  {error}")
        rows = [
            visit(browser, server, name, phone=True)
            for name in names
            if not options.names or any(part in name for part in options.names)
        ]
        browser.close()
    print(table(rows))


if __name__ == "__main__":
    main()
