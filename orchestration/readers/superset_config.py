"""What Superset reads first: superset_server.py names this file in SUPERSET_CONFIG_PATH.

Only what differs from Superset's own defaults, which keep its database in SUPERSET_HOME and cache
no query, so that the marts published next are seen at the next question.
"""

import os
from pathlib import Path
from typing import Any

SECRET_KEY = (Path(os.environ["SUPERSET_HOME"]) / "secret_key").read_text(encoding="utf-8")

# The browser asks this machine and nobody else. Superset's own list lets a tracking pixel, maps
# and fonts of others through, and its page asks for the pixel.
TALISMAN_CONFIG: dict[str, Any] = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}

# the languages of the report; names of dashboards, charts and columns stay English
LANGUAGES = {
    "en": {"flag": "us", "name": "English"},
    "ru": {"flag": "ru", "name": "Русский"},
    "uk": {"flag": "ua", "name": "Українська"},
    "zh": {"flag": "cn", "name": "中文"},
}
