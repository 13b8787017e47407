"""Brings Superset's own database to its version and to the dashboards of superset/.

Child of superset_server.py, in .venv-superset: the standard input names what is to be done.
"""

import json
import sys
from typing import Any

from flask_appbuilder.security.sqla.models import User
from flask_migrate import upgrade
from superset.app import create_app


def prepare(wanted: dict[str, Any]) -> None:
    """Do what is asked for.

    Args:
        wanted: `password` of the administrator where the database has to be made or migrated, and
            `contents` of the bundle where it has to be imported; either may be null.
    """
    app = create_app()
    with app.app_context():
        if wanted["password"] is not None:
            _migrate(wanted["password"])
        if wanted["contents"] is not None:
            _import(wanted["contents"])


def _migrate(password: str) -> None:
    """What `superset db upgrade`, `superset init` and `superset fab create-admin` do, at once."""
    from superset import appbuilder, db, security_manager  # needs the application

    upgrade(directory=_migrations())
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    db.session.commit()
    if security_manager.find_user("admin") is None:
        role = security_manager.find_role("Admin")
        made = security_manager.add_user(
            "admin", "holdfast", "admin", "admin@localhost", role, password
        )
        if not made:
            raise RuntimeError("the administrator was not made")


def _migrations() -> str:
    import superset

    return f"{superset.__path__[0]}/migrations"


def _import(contents: dict[str, str]) -> None:
    """Overwrite what an earlier import brought; what people made themselves stays."""
    from superset import db, security_manager
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.utils.core import override_user

    admin: User = security_manager.find_user("admin")
    with override_user(admin):
        ImportAssetsCommand(contents).run()
    db.session.commit()


if __name__ == "__main__":
    prepare(json.load(sys.stdin))
