"""Tools for the same job, each in an environment of its own, beside chirodb in the same rounds."""

from __future__ import annotations

from bench.peers import ansible, ldap2pg, pg_sync_roles, pgsesame

PEERS = (ldap2pg.PEER, pgsesame.PEER, pg_sync_roles.PEER, ansible.PEER)
