"""The rules, in the order of their names."""

from __future__ import annotations

from chiro_db.audit.rule import Rule
from chiro_db.audit.rules import (
    definer_without_search_path,
    expired_login,
    grant_expiring,
    login_never_expires,
    md5_password,
    privileged_login,
    public_access,
    public_create,
    row_security_bypassed,
    superuser_login,
    table_without_primary_key,
    undeclared_login,
    undeclared_owner,
    weak_server_setting,
)

RULES: tuple[Rule, ...] = (
    definer_without_search_path,
    expired_login,
    grant_expiring,
    login_never_expires,
    md5_password,
    privileged_login,
    public_access,
    public_create,
    row_security_bypassed,
    superuser_login,
    table_without_primary_key,
    undeclared_login,
    undeclared_owner,
    weak_server_setting,
)
