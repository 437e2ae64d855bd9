"""The way of a connection until somebody is in: name, TCP, TLS, authentication, database."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing

from chiro_db.model.secret import Secret
from chiro_db.observe import handshake
from chiro_db.observe.door import Door
from chiro_db.observe.finding import Result, found, ok, unchecked
from chiro_db.observe.handshake import PasswordWanted, Refused
from chiro_db.observe.refusals import REASONS
from chiro_db.sql import Name

NETWORK = ("name", "TCP", "TLS")
PLAIN = ("disable", "allow")
STRICT = ("require", "verify-ca", "verify-full")
_PATIENCE = 10.0  # seconds for each step


class Reach:
    """Goes through the door step by step; where one fails, the rest is not checked."""

    def __init__(self, at: Door) -> None:
        self.at = at
        self.tls: bool | None = None  # whether it is on; None: nobody got that far
        self._begun: tuple[socket.socket, bool] | None = None  # which offers TLS, or does not

    def network(self, subject: str) -> Iterator[Result]:
        """Name, TCP, TLS."""
        if self.at.others:
            yield unchecked(subject, "name", f"the URL's other hosts: {', '.join(self.at.others)}")
        failed = None
        for step in NETWORK:
            if failed is not None:
                yield unchecked(subject, step, f"{failed} failed")
                continue
            result = getattr(self, f"_{step.lower()}")(subject)
            if result.mend is not None:
                failed = step
            yield result
        if failed is not None:
            self.tls = None

    def _name(self, subject: str) -> Result:
        if self.at.local:
            return ok(subject, "name", f"{self.at.host} is a directory of Unix sockets")
        try:
            known = socket.getaddrinfo(self.at.address, self.at.port, type=socket.SOCK_STREAM)
        except OSError as error:
            return found(
                subject,
                "name",
                f"the host name {self.at.host} does not resolve",
                str(error.strerror or error),
                mend=f"correct the host in the URL, or in DNS: getent hosts {self.at.host}",
            )
        addresses = ", ".join(dict.fromkeys(str(entry[4][0]) for entry in known))
        return ok(subject, "name", f"{self.at.host} is {addresses}")

    def _tcp(self, subject: str) -> Result:
        try:
            plain = handshake.opened(self.at.address, self.at.port, _PATIENCE)
        except (ConnectionRefusedError, FileNotFoundError) as error:
            mend = "start the server, or correct host and port in the URL; listen_addresses and"
            mend += " port are the server's: SHOW listen_addresses"
            what = f"nothing listens on {self.at}"
            return found(subject, "TCP", what, str(error.strerror), mend=mend)
        except TimeoutError:
            what = f"{self.at} does not answer within {_PATIENCE:g} s"
            mend = "let a firewall or security group pass this port, or correct the host"
            return found(subject, "TCP", what, "connect timed out", mend=mend)
        except OSError as error:
            what = f"{self.at} cannot be reached"
            return found(subject, "TCP", what, str(error.strerror or error), mend="mend the route")
        if self.at.mode in PLAIN:
            plain.close()
        else:
            try:
                self._begun = plain, handshake.offers_tls(plain)
            except OSError as error:
                plain.close()
                return self._no_answer(subject, "TCP", error)
        return ok(subject, "TCP", f"{self.at} accepts connections")

    def _no_answer(self, subject: str, step: str, error: OSError) -> Result:
        """Somebody listens, but no PostgreSQL answers."""
        if isinstance(error, handshake.Foreign):
            what = f"what listens on {self.at} is no PostgreSQL server"
            mend = "correct host and port in the URL"
        elif isinstance(error, TimeoutError):
            what = f"{self.at} accepts connections and says nothing for {_PATIENCE:g} s"
            mend = "the server hangs or is overloaded, or a proxy waits for it: look into its log"
        else:
            what = f"{self.at} accepts connections and breaks them off"
            mend = "look into the server's log; a proxy or load balancer does so where no server"
            mend += " is behind it"
        return found(subject, step, what, str(error.strerror or error), mend=mend)

    def _tls(self, subject: str) -> Result:
        if self._begun is None:
            self.tls = False
            why = "a Unix socket needs none" if self.at.local else f"sslmode={self.at.mode}"
            return unchecked(subject, "TLS", why)
        plain, offered = self._begun
        try:
            with closing(plain):
                if not offered:
                    self.tls = False
                    return self._without_tls(subject)
                with handshake.secured(plain, self.at.host, self.at.info) as secure:
                    self.tls = True
                    how = secure.version() or "TLS"
        except ssl.SSLCertVerificationError as error:
            return found(
                subject,
                "TLS",
                f"the server's certificate is refused (sslmode={self.at.mode})",
                error.verify_message,
                mend="name the authority that issued it with sslrootcert, connect by the name"
                " that stands in it, or give the server another one",
            )
        except (OSError, ssl.SSLError) as error:
            return found(
                subject,
                "TLS",
                f"the TLS handshake fails (sslmode={self.at.mode})",
                str(error),
                mend="check sslrootcert, sslcert and sslkey in the URL, and the server's log",
            )
        trusted = self.at.mode in ("verify-ca", "verify-full")
        return ok(subject, "TLS", f"{how}, certificate {'' if trusted else 'not '}verified")

    def _without_tls(self, subject: str) -> Result:
        if self.at.mode not in STRICT:
            return ok(subject, "TLS", f"the server has none; sslmode={self.at.mode} allows that")
        return found(
            subject,
            "TLS",
            f"the server has no TLS, and sslmode={self.at.mode} requires it",
            "answer N to SSLRequest",
            mend="ALTER SYSTEM SET ssl = on, with a certificate; or sslmode=prefer in the URL",
        )

    def login(self, subject: str, user: str, password: Secret | None) -> Result:
        """As a role, into the database; the server's reason by its SQLSTATE."""
        step = "authentication"
        if self.tls is None:
            return unchecked(subject, step, "the server does not answer")
        try:
            self.enter(user, password, self.at.database)
        except PasswordWanted:
            return unchecked(subject, step, f"no password of {Name(user)} is known here")
        except Refused as refused:
            return self._explained(subject, user, refused)
        except OSError as error:
            self.tls = None  # the next one would fare alike, and wait as long
            return self._no_answer(subject, step, error)
        return ok(subject, step, f"{Name(user)} gets into {Name(self.at.database)}")

    def enter(self, user: str, password: Secret | None, database: str) -> None:
        """Refused, PasswordWanted or OSError where that cannot be done."""
        with closing(handshake.opened(self.at.address, self.at.port, _PATIENCE)) as plain:
            if not self.tls:
                handshake.log_in(plain, user, database, password)
                return
            handshake.offers_tls(plain)
            with handshake.secured(plain, self.at.host, self.at.info) as secure:
                handshake.log_in(secure, user, database, password)

    def _explained(self, subject: str, user: str, refused: Refused) -> Result:
        """What is wrong by SQLSTATE and the function in the server that said it."""
        role, database = Name(user), Name(self.at.database)
        said = f"{refused.sqlstate}: {refused.message}"
        if refused.sqlstate == "28000" and refused.routine == "ClientAuthentication":
            return self._no_line(subject, user, said)
        for sqlstate, routine, step, what, mend in REASONS:
            if refused.sqlstate == sqlstate and routine in ("", refused.routine):
                values = {"role": role, "database": database}
                return found(subject, step, what.format(**values), said, mend=mend.format(**values))
        return found(
            subject,
            "authentication",
            f"the server refuses {role}",
            said,
            mend="look into the server's log",
        )

    def _no_line(self, subject: str, user: str, said: str) -> Result:
        """No line of pg_hba.conf; perhaps there is one for TLS alone."""
        if not self.tls and not self.at.local:
            with closing(handshake.opened(self.at.address, self.at.port, _PATIENCE)) as plain:
                if handshake.offers_tls(plain):
                    return found(
                        subject,
                        "TLS",
                        "pg_hba.conf lets nobody in without TLS, and this connection has none",
                        said,
                        mend="sslmode=require in the URL, better verify-full with sslrootcert",
                    )
        return found(
            subject,
            "authentication",
            f"no line of pg_hba.conf lets {Name(user)} in from here",
            said,
            mend="add a line such as `hostssl"
            f" {self.at.database} {user} ADDRESS scram-sha-256` and SELECT pg_reload_conf()",
        )
