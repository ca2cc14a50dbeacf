"""How processes of this installation are asked over HTTP: never through a proxy. On the standard library alone."""

import urllib.request

WITHOUT_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
