"""The rules of `chirodb audit` by name, for the `policies:` that set their severity."""

from __future__ import annotations

AUDIT_RULES = (
    "definer-without-search-path",
    "expired-login",
    "grant-expiring",
    "login-never-expires",
    "md5-password",
    "privileged-login",
    "public-access",
    "public-create",
    "row-security-bypassed",
    "superuser-login",
    "table-without-primary-key",
    "undeclared-login",
    "undeclared-owner",
    "weak-server-setting",
)
