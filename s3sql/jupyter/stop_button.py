"""The button that stops a query from the page.

In: the connection file of the kernel.  Out: HTML: a button that asks the Jupyter server to interrupt the
kernel, as its own ■ does. While a query runs a kernel hears nothing else, so the page has to ask the server.

The button shows itself where the page tells of such a server, as those of JupyterLab and Notebook do.
Elsewhere (VS Code, Colab, a terminal) it stays hidden; their own stop works there.

Source: Jupyter Server, REST API, ``POST /api/kernels/{kernel_id}/interrupt``; the page's configuration is the
element ``jupyter-config-data``, and a write needs the cookie ``_xsrf`` or the token.
"""

from __future__ import annotations

import re
from pathlib import PurePath

_KERNEL = re.compile(r"kernel-([0-9a-fA-F-]{36})\.json")

#: The page is drawn anew several times a second: a click, which needs the same button twice, would get lost.
#: Hence the press; Enter and the blank bar come as a click of detail 0.
_BUTTON = """\
<button type="button" class="s3sql-stop" data-kernel="{kernel}" style="display: none">Stop</button>
<script>
(function () {{
  var element = document.getElementById("jupyter-config-data");
  if (!element) {{ return; }}
  var config = JSON.parse(element.textContent);
  var base = config.baseUrl || "/";
  function stop(button) {{
    button.disabled = true;
    button.textContent = "Stopping";
    var xsrf = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie);
    var headers = {{}};
    if (xsrf) {{ headers["X-XSRFToken"] = decodeURIComponent(xsrf[1]); }}
    if (config.token) {{ headers["Authorization"] = "token " + config.token; }}
    fetch(base + "api/kernels/{kernel}/interrupt", {{
      method: "POST", headers: headers, credentials: "same-origin"
    }});
  }}
  document.querySelectorAll('button.s3sql-stop[data-kernel="{kernel}"]').forEach(function (button) {{
    button.style.display = "";
    button.onpointerdown = function () {{ if (!button.disabled) {{ stop(button); }} }};
    button.onclick = function (event) {{ if (event.detail === 0 && !button.disabled) {{ stop(button); }} }};
  }});
}})();
</script>"""


def stop_button(connection_file: str) -> str:
    """The button for the kernel of *connection_file*; empty if its name is not one that a server gives."""
    named = _KERNEL.fullmatch(PurePath(connection_file).name)
    return "" if named is None else _BUTTON.format(kernel=named[1].lower())
